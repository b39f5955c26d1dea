//! `cargo xtask test`: every check and every test of the project, in order, counted. Nothing is skipped in silence.

mod count;
mod schemas;

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use count::Count;

use crate::{dist, shell, tidy, tools, widget};

/// How much is tested.
#[derive(clap::Args)]
pub struct Options {
    /// Go on for longer: property tests try many more inputs, tests that repeat themselves repeat more often, and the emulator's packages
    /// are built, installed and used
    #[arg(long)]
    full: bool,

    /// Install the servers that tests need (PostgreSQL, Redis, Apache, nginx, Caddy, HAProxy), which then run on this machine; CI=true
    /// means the same
    #[arg(long)]
    install: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let started = Instant::now();
    let mut count = Count::default();

    step("what the tests need", || tools_for_tests(options))?;
    step("formatting", || shell::run(shell::cargo().args(["fmt", "--all", "--check"])))?;
    step("tidy", tidy::run)?;
    step("clippy", clippy)?;
    if options.full {
        step("licences and origins of what others wrote", deny)?;
        step("workflows, compose and Kubernetes, by their own schemas", schemas::check)?;
    }
    step("the widget", widget::run)?;
    step("tests of the widget in Chromium", || wasm_tests(&mut count))?;
    step("tests of every crate, and of the whole login in Chromium", || {
        workspace_tests(&mut count, options)
    })?;
    for stores in ["postgres", "postgres+redis"] {
        step(&format!("the service's tests on {stores}"), || store_tests(stores, &mut count, options))?;
    }
    if options.full {
        step("the emulator and the demo for Windows", check_for_windows)?;
        step("the emulator as it is released, installed from its files", dist::try_the_emulator)?;
        step(
            "the service as it is released, and a browser that logs in by its image",
            dist::try_the_service,
        )?;
    }

    println!("\nevery step passed in {} s", started.elapsed().as_secs());
    println!("{} passed, 0 failed", count.passed);
    Ok(())
}

fn step(title: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    shell::heading(title);
    work().with_context(|| format!("the step \"{title}\" failed"))
}

fn tools_for_tests(options: &Options) -> Result<()> {
    tools::wasm_target()?;
    tools::npm_tools()?;
    tools::packages(options.full, options.install || tools::in_ci())?;
    tools::geckodriver()?;
    println!("everything is there");
    Ok(())
}

fn clippy() -> Result<()> {
    shell::run(shell::cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny=warnings"]))?;
    // What only a browser runs is left out of the check above.
    shell::run(
        shell::cargo()
            .args(["clippy", "--package=weixin-login-widget", "--target", tools::WASM_TARGET])
            .args(["--", "--deny=warnings"]),
    )
}

/// deny.toml says what may be in. Advisories are looked at where their database can be had: it is a repository of its own, which not every
/// machine reaches.
fn deny() -> Result<()> {
    let program = tools::cargo_program("cargo-deny", tools::CARGO_DENY)?;
    let look = |words: &[&str]| shell::run(shell::program(&program).args(["--all-features"]).args(words));
    look(&["check", "bans", "licenses", "sources"])?;
    if look(&["fetch", "db"]).is_err() {
        println!("advisories were not looked at: their database cannot be had from here");
        return Ok(());
    }
    look(&["check", "advisories"])
}

/// Nobody here runs Windows: what is written for it alone is compiled at least.
fn check_for_windows() -> Result<()> {
    const TARGET: &str = "x86_64-pc-windows-gnu";
    tools::rust_target(TARGET)?;
    tools::windows_compiler()?;
    shell::run(shell::cargo().args([
        "check",
        "--target",
        TARGET,
        "--package=weixin-emulator",
        "--package=xtask",
    ]))
}

fn wasm_tests(count: &mut Count) -> Result<()> {
    shell::run(shell::cargo().args([
        "build",
        "--package=xtask",
        "--features=wasm-bindgen-programs",
        "--bin=wasm-test-runner",
    ]))?;
    let runner = shell::target().join("debug/wasm-test-runner");
    let mut tests = shell::cargo();
    tests
        .args(["test", "--package=weixin-login-widget", "--target", tools::WASM_TARGET, "--no-fail-fast"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", "chromedriver")
        .env("PATH", tools::path()?)
        // The runner's own limits are those of a fast and idle machine, in seconds.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    counted(&mut tests, count)
}

fn workspace_tests(count: &mut Count, options: &Options) -> Result<()> {
    let mut tests = shell::cargo();
    // Without `embed-widget` the service reads the widget from a folder.
    tests
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("WEIXIN_LOGIN_WIDGET_DIR", widget::dist())
        .env("PATH", tools::path()?);
    if options.full {
        tests.env("PROPTEST_CASES", "20000").env("WEIXIN_LOGIN_FULL_TESTS", "1");
    }
    counted(&mut tests, count)
}

/// What is tried on every store in a plain run: what must happen once, and who is logged in. The rest goes through the same verbs, and
/// through the suite of the stores itself.
const ON_EVERY_STORE: &[&str] =
    &["attempt::", "clocks::", "codes::", "embedded::", "refresh::", "scene::people::", "session::"];

/// The tests of the service by its public door once more, on other stores than its file.
fn store_tests(stores: &str, count: &mut Count, options: &Options) -> Result<()> {
    let mut tests = shell::cargo();
    tests
        .args(["test", "--package=weixin-login", "--test=it", "--test=oidc", "--no-fail-fast", "--"])
        .env("WEIXIN_LOGIN_WIDGET_DIR", widget::dist())
        .env("PATH", tools::path()?)
        .env("TEST_STORE", stores);
    if options.full {
        return counted(&mut tests, count);
    }
    tests.args(ON_EVERY_STORE);
    let selected = watched(&mut tests)?;
    count.passed += selected.passed;
    Ok(())
}

/// Runs tests, all of them even when some fail, and adds what they report to the count.
fn counted(tests: &mut Command, count: &mut Count) -> Result<()> {
    let here = watched(tests)?;
    if here.filtered_out > 0 {
        bail!("{} tests were left out: every test must run", here.filtered_out);
    }
    count.passed += here.passed;
    Ok(())
}

/// Runs tests, those that were selected, and gives what they report.
fn watched(tests: &mut Command) -> Result<Count> {
    let mut here = Count::default();
    let succeeded = shell::watch(tests, |line| here.see(line))?;
    if here.failed > 0 {
        bail!("{} passed, {} failed", here.passed, here.failed);
    }
    if !succeeded {
        bail!("`{}` failed without saying which test", shell::described(tests));
    }
    if here.ignored > 0 {
        bail!("{} tests were ignored: every test must run", here.ignored);
    }
    Ok(here)
}
