//! `cargo xtask bench`: builds what is measured as it is released, and runs the programs that measure. Judges nothing.

use anyhow::{Result, bail};

use crate::{shell, tools, widget};

#[derive(clap::Args)]
pub struct Options {
    /// What is measured; without it everything
    #[arg(value_enum)]
    what: Option<What>,
    /// Of the service's figures these: logins, stores, rest, streams, pending; without it all of them
    #[arg(requires = "what")]
    parts: Vec<String>,
    /// How often each page is opened
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// Puts the service's figures into docs/performance.md; those of the other parts stay
    #[arg(long)]
    write: bool,
    /// For the program that measures the service: --rounds 9, --seconds 8, --only hosted
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum What {
    /// How soon a person can log in, in a real browser
    Page,
    /// How many the service logs in, and at what cost
    Service,
}

pub fn run(options: &Options) -> Result<()> {
    if options.what != Some(What::Service) {
        page(options.runs)?;
    }
    if options.what != Some(What::Page) {
        service(options)?;
    }
    Ok(())
}

fn page(runs: usize) -> Result<()> {
    tools::packages(false, tools::in_ci())?;
    widget::build()?;
    shell::heading("how soon a person can log in");
    shell::run(
        shell::cargo()
            .args(["run", "--release", "--package=weixin-login-e2e", "--bin=weixin-login-bench", "--"])
            .arg(runs.to_string()),
    )
}

fn service(options: &Options) -> Result<()> {
    if !shell::is_installed("perf") {
        bail!("perf counts what is asked of the disk: sudo apt-get install linux-perf");
    }
    let peers = shell::root().join("tests/bench/peers");
    tools::npm_packages(&peers)?;
    widget::build()?;
    let mut build = shell::cargo();
    build.args(["build", "--release", "--features=weixin-login/embed-widget"]);
    shell::run(build.args(["--package=weixin-login", "--package=weixin-bench"]))?;
    shell::heading("how many the service logs in, and at what cost");
    let mut measure = shell::program(shell::target().join("release/weixin-bench"));
    measure
        .arg("measure")
        .args(&options.parts)
        .arg("--program")
        .arg(shell::target().join("release/weixin-login"));
    measure.arg("--peers").arg(peers).arg("--folder").arg(shell::target().join("bench"));
    if options.write {
        measure.args(["--write", "docs/performance.md"]);
    }
    shell::run(measure.args(&options.arguments))
}
