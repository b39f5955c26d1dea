//! Shorter names between the wasm and its glue. wasm-bindgen's are unique in the world, with a hash in each: two hundred of
//! them, once in each file, are a tenth of what crosses the wire.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use walrus::Module;

/// The name of the module that the wasm imports everything from, in the glue.
const GLUE_MODULE: &str = "./glue_bg.js";
const SHORT_MODULE: &str = "w";

/// Renames what the wasm imports and exports, in the wasm and in the glue.
pub fn shorten(wasm: &Path, glue: &Path) -> Result<()> {
    let mut module = Module::from_file(wasm).context("the wasm cannot be read")?;
    let mut names = BTreeMap::new();
    for import in module.imports.iter_mut() {
        if import.module != GLUE_MODULE {
            bail!("the wasm imports {} from {}, which is not the glue", import.name, import.module);
        }
        let short = short(names.len());
        let long = std::mem::replace(&mut import.name, short.clone());
        import.module = SHORT_MODULE.into();
        names.insert(long, short);
    }
    for export in module.exports.iter_mut() {
        // `memory` is a word of the glue's own as well.
        if export.name != "memory" {
            let short = short(names.len());
            names.insert(std::mem::replace(&mut export.name, short.clone()), short);
        }
    }
    module.emit_wasm_file(wasm)?;

    let text = fs::read_to_string(glue)?;
    let quoted = format!("\"{GLUE_MODULE}\"");
    if text.matches(&quoted).count() != 1 {
        bail!("the glue no longer names {GLUE_MODULE} once");
    }
    fs::write(glue, renamed(&text, &names).replace(&quoted, SHORT_MODULE))?;
    Ok(())
}

/// `a`, `b`, … `z`, `ba`, `bb`, …
fn short(number: usize) -> String {
    let letter = char::from(b'a' + (number % 26) as u8);
    if number < 26 { letter.into() } else { format!("{}{letter}", short(number / 26)) }
}

/// The text with every word of `names` replaced; a word that only begins like one is another word.
fn renamed(text: &str, names: &BTreeMap<String, String>) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(in_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !in_word(c)).unwrap_or(from.len()));
        renamed.push_str(before);
        renamed.push_str(names.get(word).map_or(word, String::as_str));
        rest = after;
    }
    renamed.push_str(rest);
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_renamed_and_nothing_else() {
        let names = BTreeMap::from([("__wbg_add_1f".into(), "a".into()), ("__wbg_add_1".into(), "b".into())]);
        assert_eq!(
            renamed("{__wbg_add_1f: x, __wbg_add_1:y, $__wbg_add_1: z}", &names),
            "{a: x, b:y, $__wbg_add_1: z}"
        );
    }

    #[test]
    fn no_two_short_names_are_the_same() {
        let names: std::collections::BTreeSet<String> = (0..2_000).map(short).collect();
        assert_eq!(names.len(), 2_000);
    }
}
