//! The service for those who have no Rust: a static program with the widget inside, and a container image of it, through which a browser
//! logs in before anybody gets it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::emulator::size;
use super::image::{self, Container, Image};
use super::musl;
use crate::{shell, tools};

/// The service, by package and name.
pub const NAME: &str = "weixin-login";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The configuration is mounted there.
const IN_A_CONTAINER: &[&str] = &["serve", "--config", "/etc/weixin-login/weixin-login.toml"];
/// Where the SQLite file and the master key lie: a volume.
const DATA: &str = "/var/lib/weixin-login";
/// Where programs look for the authorities that WeChat's certificate is from. Another file can be mounted there.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// What Debian's package brings, and nothing that somebody has added to the machine that builds: a company's own authority would be
/// believed wherever the image runs.
const PUBLIC_AUTHORITIES: &str = "/usr/share/ca-certificates/mozilla";

/// Builds program and image, and has a browser log in through the image.
pub fn build(dist: &Path) -> Result<()> {
    let built = musl::build(&[NAME], &["--features=weixin-login/embed-widget"])?.join(NAME);
    let program = dist.join(NAME);
    fs::copy(built, &program)?;
    tools::image_builder()?;
    let authorities = authorities()?;
    let image = Image {
        name: NAME,
        version: VERSION,
        program: &program,
        arguments: IN_A_CONTAINER,
        ports: &[8080, 9090],
        files: &[(&authorities, AUTHORITIES)],
        data: Some(DATA),
    };
    let archive = image::build(&image, dist)?;
    log_in(&archive, &image)?;
    println!(
        "a browser has logged in by the image: {} bytes, of which the program is {}",
        size(&archive)?,
        size(&program)?
    );
    Ok(())
}

fn authorities() -> Result<PathBuf> {
    let mut files = super::files(Path::new(PUBLIC_AUTHORITIES))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "crt"));
    ensure!(
        files.len() > 100,
        "{PUBLIC_AUTHORITIES} has {} certificates: too few for the world",
        files.len()
    );
    let mut all = String::new();
    for file in files {
        all.push_str(fs::read_to_string(&file).with_context(|| file.display().to_string())?.trim());
        all.push('\n');
    }
    let made = shell::target().join("images/ca-certificates.crt");
    fs::create_dir_all(made.parent().context("a file is in a folder")?)?;
    fs::write(&made, all)?;
    Ok(made)
}

/// The emulator, the shop and a browser of the end-to-end tests, around the service of the image.
fn log_in(archive: &Path, image: &Image) -> Result<()> {
    let path = tools::for_trials()?;
    let container = Container::of(archive, image)?;
    let folder = tempfile::Builder::new().prefix("weixin-login-image-").tempdir()?;
    let service = container.program_with(NAME, &[folder.path()]);
    let mut trial = shell::cargo();
    trial
        .args(["run", "--package=weixin-login-e2e", "--bin=weixin-login-image", "--"])
        .arg(folder.path())
        .arg(service.get_program())
        .args(service.get_args());
    shell::run(trial.env("PATH", path)).context("nobody logs in by the image")
}
