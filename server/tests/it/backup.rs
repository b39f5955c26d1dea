//! `backup` while people log in, `restore` where nothing is yet, and what neither of them does.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::Postgres;

use crate::harness::{Visitor, allowed_by};
use crate::named_store::{on_its_file, on_postgres};
use crate::program::{Program, command, write_config};

/// A service on its file, in a folder of its own.
struct Place {
    data: TempDir,
    config: PathBuf,
}

impl Place {
    fn new(weixin: &Emulator) -> Self {
        let data = TempDir::new().unwrap();
        let config = write_config(weixin, &data, on_its_file);
        Self { data, config }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    fn run(&self, word: &str, file: &Path) -> Output {
        command(&[word, file.to_str().unwrap()], &self.config).output().unwrap()
    }

    fn refuses(&self, word: &str, file: &Path, why: &str) {
        let output = self.run(word, file);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(why), "{said}");
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.data.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn log_in(weixin: &Emulator, visitor: &mut Visitor) {
    let callback = allowed_by(weixin, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
}

async fn key_names(visitor: &mut Visitor) -> Vec<String> {
    let keys = visitor.open("/jwks").await.json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_who_was_let_in_before_a_backup_is_in_it_though_logins_go_on_meanwhile() {
    let weixin = Arc::new(Emulator::start(Default::default()).await.unwrap());
    let place = Place::new(&weixin);
    let mut program = Program::start(&place.config);
    let address = program.addresses().unwrap().0;
    let mut before = Vec::new();
    for _ in 0..5 {
        let mut visitor = Visitor::at(address);
        log_in(&weixin, &mut visitor).await;
        before.push((visitor.session().await.json(), visitor));
    }
    let keys = key_names(&mut before[0].1).await;

    let done = Arc::new(AtomicBool::new(false));
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let (weixin, done) = (weixin.clone(), done.clone());
            tokio::spawn(async move {
                let mut logged_in = 0;
                while !done.load(Ordering::Relaxed) || logged_in == 0 {
                    log_in(&weixin, &mut Visitor::at(address)).await;
                    logged_in += 1;
                }
            })
        })
        .collect();
    let files: Vec<PathBuf> = (0..5).map(|number| place.file(&format!("backup-{number}"))).collect();
    for file in &files {
        let file = file.clone();
        let (word, config) = ("backup", place.config.clone());
        let run = move || command(&[word, file.to_str().unwrap()], &config).output().unwrap();
        let said = good(&tokio::task::spawn_blocking(run).await.unwrap());
        assert!(said.contains("        1  accounts\n"), "{said}");
        assert!(
            said.contains("now, with the master key: whoever reads it can sign in your name\n"),
            "{said}"
        );
    }
    done.store(true, Ordering::Relaxed);
    for people in crowd {
        people.await.unwrap();
    }
    program.stop();

    for file in &files {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        let elsewhere = Place::new(&weixin);
        let said = good(&elsewhere.run("restore", file));
        assert!(said.contains("who has logged out since is logged in again\n"), "{said}");
        for name in ["store.db", "store.master-key"] {
            let mode = std::fs::metadata(elsewhere.file(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name}");
        }
        let mut program = Program::start(&elsewhere.config);
        let address = program.addresses().expect("it starts").0;
        for (session, visitor) in &mut before {
            visitor.address = address;
            assert_eq!(visitor.session().await.json(), *session);
        }
        assert_eq!(key_names(&mut before[0].1).await, keys);
        log_in(&weixin, &mut Visitor::at(address)).await;
        program.stop();
    }
}

#[tokio::test]
async fn nothing_is_written_over_and_what_is_no_backup_or_no_longer_whole_is_not_restored() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let place = Place::new(&weixin);
    let backup = place.file("backup");
    place.refuses("backup", &backup, "there is no store at ");
    let mut program = Program::start(&place.config);
    log_in(&weixin, &mut program.visitor()).await;
    good(&place.run("backup", &backup));
    let kept = std::fs::read(&backup).unwrap();
    place.refuses("backup", &backup, "is there already: nothing is written over it");
    place.refuses("backup", &place.file("no-such-folder/backup"), "cannot be written: ");
    place.refuses("restore", &backup, "store.db is there already: nothing is written over it");
    program.stop();
    assert_eq!(std::fs::read(&backup).unwrap(), kept);

    let elsewhere = Place::new(&weixin);
    let names = elsewhere.names();
    elsewhere.refuses("restore", &place.file("store.db"), "is no backup that this program has made");
    elsewhere.refuses("restore", &place.file("secret"), "is no backup that this program has made");
    elsewhere.refuses("restore", &place.file("nothing"), "nothing: ");
    let changed = place.file("changed");
    let change = |statement: &str| {
        std::fs::write(&changed, &kept).unwrap();
        rusqlite::Connection::open(&changed).unwrap().execute_batch(statement).unwrap();
    };
    change("PRAGMA foreign_keys = OFF; DELETE FROM accounts");
    elsewhere.refuses("restore", &changed, "changed is damaged: a row of ");
    change("DELETE FROM sessions");
    elsewhere.refuses("restore", &changed, "changed is damaged: of 2 rows of sessions 0 are there");
    change(
        "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, 1, x'00', 0 FROM _sqlx_migrations LIMIT 1; UPDATE must_know SET version = 9999",
    );
    elsewhere.refuses("restore", &changed, "it has migration 9999, which a newer program has made");
    change("UPDATE backup_master_keys SET key = 'dGhpcyBpcyBhbm90aGVyIG9uZSBvZiB0aGlydHktMiE='");
    elsewhere.refuses("restore", &changed, "none of the master keys opens the signing key ");
    // A disk that forgets, page by page.
    let mut torn = 0;
    for page in 1..kept.len() / 4096 {
        let mut bytes = kept.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0);
        std::fs::write(&changed, bytes).unwrap();
        if elsewhere.run("restore", &changed).status.success() {
            // Nothing was on that page.
            for name in ["store.db", "store.master-key"] {
                std::fs::remove_file(elsewhere.file(name)).unwrap();
            }
        } else {
            torn += 1;
        }
        assert_eq!(elsewhere.names(), names, "page {page}");
    }
    assert!(torn > 10);
    std::fs::write(&changed, &kept[..kept.len() / 2]).unwrap();
    elsewhere.refuses("restore", &changed, "is damaged: ");
    // Another key is there.
    std::fs::write(elsewhere.file("store.master-key"), "dGhpcyBpcyBhbm90aGVyIG9uZSBvZiB0aGlydHktMiE=")
        .unwrap();
    elsewhere.refuses("restore", &backup, "none of the master keys opens the signing key ");
    assert!(!elsewhere.file("store.db").exists());
    std::fs::remove_file(elsewhere.file("store.master-key")).unwrap();
    // The key cannot be put where it belongs: then the store, which it opens, does not stand in the way of the next try.
    let config = std::fs::read_to_string(&elsewhere.config).unwrap();
    let nowhere = elsewhere.file("no-such-folder/key");
    std::fs::write(&elsewhere.config, format!("master_key_files = [\"{}\"]\n{config}", nowhere.display()))
        .unwrap();
    elsewhere.refuses("restore", &backup, "no-such-folder/key cannot be written: ");
    std::fs::write(&elsewhere.config, config).unwrap();
    good(&elsewhere.run("restore", &backup));
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_none_and_postgresql_has_its_own() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let place = Place::new(&weixin);
    let mut program = Program::start(&place.config);
    program.addresses().unwrap();
    program.stop();
    let mut finished = 0;
    for number in 0..20 {
        let backup = place.file(&format!("backup-{number}"));
        let mut killed = command(&["backup", backup.to_str().unwrap()], &place.config).spawn().unwrap();
        // The moment is what is tried: nothing is waited for.
        let moment = std::time::Duration::from_millis(3 * number);
        let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        killed.kill().unwrap();
        killed.wait().unwrap();
        if backup.exists() {
            let elsewhere = Place::new(&weixin);
            good(&elsewhere.run("restore", &backup));
            finished += 1;
        }
    }
    assert!(finished < 20, "none was killed in the middle");
    let data = TempDir::new().unwrap();
    let url = Postgres::shared().database().url;
    let config = write_config(&weixin, &data, |config| on_postgres(&config, &url, data.path()));
    for word in ["backup", "restore"] {
        let output = command(&[word, "file"], &config).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("pg_dump and pg_restore copy it"), "{said}");
    }
}
