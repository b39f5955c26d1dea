//! `cargo xtask bench`: builds what is measured as it is released, and runs the program that measures. Judges nothing.

use anyhow::Result;

use crate::{shell, tools, widget};

#[derive(clap::Args)]
pub struct Options {
    /// How often each page is opened
    #[arg(long, default_value_t = 20)]
    runs: usize,
}

pub fn run(options: &Options) -> Result<()> {
    tools::packages()?;
    widget::build()?;
    shell::heading("how soon a person can log in");
    shell::run(
        shell::cargo()
            .args(["run", "--release", "--package=weixin-login-e2e", "--bin=weixin-login-bench", "--"])
            .arg(options.runs.to_string()),
    )
}
