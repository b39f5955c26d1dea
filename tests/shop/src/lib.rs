//! A small web shop as a site would have it: its pages, a backend of two answers, and `/weixin` passed on to the service.
//!
//! It stands for every site that uses the login: nothing here knows WeChat, and of the service only its public face.
//! Tests start it as a library, people as a program.

mod backend;
mod pages;
mod proxy;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, rt, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The path under which the site shows the login service. It is part of the service's `public_url`.
pub const PREFIX: &str = "/weixin";

/// What the shop is made of. Addresses are origins without a path: `http://127.0.0.1:8080`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the login service listens (plain http). None: not known yet, see [`Shop::set_service_url`].
    pub service_url: Option<String>,
    /// The folder with the shop's pages.
    pub www: PathBuf,
    /// With this the shop speaks https, and only that.
    pub tls: Option<Tls>,
    /// The host names that the shop answers to, without port. Empty: any.
    pub public_names: Vec<String>,
    /// WeChat's open platform, whose QR page the shop's pages may frame.
    pub open_url: String,
    /// The WeChat programs on the visitor's computer that the shop's pages may ask.
    pub desktop_urls: Vec<String>,
    /// Where avatars come from, besides `https://*.qlogo.cn`.
    pub img: Vec<String>,
    /// The only origin whose pages may frame the shop's. None: nobody's.
    pub framed_by: Option<String>,
}

impl Default for Options {
    /// A free port on loopback, in front of the real WeChat, with no service yet.
    fn default() -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            service_url: None,
            www: PathBuf::from("www"),
            tls: None,
            public_names: Vec::new(),
            open_url: "https://open.weixin.qq.com".into(),
            desktop_urls: vec!["https://localhost.weixin.qq.com:14013".into()],
            img: Vec::new(),
            framed_by: None,
        }
    }
}

/// A certificate chain and its key, both PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificate of the shop's names, then those that lead to the CA.
    pub cert_pem: String,
    /// The private key of the first certificate.
    pub key_pem: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls([redacted])")
    }
}

/// Why the shop did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not of this machine.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// There is no such folder of pages.
    #[error("{0} is not a folder: the shop has no pages to show")]
    Pages(PathBuf),
    /// The service's address is not of the form `http://host:port`.
    #[error("`{0}` is not the address of a login service: http://host:port is needed, without a path")]
    ServiceUrl(String),
    /// The certificate or its key cannot be read.
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] pem::Error),
    /// The certificate and the key do not belong together, or are of a kind that is not known.
    #[error("the certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The client that asks the service could not be made.
    #[error("the proxy could not be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// A running shop. It stops, at once and with every connection, when this is dropped.
pub struct Shop {
    address: SocketAddr,
    service: proxy::Service,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Shop {
    /// Starts the shop on a thread of its own. It listens when this returns.
    pub fn start(options: Options) -> Result<Shop, StartError> {
        if !options.www.is_dir() {
            return Err(StartError::Pages(options.www));
        }
        let service = proxy::Service::new(options.tls.is_some())?;
        if let Some(url) = &options.service_url {
            service.set_url(url)?;
        }
        let tls = options.tls.as_ref().map(tls_config).transpose()?;

        let (started, starting) = mpsc::channel();
        let upstream = service.clone();
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async {
                match listen(&options, upstream, tls) {
                    Ok((address, server)) => {
                        // The one who waits for this gave up only if its thread is gone.
                        drop(started.send(Ok((address, server.handle()))));
                        if let Err(error) = server.await {
                            eprintln!("the shop stopped: {error}");
                        }
                    }
                    Err(error) => drop(started.send(Err(StartError::Listen(options.listen, error)))),
                }
            });
        });
        let (address, server) = starting.recv().expect("the shop's thread answers before it ends")?;
        Ok(Shop { address, service, server, thread: Some(thread) })
    }

    /// Where the shop listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says where the login service is: it is often started after the shop, whose address it must know.
    pub fn set_service_url(&self, url: &str) -> Result<(), StartError> {
        self.service.set_url(url)
    }

    /// Waits until the shop stops, which it does not do by itself.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed there.
            drop(thread.join());
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // The command is sent as the future is made; the end of the thread says that it was done.
        drop(self.server.stop(false));
        drop(thread.join());
    }
}

fn listen(
    options: &Options,
    service: proxy::Service,
    tls: Option<ServerConfig>,
) -> std::io::Result<(SocketAddr, actix_web::dev::Server)> {
    let options = options.clone();
    let address = options.listen;
    let http = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(service.clone()))
            .app_data(web::Data::new(pages::Names(options.public_names.clone())))
            .wrap(from_fn(pages::only_known_names))
            .service(web::resource([PREFIX.to_owned(), format!("{PREFIX}/{{tail:.*}}")]).to(proxy::forward))
            .service(web::resource("/api/me").get(backend::me))
            .service(web::resource("/api/orders").get(backend::orders))
            .service(pages::site(&options))
    })
    .workers(2)
    .tcp_nodelay(true)
    .disable_signals()
    .shutdown_timeout(0);
    let http = match tls {
        Some(tls) => http.bind_rustls_0_23(address, tls)?,
        None => http.bind(address)?,
    };
    let address = http.addrs()[0];
    Ok((address, http.run()))
}

fn tls_config(tls: &Tls) -> Result<ServerConfig, StartError> {
    let chain = CertificateDer::pem_slice_iter(tls.cert_pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(tls.key_pem.as_bytes())?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Ok(ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?)
}
