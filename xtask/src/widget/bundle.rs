//! From the element's class (widget/js) and wasm-bindgen's glue to one script, bundled and minified by esbuild.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{Glue, WasmIs, hex};
use crate::{shell, tools};

/// The name under which wasm-bindgen's glue looks for its wasm, beside itself.
const WASM_IN_GLUE: &str = "glue_bg.wasm";

/// What kind of script a bundle is.
#[derive(Clone, Copy)]
pub enum Format {
    /// An ES module.
    Module,
    /// A classic script that leaves nothing behind but what it says.
    Classic,
}

/// `weixin-login.js`, an ES module, and `weixin-login-<hash>.wasm` beside it.
pub fn module(glue: &Glue, to: &Path) -> Result<()> {
    let wasm_name = format!("weixin-login-{}.wasm", &hex(&Sha256::digest(&glue.wasm))[..16]);
    with_wasm_beside(glue, "index.js", &wasm_name, &to.join("weixin-login.js"))
}

/// A module out of this entry of widget/js, and its wasm beside it, under this name.
pub fn with_wasm_beside(glue: &Glue, entry: &str, wasm_name: &str, to: &Path) -> Result<()> {
    if glue.wasm_is != WasmIs::Beside || glue.script.matches(WASM_IN_GLUE).count() != 1 {
        bail!(
            "wasm-bindgen's glue no longer names {WASM_IN_GLUE} once: the name cannot be replaced by {wasm_name}"
        );
    }
    fs::write(glue.folder.join("glue.js"), glue.script.replace(WASM_IN_GLUE, wasm_name))?;
    fs::write(to.with_file_name(wasm_name), &glue.wasm)?;
    copy_sources(&glue.folder)?;
    esbuild(&glue.folder.join(entry), Format::Module, to)
}

/// A script out of this entry of widget/js that has its wasm inside.
pub fn with_wasm_inlined(glue: &Glue, entry: &str, format: Format, to: &Path) -> Result<()> {
    if glue.wasm_is != WasmIs::Inlined || glue.script.contains(WASM_IN_GLUE) {
        bail!("wasm-bindgen's glue names {WASM_IN_GLUE} though it was told not to");
    }
    copy_sources(&glue.folder)?;
    fs::rename(glue.folder.join("wasm-inlined.js"), glue.folder.join("wasm.js"))?;
    esbuild(&glue.folder.join(entry), format, to)
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

fn esbuild(entry: &Path, format: Format, to: &Path) -> Result<()> {
    let format = match format {
        Format::Module => "--format=esm",
        Format::Classic => "--format=iife",
    };
    shell::run(
        shell::program(tools::npm_program("esbuild"))
            .arg(entry)
            .args(["--bundle", "--minify", format, "--target=es2022", "--charset=utf8"])
            .args(["--loader:.wasm=base64", "--legal-comments=none", "--log-level=warning"])
            .arg(format!("--outfile={}", to.display())),
    )
}
