//! The service's own certificate, for when no proxy does TLS. It is read again when its files change, at the next
//! handshake: certificates live for weeks, and the service for longer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::secret_file;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is not there, or may not be read.
    #[error("`{0}` {1} cannot be read: {2}")]
    File(&'static str, PathBuf, std::io::Error),
    /// The file is not PEM, or has something else in it.
    #[error("`{0}` {1} has no {2} in PEM: {3}")]
    Pem(&'static str, PathBuf, &'static str, pem::Error),
    /// Certificate and key do not belong together.
    #[error("tls_cert_file {0} and tls_key_file {1} do not go together: {2}")]
    Certificate(PathBuf, PathBuf, rustls::Error),
    /// The library does not work with this machine.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// A chain and its key, both PEM, as they are in their files now.
#[derive(Debug)]
pub struct Certificate {
    cert_file: PathBuf,
    key_file: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    /// Of the files that were read last, whatever was in them.
    read: Changed,
}

/// When the two files were changed last; `None` for one that is not there.
type Changed = [Option<SystemTime>; 2];

impl Certificate {
    /// Reads both.
    ///
    /// # Errors
    /// [`TlsError`], for the operator.
    pub fn read(cert_file: &Path, key_file: &Path) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        // Before they are read: what changes in between is read again.
        let read = changed(cert_file, key_file);
        let key = Arc::new(certified(&provider, cert_file, key_file)?);
        Ok(Arc::new(Self {
            cert_file: cert_file.into(),
            key_file: key_file.into(),
            provider,
            current: RwLock::new(Current { key, read }),
        }))
    }

    /// What the listener runs with.
    ///
    /// # Errors
    /// [`TlsError::Setup`]
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        Ok(ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(self.clone()))
    }

    /// Reads the files again if one of them has changed. What cannot be used leaves the certificate before in use, with a warning:
    /// once for each change, for the two files are seldom changed in one moment.
    fn refresh(&self) {
        let now = changed(&self.cert_file, &self.key_file);
        if self.current.read().unwrap_or_else(PoisonError::into_inner).read == now {
            return;
        }
        let read = certified(&self.provider, &self.cert_file, &self.key_file);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.read = now;
        match read {
            Ok(key) => {
                current.key = Arc::new(key);
                tracing::info!("the certificate was read again");
            }
            Err(error) => {
                tracing::warn!(%error, "the new certificate cannot be used; the one before stays in use");
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.refresh();
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).key.clone())
    }
}

fn changed(cert_file: &Path, key_file: &Path) -> Changed {
    [cert_file, key_file].map(|file| std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok())
}

fn certified(provider: &CryptoProvider, cert_file: &Path, key_file: &Path) -> Result<CertifiedKey, TlsError> {
    let text = |key, file: &Path| {
        secret_file::read(file).map_err(|error| TlsError::File(key, file.to_owned(), error))
    };
    let chain = text("tls_cert_file", cert_file)?;
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain =
        chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
    let chain =
        chain.map_err(|error| TlsError::Pem("tls_cert_file", cert_file.to_owned(), "certificate", error))?;
    let key = PrivateKeyDer::from_pem_slice(text("tls_key_file", key_file)?.as_bytes())
        .map_err(|error| TlsError::Pem("tls_key_file", key_file.to_owned(), "private key", error))?;
    CertifiedKey::from_der(chain, key, provider)
        .map_err(|error| TlsError::Certificate(cert_file.into(), key_file.into(), error))
}
