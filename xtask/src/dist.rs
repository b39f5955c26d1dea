//! `cargo xtask dist`: everything that is released, in `target/dist`, with its checksums.
//!
//! ```text
//! weixin-login               the service, with the widget inside, for every Linux of this processor
//! weixin-login-0.1.0.oci.tar the same for containers
//! weixin-emulator            WeChat's side, for developers
//! weixin-emulator-0.1.0.tgz, weixin-emulator-linux-x64-0.1.0.tgz, weixin_emulator-0.1.0-….whl, weixin-emulator-0.1.0.oci.tar
//!                            the same for npm, PyPI and containers
//! weixin-emulator-samples-0.1.0.tar.gz  tests of sites in four languages, to begin with
//! weixin-login-0.1.0.tgz     the npm package
//! weixin-login-widget-0.1.0.tar.gz  the widget's files, for sites that serve them by themselves
//! config.example.toml        the service's configuration
//! LICENSE-MIT, LICENSE-APACHE
//! THIRD-PARTY-LICENSES.txt   of what others wrote and is in the programs
//! weixin-login.cdx.json      the same as a software bill of materials, CycloneDX
//! SHA256SUMS                 of all of them; `sha256sum --check SHA256SUMS`
//! ```

mod archive;
mod bill;
mod emulator;
mod image;
mod musl;
mod rootless;
mod service;
mod tried;
mod wasm_pack;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::{shell, widget};

/// What is released as it is in the sources.
const AS_IT_IS: &[&str] = &["server/config.example.toml", "LICENSE-APACHE", "LICENSE-MIT"];
const SUMS: &str = "SHA256SUMS";

/// What is built.
#[derive(clap::Args)]
pub struct Options {
    /// The emulator alone, into target/emulator-dist
    #[arg(long, conflicts_with = "service")]
    emulator: bool,

    /// The service alone, into target/service-dist
    #[arg(long)]
    service: bool,
}

pub fn run(options: &Options) -> Result<()> {
    if options.emulator {
        return try_the_emulator();
    }
    if options.service {
        return try_the_service();
    }
    let dist = new_folder("dist")?;

    shell::heading("1 of 5: the widget, and its npm package");
    widget::run()?;
    let archive = dist.join(format!("weixin-login-widget-{}.tar.gz", env!("CARGO_PKG_VERSION")));
    let files = files(&widget::dist())?;
    archive::pack(&archive, &widget::dist(), files.iter().filter_map(|file| file.file_name()))?;
    shell::run(
        shell::program("npm")
            .args(["pack", "--silent", "--pack-destination"])
            .arg(&dist)
            .current_dir(widget::npm_package()),
    )?;

    shell::heading("2 of 5: the service, and the emulator with its packages");
    service::build(&dist)?;
    let made = emulator::build(&dist)?;
    tried::check(&made, &dist.join(emulator::NAME))?;
    for source in AS_IT_IS {
        let source = shell::root().join(source);
        fs::copy(&source, dist.join(source.file_name().unwrap_or_default()))?;
    }

    shell::heading("3 of 5: wasm-pack can build the widget too");
    wasm_pack::check()?;

    shell::heading("4 of 5: what others wrote");
    bill::write(&[service::NAME, emulator::NAME, widget::NAME], &dist)?;

    shell::heading("5 of 5: checksums");
    sum_up(&dist)
}

/// The emulator alone: its program, its packages and its image, installed from their files and used. In a folder of its own.
pub fn try_the_emulator() -> Result<()> {
    let folder = new_folder("emulator-dist")?;
    let made = emulator::build(&folder)?;
    tried::check(&made, &folder.join(emulator::NAME))?;
    sum_up(&folder)
}

/// The service alone: its program and its image, through which a browser logs in. In a folder of its own.
pub fn try_the_service() -> Result<()> {
    let folder = new_folder("service-dist")?;
    widget::run()?;
    service::build(&folder)?;
    sum_up(&folder)
}

/// An empty folder of this name.
fn new_folder(name: &str) -> Result<PathBuf> {
    let folder = shell::target().join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Writes the checksums and prints what everything weighs.
fn sum_up(dist: &Path) -> Result<()> {
    let mut sums = String::new();
    println!("{:>12}  in {}", "bytes", dist.display());
    for file in files(dist)? {
        let content = fs::read(&file)?;
        let name = file.strip_prefix(dist)?.display();
        println!("{:>12}  {name}", content.len());
        sums.push_str(&format!("{}  {name}\n", widget::hex(&Sha256::digest(&content))));
    }
    fs::write(dist.join(SUMS), sums)?;
    Ok(())
}

/// All files in the folder and below, in order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
