//! `cargo xtask widget`: from the widget's Rust and JavaScript to the files that a browser loads, in `target/widget/dist`, and
//! to the npm package, in `target/widget/npm`.
//!
//! `weixin-login.js` is one ES module: the element's class, wasm-bindgen's glue and the wasm itself, so that one answer brings all of
//! it, and no deployment can part the two. It has a `.br` and a `.gz` beside it.

mod bundle;
mod names;
mod npm;
mod panics;
mod slim;
mod weight;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

use crate::{shell, tools};

/// Its package; its wasm is in the service's program too.
pub const NAME: &str = "weixin-login-widget";

/// What is built here depends on these files and folders of the project, and on the compiler.
const INPUTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "package-lock.json",
    "protocol/Cargo.toml",
    "protocol/src",
    "widget",
    "xtask/src/widget.rs",
    "xtask/src/widget",
];

/// Builds the widget and its gallery where their inputs have changed, and prints what the widget weighs. One that is too heavy is refused,
/// once it is seen where the weight is.
pub fn run() -> Result<()> {
    build()?;
    gallery()?;
    weight::print(&dist(), &parts())?;
    weight::check(&dist())
}

/// The folder that the login service serves the widget from.
pub fn dist() -> PathBuf {
    shell::target().join("widget/dist")
}

/// The folder with what the widget is made of, to be weighed.
fn parts() -> PathBuf {
    shell::target().join("widget/parts")
}

/// The folder that `npm publish` and `npm pack` take.
pub fn npm_package() -> PathBuf {
    shell::target().join("widget/npm")
}

/// Builds the widget, unless what is there was made from the very same inputs.
pub fn build() -> Result<()> {
    let folder = shell::target().join("widget");
    fs::create_dir_all(&folder)?;
    // Two tasks at once would write into one another's folders: the second one waits, and finds the work done.
    let only_one = fs::File::create(folder.join("lock"))?;
    only_one.lock()?;

    let stamp = stamp()?;
    let stamp_file = folder.join("stamp");
    let is_there = dist().is_dir() && parts().is_dir() && npm_package().is_dir();
    if is_there && fs::read_to_string(&stamp_file).is_ok_and(|made_from| made_from == stamp) {
        println!("the widget is up to date");
        return Ok(());
    }
    tools::wasm_target()?;
    tools::npm_tools()?;
    let compiled = compile(&[])?;

    let work = empty_folder(folder.join("work"))?;
    let beside = glue(&compiled, &work.join("beside"), WasmIs::Beside, Panics::Trap)?;
    let inlined = glue(&compiled, &work.join("inlined"), WasmIs::Inlined, Panics::Trap)?;

    let made = empty_folder(folder.join("dist.new"))?;
    bundle::module(&inlined, &made.join("weixin-login.js"))?;
    weight::compress(&made)?;
    replace(&dist(), &made)?;

    let made = empty_folder(folder.join("parts.new"))?;
    bundle::parts(&inlined, &made)?;
    weight::compress(&made)?;
    replace(&parts(), &made)?;

    let made = empty_folder(folder.join("npm.new"))?;
    npm::package(&beside, &inlined, &made)?;
    replace(&npm_package(), &made)?;
    fs::write(stamp_file, stamp)?;
    Ok(())
}

/// The folder with the gallery: every phase with made-up content, for the tests of what is seen.
fn gallery_folder() -> PathBuf {
    shell::target().join("widget/gallery")
}

/// Builds the gallery, unless what is there was made from the very same inputs.
fn gallery() -> Result<()> {
    let stamp = stamp()?;
    let stamp_file = shell::target().join("widget/gallery-stamp");
    if gallery_folder().is_dir() && fs::read_to_string(&stamp_file).is_ok_and(|made_from| made_from == stamp)
    {
        println!("the gallery is up to date");
        return Ok(());
    }
    let compiled = compile(&["--features=gallery"])?;
    let work = empty_folder(shell::target().join("widget/gallery-work"))?;
    let made = glue(&compiled, &work, WasmIs::Beside, Panics::Speak)?.folder;
    for entry in fs::read_dir(shell::root().join("widget/gallery"))? {
        let entry = entry?;
        fs::copy(entry.path(), made.join(entry.file_name()))?;
    }
    replace(&gallery_folder(), &made)?;
    fs::write(stamp_file, stamp)?;
    Ok(())
}

/// A stack of 64 kB, where a megabyte is the custom: every address behind it is a byte shorter.
const LINK: [&str; 1] = ["-Clink-arg=-zstack-size=65536"];

/// The wasm, as the compiler leaves it.
fn compile(more: &[&str]) -> Result<PathBuf> {
    shell::run(
        shell::cargo()
            .args(["rustc", "--package", NAME, "--lib", "--profile=widget"])
            .args(["--no-default-features", "--target", tools::WASM_TARGET])
            .args(more)
            // As nothing but a wasm. A library of Rust, which the tests take, keeps what others may want of it: a tenth more.
            .args(["--crate-type=cdylib", "--"])
            .args(LINK),
    )?;
    Ok(shell::target().join(tools::WASM_TARGET).join("widget/weixin_login_widget.wasm"))
}

/// Where a script finds its wasm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WasmIs {
    /// In a file beside the script, which the glue names.
    Beside,
    /// In the script. The glue names no file then: bundlers would carry along one that nobody asks for.
    Inlined,
}

/// What a panic does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Panics {
    /// It traps, as all that is shipped does.
    Trap,
    /// It says what it is about first. The gallery writes its texts by `format!`.
    Speak,
}

/// What wasm-bindgen and wasm-opt make of the compiled crate.
struct Glue {
    /// The folder with `glue.js`, `glue_bg.wasm` and what they import, to be bundled in.
    folder: PathBuf,
    /// The text of `glue.js`.
    script: String,
    wasm: Vec<u8>,
    wasm_is: WasmIs,
}

fn glue(compiled: &Path, folder: &Path, wasm_is: WasmIs, panics: Panics) -> Result<Glue> {
    println!("   wasm-bindgen");
    fs::create_dir_all(folder)?;
    Bindgen::new()
        .input_path(compiled)
        .out_name("glue")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        // Whoever has constructable style sheets has this as well.
        .encode_into(EncodeInto::Always)
        .remove_producers_section(true)
        .generate(folder)
        .context("wasm-bindgen could not read the compiled widget")?;
    let (wasm, script) = (folder.join("glue_bg.wasm"), folder.join("glue.js"));
    if panics == Panics::Trap {
        panics::silence(&wasm)?;
    }
    names::shorten(&wasm, &script)?;
    slim::slim(&script)?;
    if wasm_is == WasmIs::Beside {
        // The glue's own way of loading knows more cases than there are here, and is left out with its default path.
        let text = fs::read_to_string(&script)?;
        fs::write(
            &script,
            text + "export const address = () => new URL(\"glue_bg.wasm\", import.meta.url);
",
        )?;
    }
    styles(folder)?;
    // The target_features section is still in there and tells wasm-opt what it may use; it goes with this very pass.
    shell::run(
        shell::program(tools::npm_program("wasm-opt"))
            // Not what is smallest, but what compresses best: control flow is taken apart and put together again,
            // larger functions that are called once stay for themselves, and lie beside those of the same module.
            .args(["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"])
            // Nothing lies below 1 kB but the far end of the stack, so that no address is reached by going round zero.
            .args(["--low-memory-unused"])
            .args(["--one-caller-inline-max-function-size=100", "--always-inline-max-function-size=4"])
            .args(["--reorder-functions-by-name"])
            .args(["--strip-debug", "--strip-producers", "--strip-target-features", "--vacuum"])
            .arg(&wasm)
            .arg("-o")
            .arg(&wasm),
    )?;
    let folder = folder.to_owned();
    Ok(Glue { folder, script: fs::read_to_string(script)?, wasm: fs::read(wasm)?, wasm_is })
}

/// The style sheet as a module of JavaScript: there it weighs less than in the wasm.
fn styles(work: &Path) -> Result<()> {
    let css = work.join("styles.css");
    shell::run(
        shell::program(tools::npm_program("esbuild"))
            .args(["widget/src/view/styles.css", "--bundle", "--minify", "--target=es2022"])
            .args(["--log-level=warning"])
            .arg(format!("--outfile={}", css.display())),
    )?;
    let text = serde_json::to_string(fs::read_to_string(css)?.trim_end())?;
    Ok(fs::write(work.join("styles.js"), format!("export default {text};\n"))?)
}

/// A hash over the compiler and the content of all inputs.
fn stamp() -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(shell::output(shell::program("rustc").arg("--version"))?);
    for input in INPUTS {
        add(&mut hash, &shell::root().join(input))?;
    }
    Ok(hex(&hash.finalize()))
}

fn add(hash: &mut Sha256, path: &Path) -> Result<()> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| add(hash, entry));
    }
    let content = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    hash.update(path.strip_prefix(shell::root()).unwrap_or(path).as_os_str().as_encoded_bytes());
    hash.update(content.len().to_le_bytes());
    hash.update(content);
    Ok(())
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn empty_folder(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Puts a finished folder in the place of an old one, so that nobody finds it half full.
fn replace(place: &Path, finished: &Path) -> Result<()> {
    let old = place.with_extension("old");
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    if place.exists() {
        fs::rename(place, &old)?;
    }
    fs::rename(finished, place)?;
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}
