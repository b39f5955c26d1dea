//! How the service asks others over HTTP: it waits so long and no longer, reads so much and no more, goes where it was sent and
//! nowhere else. What is asked, and what an answer means, is not known here.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Proxy, Response};

use crate::config::OutgoingProxy;

/// A way out that follows no redirect, and no proxy that the environment names.
pub(crate) fn http(patience: Duration) -> ClientBuilder {
    reqwest::Client::builder().timeout(patience).redirect(Policy::none()).no_proxy()
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

/// The body of an answer; `None` when it is longer than anything that is understood. An error has no address in it: addresses carry
/// secrets.
pub(crate) async fn body(mut response: Response, longest: usize) -> Result<Option<String>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        body.extend_from_slice(&chunk);
        if body.len() > longest {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&body).into_owned()))
}
