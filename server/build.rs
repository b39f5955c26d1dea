//! With the feature `embed-widget`: a list of the built widget's files, for `widget.rs` to take into the program.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=WEIXIN_LOGIN_WIDGET_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBED_WIDGET").is_none() {
        return;
    }
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says it"));
    // Cargo marks the folder that it builds in, which may be anywhere, and in it those of other processors.
    let marked = out.ancestors().filter(|folder| folder.join("CACHEDIR.TAG").is_file()).last();
    let target = marked.map_or(here.join("../target"), Path::to_owned);
    let folder = env::var_os("WEIXIN_LOGIN_WIDGET_DIR").map_or(target.join("widget/dist"), PathBuf::from);
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(folder) = folder.canonicalize() else {
        println!(
            "cargo::error=there is no built widget in {}: `cargo xtask widget` makes it",
            folder.display()
        );
        return;
    };
    fs::write(out.join("widget_files.rs"), list(&folder)).expect("the list is written");
}

/// `[("weixin-login.js", include_bytes!("…")), …]`
fn list(folder: &Path) -> String {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is read")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let entries = files.iter().filter_map(|file| {
        let name = file.file_name()?.to_str()?;
        Some(format!("({name:?}, include_bytes!({:?}).as_slice()),\n", file.to_str()?))
    });
    format!("[{}]", entries.collect::<String>())
}
