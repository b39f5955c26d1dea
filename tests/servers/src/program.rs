//! A server's program under a shell that ends it, and clears its folder away, as soon as this process lets go of the shell's
//! standard input: also when this process is killed, for no destructor runs then, and none ever for a static.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks whether a server answers.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Starts the program, says its number, and waits for a word, or for the end of whoever would say it.
const KEEPER: &str = r#"folder=$1; signal=$2; shift 2
"$@" >>"$folder/log" 2>&1 </dev/null &
program=$!
echo "$program"
word=
read -r word
kill -s "$signal" "$program" 2>/dev/null
wait "$program"
[ "$word" = keep ] || rm -rf "$folder""#;

/// A program that runs, and the shell that keeps it.
pub struct Program {
    keeper: Child,
    pid: Pid,
    folder: PathBuf,
}

impl Program {
    /// Starts it: the words of its command line, and the signal that ends it at once and in order. What it says goes to `log` in
    /// its folder.
    pub fn start(folder: &Path, command: &[String], end_by: Signal) -> Result<Self> {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(folder)
            .arg(end_by.as_str().trim_start_matches("SIG"))
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It says who was killed.
            .stderr(Stdio::null())
            // What ends the test by the keyboard does not end the one that clears up after it.
            .process_group(0)
            .spawn()
            .context("sh does not start")?;
        let stdout = keeper.stdout.take().context("a pipe")?;
        let mut pid = String::new();
        BufReader::new(stdout).read_line(&mut pid)?;
        let pid = Pid::from_raw(pid.trim().parse().with_context(|| format!("{command:?} does not start"))?);
        Ok(Self { keeper, pid, folder: folder.to_owned() })
    }

    /// Waits until it answers.
    pub fn wait_until(&self, mut answers: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !answers() {
            ensure!(
                Instant::now() < deadline && self.is_alive(),
                "the server does not answer: {}",
                self.log()
            );
            std::thread::park_timeout(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(self.pid, signal)?)
    }

    /// Kills it without a word, and keeps its folder.
    pub fn kill(mut self) -> Result<()> {
        self.signal(Signal::SIGKILL)?;
        self.let_go("keep\n")
    }

    /// Lets it come to an end by itself, and keeps its folder.
    pub fn stop(mut self) -> Result<()> {
        self.let_go("keep\n")
    }

    fn let_go(&mut self, word: &str) -> Result<()> {
        if let Some(mut stdin) = self.keeper.stdin.take() {
            stdin.write_all(word.as_bytes())?;
        }
        self.keeper.wait()?;
        Ok(())
    }

    /// One that has ended and waits for its shell to notice is not alive.
    fn is_alive(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        status.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.let_go("");
    }
}
