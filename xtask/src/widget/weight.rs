//! What the widget weighs: every file compressed ahead of time, and a table of what goes over the wire, and of its parts.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode::{
    BROTLI_FORCE_MSB_PRIOR, BROTLI_FORCE_SIGNED_PRIOR, BROTLI_FORCE_UTF8_PRIOR,
};
use flate2::{Compression, write::GzEncoder};

/// What all of it may weigh over the wire, by brotli.
const HEAVIEST: u64 = 48_000;

/// Writes `.br` and `.gz` beside every file, as small as the two can make it: done once, read by everybody.
pub fn compress(folder: &Path) -> Result<()> {
    let files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    for file in files {
        let content = fs::read(&file)?;
        fs::write(beside(&file, "br"), smallest_brotli(&content)?)?;
        let mut gzip = GzEncoder::new(fs::File::create(beside(&file, "gz"))?, Compression::best());
        gzip.write_all(&content)?;
        gzip.finish()?;
    }
    Ok(())
}

/// Brotli guesses from its first look at a text what the next byte hangs on. A script with a wasm inside is half a text and half
/// none, so that each guess is tried; and so are its own size of a block and the smallest, since where the two meet is nobody's guess.
fn smallest_brotli(content: &[u8]) -> Result<Vec<u8>> {
    let guesses = [BROTLI_FORCE_UTF8_PRIOR, BROTLI_FORCE_SIGNED_PRIOR, BROTLI_FORCE_MSB_PRIOR];
    let guesses = guesses.into_iter().flat_map(|mode| [(mode, 0), (mode, 16)]);
    let tries = guesses.map(|(mode, lgblock)| {
        let mut compressed = Vec::new();
        let (quality, lgwin, size_hint) = (11, 22, content.len());
        let best = BrotliEncoderParams { quality, lgwin, lgblock, size_hint, mode, ..Default::default() };
        brotli::BrotliCompress(&mut &content[..], &mut compressed, &best)?;
        Ok(compressed)
    });
    let made = tries.collect::<std::io::Result<Vec<_>>>()?;
    made.into_iter().min_by_key(Vec::len).context("there is no way to compress")
}

/// Prints the size of what is served as it is, by gzip and by brotli, and of each of its parts alone. Together they weigh something
/// else than the sum: what the parts have in common is told once, and bytes of wasm are longer as letters.
pub fn print(served: &Path, parts: &Path) -> Result<()> {
    println!("\n{:<40} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli");
    let lines = [
        (parts, "widget.wasm", "wasm"),
        (parts, "script.js", "JavaScript"),
        (parts, "styles.css", "style sheet"),
        (served, "weixin-login.js", "all in one: weixin-login.js"),
    ];
    for (folder, name, words) in lines {
        let file = folder.join(name);
        let sizes = [file.clone(), beside(&file, "gz"), beside(&file, "br")]
            .iter()
            .map(|file| Ok(fs::metadata(file)?.len()))
            .collect::<Result<Vec<u64>>>()?;
        println!("{words:<40} {:>9} {:>9} {:>9}", sizes[0], sizes[1], sizes[2]);
    }
    Ok(())
}

/// Refuses a widget that is too heavy.
pub fn check(served: &Path) -> Result<()> {
    let weight = fs::metadata(beside(&served.join("weixin-login.js"), "br"))?.len();
    ensure!(
        weight <= HEAVIEST,
        "the widget weighs {weight} bytes by brotli, and {HEAVIEST} are allowed: {} too many (docs/size.md says what keeps it small)",
        weight - HEAVIEST,
    );
    Ok(())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
