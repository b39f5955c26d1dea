//! From the element's class (widget/js) and wasm-bindgen's glue to one script, bundled and minified by esbuild.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Glue, WasmIs};
use crate::{shell, tools};

/// The name under which wasm-bindgen's glue looks for its wasm, beside itself.
const WASM_IN_GLUE: &str = "glue_bg.wasm";
/// What stands for the wasm's bytes in `widget/entries/wasm-latin1.js`, as esbuild writes it.
const WASM_IN_SCRIPT: &str = "\"the wasm\"";

/// What kind of script a bundle is.
#[derive(Clone, Copy)]
pub enum Format {
    /// An ES module.
    Module,
    /// A classic script that leaves nothing behind but what it says.
    Classic,
}

/// `weixin-login.js`, an ES module with the wasm inside.
pub fn module(glue: &Glue, to: &Path) -> Result<()> {
    let script = script(glue, "index.js", to)?;
    let (before, after) =
        script.split_once(WASM_IN_SCRIPT).context("the script has no place for the wasm")?;
    Ok(fs::write(to, format!("{before}{}{after}", latin1(&glue.wasm)))?)
}

/// What `weixin-login.js` is made of, each in a file of its own that can be weighed: the wasm, the style sheet, and JavaScript.
pub fn parts(glue: &Glue, to: &Path) -> Result<()> {
    fs::copy(glue.folder.join("styles.css"), to.join("styles.css"))?;
    fs::write(to.join("widget.wasm"), &glue.wasm)?;
    let styles = glue.folder.join("styles.js");
    let with_styles = fs::read(&styles)?;
    fs::write(&styles, "export default \"\";\n")?;
    let place = to.join("script.js");
    let script = script(glue, "index.js", &place)?;
    fs::write(&place, script.replacen(WASM_IN_SCRIPT, "\"\"", 1))?;
    Ok(fs::write(styles, with_styles)?)
}

/// A module out of this entry (widget/entries), with a word in the place of the wasm. esbuild would write each control character as
/// an escape of four, so that the wasm comes in behind it.
fn script(glue: &Glue, entry: &str, to: &Path) -> Result<String> {
    inlined(glue, "wasm-latin1.js")?;
    esbuild(&glue.folder.join(entry), Format::Module, to)?;
    let script = fs::read_to_string(to)?;
    if script.matches(WASM_IN_SCRIPT).count() != 1 {
        bail!("{} no longer has the word {WASM_IN_SCRIPT} once: the wasm has no place", to.display());
    }
    Ok(script)
}

/// A template of JavaScript whose letters have the numbers of these bytes. Of the three kinds of quotes its escapes are the fewest:
/// an end of line stands as it is. Only a carriage return does not, which JavaScript would read as an end of line.
fn latin1(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    text.push('`');
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b'`' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'$' if bytes.get(place + 1) == Some(&b'{') => text.push_str("\\$"),
            b'\r' => text.push_str("\\r"),
            byte => text.push(char::from(*byte)),
        }
    }
    text.push('`');
    text
}

/// A module out of this entry (widget/entries), and its wasm beside it, under this name.
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

/// A script out of this entry (widget/entries) that has its wasm inside, as base64.
pub fn with_wasm_inlined(glue: &Glue, entry: &str, format: Format, to: &Path) -> Result<()> {
    inlined(glue, "wasm-inlined.js")?;
    esbuild(&glue.folder.join(entry), format, to)
}

/// Lays the sources beside the glue, and this one in the place of `wasm.js`.
fn inlined(glue: &Glue, wasm_script: &str) -> Result<()> {
    if glue.wasm_is != WasmIs::Inlined || glue.script.contains(WASM_IN_GLUE) {
        bail!("wasm-bindgen's glue names {WASM_IN_GLUE} though it was told not to");
    }
    copy_sources(&glue.folder)?;
    Ok(fs::rename(glue.folder.join(wasm_script), glue.folder.join("wasm.js"))?)
}

/// The class imports `./glue.js`, and the entries import the class: the sources of both are laid beside the glue.
fn copy_sources(to: &Path) -> Result<()> {
    for folder in ["widget/js", "widget/entries"] {
        let sources = shell::root().join(folder);
        for entry in fs::read_dir(&sources).with_context(|| format!("{folder} cannot be read"))? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn esbuild(entry: &Path, format: Format, to: &Path) -> Result<()> {
    let (words, charset) = match format {
        Format::Module => ("--format=esm", "--charset=utf8"),
        // A page without a word about its encoding reads a classic script as its region's: GBK, Big5, Windows-1252.
        Format::Classic => ("--format=iife", "--charset=ascii"),
    };
    shell::run(
        shell::program(tools::npm_program("esbuild"))
            .arg(entry)
            .args(["--bundle", "--minify", words, "--target=es2022", charset])
            // What wasm-bindgen warns of are ways to call its glue that nobody here takes.
            .args([
                "--loader:.wasm=base64",
                "--legal-comments=none",
                "--log-level=warning",
                "--pure:console.warn",
            ])
            .arg(format!("--outfile={}", to.display())),
    )?;
    // esbuild leaves regular expressions as they are.
    if matches!(format, Format::Classic) && !fs::read(to)?.is_ascii() {
        bail!("{} is not ASCII: a regular expression has another letter", to.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};
    use tempfile::TempDir;

    use super::super::hex;
    use super::*;

    /// Each pair of bytes, and so each byte before and behind each.
    fn every_pair() -> Vec<u8> {
        (0..=255).flat_map(|first| (0..=255).flat_map(move |second| [first, second])).collect()
    }

    #[test]
    fn every_byte_survives_in_the_script() {
        let folder = TempDir::new().unwrap();
        let script = folder.path().join("script.mjs");
        let text = format!(
            "import {{ createHash }} from \"node:crypto\";
             const letters = {};
             console.log(createHash(\"sha256\").update(letters, \"latin1\").digest(\"hex\"), letters.length);",
            latin1(&every_pair())
        );
        std::fs::write(&script, text).unwrap();
        let said = shell::output(shell::program("node").arg(&script)).unwrap();
        assert_eq!(said.trim_end(), format!("{} 131072", hex(&Sha256::digest(every_pair()))));
    }

    #[test]
    fn what_needs_no_escape_has_none() {
        assert_eq!(latin1(b"\0\x01\n\r\"'$`{\\${\x7f\xff$"), "`\0\x01\n\\r\"'$\\`{\\\\\\${\x7f\u{ff}$`");
    }

    #[test]
    fn a_classic_script_is_ascii() {
        tools::npm_tools().unwrap();
        let folder = TempDir::new().unwrap();
        let (entry, made) = (folder.path().join("entry.js"), folder.path().join("made.js"));
        std::fs::write(&entry, "globalThis.said = [\"✕\", `✓ ${location} 微信`, { 名: 1 }];").unwrap();
        esbuild(&entry, Format::Classic, &made).unwrap();
        let text = std::fs::read_to_string(&made).unwrap();
        assert!(text.is_ascii() && text.contains("globalThis.said"), "{text}");
        std::fs::write(&entry, "globalThis.said = /↻/;").unwrap();
        let refused = esbuild(&entry, Format::Classic, &made).unwrap_err().to_string();
        assert!(refused.contains("is not ASCII"), "{refused}");
    }
}
