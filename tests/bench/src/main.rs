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

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

use crate::measure::{Extent, Part};
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
    /// What; without it everything.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// The service's program, as it is released.
    #[arg(long)]
    program: PathBuf,
    /// The folder with the peers, and what they need installed.
    #[arg(long)]
    peers: PathBuf,
    /// Where files are kept meanwhile: on a disk.
    #[arg(long)]
    folder: PathBuf,
    /// Where it is written: each part between two marks of this Markdown file as soon as it is measured, and a picture beside it.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Of logins only those with this in their name: hosted, oidc, embedded, refresh, scene.
    #[arg(long, conflicts_with = "write", default_value = "")]
    only: String,
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
    let parts = if task.parts.is_empty() { Part::value_variants() } else { &task.parts };
    for part in parts {
        let report = part.measure(&house, &task.extent, &task.only).await?;
        say(&report.markdown());
        let name = part.to_possible_value().context("each part has a name")?;
        if let Some(document) = &task.write {
            report.write(document, name.get_name())?;
        }
    }
    Ok(())
}

/// Prints a line.
pub fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
