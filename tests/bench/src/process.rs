//! What is measured, as processes: how they start, and what the system says of each alone.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A program that has said where it listens.
pub struct Program {
    child: Child,
    /// Held open: who writes to nobody ends.
    _stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
    pub started_within: Duration,
}

impl Program {
    /// Starts it, and waits for the line that says `listen`.
    pub fn start(command: &mut Command) -> Result<Self> {
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().context("does not start")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("standard output is piped")?;
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line)?;
        let started_within = begun.elapsed();
        let said: Value = serde_json::from_str(&line).with_context(|| format!("it said: {line:?}"))?;
        let address = said["listen"].as_str().context("it does not say where it listens")?.parse()?;
        Ok(Self { child, _stdout: stdout, address, started_within })
    }

    /// Begins to count how often it asks the disk to keep what was written. The kernel counts, which holds nobody up.
    pub fn count_syncs(&self, folder: &Path) -> Result<Syncs> {
        let file = folder.join("syncs");
        let mut perf = Command::new("perf");
        perf.args(["stat", "-x,", "-e", "syscalls:sys_enter_fdatasync,syscalls:sys_enter_fsync", "-p"]);
        perf.arg(self.child.id().to_string()).arg("-o").arg(&file);
        Ok(Syncs { perf: perf.spawn().context("perf")?, file })
    }

    /// CPU time of all its threads until now, in milliseconds.
    pub fn cpu(&self) -> Result<f64> {
        cpu(self.child.id())
    }

    /// What it has in memory, in bytes.
    pub fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.split_whitespace().next().context("kB")?.parse::<f64>()? * 1024.0)
    }

    /// Stops it, and waits for its end.
    pub fn stop(mut self) -> Result<()> {
        signal(&self.child, Signal::TERM);
        self.child.wait()?;
        Ok(())
    }
}

/// CPU time of all threads of a process until now, in milliseconds.
pub fn cpu(pid: u32) -> Result<f64> {
    let stat = Stat::of(pid)?;
    Ok(milliseconds(stat.own))
}

/// The same of a server, with the processes that it has made, and those of them that have ended.
pub fn cpu_with_children(pid: u32) -> Result<f64> {
    let stat = Stat::of(pid)?;
    let mut all = stat.own + stat.ended;
    for entry in std::fs::read_dir("/proc")? {
        let Some(child) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that ends meanwhile is counted the next time.
        if let Ok(stat) = Stat::of(child)
            && stat.parent == pid
        {
            all += stat.own;
        }
    }
    Ok(milliseconds(all))
}

fn milliseconds(ticks: f64) -> f64 {
    ticks * 1e3 / rustix::param::clock_ticks_per_second() as f64
}

/// What the system says of a process, in ticks.
struct Stat {
    parent: u32,
    own: f64,
    /// Of those that it has made and waited for.
    ended: f64,
}

impl Stat {
    fn of(pid: u32) -> Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name, in brackets, may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field = |number: usize| fields.get(number).context("a field of stat");
        let ticks = |number| anyhow::Ok(field(number)?.parse::<f64>()?);
        Ok(Self { parent: field(1)?.parse()?, own: ticks(11)? + ticks(12)?, ended: ticks(13)? + ticks(14)? })
    }
}

/// How often the disk is asked, while it is counted.
pub struct Syncs {
    perf: Child,
    file: PathBuf,
}

impl Syncs {
    pub fn end(mut self) -> Result<f64> {
        signal(&self.perf, Signal::INT);
        self.perf.wait()?;
        let table = std::fs::read_to_string(&self.file)?;
        let counts = table.lines().filter(|line| line.contains("sys_enter_"));
        // count, unit, event
        let counts: Vec<f64> = counts.filter_map(|line| line.split(',').next()?.parse().ok()).collect();
        ensure!(counts.len() == 2, "perf does not count here: {table}");
        Ok(counts.iter().sum())
    }
}

fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
