//! The emulator as others get it: installed from the files of `dist` alone, in empty folders, and used by the samples.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::emulator::{self, Made, NAME, VERSION};
use super::image::Container;
use super::rootless;
use crate::{shell, tools};

/// What the samples want besides the emulator.
const FOR_PLAYWRIGHT: &[&str] = &["express@5.3.0", "playwright-core@1.65.1"];
const FOR_PYTEST: &[&str] = &["flask==3.1.3", "pytest==9.2.0", "requests==2.34.2"];
/// Debian's jars of JUnit 5 and what they stand on.
const JUNIT: &[&str] = &[
    "junit-jupiter-api",
    "junit-jupiter-engine",
    "junit-platform-commons",
    "junit-platform-console",
    "junit-platform-engine",
    "junit-platform-launcher",
    "junit-platform-reporting",
    "apiguardian-api",
    "opentest4j",
    "picocli",
    "univocity-parsers",
];

pub fn check(made: &Made, program: &Path) -> Result<()> {
    let samples = empty("samples")?;
    shell::run(
        shell::program("tar").args(["--strip-components=1", "-xzf"]).arg(&made.samples).current_dir(samples),
    )?;
    tools::for_trials()?;
    npm(made)?;
    python(made)?;
    go(program)?;
    java(program)?;
    image(made, program)?;
    // What failed is left to be looked at.
    Ok(fs::remove_dir_all(folders())?)
}

/// `npx weixin-emulator`, and a site of Express whose test has a real browser.
fn npm(made: &Made) -> Result<()> {
    let folder = empty("npm")?;
    let install = |packages: &mut dyn Iterator<Item = &std::ffi::OsStr>| {
        let install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
        shell::run(shell::program("npm").args(install).args(packages).current_dir(&folder))
    };
    install(&mut made.npm.iter().map(|file| file.as_os_str()))?;
    let help =
        shell::output(shell::program("npx").args(["--no-install", NAME, "--help"]).current_dir(&folder))?;
    ensure!(help.contains("First steps:"), "npx {NAME} --help says {help}");
    install(&mut FOR_PLAYWRIGHT.iter().map(|package| package.as_ref()))?;
    copy(&sample("playwright"), &folder)?;
    shell::run(shell::program("node").args(["--test", "login.test.mjs"]).current_dir(&folder))
        .context("the sample for Playwright fails")
}

/// The wheel, and a site of Flask that pytest tests with the wheel's own fixture.
fn python(made: &Made) -> Result<()> {
    let folder = empty("python")?;
    let environment = folder.join("environment");
    let python = environment.join("bin/python");
    shell::run(shell::program("python3").args(["-m", "venv"]).arg(&environment))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    shell::run(shell::program(&python).args(pip).args(["--no-deps", "--no-index"]).arg(&made.wheel))?;
    let version = shell::output(shell::program(environment.join("bin").join(NAME)).arg("--version"))?;
    ensure!(version.trim() == format!("{NAME} {VERSION}"), "the wheel's program says {version}");
    shell::run(shell::program(&python).args(pip).args(FOR_PYTEST))?;
    copy(&sample("flask"), &folder)?;
    let pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "test_login.py"];
    shell::run(shell::program(&python).args(pytest).current_dir(&folder))
        .context("the sample for pytest fails")
}

fn go(program: &Path) -> Result<()> {
    let folder = empty("go")?;
    copy(&sample("go"), &folder)?;
    let mut test = shell::program("go");
    test.args(["test", "./..."]).current_dir(&folder).env("WEIXIN_EMULATOR_BINARY", program);
    shell::run(test.env("GOFLAGS", "-mod=mod").env("GOCACHE", folder.join("cache")))
        .context("the sample for Go fails")
}

/// JUnit, by Debian's own jars; the emulator runs beside it, as a container would.
fn java(program: &Path) -> Result<()> {
    tools::java()?;
    let folder = empty("java")?;
    copy(&sample("java"), &folder)?;
    let jars: Vec<String> = JUNIT.iter().map(|jar| format!("/usr/share/java/{jar}.jar")).collect();
    let jars = jars.join(":");
    let compile = ["-encoding", "UTF-8", "-d", "classes", "-cp", &jars, "Site.java", "WeixinLoginTest.java"];
    shell::run(shell::program("javac").args(compile).current_dir(&folder))?;
    let mut serve = shell::program(program);
    serve.stderr(Stdio::null());
    let emulator = Running::announced(&mut serve)?;
    let launch = [
        "org.junit.platform.console.ConsoleLauncher",
        "--select-class=WeixinLoginTest",
        "--fail-if-no-tests",
    ];
    let mut test = shell::program("java");
    test.arg("-cp").arg(format!("classes:{jars}")).args(launch).args(["--disable-banner", "--details=tree"]);
    test.current_dir(&folder).env("WEIXIN_EMULATOR_URL", emulator.url()?);
    shell::run(&mut test).context("the sample for JUnit fails")
}

/// The image's program serves on a port of this machine, and ends at a signal.
fn image(made: &Made, program: &Path) -> Result<()> {
    let image = emulator::container_image(program);
    let container = Container::of(&made.image, &image)?;
    let mut run = container.program(NAME);
    let running = Running::announced(run.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null()))?;
    is_well(running.url()?.trim_start_matches("http://"))?;
    println!(
        "the image serves: {} bytes, of which the program is {}",
        emulator::size(&made.image)?,
        emulator::size(program)?
    );
    rootless::check(&made.image, &image)
}

/// It answers there, and is of this version.
pub fn is_well(address: &str) -> Result<()> {
    let answer = get(address, "/healthz")?;
    ensure!(answer.starts_with("HTTP/1.1 200") && answer.contains(VERSION), "/healthz says {answer}");
    Ok(())
}

fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// An emulator that ends with the check, and its line.
pub struct Running(Child, serde_json::Value);

impl Running {
    /// Starts it, and waits until it says that it is ready.
    pub fn announced(command: &mut Command) -> Result<Running> {
        let described = shell::described(command);
        let child = command.stdout(Stdio::piped()).spawn();
        let mut running = Running(child.with_context(|| described.clone())?, serde_json::Value::Null);
        let stdout = running.0.stdout.take().context("a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        running.1 = serde_json::from_str(&line).with_context(|| format!("`{described}` says {line:?}"))?;
        Ok(running)
    }

    fn url(&self) -> Result<&str> {
        self.1["control_url"].as_str().with_context(|| self.1.to_string())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        ask_to_stop(&mut self.0);
        let _ = self.0.wait();
    }
}

/// buildah passes it on to the program; killed, it would leave the program behind.
#[cfg(unix)]
fn ask_to_stop(child: &mut Child) {
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
}

#[cfg(windows)]
fn ask_to_stop(child: &mut Child) {
    let _ = child.kill();
}

/// Out of the archive that is released.
fn sample(name: &str) -> PathBuf {
    folders().join("samples").join(name)
}

/// A folder that has nothing in it, and nothing of this project's above it that a package manager would look into.
fn empty(name: &str) -> Result<PathBuf> {
    let folder = folders().join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn folders() -> PathBuf {
    std::env::temp_dir().join(format!("weixin-emulator-tried-{}", std::process::id()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
