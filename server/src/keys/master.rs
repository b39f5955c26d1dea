//! The master keys: what seals the signing keys at rest, and what the answers that must be given twice are derived from.
//!
//! They come from files and never reach the store. The signing keys themselves are the room next door.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, hkdf, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use crate::secret_file;

/// Bytes of a master key.
const LENGTH: usize = 32;
/// How a sealed text says which master key it wants.
const NAME_LENGTH: usize = 8;

/// All master keys, in the configuration's order: the first seals and derives, every one opens. Clones are the same keys.
#[derive(Clone)]
pub struct MasterKeys(Arc<[MasterKey]>);

impl MasterKeys {
    /// Reads the files, each of them 32 bytes as one line of base64 (`openssl rand -base64 32`).
    ///
    /// # Errors
    /// [`MasterKeyError`], for the operator.
    pub fn read(files: &[PathBuf]) -> Result<MasterKeys, MasterKeyError> {
        if files.is_empty() {
            return Err(MasterKeyError::None);
        }
        files.iter().map(|file| MasterKey::read(file)).collect::<Result<_, _>>().map(MasterKeys)
    }

    /// Reads the one file, and makes it first when there is none yet, or an empty one: what is left of a start that was cut off, for
    /// the store has no keys that anything could have sealed. On the disk before anything is sealed with it; of several that start
    /// at once, one makes it.
    ///
    /// # Errors
    /// [`MasterKeyError`], for the operator.
    pub fn read_or_make(file: &Path) -> Result<MasterKeys, MasterKeyError> {
        let refused = |source| MasterKeyError::File { file: file.into(), source };
        let _alone = secret_file::lock(file).map_err(refused)?;
        let is_there = match secret_file::read(file) {
            Ok(text) => !is_empty(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(refused(error)),
        };
        if !is_there {
            secret_file::write(file, &STANDARD.encode(random::<LENGTH>())).map_err(refused)?;
        }
        Self::read(&[file.into()])
    }

    /// The keys that files with these texts hold; `None` where one of them holds none.
    pub fn of_texts(texts: &[String]) -> Option<MasterKeys> {
        texts.iter().map(|text| MasterKey::parse(text)).collect::<Option<_>>().map(MasterKeys)
    }

    /// Fresh keys of no file, for tests.
    #[cfg(test)]
    pub fn random() -> MasterKeys {
        MasterKeys(Arc::new([MasterKey::new(&random::<LENGTH>())]))
    }

    /// Seals a text under the first key. `purpose` is no secret: the same one must be named to open it.
    pub fn seal(&self, purpose: &str, text: &[u8]) -> Vec<u8> {
        let key = &self.0[0];
        let mut sealed = text.to_vec();
        let nonce = key
            .seal
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut sealed)
            .expect("AES-GCM seals a text of this size");
        [key.name.as_slice(), nonce.as_ref().as_slice(), &sealed].concat()
    }

    /// Opens what [`seal`](Self::seal) made with any of these keys. `None`: another key, another purpose, or not whole.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = sealed.split_at_checked(NAME_LENGTH)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
        let key = self.0.iter().find(|key| key.name == name)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        key.seal
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text)
            .ok()
            .map(|opened| opened.to_vec())
    }

    /// The value that belongs to `text` under the first key: the same whenever it is asked for, and on every node.
    pub fn derive(&self, text: &[u8]) -> [u8; LENGTH] {
        self.0[0].derived(text)
    }

    /// What each key derives, the first key's value first: a file that was put in front of the list a moment ago must not lose
    /// what the other one gave out.
    pub fn derive_by_each(&self, text: &[u8]) -> impl Iterator<Item = [u8; LENGTH]> {
        self.0.iter().map(move |key| key.derived(text))
    }
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKeys([redacted])")
    }
}

/// Why the master keys are not usable.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The list is empty.
    #[error("master_key_files is empty: name at least one file")]
    None,
    /// A file cannot be read or made.
    #[error("the master key file {} cannot be used: {source}", file.display())]
    File {
        /// Which one.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds nothing, and the store has keys.
    #[error(
        "the master key file {} is empty, and the keys in the store were sealed by what was in it: put its backup back",
        file.display()
    )]
    Empty {
        /// Which one.
        file: PathBuf,
    },
    /// A file holds something else.
    #[error("the master key file {} must hold 32 bytes in base64, as `openssl rand -base64 32` prints them", file.display())]
    Malformed {
        /// Which one.
        file: PathBuf,
    },
}

/// A power cut may leave zero bytes where a file's text should be.
fn is_empty(text: &str) -> bool {
    text.trim_matches('\0').is_empty()
}

/// `N` random bytes.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

struct MasterKey {
    name: [u8; NAME_LENGTH],
    seal: RandomizedNonceKey,
    derive: hmac::Key,
}

impl MasterKey {
    fn read(file: &Path) -> Result<MasterKey, MasterKeyError> {
        let text =
            secret_file::read(file).map_err(|source| MasterKeyError::File { file: file.into(), source })?;
        if is_empty(&text) {
            return Err(MasterKeyError::Empty { file: file.into() });
        }
        Self::parse(&text).ok_or_else(|| MasterKeyError::Malformed { file: file.into() })
    }

    fn parse(text: &str) -> Option<MasterKey> {
        let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        <[u8; LENGTH]>::try_from(bytes).ok().map(|bytes| Self::new(&bytes))
    }

    /// One key per use, so that no use says anything about another.
    fn new(bytes: &[u8; LENGTH]) -> MasterKey {
        let master = hkdf::Salt::new(hkdf::HKDF_SHA256, b"weixin-login master key").extract(bytes);
        let expand = |info: &[u8]| {
            let mut key = [0; LENGTH];
            master
                .expand(&[info], hkdf::HKDF_SHA256)
                .and_then(|okm| okm.fill(&mut key))
                .expect("32 bytes are one block of HKDF-SHA256");
            key
        };
        let mut name = [0; NAME_LENGTH];
        name.copy_from_slice(&digest::digest(&digest::SHA256, &expand(b"name")).as_ref()[..NAME_LENGTH]);
        MasterKey {
            name,
            seal: RandomizedNonceKey::new(&AES_256_GCM, &expand(b"seal"))
                .expect("32 bytes are an AES-256 key"),
            derive: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"derive")),
        }
    }

    fn derived(&self, text: &[u8]) -> [u8; LENGTH] {
        let mut value = [0; LENGTH];
        value.copy_from_slice(hmac::sign(&self.derive, text).as_ref());
        value
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_was_sealed_opens_with_the_same_purpose_only() {
        let keys = MasterKeys::random();
        let sealed = keys.seal("signing key a", b"private");
        assert_eq!(keys.open("signing key a", &sealed).as_deref(), Some(b"private".as_slice()));
        assert_eq!(keys.open("signing key b", &sealed), None);
        for cut in 0..sealed.len() {
            assert_eq!(keys.open("signing key a", &sealed[..cut]), None, "cut at {cut}");
        }
        assert_eq!(MasterKeys::random().open("signing key a", &sealed), None);
    }

    #[test]
    fn a_new_file_in_front_seals_and_the_old_one_still_opens() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        let before = MasterKeys::read_or_make(&old).expect("made");
        let sealed = before.seal("p", b"text");
        let derived = before.derive(b"token");
        MasterKeys::read_or_make(&new).expect("made");
        let after = MasterKeys::read(&[new.clone(), old]).expect("read");
        assert_eq!(after.open("p", &sealed).as_deref(), Some(b"text".as_slice()));
        assert!(after.derive_by_each(b"token").any(|value| value == derived));
        let only_new = MasterKeys::read(&[new]).expect("read");
        assert_eq!(only_new.open("p", &after.seal("p", b"text")).as_deref(), Some(b"text".as_slice()));
    }

    #[test]
    fn the_file_is_made_once_and_is_the_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("master.key");
        let sealed = MasterKeys::read_or_make(&file).expect("made").seal("p", b"text");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(MasterKeys::read_or_make(&file).expect("read").open("p", &sealed).is_some());
    }

    #[test]
    fn an_empty_file_is_made_anew_before_there_are_keys_and_refused_after() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("master.key");
        for left in ["", "\n", "\u{feff}", "\0\0\0\0"] {
            fs::write(&file, left).expect("written");
            assert_eq!(
                MasterKeys::read(std::slice::from_ref(&file)).expect_err("refused").to_string(),
                format!(
                    "the master key file {} is empty, and the keys in the store were sealed by what was in it: put its backup back",
                    file.display()
                )
            );
            let sealed = MasterKeys::read_or_make(&file).expect("made").seal("p", b"text");
            assert!(MasterKeys::read_or_make(&file).expect("read").open("p", &sealed).is_some());
        }
    }

    #[test]
    fn of_many_that_start_at_once_one_makes_the_file() {
        for left in [None, Some("")] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("master.key");
            if let Some(left) = left {
                fs::write(&file, left).expect("written");
            }
            let made: Vec<MasterKeys> = std::thread::scope(|scope| {
                let starts: Vec<_> =
                    (0..16).map(|_| scope.spawn(|| MasterKeys::read_or_make(&file).expect("made"))).collect();
                starts.into_iter().map(|start| start.join().expect("ended")).collect()
            });
            let sealed = made[0].seal("p", b"text");
            assert!(made.iter().all(|masters| masters.open("p", &sealed).is_some()));
        }
    }

    #[test]
    fn a_file_with_something_else_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("master.key");
        fs::write(&file, "c2hvcnQ=").expect("written");
        assert_eq!(
            MasterKeys::read_or_make(&file).expect_err("refused").to_string(),
            format!(
                "the master key file {} must hold 32 bytes in base64, as `openssl rand -base64 32` prints them",
                file.display()
            )
        );
        assert_eq!(fs::read_to_string(&file).expect("there"), "c2hvcnQ=");
    }
}
