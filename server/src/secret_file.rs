//! Files with a secret or a key in them: how they are read, the one way in which they are written, and who else may read them. What
//! is in them is not known here.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// No secret, key or chain is longer: what is, is another file.
const LONGEST: u64 = 1024 * 1024;
/// What editors on Windows put before the first letter.
const BOM: char = '\u{feff}';

/// The text of a file, without what editors put around it: a byte order mark before, white space at both ends.
///
/// # Errors
/// What the system says, or what the file is instead; never what is in it.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is longer than 1 MB"));
    }
    text(bytes)
}

/// The text of these bytes of a file.
///
/// # Errors
/// What they are instead.
pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    let refused = |what: &'static str| io::Error::new(ErrorKind::InvalidData, what);
    // PowerShell's `>` writes it, and so does Notepad when it is asked for "Unicode".
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(refused("it is UTF-16; save it as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("it is no text; save it as UTF-8"))?;
    Ok(text.trim_start_matches(BOM).trim().to_owned())
}

/// Writes a file that only its owner may read. Whoever looks finds the old file or the whole new one, whatever happens in between,
/// and what was there when this returned is there after a power cut too.
///
/// # Errors
/// What the system says; then the old file is as it was.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = folder(file);
    // Mode 0600 from its first moment.
    let mut beside = tempfile::Builder::new().prefix(".weixin-login-").suffix(".new").tempfile_in(folder)?;
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    // The new name is an entry of the folder, which is on the disk only when that is.
    File::open(folder)?.sync_all()
}

/// Holds the folder of a file, until it is dropped, against other processes that do the same.
///
/// # Errors
/// What the system says; not where the file system knows no locks.
pub(crate) fn lock(file: &Path) -> io::Result<File> {
    let folder = File::open(folder(file))?;
    match folder.lock() {
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
        _ => Ok(folder),
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A sentence for the operator, when others than its owner and group may read a file, or others than its owner may change it.
pub(crate) fn exposure(file: &Path) -> Option<String> {
    let mode =
        fs::metadata(file).map(|metadata| metadata.permissions()).as_ref().map(Permissions::mode).ok()?;
    let may = match mode & 0o026 {
        0 => return None,
        open if open & 0o004 == 0 => "be changed",
        _ => "be read",
    };
    let (name, mode) = (file.display(), mode & 0o777);
    Some(format!("{name} holds a secret and may {may} by others (mode {mode:04o}): chmod 600 {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_put_around_a_text_is_taken_off() {
        for (bytes, expected) in [
            (&b"secret"[..], "secret"),
            (b"secret\n", "secret"),
            (b"secret\r\n", "secret"),
            (b"\xef\xbb\xbfsecret\r\n", "secret"),
            (b"\xef\xbb\xbf\r\n secret \t\n", "secret"),
            (b"\xef\xbb\xbf", ""),
        ] {
            assert_eq!(text(bytes.to_vec()).expect("a text"), expected);
        }
        for (bytes, said) in [
            (&b"\xff\xfes\0e\0c\0"[..], "it is UTF-16; save it as UTF-8"),
            (b"\xfe\xff\0s\0e\0c", "it is UTF-16; save it as UTF-8"),
            (b"secret\xd0\xd0", "it is no text; save it as UTF-8"),
        ] {
            assert_eq!(text(bytes.to_vec()).expect_err("refused").to_string(), said);
        }
    }

    #[test]
    fn a_file_is_written_whole_and_is_the_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        for text in ["first", "second"] {
            write(&file, text).expect("written");
            assert_eq!(fs::read_to_string(&file).expect("there"), text);
            assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_others_may_read_or_change_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        fs::write(&file, "secret").expect("written");
        for (mode, said) in [
            (0o600, None),
            (0o400, None),
            (0o640, None),
            (0o440, None),
            (0o644, Some("read")),
            (0o444, Some("read")),
            (0o666, Some("read")),
            (0o660, Some("changed")),
            (0o602, Some("changed")),
        ] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).expect("set");
            let name = file.display();
            let told = said.map(|may| {
                format!(
                    "{name} holds a secret and may be {may} by others (mode {mode:04o}): chmod 600 {name}"
                )
            });
            assert_eq!(exposure(&file), told);
        }
        assert_eq!(exposure(&folder.path().join("none")), None);
    }
}
