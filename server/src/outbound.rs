//! How the service asks others over HTTP: it waits so long and no longer, reads so much and no more, goes where it was sent and
//! nowhere else. What is asked, and what an answer means, is not known here.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Proxy, Response};

use crate::config::OutgoingProxy;
use crate::public_address::is_public;

/// A way out that follows no redirect, and no proxy that the environment names.
pub(crate) fn http(patience: Duration) -> ClientBuilder {
    reqwest::Client::builder().timeout(patience).redirect(Policy::none()).no_proxy()
}

/// What has gone wrong at the bottom of it: what is above says only that something has, and where.
pub(crate) fn cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The same by way of a proxy that the configuration names, where it names one.
pub(crate) fn through(
    patience: Duration,
    proxy: Option<&OutgoingProxy>,
) -> Result<ClientBuilder, reqwest::Error> {
    let direct = http(patience);
    match proxy {
        Some(proxy) => Ok(direct.proxy(Proxy::all(proxy.expose())?)),
        None => Ok(direct),
    }
}

/// The same, and no name leads it into the operator's own network; `setting` is what allows that. An address that is a number is looked
/// at where it is configured: nobody is asked about it.
pub(crate) fn to_public_addresses(http: ClientBuilder, setting: &'static str) -> ClientBuilder {
    http.dns_resolver(PublicAddresses { setting })
}

/// Resolves names to public addresses only. What is found is what is called: a name that leads elsewhere a moment later leads nowhere.
struct PublicAddresses {
    setting: &'static str,
}

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let setting = self.setting;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(format!("no public address; set {setting} to allow others").into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether anybody is at this address, for who checks: the status that a post without anything in it has.
///
/// # Errors
/// Why there is no answer, without the address.
pub(crate) async fn knock(http: &reqwest::Client, address: &str) -> Result<u16, String> {
    let answer = http.post(address).send().await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| cause(&error.without_url()))
}

/// The body of an answer; `None` when it is longer than anything that is understood. An error has no address in it: addresses carry
/// secrets.
pub(crate) async fn bytes(mut response: Response, longest: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        body.extend_from_slice(&chunk);
        if body.len() > longest {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

/// The same, as text.
pub(crate) async fn body(response: Response, longest: usize) -> Result<Option<String>, reqwest::Error> {
    let body = bytes(response, longest).await?;
    Ok(body.map(|body| String::from_utf8_lossy(&body).into_owned()))
}
