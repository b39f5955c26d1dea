//! A PostgreSQL of a test's own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};

use crate::free_port;
use crate::program::Program;

/// Who owns the databases. PostgreSQL itself runs as the system's user of its package where the test is root, which it refuses
/// to be.
const USER: &str = "weixin_login";
const SYSTEM_USER: &str = "postgres";

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    /// Does not wait for the disk. For tests that kill nothing: they are faster so.
    pub without_fsync: bool,
    /// Speaks TLS to whoever asks for it.
    pub tls: Option<TlsFiles>,
    /// More settings, as postgresql.conf has them: name and value.
    pub settings: Vec<(&'static str, String)>,
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, and those between it and its authority.
    pub cert_pem: String,
    /// Its private key.
    pub key_pem: String,
}

/// A running server.
pub struct Postgres {
    program: Option<Program>,
    folder: PathBuf,
    port: u16,
    command: Vec<String>,
    made: AtomicU32,
}

/// A transaction that stays open until this is dropped.
pub struct Held {
    psql: Child,
    stdin: Option<ChildStdin>,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Its end rolls back what it has begun.
        drop(self.stdin.take());
        let _ = self.psql.wait();
    }
}

/// A database of a test's own: gone with its server.
#[derive(Debug, Clone)]
pub struct Database {
    /// `postgres://user:password@127.0.0.1:port/name`.
    pub url: String,
    /// Its name.
    pub name: String,
}

impl Postgres {
    /// The password of the owner of all databases.
    pub const PASSWORD: &str = "onlyForTheseTests0123456789";

    /// One for all tests of this process, without fsync. Each takes a [`database`](Self::database) of it.
    pub fn shared() -> &'static Postgres {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start(PostgresOptions { without_fsync: true, ..PostgresOptions::default() })
                .expect("PostgreSQL starts")
        })
    }

    /// Makes a server of a test's own, and waits until it answers.
    ///
    /// # Errors
    /// When it does not start, with what it said.
    pub fn start(options: PostgresOptions) -> Result<Self> {
        let folder = folder()?;
        let result = Self::start_in(&folder, options);
        if result.is_err() {
            let _ = std::fs::remove_dir_all(&folder);
        }
        result
    }

    fn start_in(folder: &Path, options: PostgresOptions) -> Result<Self> {
        let data = folder.join("data");
        let password = folder.join("password");
        write(&password, Self::PASSWORD)?;
        let mut initdb = vec![program("initdb")?];
        initdb
            .extend(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"].map(String::from));
        initdb.push(format!("--username={USER}"));
        initdb.push(format!("--pwfile={}", password.display()));
        initdb.push(format!("--pgdata={}", data.display()));
        let initdb = as_its_user(initdb);
        let made = Command::new(&initdb[0]).args(&initdb[1..]).current_dir(folder).output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

        let port = free_port()?;
        let mut command = vec![program("postgres")?, "-D".into(), data.display().to_string()];
        let mut set = |name: &str, value: &str| command.extend(["-c".into(), format!("{name}={value}")]);
        set("port", &port.to_string());
        set("listen_addresses", "127.0.0.1");
        set("unix_socket_directories", "");
        set("max_connections", "400");
        if options.without_fsync {
            set("fsync", "off");
            set("synchronous_commit", "off");
            set("full_page_writes", "off");
        }
        if let Some(tls) = &options.tls {
            let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
            write(&cert, &tls.cert_pem)?;
            write(&key, &tls.key_pem)?;
            set("ssl", "on");
            set("ssl_cert_file", &cert.display().to_string());
            set("ssl_key_file", &key.display().to_string());
        }
        for (name, value) in &options.settings {
            set(name, value);
        }
        let mut server = Self {
            program: None,
            folder: folder.to_owned(),
            port,
            command: as_its_user(command),
            made: AtomicU32::new(0),
        };
        server.start_again()?;
        Ok(server)
    }

    /// Starts it after [`kill`](Self::kill) or [`stop`](Self::stop), with the same address and what it has kept.
    ///
    /// # Errors
    /// When it does not start, with what it said.
    pub fn start_again(&mut self) -> Result<()> {
        let mut tries = 0;
        loop {
            // Ended at once, by the signal that takes no leave of connections: what is committed is in the log all the same.
            let program = Program::start(&self.folder, &self.command, Signal::SIGQUIT)?;
            match program.wait_until(|| self.answers()) {
                Ok(()) => {
                    self.program = Some(program);
                    return Ok(());
                }
                // What a killed one has left behind holds its memory for a moment.
                Err(_) if tries < 50 => {
                    tries += 1;
                    program.stop()?;
                    std::thread::park_timeout(std::time::Duration::from_millis(100));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Kills it as a failing machine would, in the middle of whatever it does.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        self.program.take().context("it does not run")?.kill()
    }

    /// Ends it; connections are cut.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&mut self) -> Result<()> {
        self.program.take().context("it does not run")?.stop()
    }

    /// The number of its process, while it runs; others may be below that.
    pub fn pid(&self) -> Option<u32> {
        self.program.as_ref().map(Program::pid)
    }

    /// Where it listens, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database.
    ///
    /// # Panics
    /// When the server does not make it.
    pub fn database(&self) -> Database {
        let name = format!("test_{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        Database { url: self.url(&name), name }
    }

    /// The address of a database of this name.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{name}", Self::PASSWORD, self.port)
    }

    /// Runs a statement in a database beside the service, and gives its rows: a line each, `|` between values.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn run(&self, database: &str, statement: &str) -> String {
        let done = Command::new(program("psql").expect("psql is there"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement])
            .arg(self.url(database))
            .output()
            .expect("psql runs");
        assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
    }

    /// Runs statements in a database, and holds what they lock until this is dropped.
    ///
    /// # Panics
    /// When the server refuses them.
    pub fn hold(&self, database: &str, statements: &str) -> Held {
        let mut psql = Command::new(program("psql").expect("psql is there"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .arg(self.url(database))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql runs");
        let mut stdin = psql.stdin.take().expect("a pipe");
        writeln!(stdin, "BEGIN; {statements}; SELECT 'held';").expect("psql listens");
        let mut said = String::new();
        BufReader::new(psql.stdout.take().expect("a pipe")).read_line(&mut said).expect("psql answers");
        assert_eq!(said, "held\n", "{statements}");
        Held { psql, stdin: Some(stdin) }
    }

    /// Keeps an empty database's tables in a folder that is made for it, on another disk.
    pub fn keep_tables_in(&self, database: &str, folder: &Path) {
        std::fs::create_dir(folder).expect("a folder");
        give_to_its_user(folder).expect("its own");
        self.run("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", folder.display()));
        self.run("postgres", &format!("ALTER DATABASE {database} SET TABLESPACE small"));
    }

    /// Starts it after [`stop`](Self::stop) as a standby: it may be read, and waits to be [promoted](Self::promote).
    ///
    /// # Errors
    /// When it does not start, with what it said.
    pub fn start_again_as_standby(&mut self) -> Result<()> {
        write(&self.data().join("standby.signal"), "")?;
        self.start_again()
    }

    /// Makes a standby the one that is written to.
    pub fn promote(&self) {
        assert_eq!(self.run("postgres", "SELECT pg_promote()"), "t");
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// All that it has said since it was made.
    pub fn log(&self) -> String {
        std::fs::read(self.folder.join("log"))
            .map_or_else(|_| String::new(), |log| String::from_utf8_lossy(&log).into())
    }

    fn answers(&self) -> bool {
        program("pg_isready").is_ok_and(|program| {
            Command::new(program)
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .is_ok_and(|status| status.success())
        })
    }
}

/// A program of the newest PostgreSQL of this machine.
fn program(name: &str) -> Result<String> {
    let newest = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse::<u32>().ok()?;
            Some((number, version.path().join("bin").join(name)))
        })
        .filter(|(_, program)| program.exists())
        .max();
    let (_, program) = newest.context("PostgreSQL is missing: apt-get install postgresql")?;
    Ok(program.display().to_string())
}

/// The command line that runs this one as somebody whom PostgreSQL takes.
fn as_its_user(command: Vec<String>) -> Vec<String> {
    if !Uid::effective().is_root() {
        return command;
    }
    let mut whole = ["setpriv", "--reuid", SYSTEM_USER, "--regid", SYSTEM_USER, "--init-groups", "--"]
        .map(String::from)
        .to_vec();
    whole.extend(command);
    whole
}

fn folder() -> Result<PathBuf> {
    // The keeper clears it away.
    let folder = tempfile::Builder::new().prefix("weixin-login-postgres-").tempdir()?.keep();
    give_to_its_user(&folder)?;
    Ok(folder)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    give_to_its_user(path)
}

fn give_to_its_user(path: &Path) -> Result<()> {
    if Uid::effective().is_root() {
        let user = User::from_name(SYSTEM_USER)?.context("the user of PostgreSQL's package is missing")?;
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(())
}
