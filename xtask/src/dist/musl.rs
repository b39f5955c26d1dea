//! Programs that run on every Linux of a processor, and in an empty container: linked statically with musl.
//!
//! The C parts (aws-lc, SQLite) are compiled for this machine's processor by musl-gcc of Debian's musl-tools, which cc-rs finds by itself,
//! and for ARM by zig, which has musl's headers for every processor where Debian has them for its own alone.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{shell, tools};

pub const TARGET: &str = "x86_64-unknown-linux-musl";
/// Servers and small computers with ARM processors.
pub const ARM: &str = "aarch64-unknown-linux-musl";

/// What has cargo use zig, which it brings.
const ZIG: (&str, &str) = ("cargo-zigbuild", "0.24.0");

/// Builds these packages' programs, with `more` for cargo, such as features. Gives the folder that they are in.
pub fn build(target: &str, packages: &[&str], more: &[&str]) -> Result<PathBuf> {
    tools::rust_target(target)?;
    let mut build = if target == TARGET {
        tools::musl_compiler()?;
        let mut build = shell::cargo();
        build.arg("build");
        build
    } else {
        by_zig()?
    };
    build.args(["--release", "--target", target]).args(more);
    shell::run(build.args(packages.iter().map(|package| format!("--package={package}"))))?;
    let folder = shell::target().join(target).join("release");
    for program in packages {
        is_static(&folder.join(program))?;
    }
    Ok(folder)
}

fn by_zig() -> Result<Command> {
    let program = tools::python_program(ZIG.0, ZIG.1)?;
    let folder = program.parent().context("a program is in a folder")?.to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(std::iter::once(folder).chain(env::split_paths(&path)))?;
    let mut build = shell::cargo();
    build.arg("zigbuild").env("PATH", path);
    Ok(build)
}

/// A program that names an interpreter wants the system's libraries, and does not start in an empty container.
fn is_static(program: &Path) -> Result<()> {
    let content = std::fs::read(program)
        .with_context(|| format!("{} was built, and is not there", program.display()))?;
    let interpreter = ["/lib64/ld-linux", "/lib/ld-linux", "/lib/ld-musl"]
        .iter()
        .find(|name| content.windows(name.len()).any(|window| window == name.as_bytes()));
    ensure!(interpreter.is_none(), "{} is linked dynamically: it names {interpreter:?}", program.display());
    Ok(())
}
