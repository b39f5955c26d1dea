//! The ring by its public door: what is signed when, and which tokens are refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Validation;
use serde_json::{Value, json};

use super::*;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::keys::SealedKey;

const ISSUER: &str = "https://login.example.com";

fn ring(rows: &[SealedKey], masters: &MasterKeys) -> KeyRing {
    KeyRing::open(rows, masters).expect("the rows open")
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "s", "exp": 2_000 })
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').expect("three parts");
    let mut header = decoded(header);
    change(&mut header);
    format!("{}.{rest}", encoded(&header))
}

/// RSA takes some 100 ms of one core: nobody else of the thread would be answered meanwhile.
#[test]
fn a_key_is_made_on_another_thread_than_requests_are_answered_on() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    runtime.expect("a runtime").block_on(async {
        let masters = MasterKeys::random();
        for algorithm in SigningAlgorithm::ALL {
            // The one other thread has something else to do first.
            let (done, waiting) = std::sync::mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || waiting.recv());
            let mut made = std::pin::pin!(shared::make(algorithm, &masters, 0, 0));
            tokio::select! {
                biased;
                _ = &mut made => panic!("it was made on this very thread"),
                () = std::future::ready(()) => drop(done),
            }
            assert_eq!(made.await.algorithm, algorithm);
        }
    });
}

#[test]
fn both_algorithms_sign_what_the_published_keys_verify() {
    let masters = MasterKeys::random();
    let rows = SigningAlgorithm::ALL.map(|algorithm| SigningKey::make(algorithm, &masters, 0, 0));
    let ring = ring(&rows, &masters);
    assert!(ring.is_ready(0));
    for (row, public) in
        rows.iter().zip(serde_json::to_value(ring.jwks()).expect("JSON")["keys"].as_array().expect("keys"))
    {
        let token = ring.sign(row.algorithm, TokenType::IdToken, &claims(), 1_000).expect("signed");
        assert_eq!(
            decoded(token.split('.').next().expect("a header")),
            json!({ "typ": "JWT", "alg": row.algorithm.as_str(), "kid": row.kid })
        );
        assert_eq!(ring.verify::<Value>(TokenType::IdToken, ISSUER, &token), Ok(claims()));
        // By the library alone, as a client would: from the text of the JWKS.
        let jwk = serde_json::from_value(public.clone()).expect("a JWK");
        let mut validation = Validation::new(row.algorithm.into());
        validation.validate_exp = false;
        let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).expect("a key");
        assert_eq!(
            jsonwebtoken::decode::<Value>(&token, &key, &validation).expect("verified").claims,
            claims()
        );
    }
}

#[test]
fn the_jwks_has_public_parts_alone() {
    let masters = MasterKeys::random();
    let rows = SigningAlgorithm::ALL.map(|algorithm| SigningKey::make(algorithm, &masters, 0, 0));
    let jwks = serde_json::to_value(ring(&rows, &masters).jwks()).expect("JSON");
    let members = |key: &Value| key.as_object().expect("a key").keys().cloned().collect::<Vec<_>>();
    let keys = jwks["keys"].as_array().expect("keys");
    assert_eq!(members(&keys[0]).len() + members(&keys[1]).len(), 6 + 7, "{jwks}");
    for (row, key) in rows.iter().zip(keys) {
        assert_eq!(key["kid"], row.kid.as_str());
        assert_eq!(key["alg"], row.algorithm.as_str());
        assert_eq!(key["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None, "{private}");
        }
    }
}

#[test]
fn a_key_is_published_before_it_signs_and_after_it_has_signed() {
    let masters = MasterKeys::random();
    let old = SigningKey::make(SigningAlgorithm::ES256, &masters, 0, 0);
    let new = SigningKey::make(SigningAlgorithm::ES256, &masters, 1_000, 1_000 + PUBLISH_LEAD);
    let kid = |ring: &KeyRing, now| {
        let token =
            ring.sign(SigningAlgorithm::ES256, TokenType::AccessToken, &claims(), now).expect("signed");
        assert!(ring.verify::<Value>(TokenType::AccessToken, ISSUER, &token).is_ok());
        decoded(token.split('.').next().expect("a header"))["kid"].as_str().expect("a kid").to_owned()
    };
    // The order of the rows says nothing: two nodes agree.
    for rows in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
        let ring = ring(&rows, &masters);
        assert_eq!(kid(&ring, 999 + PUBLISH_LEAD), old.kid);
        assert_eq!(kid(&ring, 1_000 + PUBLISH_LEAD), new.kid);
        assert_eq!(ring.jwks().keys.len(), 2);
    }
    assert!(matches!(
        ring(&[new], &masters).sign(SigningAlgorithm::ES256, TokenType::IdToken, &claims(), 1_000),
        Err(KeyError::NoActiveKey(SigningAlgorithm::ES256))
    ));
}

#[test]
fn another_master_key_stops_the_opening_with_a_word() {
    let masters = MasterKeys::random();
    let row = SigningKey::make(SigningAlgorithm::ES256, &masters, 0, 0);
    let refused =
        KeyRing::open(std::slice::from_ref(&row), &MasterKeys::random()).expect_err("another master key");
    assert_eq!(
        refused.to_string(),
        format!(
            "none of the master keys opens the signing key {} in the store: put the file that sealed it back into master_key_files",
            row.kid
        )
    );
}

#[test]
fn a_key_in_another_keys_row_does_not_open() {
    let masters = MasterKeys::random();
    let [one, two] = [0, 1].map(|_| SigningKey::make(SigningAlgorithm::ES256, &masters, 0, 0));
    let swapped = SealedKey { sealed: two.sealed, ..one };
    assert!(KeyRing::open(&[swapped], &masters).is_err());
}

mod refused {
    use super::*;

    /// A ring with both keys, an access token by ES256, and a ring of somebody else.
    fn setting() -> (KeyRing, String, KeyRing) {
        let masters = MasterKeys::random();
        let make = || SigningAlgorithm::ALL.map(|algorithm| SigningKey::make(algorithm, &masters, 0, 0));
        let ours = ring(&make(), &masters);
        let token = ours.sign(SigningAlgorithm::ES256, TokenType::AccessToken, &claims(), 0).expect("signed");
        (ours, token, ring(&make(), &masters))
    }

    fn verify(ring: &KeyRing, token: &str) -> Result<Value, TokenError> {
        ring.verify(TokenType::AccessToken, ISSUER, token)
    }

    #[test]
    fn a_token_of_another_type() {
        let (ours, token, _) = setting();
        assert_eq!(ours.verify::<Value>(TokenType::IdToken, ISSUER, &token), Err(TokenError::OtherType));
        let id_token = ours.sign(SigningAlgorithm::ES256, TokenType::IdToken, &claims(), 0).expect("signed");
        assert_eq!(verify(&ours, &id_token), Err(TokenError::OtherType));
        let untyped =
            with_header(&token, |header| drop(header.as_object_mut().expect("members").remove("typ")));
        assert_eq!(verify(&ours, &untyped), Err(TokenError::OtherType));
    }

    #[test]
    fn the_algorithm_none() {
        let (ours, token, _) = setting();
        for none in ["none", "None", "NONE", "nOnE"] {
            let unsigned = with_header(&token, |header| header["alg"] = none.into());
            let cut = format!("{}.", unsigned.rsplit_once('.').expect("a signature").0);
            for forged in [unsigned, cut] {
                assert_eq!(verify(&ours, &forged), Err(TokenError::Malformed), "{none}");
            }
        }
    }

    #[test]
    fn the_public_key_as_an_hmac_secret() {
        let (ours, token, _) = setting();
        let confused = with_header(&token, |header| header["alg"] = "HS256".into());
        let input = confused.rsplit_once('.').expect("a signature").0;
        let public = serde_json::to_string(&ours.jwks().keys[1]).expect("JSON");
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public.as_bytes());
        let forged =
            format!("{input}.{}", URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, input.as_bytes())));
        assert_eq!(verify(&ours, &forged), Err(TokenError::Forged));
    }

    #[test]
    fn another_algorithm_than_the_keys_own() {
        let (ours, token, _) = setting();
        for other in ["RS256", "PS256", "ES384", "EdDSA"] {
            let changed = with_header(&token, |header| header["alg"] = other.into());
            assert_eq!(verify(&ours, &changed), Err(TokenError::Forged), "{other}");
        }
    }

    #[test]
    fn a_key_or_an_address_in_the_header() {
        let (ours, _, theirs) = setting();
        let token =
            theirs.sign(SigningAlgorithm::ES256, TokenType::AccessToken, &claims(), 0).expect("signed");
        assert_eq!(verify(&ours, &token), Err(TokenError::UnknownKey));
        let jwk = serde_json::to_value(theirs.jwks().keys.last().expect("a key")).expect("JSON");
        let kid = ours.jwks().keys[1].common.key_id.clone().expect("a kid");
        for (name, value) in [
            ("jwk", jwk),
            ("jku", "https://attacker.example/jwks".into()),
            ("x5u", "https://attacker.example/cert".into()),
        ] {
            let forged = with_header(&token, |header| header[name] = value);
            assert_eq!(verify(&ours, &forged), Err(TokenError::UnknownKey), "{name}");
            let named = with_header(&forged, |header| header["kid"] = kid.as_str().into());
            assert_eq!(verify(&ours, &named), Err(TokenError::Forged), "{name}");
        }
    }

    #[test]
    fn a_header_that_demands_what_is_not_known() {
        let (ours, token, _) = setting();
        let critical = with_header(&token, |header| header["crit"] = json!(["exp"]));
        assert_eq!(verify(&ours, &critical), Err(TokenError::Malformed));
    }

    #[test]
    fn another_issuer() {
        let (ours, token, _) = setting();
        assert_eq!(
            ours.verify::<Value>(TokenType::AccessToken, "https://login.example.com/", &token),
            Err(TokenError::Forged)
        );
    }

    #[test]
    fn every_cut_and_every_changed_letter() {
        let (ours, token, _) = setting();
        for cut in 0..token.len() {
            assert!(verify(&ours, &token[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(verify(&ours, &changed).is_err(), "changed at {at}");
        }
    }
}
