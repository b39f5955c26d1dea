//! Getting what a task needs and this machine lacks: the wasm target, the npm tools, a browser with its driver.
//!
//! Each function says what it fetches before it does, and fails with the name of what is missing where it cannot.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell;

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
    if !shell::is_installed("npm") {
        bail!("npm is missing: install Node.js 20 or newer (https://nodejs.org), then run this again");
    }
    let mut install = shell::program("npm");
    shell::run(install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder))?;
    // Written last: a folder without it was left half done.
    std::fs::write(installed, locked)?;
    Ok(())
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

/// Firefox's WebDriver program, which Debian does not have. Gives its folder.
pub fn geckodriver() -> Result<PathBuf> {
    let program = cargo_program("geckodriver", "0.37.1")?;
    Ok(program.parent().context("a program is in a folder")?.to_owned())
}

/// A Debian or Ubuntu package, with the program by which it is recognized. A font has no program: `fc-list` finds it.
struct Package {
    name: &'static str,
    is_there: fn() -> bool,
}

const PACKAGES: &[Package] = &[
    Package { name: "chromium", is_there: || shell::is_installed("chromium") },
    Package { name: "chromium-driver", is_there: || shell::is_installed("chromedriver") },
    Package { name: "firefox-esr", is_there: || shell::is_installed("firefox-esr") },
    Package { name: "webkit2gtk-driver", is_there: || shell::is_installed("WebKitWebDriver") },
    // WebKit's browser has a window always, and Chromium's question about this computer needs one: both in memory.
    Package { name: "xvfb", is_there: || shell::is_installed("Xvfb") },
    Package { name: "xdotool", is_there: || shell::is_installed("xdotool") },
    Package { name: "fonts-noto-cjk", is_there: has_chinese_font },
    // OpenID Connect clients that other people wrote: Apache's, nginx's and Go's, and those of a
    // Python of the tests' own.
    Package { name: "apache2", is_there: || Path::new("/usr/sbin/apache2").exists() },
    Package {
        name: "libapache2-mod-auth-openidc",
        is_there: || Path::new("/usr/lib/apache2/modules/mod_auth_openidc.so").exists(),
    },
    Package { name: "nginx", is_there: || Path::new("/usr/sbin/nginx").exists() },
    Package { name: "caddy", is_there: || Path::new("/usr/bin/caddy").exists() },
    // The stores of the service.
    Package { name: "postgresql", is_there: has_a_postgresql_server },
    Package { name: "redis-server", is_there: || shell::is_installed("redis-server") },
    Package { name: "golang-go", is_there: || shell::is_installed("go") },
    Package {
        name: "golang-github-coreos-go-oidc-dev",
        is_there: || Path::new("/usr/share/gocode/src/github.com/coreos/go-oidc").exists(),
    },
    Package {
        name: "golang-golang-x-oauth2-dev",
        is_there: || Path::new("/usr/share/gocode/src/golang.org/x/oauth2").exists(),
    },
    Package { name: "python3-venv", is_there: has_python_venv },
];

/// What builds programs that run on every Linux.
const FOR_MUSL: &[Package] = &[Package { name: "musl-tools", is_there: || shell::is_installed("musl-gcc") }];

/// Chromium, its WebDriver, and the other programs that the tests run.
pub fn packages() -> Result<()> {
    install(PACKAGES, "the tests need")
}

/// The C compiler for programs that are linked with musl.
pub fn musl_compiler() -> Result<()> {
    install(FOR_MUSL, "static programs need")
}

/// By apt where that is allowed.
fn install(packages: &[Package], whoever_needs: &str) -> Result<()> {
    let missing = || -> Vec<&str> {
        packages.iter().filter(|package| !(package.is_there)()).map(|package| package.name).collect()
    };
    let wanted = missing();
    if wanted.is_empty() {
        return Ok(());
    }
    let by_hand = format!("{whoever_needs} {0}: sudo apt-get install {0}", wanted.join(" "));
    let Some(mut update) = apt_get() else { bail!("{by_hand}") };
    shell::run(update.arg("update")).context(by_hand.clone())?;
    let mut install = apt_get().expect("apt-get was there a moment ago");
    shell::run(install.args(["install", "--yes", "--no-install-recommends"]).args(&wanted))
        .context(by_hand)?;
    let still_missing = missing();
    if !still_missing.is_empty() {
        bail!("apt installed {}, and it still cannot be found on this machine", still_missing.join(" "));
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
