//! The program itself, as an operator starts it: what it prints, and what it logs while it runs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use weixin_emulator::Emulator;

use crate::harness::{Visitor, config};
use crate::named_store::on_the_named_store;

/// More than any start or request takes, on a machine with other things to do.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program with this configuration, and nothing of ours from the environment. `TEST_PROGRAM` is another one, where figures are wanted of one
/// that was built for use.
pub fn command(words: &[&str], config: &Path) -> Command {
    let program = std::env::var_os("TEST_PROGRAM");
    let mut command = Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_weixin-login").into()));
    command
        // How many rounds tests run is no key of the service.
        .env_remove("WEIXIN_LOGIN_FULL_TESTS")
        .args(words)
        .arg("--config")
        .arg(config);
    command
}

/// Writes a changed configuration into a folder.
pub fn write_config(weixin: &Emulator, data: &TempDir, change: impl FnOnce(String) -> String) -> PathBuf {
    let file = data.path().join("weixin-login.toml");
    std::fs::write(&file, on_the_named_store(change(config(weixin, data)), data.path())).unwrap();
    file
}

/// A running service. Dropping it kills it, so that nothing of its own runs any more.
pub struct Program {
    child: Child,
    said: Receiver<String>,
    log: Vec<String>,
    stdout: Option<BufReader<std::process::ChildStdout>>,
}

impl Program {
    /// Starts it; it may not listen yet.
    pub fn start(config: &Path) -> Self {
        Self::start_with(config, &[])
    }

    /// The same with variables.
    pub fn start_with(config: &Path, variables: &[(&str, &OsStr)]) -> Self {
        let mut command = command(&["serve"], config);
        command.envs(variables.iter().copied());
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, said) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        // Read while it runs, or it would block on a full pipe.
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, said, log: Vec::new(), stdout }
    }

    /// Where so many files and connections may be open.
    pub fn start_with_files(config: &Path, most: u32) -> Self {
        let serve = command(&["serve"], config);
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("ulimit -n {most}; exec \"$@\"")).arg("sh");
        limited.arg(serve.get_program()).args(serve.get_args());
        for (name, _) in serve.get_envs() {
            limited.env_remove(name);
        }
        Self::run(limited)
    }

    /// The same, and nobody reads its log, of which there is much.
    pub fn start_unread(config: &Path) -> Self {
        let mut command = command(&["serve"], config);
        command.env("RUST_LOG", "debug").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, said: channel().1, log: Vec::new(), stdout }
    }

    /// Where it listens, for people and for operators; `None`, when it has stopped instead.
    pub fn addresses(&mut self) -> Option<(SocketAddr, SocketAddr)> {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).ok()?;
        let address = |key: &str| ready[key].as_str().unwrap().parse().unwrap();
        Some((address("listen"), address("ops_listen")))
    }

    /// A visitor, once it listens.
    pub fn visitor(&mut self) -> Visitor {
        Visitor::at(self.addresses().expect("it listens").0)
    }

    /// Waits until it has logged a line with these words, and gives it.
    pub fn logged(&mut self, words: &str) -> String {
        loop {
            if let Some(line) = self.log.iter().find(|line| line.contains(words)) {
                return line.clone();
            }
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) => self.log.push(line),
                Err(_) => panic!("{words} is not in: {:#?}", self.log),
            }
        }
    }

    /// All that it has logged at its end.
    pub fn stop(mut self) -> String {
        self.kill();
        self.log.extend(self.said.iter());
        std::mem::take(&mut self.log).join("\n")
    }

    /// SIGHUP.
    pub fn hang_up(&mut self) {
        // What was said before is not said anew.
        self.log.extend(self.said.try_iter());
        self.log.clear();
        self.signal("-HUP");
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// How it ends by itself, and all that it has logged.
    pub fn ended(mut self) -> (Option<i32>, String) {
        // Its end closes what it writes to.
        self.log.extend(self.said.iter());
        let status = self.child.wait().unwrap();
        (status.code(), std::mem::take(&mut self.log).join("\n"))
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
