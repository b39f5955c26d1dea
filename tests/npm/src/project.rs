//! One sample: laid out afresh, built by its bundler, and where it has a server of its own, run until the test is over.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::packages::{program, sample, workshop};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether a server listens.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A sample, laid out in the workshop.
#[derive(Debug)]
pub struct Project {
    /// Where it is now.
    pub folder: PathBuf,
}

impl Project {
    /// Lays a sample out under a name of its own: two tests may build the same one in two ways.
    ///
    /// # Errors
    /// As [`workshop`].
    pub fn new(name: &str, place: &str) -> Result<Project> {
        let folder = workshop()?.join(place);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        copy(&sample(name), &folder)?;
        Ok(Project { folder })
    }

    /// A program of the workshop, to be run in this project.
    ///
    /// # Errors
    /// As [`workshop`].
    pub fn program(&self, name: &str) -> Result<Command> {
        let mut command = program(name)?;
        command.current_dir(&self.folder);
        Ok(command)
    }
}

/// A server that listens on this port of localhost; it and everything it started end when this is dropped.
#[derive(Debug)]
pub struct Server(Child);

impl Server {
    /// Starts it, and waits until the port accepts.
    ///
    /// # Errors
    /// When it ends, or does not listen, with what it is.
    pub fn start(command: &mut Command, port: u16) -> Result<Server> {
        let child = command.stdout(Stdio::null()).process_group(0).spawn();
        let mut server = Server(child.with_context(|| format!("{command:?}"))?);
        let deadline = Instant::now() + PATIENCE;
        // Node may take `localhost` for ::1.
        while TcpStream::connect(("localhost", port)).is_err() {
            if let Some(status) = server.0.try_wait()? {
                bail!("{command:?} ended at once: {status}");
            }
            ensure!(Instant::now() < deadline, "{command:?} does not listen on {port}");
            std::thread::park_timeout(LOOK_AGAIN);
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have started others: all of them are in its group.
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

/// Runs a program to its end and gives what it printed.
///
/// # Errors
/// When it is missing or fails, with all it said.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{:?} cannot be run", command.get_program()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{command:?} failed: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(said)
}

/// A port that nobody listens on in this moment.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}
