//! The npm package, as people install it: the four entries that widget/package.json names, their types, and nothing else.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Glue;
use super::bundle::{self, Format};
use crate::shell;

/// What is in the package as it is in the sources.
const AS_IT_IS: &[(&str, &str)] = &[
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("widget/package.json", "package.json"),
    ("widget/README.md", "README.md"),
    ("widget/js/embed.d.ts", "dist/embed.d.ts"),
    ("widget/js/index.d.ts", "dist/index.d.ts"),
    ("widget/js/wxlogin.d.ts", "dist/wxlogin.d.ts"),
    ("widget/js/wxlogin.js", "dist/wxlogin.js"),
];

/// Lays the package out in this folder.
pub fn package(beside: &Glue, inlined: &Glue, to: &Path) -> Result<()> {
    let dist = to.join("dist");
    fs::create_dir_all(&dist)?;
    for (source, place) in AS_IT_IS {
        fs::copy(shell::root().join(source), to.join(place))
            .with_context(|| format!("{source} is missing"))?;
    }
    bundle::with_wasm_inlined(inlined, "npm.js", Format::Module, &dist.join("index.js"))?;
    bundle::with_wasm_inlined(inlined, "embed.js", Format::Classic, &dist.join("embed.js"))?;
    bundle::with_wasm_beside(beside, "npm.js", "weixin-login.wasm", &dist.join("slim.js"))
}
