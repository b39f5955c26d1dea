//! What the widget weighs: every file compressed ahead of time, and a table of what goes over the wire, and of its parts.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

/// Writes `.br` and `.gz` beside every file, as small as the two can make it: done once, read by everybody.
pub fn compress(folder: &Path) -> Result<()> {
    let files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    for file in files {
        let content = fs::read(&file)?;
        let best = brotli::enc::BrotliEncoderParams {
            quality: 11,
            lgwin: 22,
            size_hint: content.len(),
            ..Default::default()
        };
        brotli::BrotliCompress(&mut content.as_slice(), &mut fs::File::create(beside(&file, "br"))?, &best)?;
        let mut gzip = GzEncoder::new(fs::File::create(beside(&file, "gz"))?, Compression::best());
        gzip.write_all(&content)?;
        gzip.finish()?;
    }
    Ok(())
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

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
