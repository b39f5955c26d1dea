//! A site's program: started with the client's settings in its environment, ready when it says where it listens, gone with its
//! test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::provider::{CLIENT_ID, CLIENT_SECRET, Provider};

/// How long a program may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether a server listens.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A running site.
pub struct Site(Child);

impl Site {
    /// Starts a program that prints one line when it listens.
    ///
    /// # Errors
    /// When it does not start, with what it said.
    pub fn start(program: &mut Command, provider: &Provider, port: u16) -> Result<Site> {
        Self::start_as(CLIENT_ID, program, provider, port)
    }

    /// The same, as a client of this name.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_as(client_id: &str, program: &mut Command, provider: &Provider, port: u16) -> Result<Site> {
        set_environment(client_id, program, provider, port);
        Self::started(program)
    }

    /// The same, of a program that has its settings already: no client of the service.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn started(program: &mut Command) -> Result<Site> {
        let mut child = program.stdout(Stdio::piped()).spawn().with_context(|| format!("{program:?}"))?;
        let stdout = child.stdout.take().context("a pipe")?;
        let site = Site(child);
        let (send, ready) = mpsc::channel();
        std::thread::spawn(move || {
            // Read on after the first line: a full pipe would stop the program.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        ready.recv_timeout(PATIENCE).with_context(|| format!("{program:?} does not listen"))?;
        Ok(site)
    }

    /// Starts a program that says nothing, and waits until its port accepts.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_silent(program: &mut Command, provider: &Provider, port: u16) -> Result<Site> {
        set_environment(CLIENT_ID, program, provider, port);
        let site = Site(program.spawn().with_context(|| format!("{program:?}"))?);
        let deadline = std::time::Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            anyhow::ensure!(std::time::Instant::now() < deadline, "{program:?} does not listen");
            std::thread::park_timeout(LOOK_AGAIN);
        }
        Ok(site)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn set_environment(client_id: &str, program: &mut Command, provider: &Provider, port: u16) {
    program.envs([
        ("ISSUER", provider.issuer.as_str()),
        ("CLIENT_ID", client_id),
        ("CLIENT_SECRET", CLIENT_SECRET),
        ("SITE", &format!("http://localhost:{port}")),
        ("PORT", &port.to_string()),
        ("SESSION_SECRET", "onlyForTheseTests0123456789abcdef"),
    ]);
}
