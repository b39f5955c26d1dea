//! The program itself, in the place of a provider's service.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::door::Provider;

/// The program. Dropping it kills it.
pub struct Program {
    child: Child,
    said: Receiver<String>,
}

impl Program {
    /// Starts it, and waits until it listens; `level` is how much it says.
    pub fn start(provider: &Provider, level: &str) -> Program {
        let file = provider.folder.path().join("weixin-login.toml");
        std::fs::write(&file, &provider.config_text).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_weixin-login"))
            .args(["serve", "--config"])
            .arg(&file)
            .env("RUST_LOG", level)
            // How many rounds tests run is no key of the service.
            .env_remove("WEIXIN_LOGIN_FULL_TESTS")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut ready).expect("it listens");
        let errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let (tell, said) = channel();
        // Read while it runs, or it would block on a full pipe.
        std::thread::spawn(move || errors.lines().try_for_each(|line| tell.send(line.expect("UTF-8"))));
        Program { child, said }
    }

    /// Waits until it says this.
    pub fn says(&self, words: &str) {
        let patience = Duration::from_secs(20);
        while !self.said.recv_timeout(patience).expect("it says so in time").contains(words) {}
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// How it ends by itself.
    pub fn ended(mut self) -> Option<i32> {
        // Its end closes what it writes to.
        self.said.iter().for_each(drop);
        self.child.wait().expect("it ran").code()
    }

    /// Kills it; all that it has said since the last words that were waited for.
    pub fn stop(mut self) -> String {
        self.child.kill().expect("it runs");
        self.said.iter().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
