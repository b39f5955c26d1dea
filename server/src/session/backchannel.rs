//! Tells clients that a session has ended (OpenID Connect Back-Channel Logout 1.0). The person's own logout never waits for it.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use tokio::task::JoinSet;

use crate::claims::{LOGOUT_TOKEN_LIFE, LogoutTokenClaims};
use crate::clock::Seconds;
use crate::config::Config;
use crate::keys::{KeyRing, TokenType};
use crate::public_address::is_public;
use crate::secret::random_word;
use crate::shared::Shared;

/// How long a client may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before each further try.
const TRY_AGAIN_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// The way to the clients' back-channel addresses: no redirects, and no address that only this machine's network knows.
pub struct BackChannel(reqwest::Client);

impl BackChannel {
    /// `private_addresses` lets it reach loopback and private networks too.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(private_addresses: bool) -> Result<BackChannel, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy();
        let http = if private_addresses { http } else { http.dns_resolver(PublicAddresses) };
        http.build().map(BackChannel)
    }

    /// Sends one logout token to each of these clients that has an address for it, by and by.
    pub async fn tell(&self, app: &Shared, sid: &str, clients: Vec<(String, String)>) {
        let now = app.clock.now();
        let ring = app.keys.ring(&*app.lasting, now).await;
        for notice in notices(&app.config, &ring, now, sid, clients) {
            tokio::spawn(deliver(self.0.clone(), notice));
        }
    }

    /// The same for a program that ends afterwards: gives each such client's name, and whether it has heard it.
    pub async fn tell_and_wait(
        &self,
        config: &Config,
        ring: &KeyRing,
        now: Seconds,
        ended: Vec<(String, Vec<(String, String)>)>,
    ) -> Vec<(String, bool)> {
        let notices = ended.into_iter().flat_map(|(sid, clients)| notices(config, ring, now, &sid, clients));
        let mut deliveries = JoinSet::new();
        for notice in notices {
            let http = self.0.clone();
            deliveries.spawn(async move { (notice.client_id.clone(), deliver(http, notice).await) });
        }
        let mut told = deliveries.join_all().await;
        told.sort();
        told
    }
}

/// A logout token for one client.
struct Notice {
    client_id: String,
    address: String,
    logout_token: String,
}

fn notices(
    config: &Config,
    ring: &KeyRing,
    now: Seconds,
    sid: &str,
    clients: Vec<(String, String)>,
) -> Vec<Notice> {
    let notice = |(client_id, sub): (String, String)| {
        let client = config.client(&client_id)?;
        let address = client.backchannel_logout_uri.clone()?;
        let claims = LogoutTokenClaims {
            iss: config.public_url.as_str().to_owned(),
            sub,
            aud: client_id.clone(),
            exp: now + LOGOUT_TOKEN_LIFE,
            iat: now,
            jti: random_word(),
            sid: sid.to_owned(),
            events: LogoutTokenClaims::logout_event(),
        };
        match ring.sign(client.id_token_alg, TokenType::LogoutToken, &claims, now) {
            Ok(logout_token) => Some(Notice { client_id, address, logout_token }),
            Err(error) => {
                tracing::error!(%error, client = client_id, "a logout token could not be signed");
                None
            }
        }
    };
    clients.into_iter().filter_map(notice).collect()
}

/// Whether the client has heard it.
async fn deliver(http: reqwest::Client, notice: Notice) -> bool {
    let Notice { client_id, address, logout_token } = notice;
    for wait in [Duration::ZERO].into_iter().chain(TRY_AGAIN_AFTER) {
        tokio::time::sleep(wait).await;
        let answer = http.post(&address).form(&[("logout_token", &logout_token)]).send().await;
        match answer.and_then(reqwest::Response::error_for_status) {
            Ok(answer) if answer.status().is_success() => return true,
            // The client has understood and refuses: it would the next time too (Back-Channel Logout §2.8).
            Ok(_) => break,
            Err(error) if error.status().is_some_and(|status| status.is_client_error()) => break,
            Err(error) => {
                tracing::info!(client = client_id, error = %error.without_url(), "a logout was not delivered; trying again");
            }
        }
    }
    tracing::warn!(client = client_id, "a client was not told of a logout");
    false
}

/// Resolves names to public addresses only, so that a registered name cannot lead into the operator's own network.
struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("no public address; set backchannel_private_addresses to allow others".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
