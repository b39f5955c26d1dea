//! A PostgreSQL that is there and does not do what it should: it is held, its connections are all taken, it is a standby, its disk is
//! full, its certificate is another one's. Nobody gets in meanwhile, a page and `/readyz` say so, and it goes on by itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Method;
use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::{Postgres, PostgresOptions, TlsFiles};

use crate::harness::{SHOP, Visitor, all_at_once, allowed_by, attempt_of, start_login};
use crate::named_store::on_postgres;
use crate::program::{PATIENCE, Program, command, write_config};

/// A service on a PostgreSQL, and what WeChat's side says.
struct Service {
    weixin: Emulator,
    data: TempDir,
    program: Program,
    address: SocketAddr,
    ops: SocketAddr,
}

impl Service {
    async fn start(url: &str, more: &str) -> Self {
        let weixin = Emulator::start(Default::default()).await.unwrap();
        let data = TempDir::new().unwrap();
        let file = write_config(&weixin, &data, |config| {
            on_postgres(&config, url, data.path()).replace("store = ", &format!("{more}\nstore = "))
        });
        let mut program = Program::start(&file);
        let (address, ops) = program.addresses().expect("it starts");
        Self { weixin, data, program, address, ops }
    }

    async fn until_ready(&self) {
        until_ready(self.ops).await;
    }

    /// Whether a new person gets in; with the proof of it.
    async fn log_in(&self) -> Result<Visitor, u16> {
        let mut visitor = Visitor::at(self.address);
        let page = visitor.open("/login?return_to=%2F").await;
        if page.status != 200 {
            return Err(page.status.as_u16());
        }
        let callback = allowed_by(&self.weixin, &attempt_of(&page.body));
        match visitor.open(&callback).await.status.as_u16() {
            303 => Ok(visitor),
            refused => Err(refused),
        }
    }
}

async fn readiness(ops: SocketAddr) -> (u16, String) {
    let answer = reqwest::get(format!("http://{ops}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn until_ready(ops: SocketAddr) {
    let looks = async {
        while readiness(ops).await.0 != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(3 * PATIENCE, looks).await.expect("it gets ready by itself");
}

/// The same until it is not.
async fn until_not_ready(ops: SocketAddr) -> String {
    let looks = async {
        loop {
            if let (503, why) = readiness(ops).await {
                return why;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(3 * PATIENCE, looks).await.expect("it says so by itself")
}

/// Every table that a verb touches, held as a long migration of somebody else's would.
const ALL_TABLES: &str = "DO $$ DECLARE held text; BEGIN
    FOR held IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', held);
    END LOOP; END $$";

#[tokio::test]
async fn whatever_is_asked_of_a_store_that_is_held_ends_in_time_and_goes_on_afterwards() {
    let server = Postgres::shared();
    let database = server.database();
    let service = Service::start(&database.url, "store_timeout_seconds = 1\nstore_connections = 2").await;
    let visitor = service.log_in().await.expect("it gets in");
    let mut waiting = Visitor::at(service.address);
    let begun = attempt_of(&waiting.open("/login?return_to=%2F").await.body);
    let callback = allowed_by(&service.weixin, &begun);
    let answered = |visitor: &Visitor| {
        let form = [("grant_type", "refresh_token"), ("client_id", "shop"), ("refresh_token", "some")];
        let code = [("grant_type", "authorization_code"), ("client_id", "shop"), ("code", "some")];
        vec![
            visitor.request(Method::GET, "/login?return_to=%2F"),
            visitor.request(Method::POST, "/login").header("origin", SHOP).json(&start_login()),
            visitor.request(Method::GET, "/session"),
            visitor.request(Method::DELETE, "/session").header("sec-fetch-site", "same-origin"),
            visitor.request(Method::GET, "/sessions"),
            visitor.request(Method::GET, &callback).header("sec-fetch-dest", "document"),
            visitor.request(Method::GET, &format!("/callback?code=c&state={}", "s".repeat(22))),
            visitor.request(Method::POST, "/token").form(&form),
            visitor.request(Method::POST, "/token").form(&code),
            visitor.request(Method::GET, "/scan/nobody"),
        ]
    };
    let held = server.hold(&database.name, ALL_TABLES);
    // More at once than there are connections: most of them wait for one, and no longer than for an answer.
    let asked = all_at_once(answered(&visitor)).await;
    let statuses: Vec<u16> = asked.iter().map(|answer| answer.status.as_u16()).collect();
    // Those last three name nothing that could be there, which is seen before the store is asked.
    let stuck: Vec<&u16> = statuses.iter().filter(|status| ![503, 400, 404].contains(*status)).collect();
    assert!(stuck.is_empty(), "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 503).count() >= 6, "{statuses:?}");
    assert!(asked[0].body.contains("temporarily_unavailable"), "{}", asked[0].body);
    let why = until_not_ready(service.ops).await;
    assert!(why.starts_with("the store "), "{why}");
    drop(held);
    service.until_ready().await;
    let mut visitor = visitor;
    assert_eq!(visitor.session().await.status, 200, "nobody was logged out");
    assert_eq!(waiting.open(&callback).await.status, 303, "nothing was taken meanwhile");
    service.log_in().await.expect("it gets in");
}

#[tokio::test]
async fn over_a_standby_nobody_gets_in_until_it_is_promoted() {
    let mut server = Postgres::start(PostgresOptions::default()).unwrap();
    let database = server.database();
    let mut service = Service::start(&database.url, "").await;
    let mut before = service.log_in().await.expect("it gets in");
    server.stop().unwrap();
    server.start_again_as_standby().unwrap();
    let why = until_not_ready(service.ops).await;
    assert!(why.contains("the store"), "{why}");
    let refused = async {
        loop {
            let why = readiness(service.ops).await.1;
            if why.contains("the store takes no writes: ") {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("it says what it is");
    assert_eq!(service.log_in().await.map(drop), Err(503));
    assert_eq!(before.session().await.status, 200, "who is logged in may be read");

    // A node that starts meanwhile waits.
    let file = service.data.path().join("second.toml");
    let config = std::fs::read_to_string(service.data.path().join("weixin-login.toml")).unwrap();
    std::fs::write(&file, config).unwrap();
    let mut second = Program::start(&file);
    let waits = second.logged("waits for the store ");
    assert!(waits.contains("the store takes no writes: "), "{waits}");
    server.promote();
    service.until_ready().await;
    service.log_in().await.expect("it gets in");
    assert_eq!(before.session().await.status, 200);
    let (address, _) = second.addresses().expect("it starts by itself");
    before.address = address;
    assert_eq!(before.session().await.status, 200);
    service.program.logged("ready again");
}

/// A disk of so many megabytes; `None` where this user may not make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    #[allow(clippy::print_stdout, reason = "what was not tried is said")]
    fn new(folder: &Path, megabytes: u32) -> Option<Self> {
        let at = folder.join("disk");
        std::fs::create_dir(&at).unwrap();
        let size = format!("size={megabytes}m,mode=0777");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).output();
        let mounted = mounted.is_ok_and(|mounted| mounted.status.success());
        if !mounted {
            println!("this user may not mount a small disk: what a full one does was not tried");
        }
        mounted.then_some(Self(at))
    }

    /// Takes all that is left; gives the file that has it.
    fn fill(&self) -> PathBuf {
        let file = self.0.join("filler");
        let mut filler = std::fs::File::create(&file).unwrap();
        for piece in [1 << 20, 1 << 12, 1] {
            while std::io::Write::write_all(&mut filler, &vec![0; piece]).is_ok() {}
        }
        file
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Logs in until somebody is refused; gives all who were not.
async fn until_refused(service: &Service) -> Vec<Visitor> {
    let mut let_in = Vec::new();
    loop {
        match service.log_in().await {
            Ok(visitor) => let_in.push(visitor),
            Err(status) => {
                assert_eq!(status, 503, "a page that asks for patience");
                return let_in;
            }
        }
        assert!(let_in.len() < 20_000, "the disk is never full");
    }
}

async fn on_a_full_disk(service: &Service, disk: &SmallDisk) {
    let filler = disk.fill();
    let mut let_in = until_refused(service).await;
    for visitor in &mut let_in {
        assert_eq!(visitor.session().await.status, 200);
    }
    std::fs::remove_file(filler).unwrap();
    service.until_ready().await;
    let_in.push(service.log_in().await.expect("it gets in as soon as there is room"));
    for visitor in &mut let_in {
        assert_eq!(visitor.session().await.status, 200, "nobody is lost");
    }
}

#[tokio::test]
async fn on_a_full_disk_of_postgresql_nothing_is_acknowledged_that_is_not_kept() {
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let Some(disk) = SmallDisk::new(folder.path(), 24) else { return };
    let server = Postgres::start(PostgresOptions::default()).unwrap();
    let database = server.database();
    server.keep_tables_in(&database.name, &disk.0.join("tables"));
    let service = Service::start(&database.url, "").await;
    on_a_full_disk(&service, &disk).await;
}

#[tokio::test]
async fn on_a_full_disk_of_sqlite_nothing_is_acknowledged_that_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let Some(disk) = SmallDisk::new(folder.path(), 8) else { return };
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let store = disk.0.join("store.db");
    let file = write_config(&weixin, &data, |config| {
        let beside = data.path().join("store.db");
        crate::named_store::on_its_file(
            config.replace(&beside.display().to_string(), &store.display().to_string()),
        )
    });
    let mut program = Program::start(&file);
    let (address, ops) = program.addresses().expect("it starts");
    let service = Service { weixin, data, program, address, ops };
    let mut before = service.log_in().await.expect("it gets in");
    let filler = disk.fill();
    let why = until_not_ready(service.ops).await;
    assert!(why.starts_with("the store "), "{why}");
    std::fs::remove_file(filler).unwrap();
    service.until_ready().await;
    on_a_full_disk(&service, &disk).await;
    assert_eq!(before.session().await.status, 200);
    // And so it is after a crash.
    let Service { mut program, weixin, data, .. } = service;
    program.kill();
    let mut program = Program::start(&file);
    before.address = program.addresses().expect("it starts").0;
    assert_eq!(before.session().await.status, 200);
    drop((weixin, data));
}

/// An authority of this test's own, and what it has signed for this name.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn signed(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> TlsFiles {
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    TlsFiles { cert_pem: cert.pem(), key_pem: key.serialize_pem() }
}

#[tokio::test]
async fn a_postgresql_that_proves_who_it_is_is_believed_and_no_other() {
    let (ours, theirs) = (authority(), authority());
    let folder = TempDir::new().unwrap();
    let file = |name: &str, authority: &CertifiedIssuer<'static, KeyPair>| {
        let file = folder.path().join(name);
        std::fs::write(&file, authority.pem()).unwrap();
        file.display().to_string()
    };
    let (ours_file, theirs_file) = (file("ours.pem", &ours), file("theirs.pem", &theirs));
    let options = |name: &str| PostgresOptions {
        without_fsync: true,
        tls: Some(signed(&ours, name)),
        ..PostgresOptions::default()
    };
    let server = Postgres::start(options("127.0.0.1")).unwrap();
    let database = server.database();
    let believed = format!("{}?sslmode=verify-full&sslrootcert={ours_file}", database.url);
    let service = Service::start(&believed, "").await;
    service.log_in().await.expect("it gets in");
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'weixin-login'";
    assert_eq!(server.run(&database.name, encrypted), "t");

    let another = Postgres::start(options("db.example.test")).unwrap();
    let another_url = another.database().url;
    for (url, word) in [
        (format!("{}?sslmode=verify-full&sslrootcert={theirs_file}", database.url), "UnknownIssuer"),
        (format!("{}?sslmode=verify-full", database.url), "UnknownIssuer"),
        (format!("{another_url}?sslmode=verify-full&sslrootcert={ours_file}"), "NotValidForName"),
    ] {
        let file = write_config(&service.weixin, &service.data, |config| {
            on_postgres(&config, &url, service.data.path())
        });
        let ended = Program::start(&file).ended();
        assert_eq!(ended.0, Some(1), "no waiting mends it: {}", ended.1);
        let said = ended.1.to_lowercase();
        assert!(said.contains("certificate"), "{word}: {said}");
        let check = command(&["check"], &file).output().unwrap();
        let said = String::from_utf8_lossy(&check.stdout).to_lowercase();
        assert!(!check.status.success() && said.contains("certificate"), "{word}: {said}");
    }
}
