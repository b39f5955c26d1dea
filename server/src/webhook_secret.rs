//! The secret by which whoever gets a message of ours knows that it is ours: as Standard Webhooks has it, `whsec_` and base64. Signs,
//! and sends nothing.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;

use crate::clock::Seconds;

/// What Standard Webhooks asks for: 24 to 64 random bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// One secret, or several where one takes another's place: then each signs, and the receiver knows the one that it has. It prints as
/// `[redacted]`.
#[derive(Clone)]
pub struct WebhookSecret(Vec<hmac::Key>);

impl WebhookSecret {
    /// Of a text with one secret in each line.
    ///
    /// # Errors
    /// What is wrong, which repeats nothing of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Vec<hmac::Key> = lines.map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err("is empty") } else { Ok(Self(keys)) }
    }

    /// A request with this JSON and the headers by which its receiver knows that it is ours.
    pub(crate) fn signed(
        &self,
        request: RequestBuilder,
        id: &str,
        now: Seconds,
        body: String,
    ) -> RequestBuilder {
        request
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", self.sign(id, now, &body))
            .body(body)
    }

    /// The value of `webhook-signature`.
    fn sign(&self, id: &str, timestamp: Seconds, body: &str) -> String {
        let signed = format!("{id}.{timestamp}.{body}");
        let signature = |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, signed.as_bytes())));
        self.0.iter().map(signature).collect::<Vec<_>>().join(" ")
    }
}

fn key(line: &str) -> Result<hmac::Key, &'static str> {
    let bytes = line.strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
    let bytes =
        bytes.ok_or("has a line that is not whsec_ and base64: echo whsec_$(openssl rand -base64 32)")?;
    if !LENGTHS.contains(&bytes.len()) {
        return Err("has a secret that is not 24 to 64 bytes long: echo whsec_$(openssl rand -base64 32)");
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        // The example of standardwebhooks.com's own libraries.
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").expect("a secret");
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let signature = secret.sign(id, at, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{secret:?}"), "WebhookSecret([redacted])");
    }

    #[test]
    fn while_one_secret_takes_anothers_place_both_sign() {
        let [old, new] =
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo="];
        let both = WebhookSecret::parse(&format!("{new}\r\n\n{old}\n")).expect("two secrets");
        let each =
            [new, old].map(|secret| WebhookSecret::parse(secret).expect("a secret").sign("msg_1", 1, "{}"));
        assert_eq!(both.sign("msg_1", 1, "{}"), each.join(" "));
    }

    #[test]
    fn what_is_no_secret_is_refused_without_a_word_of_it() {
        for text in
            ["", "\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_short", "whsec_c2hvcnQ=", "whsec_!!"]
        {
            let problem = WebhookSecret::parse(text).expect_err("none");
            assert!(text.len() < 2 || !problem.contains(text), "{problem}");
        }
    }
}
