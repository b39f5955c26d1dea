//! Ready is who could log somebody in now: a write has worked lately, and a key signs. What is wrong is logged once, not for each request.

use rusqlite::Connection;
use tempfile::TempDir;
use weixin_emulator::Emulator;

use crate::harness::{House, allowed, allowed_by};
use crate::named_store::on_its_file;
use crate::program::{Program, write_config};

fn another_process(data: &TempDir) -> Connection {
    Connection::open(data.path().join("store.db")).unwrap()
}

async fn ready(house: &House) -> (u16, String) {
    let answer = reqwest::get(format!("http://{}/readyz", house.ops_address)).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_store_that_takes_no_writes_is_not_ready_and_recovers_by_itself() {
    let house = House::with(on_its_file).await;
    let good = (200, "ready\n".to_owned());
    assert_eq!(ready(&house).await, good);
    let other = another_process(&house.data);
    // Reads go on in WAL; no write does.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    house.clock.advance(6);
    assert_eq!(ready(&house).await, (503, "the store takes no writes\n".into()));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ready(&house).await, good);
    other.close().unwrap();
}

#[tokio::test]
async fn without_a_key_that_signs_it_is_not_ready() {
    let house = House::with(on_its_file).await;
    let other = another_process(&house.data);
    for (moved, expected) in [
        (1_000_000, (503, "no key signs tokens now: `keys list` shows them\n".to_owned())),
        (-1_000_000, (200, "ready\n".to_owned())),
    ] {
        other.execute("UPDATE signing_keys SET active_from = active_from + ?1", [moved]).unwrap();
        // The rows are read again every minute.
        house.clock.advance(61);
        assert_eq!(ready(&house).await, expected);
    }
    other.close().unwrap();
}

#[tokio::test]
async fn keys_that_cannot_be_read_are_said_once_and_those_before_stay_in_use() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let mut program = Program::start(&write_config(&weixin, &data, on_its_file));
    let mut visitor = program.visitor();
    let other = another_process(&data);
    let keys = visitor.open("/jwks").await.body;
    other.execute_batch("ALTER TABLE signing_keys RENAME TO gone").unwrap();
    // A running service looks once a second, for as long as requests come.
    let until = std::time::Instant::now() + std::time::Duration::from_millis(3500);
    while std::time::Instant::now() < until {
        assert_eq!(visitor.open("/jwks").await.body, keys);
    }
    other.execute_batch("ALTER TABLE gone RENAME TO signing_keys").unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_millis(1500);
    while std::time::Instant::now() < until {
        assert_eq!(visitor.open("/jwks").await.body, keys);
    }
    program.logged("the signing keys can be read again");
    let said = program.stop();
    assert_eq!(said.matches("the signing keys could not be read again").count(), 1, "{said}");
    other.close().unwrap();
}

/// As many connections as the system lets it have, and more: who comes later gets in when they have gone.
#[tokio::test]
async fn with_few_files_it_warns_and_outlives_a_flood_of_connections() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let mut program = Program::start_with_files(&write_config(&weixin, &data, |config| config), 256);
    let mut visitor = program.visitor();
    program.logged("only 256 files and connections may be open at once");
    let mut flood = Vec::new();
    for _ in 0..300 {
        // The system itself takes some that the service cannot.
        flood.push(tokio::net::TcpStream::connect(visitor.address).await.unwrap());
    }
    drop(flood);
    let callback = allowed_by(&weixin, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
}

#[tokio::test]
async fn a_login_that_the_store_has_lost_blames_the_service_and_not_weixin() {
    let house = House::with(on_its_file).await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    let other = another_process(&house.data);
    other.execute_batch("ALTER TABLE identities RENAME TO gone").unwrap();
    let first = visitor.open(&callback).await;
    other.execute_batch("ALTER TABLE gone RENAME TO identities").unwrap();
    let reloaded = visitor.open(&callback).await;
    for page in [first, reloaded] {
        assert_eq!(page.status, 503, "{}", page.body);
        let (_, main) = page.body.split_once("<h1").unwrap();
        let words = main.split_once("temporarily_unavailable").unwrap().0;
        assert!(!words.contains("WeChat"), "{words}");
    }
    other.close().unwrap();
}
