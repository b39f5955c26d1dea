//! Running other programs from the project's root folder, in the open: what is run is said first, what it prints is passed on.
//!
//! What is run, and when, is decided elsewhere.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

/// The folder that holds the workspace's Cargo.toml.
///
/// Cargo names it for a task it runs; the folder this program was built in stands in when the program is started by hand.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).parent().expect("xtask is a folder of the workspace").to_owned()
}

/// Where cargo puts what it builds: cargo itself says it, for it may stand in a variable, or in a configuration of this folder or of one
/// above it (`build.target-dir`).
pub fn target() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let asked = || {
        let metadata = MetadataCommand::new()
            .cargo_path(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
            .current_dir(root())
            .no_deps()
            .exec();
        metadata
            .map_or_else(|_| root().join("target"), |metadata| metadata.target_directory.into_std_path_buf())
    };
    FOLDER.get_or_init(asked).clone()
}

/// The cargo that started this task.
pub fn cargo() -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Tests look there for what was built before them.
    command.env("CARGO_TARGET_DIR", target());
    // Set by `cargo run` for this task alone: inherited, they would make build scripts of other crates run again.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// A program, run in the root folder.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Says what is about to run, runs it with its output passed on, and fails when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    say(command);
    let status = command.status().with_context(|| format!("{} could not be started", described(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", described(command));
    }
    Ok(())
}

/// Runs a program quietly and gives what it printed; what it said to stderr becomes part of the error.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{} could not be started", described(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({})\n{}", described(command), output.status, said.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no UTF-8", described(command)))
}

/// Like [`run`], but every line of standard output is also handed to `see`. Returns whether the program succeeded.
pub fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool> {
    say(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", described(command)))?;
    let stdout = child.stdout.take().expect("standard output is piped");
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        see(&line);
    }
    Ok(child.wait()?.success())
}

/// Whether a program of this name can be started from here.
pub fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|folders| std::env::split_paths(&folders).any(|folder| folder.join(program).is_file()))
}

/// The command as a person would type it.
pub fn described(command: &Command) -> String {
    let name = Path::new(command.get_program());
    let name = name.file_name().unwrap_or(name.as_os_str()).to_string_lossy();
    command.get_args().fold(name.into_owned(), |mut line, argument| {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
        line
    })
}

/// A heading above a step.
pub fn heading(text: &str) {
    println!("\n== {text}");
}

fn say(command: &Command) {
    println!("   $ {}", described(command));
}
