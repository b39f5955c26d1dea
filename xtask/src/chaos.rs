//! `cargo xtask chaos`: people log in while nodes, stores and WeChat fail, many times more often than in the tests, and a program looks
//! for what was lost or doubled. Its figures can be put into docs/reliability.md.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{shell, tools};

#[derive(clap::Args)]
pub struct Options {
    /// How often something happens in each of the runs
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// A part of the name of the runs that are wanted; without it all of them
    only: Option<String>,
    /// Puts the figures into docs/reliability.md
    #[arg(long)]
    write: bool,
}

/// Between these lines of the document are the figures.
const BEGIN: &str = "<!-- figures of `cargo xtask chaos --write` -->\n";
const END: &str = "<!-- end of the figures -->\n";
const HEAD: &str = "| what | times | logins | people | begun anew | ended | took | lost, doubled or come back |\n|---|---|---|---|---|---|---|---|\n";

pub fn run(options: &Options) -> Result<()> {
    tools::packages(false, false)?;
    let mut runs = shell::cargo();
    // One after the other: each has the machine for itself.
    runs.args(["test", "--package=weixin-login", "--test=nodes", "--", "--nocapture", "--test-threads=1"])
        .env("CHAOS_ROUNDS", options.rounds.to_string());
    if let Some(only) = &options.only {
        runs.arg(only);
    }
    let mut figures = String::new();
    let succeeded = shell::watch(&mut runs, |line| {
        if let Some(at) = line.find("| ").filter(|_| line.trim_end().ends_with('|')) {
            figures.push_str(line[at..].trim_end());
            figures.push('\n');
        }
    })?;
    if !succeeded {
        bail!("something was lost, doubled or came back: what it was stands above, and SEED repeats it");
    }
    println!("\n{HEAD}{figures}");
    if options.write {
        let file = shell::root().join("docs/reliability.md");
        let text = fs::read_to_string(&file).context("docs/reliability.md")?;
        let (before, rest) =
            text.split_once(BEGIN).context("docs/reliability.md has no place for figures")?;
        let (_, after) = rest.split_once(END).context("docs/reliability.md has no end of the figures")?;
        fs::write(&file, format!("{before}{BEGIN}{HEAD}{figures}{END}{after}"))?;
    }
    Ok(())
}
