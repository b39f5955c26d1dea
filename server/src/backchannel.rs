//! Tells clients that a session has ended (OpenID Connect Back-Channel Logout 1.0). The person's own logout never waits for it: whom
//! to tell is kept in the store, until they have heard it or a day has passed.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::StatusCode;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use crate::claims::{LOGOUT_TOKEN_LIFE, LogoutTokenClaims};
use crate::clock::{Clock, Seconds};
use crate::config::Config;
use crate::keys::{KeyRing, SharedKeys, TokenType};
use crate::metrics::Metrics;
use crate::outbound;
use crate::store::logouts::{LogoutRow, Logouts};
use crate::store::{Lasting, StoreError};

/// How long a client may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// For so long nobody else tries what is being tried: longer than a client may take.
pub(crate) const CLAIM: Seconds = 10;
/// How long to wait after each try that came to nothing; after more of them as after the last.
const TRY_AGAIN_AFTER: [Seconds; 6] = [1, 10, 60, 5 * 60, 30 * 60, 3600];
/// Who has not heard it by then never will: no session that a client may still have is younger.
const GIVE_UP_AFTER: Seconds = 24 * 3600;
/// For so long a service that stops waits for the answers to what it is telling: longer than a client may take.
const LAST_ANSWERS: Duration = Duration::from_secs(6);
/// So many are told at once.
const AT_ONCE: u32 = 32;

/// The way to the clients' back-channel addresses: no redirects, and no address that only this machine's network knows.
pub struct BackChannel {
    http: reqwest::Client,
    /// Somebody is to be told now.
    pub(crate) soon: Notify,
    /// Held from the claim of whom to tell until what came of it is kept.
    telling: Semaphore,
}

/// What came of telling a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// It has heard it.
    Heard,
    /// It will not hear it: it refuses, or has no address any more.
    Never,
    /// It was not there; it is tried again.
    Later,
}

impl Told {
    /// In one word.
    fn as_str(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Never => "never",
            Self::Later => "later",
        }
    }
}

/// What a try needs of the service, or of a command beside it.
pub(crate) struct Teller<'a> {
    pub(crate) config: &'a Config,
    pub(crate) clock: &'a Clock,
    pub(crate) store: &'a dyn Logouts,
    pub(crate) ring: &'a KeyRing,
}

impl BackChannel {
    /// `private_addresses` lets it reach loopback and private networks too.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(private_addresses: bool) -> Result<BackChannel, reqwest::Error> {
        let http = outbound::http(PATIENCE);
        let http = match private_addresses {
            true => http,
            false => outbound::to_public_addresses(http, "backchannel_private_addresses"),
        };
        Ok(BackChannel { http: http.build()?, soon: Notify::new(), telling: Semaphore::new(1) })
    }

    /// Tells everybody who is due; gives when somebody is the next time.
    pub(crate) async fn tell_due(
        &self,
        config: &Config,
        clock: &Clock,
        keys: &SharedKeys,
        lasting: &dyn Lasting,
        metrics: &Metrics,
    ) -> Result<Option<Seconds>, StoreError> {
        loop {
            let Ok(_telling) = self.telling.acquire().await else { return Ok(None) };
            let now = clock.now();
            let next = lasting.next_logout().await?;
            if next.is_none_or(|next| next > now) {
                return Ok(next);
            }
            let due = lasting.claim_logouts(now, now + CLAIM, AT_ONCE).await?;
            let ring = keys.ring(lasting, now).await;
            for (_, told) in self.tell(&Teller { config, clock, store: lasting, ring: &ring }, due).await? {
                metrics.logout_delivered(told.as_str());
            }
        }
    }

    /// Tells nobody any more, once whoever is being told has answered: a client that has heard it, and of whom that is not kept, would
    /// be told again after the next start.
    pub(crate) async fn stop(&self) {
        if timeout(LAST_ANSWERS, self.telling.acquire()).await.is_err() {
            tracing::warn!("a client that is being told of a logout does not answer; stops all the same");
        }
        self.telling.close();
    }

    /// Tries these once, all at once; gives each client's name, and what came of it.
    pub(crate) async fn tell(
        &self,
        teller: &Teller<'_>,
        logouts: Vec<LogoutRow>,
    ) -> Result<Vec<(String, Told)>, StoreError> {
        let mut tries: FuturesUnordered<_> =
            logouts.into_iter().map(|logout| self.tell_one(teller, logout)).collect();
        let mut all = Vec::new();
        while let Some(told) = tries.next().await {
            all.push(told?);
        }
        all.sort();
        Ok(all)
    }

    /// Whether anybody is there: the status that a post without a token has.
    ///
    /// # Errors
    /// Why there is no answer, without the address.
    pub(crate) async fn knock(&self, address: &str) -> Result<u16, String> {
        outbound::knock(&self.http, address).await
    }

    async fn tell_one(&self, teller: &Teller<'_>, logout: LogoutRow) -> Result<(String, Told), StoreError> {
        let Teller { clock, store, .. } = teller;
        let mut told = self.deliver(teller, &logout).await;
        let now = clock.now();
        if told == Told::Later && now - logout.ended_at >= GIVE_UP_AFTER {
            told = Told::Never;
        }
        if told == Told::Later {
            let tried = usize::try_from(logout.tries).unwrap_or(usize::MAX).clamp(1, TRY_AGAIN_AFTER.len());
            store.postpone_logout(&logout.id, now + TRY_AGAIN_AFTER[tried - 1]).await?;
        } else {
            store.forget_logout(&logout.id).await?;
        }
        if told == Told::Never {
            tracing::warn!(client = logout.client_id, "a client was not told of a logout");
        }
        Ok((logout.client_id, told))
    }

    async fn deliver(&self, teller: &Teller<'_>, logout: &LogoutRow) -> Told {
        let Teller { config, clock, ring, .. } = teller;
        let LogoutRow { client_id, sid, sub, id, .. } = logout;
        let Some(client) = config.client(client_id) else { return Told::Never };
        let Some(address) = &client.backchannel_logout_uri else { return Told::Never };
        let now = clock.now();
        let claims = LogoutTokenClaims {
            iss: config.public_url.as_str().to_owned(),
            sub: sub.clone(),
            aud: client_id.clone(),
            exp: now + LOGOUT_TOKEN_LIFE,
            iat: now,
            jti: id.clone(),
            sid: sid.clone(),
            events: LogoutTokenClaims::logout_event(),
        };
        let logout_token = match ring.sign(client.id_token_alg, TokenType::LogoutToken, &claims, now) {
            Ok(logout_token) => logout_token,
            Err(error) => {
                tracing::error!(%error, client = client_id, "a logout token could not be signed");
                return Told::Later;
            }
        };
        match self.http.post(address).form(&[("logout_token", &logout_token)]).send().await {
            Ok(answer) if answer.status().is_success() => Told::Heard,
            Ok(answer) if is_final(answer.status()) => Told::Never,
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::info!(client = client_id, status, "a logout was not delivered; trying again");
                Told::Later
            }
            Err(error) => {
                let error = error.without_url();
                tracing::info!(client = client_id, %error, "a logout was not delivered; trying again");
                Told::Later
            }
        }
    }
}

/// The client has understood and refuses: it would the next time too (Back-Channel Logout §2.8). One that says when to come again
/// has not.
fn is_final(status: StatusCode) -> bool {
    let again = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    !status.is_server_error() && !again.contains(&status)
}
