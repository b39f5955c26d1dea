//! The npm package, as people install it: the entries that widget/package.json names, their types, and nothing else.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Glue;
use super::bundle::{self, Format};
use crate::{shell, tools};

/// What is in the package as it is in the sources.
const AS_IT_IS: &[(&str, &str)] = &[
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("widget/package.json", "package.json"),
    ("widget/README.md", "README.md"),
    ("widget/typings/embed.d.ts", "dist/embed.d.ts"),
    ("widget/typings/index.d.ts", "dist/index.d.ts"),
    ("widget/typings/wxlogin.d.ts", "dist/wxlogin.d.ts"),
    ("widget/typings/wxlogin.global.d.ts", "dist/wxlogin.global.d.ts"),
    ("widget/wxlogin/wxlogin.js", "dist/wxlogin.js"),
    // Types have the kind of module of the file that they are of.
    ("widget/typings/index.d.ts", "dist/index.d.cts"),
    ("widget/typings/wxlogin.d.ts", "dist/wxlogin.d.cts"),
    // Where a tool that knows no `exports` looks for `weixin-login/wxlogin`.
    ("widget/wxlogin/wxlogin.package.json", "wxlogin/package.json"),
];

/// For tools older than `exports`, and for CommonJS (webpack 4, Jest): they take no newer JavaScript either.
const FOR_OLD_TOOLS: &[&str] = &["--format=cjs", "--target=es2018"];
/// For `<script src>`: all of it ASCII, which reads the same whatever a page's charset is.
const CLASSIC: &[&str] = &["--format=iife", "--target=es2018", "--charset=ascii"];

/// Lays the package out in this folder.
pub fn package(beside: &Glue, inlined: &Glue, to: &Path) -> Result<()> {
    let dist = to.join("dist");
    for folder in [&dist, &to.join("wxlogin")] {
        fs::create_dir_all(folder)?;
    }
    for (source, place) in AS_IT_IS {
        fs::copy(shell::root().join(source), to.join(place))
            .with_context(|| format!("{source} is missing"))?;
    }
    bundle::with_wasm_inlined(inlined, "npm.js", Format::Module, &dist.join("index.js"))?;
    bundle::with_wasm_inlined(inlined, "embed.js", Format::Classic, &dist.join("embed.js"))?;
    bundle::with_wasm_beside(beside, "npm.js", "weixin-login.wasm", &dist.join("slim.js"))?;
    again(&dist.join("index.js"), FOR_OLD_TOOLS, &dist.join("index.cjs"))?;
    let sources = shell::root().join("widget/wxlogin");
    again(&sources.join("wxlogin.js"), FOR_OLD_TOOLS, &dist.join("wxlogin.cjs"))?;
    again(&sources.join("wxlogin.global.js"), CLASSIC, &dist.join("wxlogin.global.js"))
}

/// The same module in another form.
fn again(module: &Path, form: &[&str], to: &Path) -> Result<()> {
    shell::run(
        shell::program(tools::npm_program("esbuild"))
            .arg(module)
            .args(["--bundle", "--minify", "--legal-comments=none", "--log-level=warning"])
            .args(form)
            .arg(format!("--outfile={}", to.display())),
    )
}
