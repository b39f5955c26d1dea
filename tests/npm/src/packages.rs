//! The folder that the samples are built in, with everything installed: the bundlers as package-lock.json says, and our package
//! from the tarball that `npm publish` would send.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

use crate::project::run;

/// The package that is installed, in the workshop.
pub const TARBALL: &str = "installed.tgz";

/// The project's root folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/npm is two below")
}

/// Where cargo and its tasks put what they build: it may be elsewhere, by a variable or a configuration of cargo's, which marks it.
pub fn target() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        return folder.into();
    }
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().filter(|folder| folder.join("CACHEDIR.TAG").is_file()).last();
    marked.map_or_else(|| repository().join("target"), Path::to_owned)
}

/// `target/npm`, with all packages in its `node_modules`. Installed once, and again where a lock file or the package has changed.
///
/// # Errors
/// When the widget is not built, npm is missing, or cannot install.
pub fn workshop() -> Result<&'static Path> {
    static DONE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    DONE.get_or_init(|| install().map_err(|error| format!("{error:#}")))
        .as_deref()
        .map_err(|error| anyhow::Error::msg(error.clone()))
}

/// The sample for tools of the CommonJS age, in the workshop, with packages of its own beside ours: their programs have the names of
/// newer ones. The sample is laid out afresh.
///
/// # Errors
/// As [`workshop`].
pub fn commonjs_workshop() -> Result<PathBuf> {
    let (from, folder) = (sample("commonjs"), workshop()?.join("commonjs"));
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&from)? {
        let entry = entry?;
        // The lock file says what is installed, and is compared with what was.
        if entry.file_name() != "package-lock.json" {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    install_locked(&from, &folder)?;
    Ok(folder)
}

/// A program of one of the installed packages, to be run in the workshop.
///
/// # Errors
/// As [`workshop`].
pub fn program(name: &str) -> Result<Command> {
    let mut command = Command::new(workshop()?.join("node_modules/.bin").join(name));
    // No bundler has to tell anybody that it was run.
    command.current_dir(workshop()?).env("NEXT_TELEMETRY_DISABLED", "1");
    Ok(command)
}

fn install() -> Result<PathBuf> {
    let built = target().join("widget/npm");
    ensure!(built.is_dir(), "the npm package is not built: run `cargo xtask widget` first");
    let folder = target().join("npm");
    fs::create_dir_all(&folder)?;

    install_locked(&sample(""), &folder)?;

    let packed =
        run(npm().args(["pack", "--silent", "--pack-destination"]).arg(&folder).current_dir(&built))?;
    let (tarball, installed) = (folder.join(packed.trim()), folder.join(TARBALL));
    let is_there = folder.join("node_modules/weixin-login").is_dir();
    if !is_there || fs::read(&installed).ok() != Some(fs::read(&tarball)?) {
        run(npm()
            .args(["install", "--no-save", "--ignore-scripts", "--silent"])
            .arg(&tarball)
            .current_dir(&folder))?;
        fs::copy(&tarball, installed)?;
    }
    Ok(folder)
}

/// Installs what this folder's lock file names.
fn install_locked(from: &Path, folder: &Path) -> Result<()> {
    // npm takes out of node_modules what it does not know: the notes of what is installed are beside it.
    let (locked, from_lock) =
        (fs::read(from.join("package-lock.json"))?, folder.join("installed-package-lock.json"));
    if folder.join("node_modules").is_dir() && fs::read(&from_lock).ok().as_ref() == Some(&locked) {
        return Ok(());
    }
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(from.join(file), folder.join(file)).context(file)?;
    }
    run(npm().args(["ci", "--ignore-scripts", "--silent"]).current_dir(folder))?;
    // Written last: a folder without it was left half done.
    Ok(fs::write(&from_lock, locked)?)
}

/// A file or folder beside this crate.
pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn npm() -> Command {
    Command::new("npm")
}
