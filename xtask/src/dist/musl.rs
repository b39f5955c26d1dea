//! Programs that run on every Linux of this processor, and in an empty container: linked statically with musl.
//!
//! The C parts (aws-lc, SQLite) are compiled by musl-gcc of Debian's musl-tools, which cc-rs finds by itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{shell, tools};

pub const TARGET: &str = "x86_64-unknown-linux-musl";

/// Builds these packages' programs, with `more` for cargo, such as features. Gives the folder that they are in.
pub fn build(packages: &[&str], more: &[&str]) -> Result<PathBuf> {
    tools::rust_target(TARGET)?;
    tools::musl_compiler()?;
    let mut build = shell::cargo();
    build.args(["build", "--release", "--target", TARGET]).args(more);
    shell::run(build.args(packages.iter().map(|package| format!("--package={package}"))))?;
    let folder = shell::target().join(TARGET).join("release");
    for program in packages {
        is_static(&folder.join(program))?;
    }
    Ok(folder)
}

/// A program that names an interpreter wants the system's libraries, and does not start in an empty container.
fn is_static(program: &Path) -> Result<()> {
    let content = std::fs::read(program)
        .with_context(|| format!("{} was built, and is not there", program.display()))?;
    let interpreter = ["/lib64/ld-linux", "/lib/ld-musl"]
        .iter()
        .find(|name| content.windows(name.len()).any(|window| window == name.as_bytes()));
    ensure!(interpreter.is_none(), "{} is linked dynamically: it names {interpreter:?}", program.display());
    Ok(())
}
