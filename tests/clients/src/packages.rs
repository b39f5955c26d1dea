//! Where the samples' packages come from: npm and PyPI as their lock files say, into folders that git does not know; Apache,
//! nginx and Go from the system, by name.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// The folder of the samples.
pub fn samples() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Installs what `package-lock.json` says, once.
///
/// # Errors
/// When npm is missing or cannot.
pub fn npm() -> Result<()> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    once(&DONE, || {
        let stamp = samples().join("node_modules/.package-lock.json");
        if is_newer(&stamp, &samples().join("package-lock.json")) {
            return Ok(());
        }
        run(Command::new("npm").args(["ci", "--silent"]).current_dir(samples()))
    })
}

/// The Next.js sample, copied to where it may be built, with its own packages; built once.
///
/// # Errors
/// When npm is missing, or the build fails, with what it said.
pub fn next() -> Result<PathBuf> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let (sample, folder) = (samples().join("next"), target().join("clients/next"));
    once(&DONE, || {
        let installed = folder.join("node_modules/.package-lock.json");
        let stale = !is_newer(&installed, &sample.join("package-lock.json"));
        copy(&sample, &folder)?;
        if stale {
            run(Command::new("npm").args(["ci", "--silent"]).current_dir(&folder))?;
        }
        let mut build = Command::new(folder.join("node_modules/.bin/next"));
        run(build.arg("build").env("NEXT_TELEMETRY_DISABLED", "1").current_dir(&folder))
    })?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, goal) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            // What a developer has built there is not the sample.
            if !["node_modules", ".next"].iter().any(|made| entry.file_name() == *made) {
                copy(&source, &goal)?;
            }
        } else {
            std::fs::copy(&source, &goal)?;
        }
    }
    Ok(())
}

/// The Go sample, built with Debian's packages.
///
/// # Errors
/// With what to install, when something is missing; or what the compiler said.
pub fn go() -> Result<PathBuf> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let (libraries, folder) = (Path::new("/usr/share/gocode"), target().join("clients/go"));
    let program = folder.join("site");
    once(&DONE, || {
        let debians = libraries.join("src/github.com/coreos/go-oidc");
        if !debians.exists() || !libraries.join("src/golang.org/x/oauth2").exists() {
            bail!(
                "Go's libraries are missing: apt-get install golang-github-coreos-go-oidc-dev golang-golang-x-oauth2-dev"
            );
        }
        // Debian's has no version in its import path.
        let named = folder.join("path/src/github.com/coreos/go-oidc/v3/oidc");
        std::fs::create_dir_all(named.with_file_name(""))?;
        if !named.is_symlink() {
            std::os::unix::fs::symlink(debians, &named)?;
        }
        let paths = std::env::join_paths([&folder.join("path"), libraries])?;
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&program).arg("main.go").current_dir(samples().join("go"));
        run(build.env("GO111MODULE", "off").env("GOPATH", paths).env("GOCACHE", folder.join("cache")))
    })?;
    Ok(program)
}

/// A Python with what `requirements.txt` says, installed once.
///
/// # Errors
/// When Python is missing or pip cannot.
pub fn python() -> Result<PathBuf> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let folder = target().join("clients/python");
    let python = folder.join("bin/python");
    once(&DONE, || {
        let stamp = folder.join("installed");
        let wanted = samples().join("requirements.txt");
        if is_newer(&stamp, &wanted) {
            return Ok(());
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted))?;
        Ok(std::fs::write(&stamp, "")?)
    })?;
    Ok(python)
}

/// Debian's Apache with mod_auth_openidc.
///
/// # Errors
/// With what to install, when it is missing.
pub fn apache() -> Result<PathBuf> {
    let (program, module) = ("/usr/sbin/apache2", "/usr/lib/apache2/modules/mod_auth_openidc.so");
    if !Path::new(program).exists() || !Path::new(module).exists() {
        bail!("Apache is missing: apt-get install apache2 libapache2-mod-auth-openidc");
    }
    Ok(program.into())
}

/// Debian's nginx.
///
/// # Errors
/// With what to install, when it is missing.
pub fn nginx() -> Result<PathBuf> {
    let program = "/usr/sbin/nginx";
    if !Path::new(program).exists() {
        bail!("nginx is missing: apt-get install nginx");
    }
    Ok(program.into())
}

/// Where cargo and its tasks put what they build: it may be elsewhere, by a variable or a configuration of cargo's, which marks it.
pub fn target() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        return folder.into();
    }
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().filter(|folder| folder.join("CACHEDIR.TAG").is_file()).last();
    marked.map_or_else(|| samples().join("target"), Path::to_owned)
}

fn once(done: &OnceLock<Result<(), String>>, install: impl FnOnce() -> Result<()>) -> Result<()> {
    done.get_or_init(|| install().map_err(|error| format!("{error:#}"))).clone().map_err(anyhow::Error::msg)
}

fn is_newer(stamp: &Path, source: &Path) -> bool {
    let modified = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
    modified(stamp).is_some_and(|stamp| modified(source).is_some_and(|source| stamp >= source))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{:?} is missing", command.get_program()))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
