//! One signing key: made, sealed, opened, and what it signs. Which key signs when is decided by the ring above.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType,
    Jwk, PublicKeyUse, RSAKeyParameters, RSAKeyType, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::MasterKeys;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::keys::SealedKey;

/// A signing key, opened.
pub struct SigningKey {
    pub(super) kid: String,
    pub(super) public: Jwk,
    pub(super) verifying: DecodingKey,
    private: PrivateKey,
}

impl SigningKey {
    /// Makes a key, and seals it. RSA takes some 100 ms of one core.
    pub fn make(
        algorithm: SigningAlgorithm,
        masters: &MasterKeys,
        created_at: i64,
        active_from: i64,
    ) -> SealedKey {
        let private = match algorithm {
            SigningAlgorithm::RS256 => RsaKeyPair::generate(KeySize::Rsa2048)
                .and_then(|key| AsDer::<Pkcs8V1Der>::as_der(&key))
                .map(|der| der.as_ref().to_vec()),
            SigningAlgorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|key| key.to_pkcs8v1())
                .map(|der| der.as_ref().to_vec()),
        }
        .expect("the system gives random bytes");
        let kid =
            SigningKey::parse(algorithm, &private).expect("a key that was just made is well-formed").kid;
        let sealed = masters.seal(&purpose(&kid), &private);
        SealedKey { kid, algorithm, sealed, created_at, active_from }
    }

    /// Opens a row; `None` when none of the master keys opens it, or when it holds another key than it says.
    pub fn open(row: &SealedKey, masters: &MasterKeys) -> Option<SigningKey> {
        masters
            .open(&purpose(&row.kid), &row.sealed)
            .and_then(|private| SigningKey::parse(row.algorithm, &private))
            .filter(|key| key.kid == row.kid)
    }

    /// The signature over a JWS signing input.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.private {
            PrivateKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
            PrivateKey::Ec(key) => key.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
        }
        .expect("a checked key signs")
    }

    fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<SigningKey> {
        let (private, parameters) = match algorithm {
            SigningAlgorithm::RS256 => {
                let key = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
                let public = PublicKeyComponents::<Vec<u8>>::from(key.public_key());
                let parameters = AlgorithmParameters::RSA(RSAKeyParameters {
                    key_type: RSAKeyType::RSA,
                    n: URL_SAFE_NO_PAD.encode(public.n),
                    e: URL_SAFE_NO_PAD.encode(public.e),
                });
                (PrivateKey::Rsa(key), parameters)
            }
            SigningAlgorithm::ES256 => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?;
                // SEC 1 §2.3.3: 04, x, y.
                let (x, y) = key.public_key().as_ref().strip_prefix(&[4])?.split_at_checked(32)?;
                let parameters = AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                    key_type: EllipticCurveKeyType::EC,
                    curve: EllipticCurve::P256,
                    x: URL_SAFE_NO_PAD.encode(x),
                    y: URL_SAFE_NO_PAD.encode(y),
                });
                (PrivateKey::Ec(key), parameters)
            }
        };
        let mut public = Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(Algorithm::from(algorithm).into()),
                ..CommonParameters::default()
            },
            algorithm: parameters,
        };
        let kid = public.thumbprint(ThumbprintHash::SHA256).ok()?;
        public.common.key_id = Some(kid.clone());
        let verifying = DecodingKey::from_jwk(&public).ok()?;
        Some(SigningKey { kid, public, verifying, private })
    }
}

enum PrivateKey {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

/// A sealed key that is put into another key's row does not open.
fn purpose(kid: &str) -> String {
    format!("signing key {kid}")
}
