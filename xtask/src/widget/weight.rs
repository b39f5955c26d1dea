//! What the widget weighs: every file compressed ahead of time, and a table of what goes over the wire.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};

/// Writes `.br` and `.gz` beside every file, as small as the two can make it: done once, read by everybody.
pub fn compress(folder: &Path) -> Result<()> {
    for file in served(folder)? {
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

/// Prints the size of each file as it is, by gzip and by brotli, and of all together.
pub fn print(folder: &Path) -> Result<()> {
    println!("\n{:<40} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli");
    let mut total = [0; 3];
    for file in served(folder)? {
        let sizes = [file.clone(), beside(&file, "gz"), beside(&file, "br")]
            .iter()
            .map(|file| Ok(fs::metadata(file)?.len()))
            .collect::<Result<Vec<u64>>>()?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("{name:<40} {:>9} {:>9} {:>9}", sizes[0], sizes[1], sizes[2]);
        total.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
    }
    println!("{:<40} {:>9} {:>9} {:>9}", "over the wire", total[0], total[1], total[2]);
    Ok(())
}

/// The files that a browser asks for.
fn served(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "js" || ending == "wasm"));
    files.sort();
    Ok(files)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
