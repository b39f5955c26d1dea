//! `weixin-bench`: drives whole logins at the service as it is released, and at peers beside it, and says what they cost.
//!
//! Three processes: WeChat's answers (`weixin-bench stub`), what is measured, and this one, the load. What is measured is in
//! `measure.rs`; what a login is made of in `scenarios.rs`. Judges nothing.

mod http;
mod load;
mod measure;
mod process;
mod report;
mod scenario;
mod scenarios;
mod stub;
mod subjects;

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::measure::Extent;
use crate::process::Program;
use crate::subjects::House;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Answers as WeChat does.
    Stub,
    /// Measures.
    Measure(Measure),
}

#[derive(clap::Args)]
struct Measure {
    /// The service's program, as it is released.
    #[arg(long)]
    program: PathBuf,
    /// The folder with the peers, and what they need installed.
    #[arg(long)]
    peers: PathBuf,
    /// Where files are kept meanwhile: on a disk.
    #[arg(long)]
    folder: PathBuf,
    /// Where the report is written: between two marks of this Markdown file, and a picture beside it.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Only what has this in its name.
    #[arg(long)]
    only: Option<String>,
    #[command(flatten)]
    extent: Extent,
}

fn main() -> Result<()> {
    // One thread: what the load takes is taken from what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match Arguments::parse().task {
        Task::Stub => runtime.block_on(stub::serve()),
        Task::Measure(task) => runtime.block_on(measured(task)),
    }
}

async fn measured(task: Measure) -> Result<()> {
    std::fs::create_dir_all(&task.folder)?;
    let weixin = Program::start(Command::new(std::env::current_exe()?).arg("stub"))?;
    let house = House { program: task.program, peers: task.peers, folder: task.folder, weixin };
    let report = measure::all(&house, &task.extent, task.only.as_deref().unwrap_or_default()).await?;
    say(&report.markdown());
    match task.write {
        Some(document) => report.write(&document),
        None => Ok(()),
    }
}

/// Prints a line.
pub fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
