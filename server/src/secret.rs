//! Random values that are worth a login: made here, sent once, kept only as their SHA-256.

use aws_lc_rs::{constant_time, digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// The SHA-256 of a secret: what a store may hold. In JSON it is base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SecretHash([u8; 32]);

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        URL_SAFE_NO_PAD.encode(hash.0)
    }
}

impl TryFrom<String> for SecretHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes.and_then(|bytes| Self::from_row(&bytes)).ok_or("not 32 bytes of base64url")
    }
}

impl SecretHash {
    /// Of a value that somebody presents.
    pub fn of(presented: &str) -> Self {
        Self::of_bytes(presented.as_bytes())
    }

    /// Of any bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(hash)
    }

    /// Of an attempt's state. One of ours begins with its time, and so does this: attempts that begin together lie together in an index,
    /// where hashes alone would lie all over it. 23 bytes are the hash's.
    pub fn of_state(state: &str) -> Self {
        let mut hash = Self::of(state);
        if state.len() == TIME_LENGTH + STATE_LENGTH {
            hash.0.copy_within(..32 - TIME_LENGTH, TIME_LENGTH);
            hash.0[..TIME_LENGTH].copy_from_slice(&state.as_bytes()[..TIME_LENGTH]);
        }
        hash
    }

    /// Of something that has so few values that whoever has its hash could try them all: by a key that is not where the hash is.
    pub fn keyed(key: &str, presented: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&key, presented.as_bytes()).as_ref());
        Self(hash)
    }

    /// As a word, for names of files and their contents.
    pub fn hex(&self) -> String {
        self.0.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// From a store's row; `None` when it is no hash.
    pub fn from_row(row: &[u8]) -> Option<Self> {
        Some(Self(row.try_into().ok()?))
    }

    /// For a store's row.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares without telling by its time how much was right.
    pub fn matches(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// 256 random bits as 43 characters of base64url: ids, secrets, codes, session cookies.
pub fn random_word() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// The name of an attempt, a session or a grant, 43 characters of base64url: its time, by which those that begin together lie together in
/// a store, and 204 random bits.
pub fn random_name(clock: &Clock) -> String {
    let mut name = time(clock);
    name.extend(random_word().chars().skip(TIME_LENGTH));
    name
}

/// A `state`, of letters and digits alone, as WeChat narrows its alphabet: the time, and 190 random bits in 32 characters.
pub fn random_state(clock: &Clock) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = time(clock);
    while state.len() < TIME_LENGTH + STATE_LENGTH {
        // Bytes past the last whole multiple of 62 would make some letters likelier.
        for byte in random_bytes::<32>().into_iter().filter(|byte| *byte < 248) {
            if state.len() < TIME_LENGTH + STATE_LENGTH {
                state.push(char::from(ALPHABET[usize::from(byte % 62)]));
            }
        }
    }
    state
}

/// How many characters say when.
const TIME_LENGTH: usize = 9;
/// How many characters of a state are random.
const STATE_LENGTH: usize = 32;

/// The milliseconds since 1970, in digits that are in order as text is: 45 bits, until the year 3084.
fn time(clock: &Clock) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let now = clock.milliseconds();
    (0..TIME_LENGTH).rev().map(|place| char::from(DIGITS[(now >> (5 * place)) as usize % 32])).collect()
}

/// A random number of a range of at most 128, each as likely as the others.
pub fn random_number(range: std::ops::RangeInclusive<u8>) -> u8 {
    let count = range.end() - range.start() + 1;
    // Bytes past the last whole multiple of the count would make some numbers likelier.
    let fair = u8::MAX - u8::MAX % count;
    loop {
        let [byte] = random_bytes::<1>();
        if byte < fair {
            return range.start() + byte % count;
        }
    }
}

/// Six random digits, each number as likely as the others.
pub fn random_digits() -> String {
    const COUNT: u32 = 1_000_000;
    loop {
        let number = u32::from_be_bytes(random_bytes());
        // Those past the last whole multiple would make some numbers likelier.
        if number < u32::MAX - u32::MAX % COUNT {
            return format!("{:06}", number % COUNT);
        }
    }
}

/// PKCE's S256 (RFC 7636 §4.2): the challenge that a verifier answers.
pub fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_states_of_attempts_are_in_the_order_of_their_time() {
        let clock = Clock::system();
        let one = || (random_name(&clock), random_state(&clock));
        let before = one();
        for seconds in [1, 31, 3600, 400 * 86_400] {
            clock.advance(seconds);
            let later = one();
            assert!(before.0 < later.0 && before.1 < later.1, "{before:?} {later:?}");
            let (before, later) = (SecretHash::of_state(&before.1), SecretHash::of_state(&later.1));
            assert!(before.as_bytes() < later.as_bytes());
        }
        assert_eq!((before.0.len(), before.1.len()), (43, 41));
    }

    #[test]
    fn of_a_state_its_time_alone_is_not_hashed() {
        let state = "0123456789abcdefghijklmnopqrstuvwxyzABCDE";
        let (hash, whole) = (SecretHash::of_state(state), SecretHash::of(state));
        assert_eq!(hash.as_bytes()[..9], state.as_bytes()[..9]);
        assert_eq!(hash.as_bytes()[9..], whole.as_bytes()[..23]);
        // Of a page's own nothing is.
        assert_eq!(SecretHash::of_state(&state[..40]), SecretHash::of(&state[..40]));
    }
}
