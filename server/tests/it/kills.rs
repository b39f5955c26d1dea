//! A first start that is killed at any moment leaves nothing behind that stops the next one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use weixin_emulator::Emulator;

use crate::harness::config;

/// From 5 to 400 ms, 40 of them.
const KILLS: u64 = 40;

struct Program(Child);

impl Program {
    fn start(config: &Path) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_weixin-login"));
        program
            // How many rounds tests run is no key of the service.
            .env_remove("WEIXIN_LOGIN_FULL_TESTS")
            .args(["serve", "--config"])
            .arg(config)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(program.spawn().unwrap())
    }

    /// The line that says where it listens; nothing, when it has stopped without it.
    fn ready(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    fn said(&mut self) -> String {
        std::io::read_to_string(self.0.stderr.take().unwrap()).unwrap()
    }

    /// SIGKILL: nothing of the program's own runs any more.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_first_start_that_is_killed_at_any_moment_leaves_one_that_starts() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let mut stuck = Vec::new();
    for round in 0..KILLS {
        let data = TempDir::new().unwrap();
        let file = data.path().join("weixin-login.toml");
        std::fs::write(&file, config(&weixin, &data)).unwrap();
        let after = Duration::from_millis(5 + round * 395 / (KILLS - 1));
        let mut killed = Program::start(&file);
        tokio::time::sleep(after).await;
        killed.kill();
        let mut again = Program::start(&file);
        if again.ready().is_empty() {
            stuck.push((after, again.said()));
        }
    }
    assert!(stuck.is_empty(), "{} of {KILLS} never start again: {stuck:#?}", stuck.len());
}
