//! The emulator's own certificate authority, made anew at each start, and what it signs. Only TLS mode comes here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use rustls::pki_types::PrivateKeyDer;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The names that WeChat's clients have built in.
const NAMES: [&str; 8] = [
    "open.weixin.qq.com",
    "lp.open.weixin.qq.com",
    "api.weixin.qq.com",
    "localhost.weixin.qq.com",
    "thirdwx.qlogo.cn",
    "wx.qlogo.cn",
    "localhost",
    "127.0.0.1",
];

pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    spki_sha256: String,
}

impl Authority {
    pub fn new() -> Result<Authority, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "weixin-emulator: not WeChat, for tests only");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) =
            (rcgen::date_time_ymd(2024, 1, 1), rcgen::date_time_ymd(2050, 1, 1));
        let certificate = params.self_signed(&key)?;
        let spki_sha256 = STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
        Ok(Authority { certificate, issuer: Issuer::new(params, key), spki_sha256 })
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub fn spki_sha256(&self) -> &str {
        &self.spki_sha256
    }

    /// A leaf for these names with the CA behind it, and its key.
    pub fn issue(&self, names: &[&str]) -> Result<(Certificate, KeyPair), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("localhost"));
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        params.key_usages.push(KeyUsagePurpose::DigitalSignature);
        params.use_authority_key_identifier_extension = true;
        let now = std::time::SystemTime::now();
        let day = std::time::Duration::from_secs(24 * 3600);
        // Clients refuse leaves that are valid for more than about a year.
        (params.not_before, params.not_after) = ((now - day).into(), (now + 300 * day).into());
        Ok((params.signed_by(&key, &self.issuer)?, key))
    }

    pub fn issue_pem(&self, names: &[&str]) -> Result<(String, String), rcgen::Error> {
        let (leaf, key) = self.issue(names)?;
        Ok((format!("{}{}", leaf.pem(), self.pem()), key.serialize_pem()))
    }

    /// What the emulator itself serves with.
    pub fn server_config(&self) -> Result<rustls::ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
        let (leaf, key) = self.issue(&NAMES)?;
        // The CA goes along: Chromium's list of trusted key hashes is looked up in the chain it is shown.
        let chain = vec![leaf.der().clone(), self.certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        // Named here, so that the process default of a test is left alone.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(config)
    }
}
