//! The emulator's own certificate authority, and what it signs: made anew at each start, or kept in a folder, so that it needs to
//! be trusted once. Only TLS mode comes here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The names that WeChat's clients have built in.
const NAMES: [&str; 10] = [
    "open.weixin.qq.com",
    "lp.open.weixin.qq.com",
    "api.weixin.qq.com",
    "mp.weixin.qq.com",
    "res.wx.qq.com",
    "localhost.weixin.qq.com",
    "thirdwx.qlogo.cn",
    "wx.qlogo.cn",
    "localhost",
    "127.0.0.1",
];

/// The CA's certificate in the folder that keeps it.
const CERTIFICATE_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca.key.pem";

pub(crate) struct Authority {
    /// As it was made; one that was kept is not signed anew, or it would be another certificate.
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    spki_sha256: String,
}

impl Authority {
    pub fn new() -> Result<Authority, Box<dyn std::error::Error + Send + Sync>> {
        let key = KeyPair::generate()?;
        let certificate = Self::params().self_signed(&key)?;
        Ok(Authority::of(certificate.pem(), certificate.der().clone(), key))
    }

    /// The one that this folder keeps; made and put there when it keeps none.
    pub fn kept_in(folder: &Path) -> Result<Authority, Box<dyn std::error::Error + Send + Sync>> {
        let (certificate_file, key_file) = (ca_file(folder), folder.join(KEY_FILE));
        let told = |file: &Path| {
            let file = file.display().to_string();
            move |error: io::Error| format!("{file}: {error}")
        };
        if !certificate_file.exists() && !key_file.exists() {
            let new = Authority::new()?;
            std::fs::create_dir_all(folder).map_err(told(folder))?;
            write_secret(&key_file, &new.issuer.key().serialize_pem()).map_err(told(&key_file))?;
            std::fs::write(&certificate_file, &new.pem).map_err(told(&certificate_file))?;
            return Ok(new);
        }
        let pem = std::fs::read_to_string(&certificate_file).map_err(told(&certificate_file))?;
        let key = std::fs::read_to_string(&key_file).map_err(told(&key_file))?;
        let key = KeyPair::from_pem(&key).map_err(|error| format!("{}: {error}", key_file.display()))?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| format!("{}: {error}", certificate_file.display()))?;
        Ok(Authority::of(pem, der, key))
    }

    fn of(pem: String, der: CertificateDer<'static>, key: KeyPair) -> Authority {
        let spki_sha256 = STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
        Authority { pem, der, issuer: Issuer::new(Self::params(), key), spki_sha256 }
    }

    fn params() -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "weixin-emulator: not WeChat, for tests only");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) =
            (rcgen::date_time_ymd(2024, 1, 1), rcgen::date_time_ymd(2050, 1, 1));
        params
    }

    pub fn pem(&self) -> String {
        self.pem.clone()
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
        let chain = vec![leaf.der().clone(), self.der.clone()];
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

/// Where a folder keeps the certificate to trust.
pub(crate) fn ca_file(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE_FILE)
}

/// A file that its owner alone may read, where the system knows of that.
fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(file)?, text.as_bytes())
}
