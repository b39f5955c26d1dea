//! The widget's gallery, and the checker that looks at it: both made and fetched by `cargo xtask test`.

use std::path::{Path, PathBuf};

use crate::house::target;

/// The built gallery.
pub fn folder() -> PathBuf {
    target().join("widget/gallery")
}

/// axe-core, as a script that defines `axe`.
pub fn axe() -> String {
    let file = repository().join("node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(file).expect("axe-core is there: `cargo xtask test` fetches it")
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/e2e is two below")
}
