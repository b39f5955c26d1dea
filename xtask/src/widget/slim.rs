//! wasm-bindgen's glue without what nobody here needs: ways for browsers that have no constructable style sheets either, and words that
//! each of a hundred functions repeats. What is no longer found as it is written here stops the build, and is looked at again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// From here to there, and what comes in its place.
type Cut = (&'static str, &'static str, &'static str);

const CUTS: [Cut; 8] = [
    // Whoever has private methods of classes has it.
    (
        "const WidgetFinalization = ",
        ": new FinalizationRegistry(",
        "const WidgetFinalization = new FinalizationRegistry(",
    ),
    (
        "const CLOSURE_DTORS = ",
        ": new FinalizationRegistry(",
        "const CLOSURE_DTORS = new FinalizationRegistry(",
    ),
    // Made when it is asked for: it need not be known whether the memory has grown.
    (
        "let cachedDataViewMemory0 = null;",
        "return cachedDataViewMemory0;",
        "function getDataViewMemory0() { return new DataView(wasm.memory.buffer);",
    ),
    ("    cachedDataViewMemory0 = null;", "\n", "\n"),
    // No decoder is asked for two gigabytes here.
    ("    numBytesDecoded += bytes.length;", "    }\n", ""),
    // Everybody hands in the third one.
    ("    if (realloc === undefined) {", "    }\n", ""),
    // The loader calls it once, with a module.
    (
        "function initSync(module) {",
        "const instance = ",
        "function initSync({ module }) { const imports = __wbg_get_imports(); const instance = ",
    ),
    (
        "function handleError(f, args) {",
        "\n}\n",
        "function handleError(f) {
    return (...args) => { try { return f(...args); } catch (e) { $STORE(addToExternrefTable0(e)); } };
}
",
    ),
];

/// How an import begins that may throw, and how it ends.
const MAY_THROW: (&str, &str) = (": function() { return handleError(function (", "}, arguments); }");
/// How another one begins.
const PLAIN: &str = ": function(";

/// Rewrites the glue.
pub fn slim(script: &Path) -> Result<()> {
    let text = fs::read_to_string(script)?;
    Ok(fs::write(script, slimmer(&text)?)?)
}

fn slimmer(glue: &str) -> Result<String> {
    let kept = glue
        .split_once("const idx = addToExternrefTable0(e);\n")
        .and_then(|(_, kept)| kept.split_once("(idx)"));
    let store = kept.context("the glue keeps what was thrown otherwise")?.0.trim();
    let mut text = String::from(glue);
    for (from, to, instead) in CUTS {
        let start = text.find(from).with_context(|| format!("the glue has no {from}"))?;
        let length = text[start..].find(to).with_context(|| format!("the glue has no {to} behind {from}"))?;
        text.replace_range(start..start + length + to.len(), &instead.replace("$STORE", store));
    }
    let (begins, ends) = MAY_THROW;
    if text.matches(begins).count() == 0 || text.matches(begins).count() != text.matches(ends).count() {
        bail!("the glue's imports that may throw are written otherwise");
    }
    text = text.replace(ends, "})").replace(begins, ": handleError(\u{0}(");
    Ok(arrows(&text.replace(PLAIN, ": \u{0}(")))
}

/// `\0(a, b) {` becomes `(a, b) => {`.
fn arrows(text: &str) -> String {
    let mut pieces = text.split('\u{0}');
    let mut written = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (parameters, rest) = piece.split_once(')').unwrap_or((piece, ""));
        written.push_str(parameters);
        written.push_str(") =>");
        written.push_str(rest);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::arrows;

    #[test]
    fn functions_become_arrows() {
        assert_eq!(
            arrows("{ a: \0(b, c) { return b(c); }, d: \0() {} }"),
            "{ a: (b, c) => { return b(c); }, d: () => {} }"
        );
    }
}
