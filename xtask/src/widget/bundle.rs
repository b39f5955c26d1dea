//! From the element's class (widget/js) and wasm-bindgen's glue to one script, bundled and minified by esbuild.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{Glue, hex};
use crate::{shell, tools};

/// The name under which wasm-bindgen's glue looks for its wasm, beside itself.
const WASM_IN_GLUE: &str = "glue_bg.wasm";

/// `weixin-login.js`, an ES module, and `weixin-login-<hash>.wasm` beside it.
pub fn module(glue: &Glue, to: &Path) -> Result<()> {
    let wasm_name = format!("weixin-login-{}.wasm", &hex(&Sha256::digest(&glue.wasm))[..16]);
    fs::write(to.join(&wasm_name), &glue.wasm)?;

    let glue_file = glue.folder.join("glue.js");
    let text = fs::read_to_string(&glue_file)?;
    if text.matches(WASM_IN_GLUE).count() != 1 {
        bail!(
            "wasm-bindgen's glue no longer names {WASM_IN_GLUE} once: the name cannot be replaced by {wasm_name}"
        );
    }
    fs::write(&glue_file, text.replace(WASM_IN_GLUE, &wasm_name))?;
    copy_sources(&glue.folder)?;
    esbuild(&glue.folder.join("index.js"), &to.join("weixin-login.js"))
}

/// The class imports `./glue.js`: its sources are laid beside the glue.
fn copy_sources(to: &Path) -> Result<()> {
    let sources = shell::root().join("widget/js");
    for entry in fs::read_dir(&sources).with_context(|| format!("{} cannot be read", sources.display()))? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|ending| ending == "js") {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn esbuild(entry: &Path, to: &Path) -> Result<()> {
    shell::run(
        shell::program(tools::npm_program("esbuild"))
            .arg(entry)
            .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8"])
            .args(["--legal-comments=none", "--log-level=warning"])
            .arg(format!("--outfile={}", to.display())),
    )
}
