//! The widget's crate stays one that `wasm-pack build` can build: for those who want it in their own wasm, or distrust our way.
//!
//! wasm-pack itself comes from crates.io when it is missing. What it starts is ours: wasm-bindgen of the widget's own version, and
//! npm's wasm-opt. So it fetches nothing by itself.

use std::env;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::{shell, tools};

const VERSION: &str = "0.15.1";

/// What wasm-pack must leave behind.
const MADE: &[&str] = &["package.json", "weixin_login_widget.js", "weixin_login_widget_bg.wasm"];

/// Builds the widget by wasm-pack, and looks at what came of it.
pub fn check() -> Result<()> {
    tools::wasm_target()?;
    tools::npm_tools()?;
    let wasm_pack = tools::cargo_program("wasm-pack", VERSION)?;
    shell::run(shell::cargo().args([
        "build",
        "--package=xtask",
        "--features=wasm-bindgen-programs",
        "--bin=wasm-bindgen-program",
    ]))?;
    let bin = wasm_pack.parent().context("a program is in a folder")?.to_owned();
    fs::copy(shell::target().join("debug/wasm-bindgen-program"), bin.join("wasm-bindgen"))?;

    let made = shell::target().join("wasm-pack");
    let folders = [bin, tools::npm_programs()];
    let path = env::join_paths(
        folders.into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
    )?;
    shell::run(
        shell::program(wasm_pack)
            .args(["build", "--mode=no-install", "--target=web", "--profile=widget", "--out-dir"])
            .arg(&made)
            .arg(shell::root().join("widget"))
            .args(["--", "--no-default-features"])
            .env("PATH", path),
    )
    .context("wasm-pack no longer builds the widget")?;
    for file in MADE {
        let file = made.join(file);
        ensure!(file.is_file(), "wasm-pack built the widget, and left no {}", file.display());
    }
    println!("wasm-pack built the widget: {} bytes of wasm", fs::metadata(made.join(MADE[2]))?.len());
    Ok(())
}
