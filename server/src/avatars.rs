//! People's avatars, fetched by the service itself where `avatars = "proxy"`: pages and sites need no host of WeChat's then, and WeChat
//! does not hear who looks at whom.
//!
//! The address of an avatar here has WeChat's in it and what only this service can sign: it is the same at every node and for as long as
//! WeChat's is, nobody can make one up, and the store is not asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use crate::config::{OutgoingProxy, Weixin};
use crate::keys::MasterKeys;
use crate::outbound;
use crate::picture;
use crate::secret::SecretHash;

/// How long WeChat may take for one picture, and how long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// An avatar of 640 × 640 has a tenth of it.
const LARGEST: usize = 1024 * 1024;
/// So long a picture is kept here.
const FRESH: Duration = Duration::from_secs(3600);
/// So long it is not asked for again where there was none.
const MISSING: Duration = Duration::from_secs(30);
/// All that is kept, in bytes; and so many of them.
const ROOM: usize = 32 * 1024 * 1024;
const MOST: usize = 10_000;
/// So many are fetched at once.
const AT_ONCE: usize = 16;

/// A picture of dots.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) content_type: &'static str,
    pub(crate) content: Bytes,
}

/// The way to WeChat's pictures, and those that were just fetched.
pub struct Avatars {
    http: reqwest::Client,
    fetching: Semaphore,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    pictures: HashMap<String, (Instant, Option<Picture>)>,
    /// The oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

impl Avatars {
    /// Nothing was fetched yet.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(proxy: Option<&OutgoingProxy>) -> Result<Self, reqwest::Error> {
        let http = outbound::through(PATIENCE, proxy)?.build()?;
        Ok(Self { http, fetching: Semaphore::new(AT_ONCE), kept: Mutex::default() })
    }

    /// The picture of an address here; `None` where it is none of ours, or there is no picture.
    pub(crate) async fn picture(
        &self,
        weixin: &Weixin,
        masters: &MasterKeys,
        signature: &str,
        address: &str,
    ) -> Option<Picture> {
        let signature = SecretHash::of(signature);
        let is_ours = signatures(masters, address).any(|ours| SecretHash::of(&ours).matches(&signature));
        let whole = String::from_utf8(URL_SAFE_NO_PAD.decode(address).ok()?).ok()?;
        // What may be fetched is what is configured now.
        let whole = allowed(weixin, &whole).filter(|_| is_ours)?;
        if let Some(kept) = self.kept(&whole) {
            return kept;
        }
        let turn = timeout(PATIENCE, self.fetching.acquire()).await.ok()?.ok()?;
        // Somebody else may have fetched it meanwhile.
        if let Some(kept) = self.kept(&whole) {
            return kept;
        }
        let fetched = self.fetch(&whole).await;
        self.keep(whole, fetched.clone());
        drop(turn);
        fetched
    }

    async fn fetch(&self, address: &str) -> Option<Picture> {
        let fetched = async {
            let answer = self.http.get(address).header("accept", "image/*").send().await?;
            if !answer.status().is_success() {
                return Ok(None);
            }
            outbound::bytes(answer, LARGEST).await
        };
        match fetched.await {
            Ok(content) => {
                let content = content?;
                let (_, content_type) = picture::kind_of(&content)?;
                Some(Picture { content_type, content: content.into() })
            }
            Err(error) => {
                let error = error.without_url();
                tracing::info!(%error, "an avatar was not fetched");
                None
            }
        }
    }

    fn kept(&self, address: &str) -> Option<Option<Picture>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, picture) = kept.pictures.get(address)?;
        let fresh = if picture.is_some() { FRESH } else { MISSING };
        (since.elapsed() < fresh).then(|| picture.clone())
    }

    fn keep(&self, address: String, picture: Option<Picture>) {
        let size = |picture: &Option<Picture>| picture.as_ref().map_or(0, |picture| picture.content.len());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += size(&picture);
        match kept.pictures.insert(address.clone(), (Instant::now(), picture)) {
            Some((_, before)) => kept.bytes -= size(&before),
            None => kept.order.push_back(address),
        }
        while kept.bytes > ROOM || kept.order.len() > MOST {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some((_, gone)) = kept.pictures.remove(&oldest) {
                kept.bytes -= size(&gone);
            }
        }
    }
}

/// Where a person's avatar is shown from: WeChat's own address, or one here.
pub(crate) fn shown(weixin: &Weixin, masters: &MasterKeys, prefix: &str, picture: String) -> Option<String> {
    if picture.is_empty() {
        return None;
    }
    if !weixin.proxies_avatars {
        return Some(picture);
    }
    let address = URL_SAFE_NO_PAD.encode(picture);
    let signature = signatures(masters, &address).next()?;
    Some(format!("{prefix}/avatars/{signature}/{address}"))
}

/// What each master key signs an address with, the first one first.
fn signatures(masters: &MasterKeys, address: &str) -> impl Iterator<Item = String> {
    let text = format!("avatar {address}");
    let signatures = masters.derive_by_each(text.as_bytes()).map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    signatures.collect::<Vec<_>>().into_iter()
}

/// Where an avatar may be loaded from: https and WeChat's own hosts; http is raised to https; an emulator's pictures come from the
/// emulator. Everything else is nobody's picture.
pub(crate) fn allowed(weixin: &Weixin, headimgurl: &str) -> Option<String> {
    if weixin.is_emulator()
        && headimgurl.strip_prefix(weixin.open_url.as_str()).is_some_and(|path| path.starts_with('/'))
    {
        return Some(headimgurl.into());
    }
    let mut url = Url::parse(headimgurl).ok()?;
    if url.scheme() == "http" {
        url.set_scheme("https").ok()?;
    }
    let known = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && weixin.avatar_hosts.iter().any(|host| url.host_str() == Some(host));
    known.then(|| url.into())
}
