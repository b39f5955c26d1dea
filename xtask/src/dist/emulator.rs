//! The emulator for those who have no Rust: a package for npm, a wheel for PyPI and a container image, all around the same static program,
//! and samples.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::archive;
use super::image::{self, Image};
use super::musl;
use crate::{shell, tools};

pub const NAME: &str = "weixin-emulator";
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The program's own package for this system: npm installs the one that fits.
pub const PLATFORM: &str = "weixin-emulator-linux-x64";
/// What a container says unless a person says otherwise. Every interface: a container has its own.
const IN_A_CONTAINER: &[&str] = &["--listen", "0.0.0.0:8080"];

/// Everything that was made, all of it in the folder of what is released.
pub struct Made {
    pub npm: [PathBuf; 2],
    pub wheel: PathBuf,
    pub image: PathBuf,
    /// Tests of sites, to begin with.
    pub samples: PathBuf,
}

/// Builds the program and everything around it.
pub fn build(dist: &Path) -> Result<Made> {
    let program = musl::build(&[NAME], &[])?.join(NAME);
    fs::copy(&program, dist.join(NAME))?;
    Ok(Made {
        npm: npm_packages(&program, dist)?,
        wheel: wheel(dist)?,
        image: image::build(&container_image(&program), dist)?,
        samples: samples(dist)?,
    })
}

/// The samples as they are in the sources.
fn samples(dist: &Path) -> Result<PathBuf> {
    let archive = dist.join(format!("{NAME}-samples-{VERSION}.tar.gz"));
    archive::pack(&archive, &sources(), ["samples"])?;
    Ok(archive)
}

pub fn container_image(program: &Path) -> Image<'_> {
    Image {
        name: NAME,
        version: VERSION,
        program,
        arguments: IN_A_CONTAINER,
        ports: &[8080],
        files: &[],
        data: None,
    }
}

pub fn sources() -> PathBuf {
    shell::root().join("tests/emulator")
}

fn npm_packages(program: &Path, dist: &Path) -> Result<[PathBuf; 2]> {
    let platform = shell::target().join("npm").join(PLATFORM);
    if platform.exists() {
        fs::remove_dir_all(&platform)?;
    }
    fs::create_dir_all(&platform)?;
    fs::copy(program, platform.join(NAME))?;
    let manifest = json!({
        "name": PLATFORM,
        "version": VERSION,
        "description": "The program of weixin-emulator for Linux on x86-64. Install weixin-emulator.",
        "license": "MIT OR Apache-2.0",
        "os": ["linux"],
        "cpu": ["x64"],
        // Yarn would keep it in a zip file, where it cannot be started.
        "preferUnplugged": true,
        "files": [NAME],
    });
    fs::write(platform.join("package.json"), serde_json::to_string_pretty(&manifest)?)?;
    Ok([pack(&sources().join("npm"), dist)?, pack(&platform, dist)?])
}

fn pack(package: &Path, dist: &Path) -> Result<PathBuf> {
    let packed = shell::output(
        shell::program("npm").args(["pack", "--silent", "--pack-destination"]).arg(dist).current_dir(package),
    )?;
    Ok(dist.join(packed.trim()))
}

/// By maturin, which takes the program that cargo has built already. A static program runs on every Linux: with glibc and with musl.
fn wheel(dist: &Path) -> Result<PathBuf> {
    let maturin = tools::python_program("maturin", "1.16.0")?;
    shell::run(
        shell::program(maturin)
            .args([
                "build",
                "--release",
                "--target",
                musl::TARGET,
                "--compatibility",
                "manylinux2014",
                "musllinux_1_2",
            ])
            .arg("--out")
            .arg(dist)
            .current_dir(sources().join("python")),
    )?;
    for entry in fs::read_dir(dist)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    bail!("maturin built, and left no wheel in {}", dist.display())
}

/// The size of a file, for those who read what was made.
pub fn size(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).with_context(|| file.display().to_string())?.len())
}
