//! Programs that run beside one another: started one by one, watched, and stopped together.
//!
//! A program says that it is ready by one line of JSON on its standard output. What it logs goes to a file.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

/// How long a program may take until it is ready, and until it has stopped after it was asked to.
const READY_WITHIN: Duration = Duration::from_secs(60);
const STOPPED_WITHIN: Duration = Duration::from_secs(10);

/// Whether something came about, or somebody pressed Ctrl-C before.
pub enum Outcome<T> {
    Ready(T),
    Interrupted,
}

/// The running programs. They are stopped when this is dropped, if not before.
pub struct Programs {
    folder: PathBuf,
    running: Vec<Program>,
    happens: Sender<Event>,
    happened: Receiver<Event>,
}

struct Program {
    name: &'static str,
    pid: u32,
    log: PathBuf,
}

enum Event {
    /// Ctrl-C, SIGTERM or a closed terminal.
    Interrupted,
    Said(&'static str, String),
    Ended(&'static str, ExitStatus),
}

impl Programs {
    /// From here on Ctrl-C no longer ends this process by itself: the programs are stopped first. Logs go to the folder.
    pub fn new(folder: &Path) -> Result<Programs> {
        let (happens, happened) = channel();
        let interrupted = happens.clone();
        // Nobody listens any more once everything is being stopped.
        ctrlc::set_handler(move || drop(interrupted.send(Event::Interrupted)))?;
        Ok(Programs { folder: folder.to_owned(), running: Vec::new(), happens, happened })
    }

    /// Starts a program and waits until it says that it is ready. Returns what it said.
    pub fn start(&mut self, name: &'static str, command: &mut Command) -> Result<Outcome<Value>> {
        let log = self.folder.join(format!("{name}.log"));
        let child = in_its_own_group(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("the {name} could not be started"))?;
        self.running.push(Program { name, pid: child.id(), log });
        watch(name, child, self.happens.clone());

        let deadline = Instant::now() + READY_WITHIN;
        loop {
            match self.happened.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::Interrupted) => return Ok(Outcome::Interrupted),
                Ok(Event::Said(who, line)) if who == name => {
                    let told = serde_json::from_str(&line).with_context(|| {
                        format!("the {name} said something else than where it is: {line}")
                    })?;
                    println!("   the {name} is ready");
                    return Ok(Outcome::Ready(told));
                }
                Ok(Event::Said(..)) => {}
                Ok(Event::Ended(who, status)) => return Err(self.died(who, status)),
                Err(RecvTimeoutError::Timeout) => {
                    bail!(
                        "the {name} was not ready within {} s\n{}",
                        READY_WITHIN.as_secs(),
                        self.last_words(name)
                    )
                }
                Err(RecvTimeoutError::Disconnected) => unreachable!("the sending end is kept here"),
            }
        }
    }

    /// Lets everything run until somebody interrupts, or until one of the programs ends, which is an error.
    pub fn until_interrupted(&mut self) -> Result<()> {
        loop {
            match self.happened.recv()? {
                Event::Interrupted => return Ok(()),
                Event::Said(..) => {}
                Event::Ended(who, status) => return Err(self.died(who, status)),
            }
        }
    }

    /// Asks every program to stop, the last one first, and makes it stop when it does not. A second Ctrl-C does not wait.
    pub fn stop(&mut self) {
        for program in self.running.iter().rev() {
            ask_to_stop(program.pid);
        }
        let deadline = Instant::now() + STOPPED_WITHIN;
        while !self.running.is_empty() {
            match self.happened.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::Ended(who, _)) => self.running.retain(|program| program.name != who),
                Ok(Event::Said(..)) => {}
                Ok(Event::Interrupted) | Err(_) => {
                    self.running.drain(..).for_each(|program| make_stop(program.pid));
                }
            }
        }
    }

    fn died(&mut self, name: &'static str, status: ExitStatus) -> anyhow::Error {
        let last_words = self.last_words(name);
        self.running.retain(|program| program.name != name);
        anyhow!("the {name} ended by itself ({status})\n{last_words}")
    }

    /// The end of what a program logged.
    fn last_words(&self, name: &str) -> String {
        let Some(program) = self.running.iter().find(|program| program.name == name) else {
            return String::new();
        };
        let log = std::fs::read(&program.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(20)..].join("\n");
        format!("{end}\n(all it said: {})", program.log.display())
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Passes on what a program says and that it ended. Reading to the end also keeps it from ever waiting on a full pipe.
fn watch(name: &'static str, mut child: Child, happens: Sender<Event>) {
    thread::spawn(move || {
        let stdout = child.stdout.take().expect("standard output is piped");
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if happens.send(Event::Said(name, line)).is_err() {
                break;
            }
        }
        if let Ok(status) = child.wait() {
            // Nobody listens any more when the task is over.
            drop(happens.send(Event::Ended(name, status)));
        }
    });
}

/// A terminal sends Ctrl-C to its whole group; who stops first is for this process to say.
#[cfg(unix)]
fn in_its_own_group(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

#[cfg(windows)]
fn in_its_own_group(command: &mut Command) -> &mut Command {
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    std::os::windows::process::CommandExt::creation_flags(command, CREATE_NEW_PROCESS_GROUP)
}

#[cfg(unix)]
fn ask_to_stop(pid: u32) {
    send(pid, nix::sys::signal::Signal::SIGTERM);
}

#[cfg(unix)]
fn make_stop(pid: u32) {
    send(pid, nix::sys::signal::Signal::SIGKILL);
}

/// A program that has just ended by itself cannot be sent anything, and need not be.
#[cfg(unix)]
fn send(pid: u32, signal: nix::sys::signal::Signal) {
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), signal);
}

/// Windows has no way to ask a program without a window: it is stopped.
#[cfg(windows)]
fn ask_to_stop(pid: u32) {
    make_stop(pid);
}

#[cfg(windows)]
fn make_stop(pid: u32) {
    let mut command = Command::new("taskkill");
    let _ = command
        .args(["/PID", &pid.to_string(), "/T", "/F"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    /// One test for all of it: the handler of Ctrl-C can be set once in a process.
    #[test]
    fn programs_are_started_watched_and_stopped() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut programs = Programs::new(folder.path()).expect("no handler is set yet");

        let Ok(Outcome::Ready(told)) =
            programs.start("first", &mut shell(r#"echo '{"listen":"here"}'; exec tail -f /dev/null"#))
        else {
            panic!("it says where it is");
        };
        assert_eq!(told["listen"], "here");

        let Err(error) = programs.start("second", &mut shell("echo 'the port is taken' >&2; exit 3")) else {
            panic!("it ends before it is ready");
        };
        let error = error.to_string();
        assert!(
            error.starts_with("the second ended by itself (exit status: 3)\nthe port is taken\n"),
            "{error}"
        );

        let Err(error) = programs.start("third", &mut shell("echo hello; exec tail -f /dev/null")) else {
            panic!("it says something else");
        };
        assert_eq!(error.to_string(), "the third said something else than where it is: hello");

        let first = nix::unistd::Pid::from_raw(programs.running[0].pid.cast_signed());
        programs.stop();
        assert_eq!(
            nix::sys::signal::kill(first, None),
            Err(nix::errno::Errno::ESRCH),
            "the first program is gone"
        );
    }
}
