//! `cargo xtask dist`: everything that is released, in `target/dist`, with its checksums.
//!
//! ```text
//! weixin-login               the service, with the widget inside, for every Linux of this processor
//! weixin-emulator            WeChat's side, for developers, likewise
//! weixin-emulator-0.1.0.tgz, weixin-emulator-linux-x64-0.1.0.tgz, weixin_emulator-0.1.0-….whl, weixin-emulator-0.1.0.oci.tar
//!                            the same for npm, PyPI and containers
//! weixin-emulator-samples-0.1.0.tar.gz  tests of sites in four languages, to begin with
//! weixin-login-0.1.0.tgz     the npm package
//! widget/                    the widget's files, for sites that serve them by themselves
//! config.example.toml        the service's configuration
//! LICENSE-MIT, LICENSE-APACHE
//! THIRD-PARTY-LICENSES.txt   of what others wrote and is in the programs
//! weixin-login.cdx.json      the same as a software bill of materials, CycloneDX
//! SHA256SUMS                 of all of them; `sha256sum --check SHA256SUMS`
//! ```

mod bill;
mod emulator;
mod image;
mod musl;
mod rootless;
mod tried;
mod wasm_pack;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::{shell, widget};

/// The service, by package and name.
const SERVICE: &str = "weixin-login";
/// What is released as it is in the sources.
const AS_IT_IS: &[&str] = &["server/config.example.toml", "LICENSE-APACHE", "LICENSE-MIT"];
const SUMS: &str = "SHA256SUMS";

/// What is built.
#[derive(clap::Args)]
pub struct Options {
    /// The emulator alone, into target/emulator-dist
    #[arg(long)]
    emulator: bool,
}

pub fn run(options: &Options) -> Result<()> {
    if options.emulator {
        return try_the_emulator();
    }
    let dist = shell::target().join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    fs::create_dir_all(dist.join("widget"))?;

    shell::heading("1 of 5: the widget, and its npm package");
    widget::run()?;
    for file in files(&widget::dist())? {
        fs::copy(&file, dist.join("widget").join(file.file_name().unwrap_or_default()))?;
    }
    shell::run(
        shell::program("npm")
            .args(["pack", "--silent", "--pack-destination"])
            .arg(&dist)
            .current_dir(widget::npm_package()),
    )?;

    shell::heading("2 of 5: the service, and the emulator with its packages");
    let built = musl::build(&[SERVICE], &["--features=weixin-login/embed-widget"])?;
    fs::copy(built.join(SERVICE), dist.join(SERVICE))?;
    let made = emulator::build(&dist)?;
    tried::check(&made, &dist.join(emulator::NAME))?;
    for source in AS_IT_IS {
        let source = shell::root().join(source);
        fs::copy(&source, dist.join(source.file_name().unwrap_or_default()))?;
    }

    shell::heading("3 of 5: wasm-pack can build the widget too");
    wasm_pack::check()?;

    shell::heading("4 of 5: what others wrote");
    bill::write(&[SERVICE, emulator::NAME], &dist)?;

    shell::heading("5 of 5: checksums");
    sum_up(&dist)
}

/// The emulator alone: its program, its packages and its image, installed from their files and used. In a folder of its own.
pub fn try_the_emulator() -> Result<()> {
    let folder = shell::target().join("emulator-dist");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let made = emulator::build(&folder)?;
    tried::check(&made, &folder.join(emulator::NAME))?;
    sum_up(&folder)
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
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
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
