//! What is random in a login: PKCE's pair (RFC 7636, S256), for a login that ends in a session, and an attempt's state.

use flow::event::Challenge;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::guarded;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Makes a pair.
///
/// # Errors
/// What the browser threw: a page that is no secure context has no `crypto.subtle`.
pub async fn challenge(window: Window) -> Result<Challenge, JsValue> {
    let code_verifier = letters(&window)?;
    let hash = guarded::sha256(&window, &code_verifier).await?;
    let (hash, mut bytes) = (Uint8Array::new(&hash), [0; 32]);
    if hash.length() != bytes.len() as u32 {
        return Err(JsValue::from_str("no SHA-256"));
    }
    hash.copy_to(&mut bytes);
    Ok(Challenge {
        code_challenge: base64url(&bytes),
        code_verifier: Some(code_verifier),
        nonce: None,
        state: None,
    })
}

/// Makes a verifier or a state: 256 random bits, in an alphabet that WeChat too leaves as it is.
///
/// # Errors
/// What the browser threw.
pub fn letters(window: &Window) -> Result<String, JsValue> {
    let mut bytes = [0; 64];
    guarded::random(window, &mut bytes)?;
    let mut text = String::new();
    for byte in bytes {
        // Sixteen letters are as good as hexadecimal digits.
        text.push(char::from(b'a' + (byte & 15)));
    }
    Ok(text)
}

/// Without padding (RFC 4648 §5).
fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=three.len() {
            let six = bits >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET[six as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn base64url_is_written_without_padding() {
        // RFC 7636, appendix A and B, and the ends of RFC 4648 §10.
        let table: [(&[u8], &str); 5] = [
            (&[3, 236, 255, 224, 193], "A-z_4ME"),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"", ""),
        ];
        for (bytes, text) in table {
            assert_eq!(base64url(bytes), text);
        }
    }
}
