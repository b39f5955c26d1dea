//! A first start, or a rotation of keys, that is killed or told to stop at any moment leaves nothing behind that stops the next one.

use std::time::Duration;

use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::Postgres;

use crate::harness::{Visitor, allowed_by};
use crate::named_store::{on_its_file, on_postgres};
use crate::program::{Program, command, write_config};

/// From 5 to 400 ms, 40 of them.
const KILLS: u64 = 40;

#[tokio::test]
async fn a_first_start_that_is_killed_at_any_moment_leaves_one_that_starts() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let mut stuck = Vec::new();
    for round in 0..KILLS {
        let data = TempDir::new().unwrap();
        let file = write_config(&weixin, &data, |config| config);
        let after = Duration::from_millis(5 + round * 395 / (KILLS - 1));
        let mut killed = Program::start(&file);
        // The moment is what is tried: nothing is waited for.
        let _ = tokio::time::timeout(after, std::future::pending::<()>()).await;
        killed.kill();
        let mut again = Program::start(&file);
        if again.addresses().is_none() {
            stuck.push((after, again.stop()));
        }
    }
    assert!(stuck.is_empty(), "{} of {KILLS} never start again: {stuck:#?}", stuck.len());
}

/// The same with an order to stop: in the middle of the migrations of a first start it ends them, and the next start goes on.
#[tokio::test]
async fn a_first_start_that_is_told_to_stop_at_any_moment_stops_and_leaves_one_that_starts() {
    const STOPS: u64 = 12;
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let server = Postgres::shared();
    for round in 0..STOPS {
        let data = TempDir::new().unwrap();
        let url = server.database().url;
        let file = write_config(&weixin, &data, |config| match round % 2 {
            0 => on_its_file(config),
            _ => on_postgres(&config, &url, data.path()),
        });
        let told = Program::start(&file);
        let _ =
            tokio::time::timeout(Duration::from_millis(5 + round * 45), std::future::pending::<()>()).await;
        told.terminate();
        // It ends by itself, whatever it was about to do.
        let (_, log) = tokio::task::spawn_blocking(|| told.ended()).await.unwrap();
        let mut again = Program::start(&file);
        let Some((address, _)) = again.addresses() else { panic!("{log}\n{}", again.stop()) };
        let mut visitor = Visitor::at(address);
        let callback = allowed_by(&weixin, &visitor.start_hosted().await);
        assert_eq!(visitor.open(&callback).await.status, 303, "{log}");
    }
}

/// Beside a service that signs: whether the new keys are there or not, every key that signs is published, and the next rotation goes on.
#[tokio::test]
async fn a_rotation_of_keys_that_is_told_to_stop_at_any_moment_leaves_keys_that_sign() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let file = write_config(&weixin, &data, on_its_file);
    let mut program = Program::start(&file);
    let mut visitor = program.visitor();
    let mut stopped = 0;
    for round in 0..20 {
        let mut rotating = command(&["keys", "rotate"], &file).spawn().unwrap();
        let _ = tokio::time::timeout(Duration::from_millis(4 * round), std::future::pending::<()>()).await;
        let pid = rotating.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        stopped += u32::from(!rotating.wait().unwrap().success());
        let listed = command(&["keys", "list"], &file).output().unwrap();
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        let callback = allowed_by(&weixin, &visitor.start_hosted().await);
        assert_eq!(visitor.open(&callback).await.status, 303);
    }
    assert!(stopped > 0, "none was stopped in the middle");
    let done = command(&["keys", "rotate"], &file).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let ready =
        reqwest::get(format!("http://{}/readyz", program_ops(&mut program, &file).await)).await.unwrap();
    assert_eq!(ready.status(), 200);
}

/// A new start over what has become of it.
async fn program_ops(program: &mut Program, file: &std::path::Path) -> std::net::SocketAddr {
    program.kill();
    *program = Program::start(file);
    program.addresses().expect("it starts").1
}
