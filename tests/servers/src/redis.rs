//! A Redis of a test's own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::free_port;
use crate::program::Program;

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    /// Asked of whoever connects.
    pub password: Option<String>,
    /// Keeps every write on the disk before it answers; without it a new start knows nothing.
    pub append_only: bool,
    /// Watches others in the place of keeping anything.
    pub sentinel: bool,
    /// More of its configuration, as its command line has it: `["--maxmemory", "10mb"]`.
    pub arguments: Vec<String>,
}

/// A running server.
pub struct Redis {
    program: Option<Program>,
    folder: PathBuf,
    port: u16,
    command: Vec<String>,
    password: Option<String>,
}

impl Redis {
    /// One for all tests of this process. Each takes a database of it or a prefix of its own.
    pub fn shared() -> &'static Redis {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(|| {
            // Sixteen databases would be too few for a test each.
            let arguments = ["--databases", "1000"].map(String::from).to_vec();
            Self::start(RedisOptions { arguments, ..RedisOptions::default() }).expect("Redis starts")
        })
    }

    /// Starts a server of a test's own, and waits until it answers.
    ///
    /// # Errors
    /// When it does not start, with what it said.
    pub fn start(options: RedisOptions) -> Result<Self> {
        // The keeper clears it away.
        let folder = tempfile::Builder::new().prefix("weixin-login-redis-").tempdir()?.keep();
        let port = free_port()?;
        let append_only = if options.append_only { "yes" } else { "no" };
        let mut command: Vec<String> = vec!["redis-server".into()];
        if options.sentinel {
            let file = folder.join("sentinel.conf");
            std::fs::write(&file, "")?;
            command.extend([file.display().to_string(), "--sentinel".into()]);
        }
        command.extend(["--bind", "127.0.0.1"].map(String::from));
        command.extend(["--port".into(), port.to_string(), "--dir".into(), folder.display().to_string()]);
        if !options.sentinel {
            let keeps = ["--save", "", "--appendonly", append_only, "--appendfsync", "always"];
            command.extend(keeps.map(String::from));
        }
        if let Some(password) = &options.password {
            command.extend(["--requirepass".into(), password.clone()]);
        }
        command.extend(options.arguments);
        let mut server = Self { program: None, folder, port, command, password: options.password };
        server.start_again()?;
        Ok(server)
    }

    /// Starts it after [`kill`](Self::kill), with the same address; what it knows then is what it had kept on the disk.
    ///
    /// # Errors
    /// When it does not start, with what it said.
    pub fn start_again(&mut self) -> Result<()> {
        let program = Program::start(&self.folder, &self.command, Signal::SIGTERM)?;
        program.wait_until(|| self.answers())?;
        self.program = Some(program);
        Ok(())
    }

    /// Kills it as a failing machine would.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        self.program.take().context("it does not run")?.kill()
    }

    /// Holds it in the middle of what it does: it takes connections and answers nothing.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<()> {
        self.program.as_ref().context("it does not run")?.signal(Signal::SIGSTOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<()> {
        self.program.as_ref().context("it does not run")?.signal(Signal::SIGCONT)
    }

    /// The number of its process, while it runs; others may be below that.
    pub fn pid(&self) -> Option<u32> {
        self.program.as_ref().map(Program::pid)
    }

    /// Where it listens, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `redis://[:password@]127.0.0.1:port/database`.
    pub fn url(&self, database: u32) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{password}127.0.0.1:{}/{database}", self.port)
    }

    fn answers(&self) -> bool {
        let asked = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            // Whoever is not logged in is not told that it still reads its file.
            let (before, expected) = match &self.password {
                Some(password) => (format!("AUTH {password}\r\n"), "+OK\r\n+PONG"),
                None => (String::new(), "+PONG"),
            };
            stream.write_all(format!("{before}PING\r\n").as_bytes())?;
            let mut answer = vec![0; expected.len()];
            stream.read_exact(&mut answer)?;
            Ok(answer == expected.as_bytes())
        };
        asked().unwrap_or(false)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // A held one takes no other signal but the last.
        let _ = self.resume();
    }
}
