//! Getting what a task needs and this machine lacks: the wasm target, the npm tools, a browser with its driver.
//!
//! Each function says what it fetches before it does, and fails with the name of what is missing where it cannot.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell;

/// What looks at licences.
pub const CARGO_DENY: &str = "0.20.2";

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The Rust target that the widget is built for.
pub fn wasm_target() -> Result<()> {
    rust_target(WASM_TARGET)
}

/// A Rust target besides this machine's own.
pub fn rust_target(target: &str) -> Result<()> {
    let sysroot = shell::output(shell::program("rustc").args(["--print", "sysroot"]))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib").join(target).is_dir() {
        return Ok(());
    }
    if !shell::is_installed("rustup") {
        bail!("the Rust target {target} is missing, and there is no rustup to add it with");
    }
    shell::run(shell::program("rustup").args(["target", "add", target]))
        .with_context(|| format!("the Rust target {target} is missing and could not be added"))
}

/// wasm-opt and esbuild, as package-lock.json pins them.
pub fn npm_tools() -> Result<()> {
    npm_packages(&shell::root()).context("npm could not fetch wasm-opt (binaryen) and esbuild")
}

/// What the folder's package-lock.json pins, into its node_modules.
pub fn npm_packages(folder: &Path) -> Result<()> {
    let locked = std::fs::read(folder.join("package-lock.json"))?;
    let packages = folder.join("node_modules");
    let installed = packages.join("installed-package-lock.json");
    if std::fs::read(&installed).is_ok_and(|text| text == locked) {
        return Ok(());
    }
    node()?;
    let mut install = shell::program("npm");
    shell::run(install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder))?;
    // Written last: a folder without it was left half done.
    std::fs::write(installed, locked)?;
    Ok(())
}

/// Vite and others of what the tests build with need this much.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Node.js and npm, new enough.
fn node() -> Result<()> {
    let (major, minor) = OLDEST_NODE;
    let install =
        format!("install Node.js {major}.{minor} or newer (https://nodejs.org), then run this again");
    if !shell::is_installed("node") || !shell::is_installed("npm") {
        bail!("Node.js or its npm is missing: {install}");
    }
    let said = shell::output(shell::program("node").arg("--version"))?;
    if !is_new_enough(said.trim()) {
        bail!("Node.js is {}, which is too old: {install}", said.trim());
    }
    Ok(())
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse().ok());
    let found: Option<(u32, u32)> = numbers.next().zip(numbers.next());
    found.is_some_and(|found| found >= OLDEST_NODE)
}

/// A program out of an npm package.
pub fn npm_program(name: &str) -> PathBuf {
    npm_programs().join(name)
}

/// The folder of all of them.
pub fn npm_programs() -> PathBuf {
    shell::root().join("node_modules/.bin")
}

/// A program of this version from crates.io, fetched into `target/tools` when it is not there.
pub fn cargo_program(name: &str, version: &str) -> Result<PathBuf> {
    let folder = shell::target().join("tools");
    let program = folder.join("bin").join(name);
    let said = shell::output(shell::program(&program).arg("--version")).unwrap_or_default();
    if said.split_whitespace().take(2).eq([name, version]) {
        return Ok(program);
    }
    let install = |locked: &[&str]| {
        let mut install = shell::cargo();
        install.args(["install", name, "--version", version, "--root"]).arg(&folder).args(locked);
        shell::run(&mut install)
    };
    // A lock file may name versions that a mirror of the registry does not have yet.
    install(&["--locked"])
        .or_else(|_| install(&[]))
        .with_context(|| format!("{name} could not be fetched"))?;
    Ok(program)
}

/// A program of this version from PyPI, in an environment of its own in `target/tools`.
pub fn python_program(name: &str, version: &str) -> Result<PathBuf> {
    let folder = shell::target().join("tools").join(name);
    let program = folder.join("bin").join(name);
    let said = shell::output(shell::program(&program).arg("--version")).unwrap_or_default();
    // Some put a comma behind their name, and some say their version alone.
    if said.split_whitespace().any(|word| word == version) {
        return Ok(program);
    }
    shell::run(shell::program("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    shell::run(shell::program(folder.join("bin/python")).args(install).arg(format!("{name}=={version}")))
        .with_context(|| format!("{name} could not be fetched"))?;
    Ok(program)
}

/// Firefox's WebDriver program, which Debian does not have. Gives its folder.
pub fn geckodriver() -> Result<PathBuf> {
    if let Some(program) = found("geckodriver") {
        return Ok(program.parent().context("a program is in a folder")?.to_owned());
    }
    let program = cargo_program("geckodriver", "0.37.1")?;
    Ok(program.parent().context("a program is in a folder")?.to_owned())
}

/// A Debian or Ubuntu package, with the program by which it is recognized. A font has no program: `fc-list` finds it.
struct Package {
    name: &'static str,
    is_there: fn() -> bool,
    /// Its installation starts a server on this machine, which is for its owner to say.
    is_server: bool,
}

impl Package {
    const fn program(name: &'static str, is_there: fn() -> bool) -> Package {
        Package { name, is_there, is_server: false }
    }

    const fn server(name: &'static str, is_there: fn() -> bool) -> Package {
        Package { name, is_there, is_server: true }
    }
}

const PACKAGES: &[Package] = &[
    Package::program("chromium", || is_found("chromium")),
    Package::program("chromium-driver", || is_found("chromedriver")),
    Package::program("firefox-esr", || is_found("firefox-esr")),
    Package::program("webkit2gtk-driver", || shell::is_installed("WebKitWebDriver")),
    // WebKit's browser has a window always, and Chromium's question about this computer needs one: both in memory.
    Package::program("xvfb", || shell::is_installed("Xvfb")),
    Package::program("xdotool", || shell::is_installed("xdotool")),
    Package::program("fonts-noto-cjk", has_chinese_font),
    // OpenID Connect clients that other people wrote: Apache's, nginx's and Go's, and those of a
    // Python of the tests' own.
    Package::server("apache2", || Path::new("/usr/sbin/apache2").exists()),
    Package::program("libapache2-mod-auth-openidc", || {
        Path::new("/usr/lib/apache2/modules/mod_auth_openidc.so").exists()
    }),
    Package::server("nginx", || Path::new("/usr/sbin/nginx").exists()),
    Package::server("caddy", || Path::new("/usr/bin/caddy").exists()),
    Package::server("haproxy", || Path::new("/usr/sbin/haproxy").exists()),
    // It reads the unit of deploy/.
    Package::program("systemd", || shell::is_installed("systemd-analyze")),
    // The stores of the service.
    Package::server("postgresql", has_a_postgresql_server),
    Package::server("redis-server", || shell::is_installed("redis-server")),
    Package::program("golang-go", || shell::is_installed("go")),
    Package::program("golang-github-coreos-go-oidc-dev", || {
        Path::new("/usr/share/gocode/src/github.com/coreos/go-oidc").exists()
    }),
    Package::program("golang-golang-x-oauth2-dev", || {
        Path::new("/usr/share/gocode/src/golang.org/x/oauth2").exists()
    }),
    Package::program("python3-venv", has_python_venv),
];

/// What builds programs that run on every Linux.
const FOR_MUSL: &[Package] = &[Package::program("musl-tools", || shell::is_installed("musl-gcc"))];

/// What compiles the C parts for Windows.
const FOR_WINDOWS: &[Package] =
    &[Package::program("gcc-mingw-w64-x86-64", || shell::is_installed("x86_64-w64-mingw32-gcc"))];

/// What makes container images without a daemon.
const FOR_IMAGES: &[Package] = &[
    Package::program("buildah", || shell::is_installed("buildah")),
    // Its authorities go into images.
    Package::program("ca-certificates", || Path::new("/usr/share/ca-certificates/mozilla").exists()),
];

/// What runs container images without root's rights, and gives them a network.
const FOR_ROOTLESS: &[Package] = &[
    Package::program("podman", || shell::is_installed("podman")),
    // Of the two that podman takes the one that needs no control groups.
    Package::program("crun", || shell::is_installed("crun")),
    Package::program("uidmap", || shell::is_installed("newuidmap")),
    Package::program("slirp4netns", || shell::is_installed("slirp4netns")),
];

/// A Java compiler and JUnit.
const FOR_JAVA: &[Package] = &[
    Package::program("default-jdk-headless", || shell::is_installed("javac")),
    Package::program("junit5", || Path::new("/usr/share/java/junit-platform-console.jar").exists()),
];

/// What only `--full` runs: some hundred megabytes.
const PACKAGES_OF_FULL: &[Package] = &[Package::server("prometheus", || shell::is_installed("promtool"))];

/// Names that other systems give to what Debian calls otherwise: Ubuntu, and the runners of GitHub, which say in a variable where a
/// driver is.
const ALIASES: &[(&str, &[&str], Option<&str>)] = &[
    ("chromium", &["chromium-browser", "google-chrome", "google-chrome-stable"], None),
    ("chromedriver", &["chromium.chromedriver"], Some("CHROMEWEBDRIVER")),
    ("firefox-esr", &["firefox"], None),
    ("geckodriver", &[], Some("GECKOWEBDRIVER")),
];

/// The program of this name, or of another that it has elsewhere.
fn found(name: &str) -> Option<PathBuf> {
    let in_path = |name: &str| {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|program| program.is_file())
    };
    let (_, others, variable) = ALIASES.iter().find(|(known, ..)| *known == name)?;
    let in_variable = || {
        let folder = std::env::var_os((*variable)?)?;
        Some(Path::new(&folder).join(name)).filter(|program| program.is_file())
    };
    in_path(name).or_else(|| others.iter().find_map(|other| in_path(other))).or_else(in_variable)
}

fn is_found(name: &str) -> bool {
    found(name).is_some()
}

/// A folder where programs are that this system calls otherwise, by the names that the tests know.
pub fn other_names() -> Result<PathBuf> {
    let folder = shell::target().join("tools/names");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    #[cfg(unix)]
    for (name, ..) in ALIASES {
        if let Some(program) = found(name).filter(|_| !shell::is_installed(name)) {
            std::os::unix::fs::symlink(program, folder.join(name))?;
        }
    }
    Ok(folder)
}

/// Where the tests find browsers and their drivers by the names that they know.
pub fn path() -> Result<OsString> {
    before_path([other_names()?, geckodriver()?])
}

/// What tries that which is to be released: a browser, and what the emulator's samples are written in. Gives where the browser is found.
pub fn for_trials() -> Result<OsString> {
    const NAMES: &[&str] = &["chromium", "chromium-driver", "golang-go", "python3-venv"];
    let packages: Vec<&Package> = PACKAGES.iter().filter(|package| NAMES.contains(&package.name)).collect();
    install(&packages, "trials of what is released need", false)?;
    before_path([other_names()?])
}

fn before_path<const N: usize>(folders: [PathBuf; N]) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&path)))?)
}

/// Whether this is a machine of continuous integration's, which is nobody's own.
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| ci == "true")
}

/// Chromium, its WebDriver, and the other programs that the tests run. By apt where that is allowed; of servers, which begin to run
/// when they are installed, only where somebody has said so.
pub fn packages(full: bool, servers_too: bool) -> Result<()> {
    let all: Vec<&Package> = PACKAGES.iter().chain(if full { PACKAGES_OF_FULL } else { &[] }).collect();
    install(&all, "the tests need", servers_too)
}

/// The C compiler for programs that are linked with musl.
pub fn musl_compiler() -> Result<()> {
    install(&FOR_MUSL.iter().collect::<Vec<_>>(), "static programs need", false)
}

/// The C compiler for programs that run on Windows.
pub fn windows_compiler() -> Result<()> {
    install(&FOR_WINDOWS.iter().collect::<Vec<_>>(), "a check for Windows needs", false)
}

/// buildah.
pub fn image_builder() -> Result<()> {
    install(&FOR_IMAGES.iter().collect::<Vec<_>>(), "container images need", false)
}

/// podman, and what it needs for an ordinary user.
pub fn rootless_containers() -> Result<()> {
    install(&FOR_ROOTLESS.iter().collect::<Vec<_>>(), "a container without root's rights needs", false)
}

/// javac, java and JUnit 5.
pub fn java() -> Result<()> {
    install(&FOR_JAVA.iter().collect::<Vec<_>>(), "the sample for Java needs", false)
}

fn install(packages: &[&'static Package], whoever_needs: &str, servers_too: bool) -> Result<()> {
    let missing = || packages.iter().copied().filter(|package| !(package.is_there)()).collect::<Vec<_>>();
    let names =
        |packages: &[&Package]| packages.iter().map(|package| package.name).collect::<Vec<_>>().join(" ");
    let wanted = missing();
    if wanted.is_empty() {
        return Ok(());
    }
    let by_hand = format!("{whoever_needs} {0}: sudo apt-get install {0}", names(&wanted));
    let servers: Vec<&Package> = wanted.iter().copied().filter(|package| package.is_server).collect();
    if !servers.is_empty() && !servers_too {
        bail!(
            "{by_hand}\nAmong them {} would begin to run on this machine, so they are not installed unasked: `cargo xtask test --install` does it",
            names(&servers)
        );
    }
    let Some(mut update) = apt_get() else { bail!("{by_hand}") };
    shell::run(update.arg("update")).context(by_hand.clone())?;
    let mut install = apt_get().expect("apt-get was there a moment ago");
    shell::run(
        install
            .args(["install", "--yes", "--no-install-recommends"])
            .args(wanted.iter().map(|package| package.name)),
    )
    .context(by_hand)?;
    let still_missing = missing();
    if !still_missing.is_empty() {
        bail!("apt installed {}, and it still cannot be found on this machine", names(&still_missing));
    }
    Ok(())
}

/// apt-get with the rights to install, by root or by a sudo that asks for no password.
fn apt_get() -> Option<std::process::Command> {
    if !shell::is_installed("apt-get") {
        return None;
    }
    let is_root = shell::output(shell::program("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = if is_root {
        shell::program("apt-get")
    } else {
        shell::output(shell::program("sudo").args(["-n", "true"])).ok()?;
        let mut sudo = shell::program("sudo");
        sudo.args(["-n", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Some(command)
}

/// Its client alone makes the same folder.
fn has_a_postgresql_server() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin/postgres")).any(|server| server.exists())
}

fn has_chinese_font() -> bool {
    shell::output(shell::program("fc-list").arg(":lang=zh-cn")).is_ok_and(|fonts| !fonts.trim().is_empty())
}

/// Debian's python3 has no pip of its own to put into a new environment.
fn has_python_venv() -> bool {
    shell::output(shell::program("python3").args(["-c", "import ensurepip, venv"])).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn a_node_that_is_too_old_is_told_from_one_that_is_not() {
        assert!(["v20.19.0", "v20.20.1", "v22.4.1", "v100.0.0"].into_iter().all(is_new_enough));
        assert!(!["v20.18.9", "v18.19.1", "v8.0.0", "", "nonsense"].into_iter().any(is_new_enough));
    }
}
