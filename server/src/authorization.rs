//! A client's proven request, from `/authorize` to the answer at its redirect_uri, with a code or with an error. What makes a
//! request proven is not decided here.

use actix_web::HttpResponse;
use actix_web::http::header;
use protocol::service::LoginResult;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::oauth_error::{OAuthError, OAuthErrorCode};
use crate::secret::{SecretHash, random_word};
use crate::shared::Shared;
use crate::store::{CodeRow, SessionRow, StoreError};
use crate::token::CODE_LIFETIME;

/// A proven request that waits for its login: kept with the attempt, and all that is needed to answer it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Authorization {
    /// Registered for the client, byte for byte.
    pub redirect_uri: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// Space-separated.
    pub scope: String,
    /// For the ID token.
    pub nonce: Option<String>,
    /// S256.
    pub code_challenge: Option<String>,
    /// Who the client expects, by the id_token_hint.
    pub expected_sub: Option<String>,
    /// What was read of the request, to begin it anew.
    pub query: String,
}

impl Authorization {
    /// Where the browser goes with a code for this login.
    ///
    /// # Errors
    /// The store's.
    pub async fn granted(
        self,
        app: &Shared,
        client_id: &str,
        session: &SessionRow,
    ) -> Result<String, StoreError> {
        if let Some(expected) = &self.expected_sub {
            let sub = app.lasting.subject(client_id, &session.account_id).await?;
            if sub != *expected {
                // OpenID Connect Core §3.1.2.1, id_token_hint: never a positive answer about somebody else.
                let error = OAuthError::new(OAuthErrorCode::LoginRequired, "another person has logged in");
                return Ok(self.refused(app, &error));
            }
        }
        let code = random_word();
        let redirect = answer(app, &self.redirect_uri, self.state.as_deref(), &[("code", &code)]);
        app.fleeting
            .insert_code(&CodeRow {
                code_hash: SecretHash::of(&code),
                redeem_at: LoginResult::Code,
                client_id: client_id.to_owned(),
                redirect_uri: self.redirect_uri,
                code_challenge: self.code_challenge,
                nonce: self.nonce,
                scope: self.scope,
                account_id: session.account_id.clone(),
                sid: Some(session.sid.clone()),
                grant_id: random_word(),
                auth_time: session.auth_time,
                expires_at: app.clock.now() + CODE_LIFETIME,
                used_at: None,
            })
            .await?;
        Ok(redirect)
    }

    /// As the store keeps it.
    pub fn to_row(&self) -> String {
        serde_json::to_string(self).expect("texts are JSON")
    }

    /// From the store.
    pub fn from_row(row: &str) -> Option<Authorization> {
        serde_json::from_str(row).ok()
    }

    /// Where the browser goes when the person refused at WeChat.
    pub fn denied(&self, app: &Shared) -> String {
        self.refused(app, &OAuthError::new(OAuthErrorCode::AccessDenied, "the person refused"))
    }

    /// The client's own front page.
    pub fn home(&self) -> String {
        Url::parse(&self.redirect_uri)
            .ok()
            .and_then(|url| url.join("/").ok())
            .map_or_else(|| "/".into(), String::from)
    }

    /// Where the browser goes when there is no login.
    pub fn refused(&self, app: &Shared, error: &OAuthError) -> String {
        refused(app, &self.redirect_uri, self.state.as_deref(), error)
    }
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorization").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// Where the browser goes with an error.
pub fn refused(app: &Shared, redirect_uri: &str, state: Option<&str>, error: &OAuthError) -> String {
    let pairs = [("error", error.code.as_str()), ("error_description", &*error.description)];
    answer(app, redirect_uri, state, &pairs)
}

/// An authorization response: with the state as it came, and always with `iss` (RFC 9207).
fn answer(app: &Shared, redirect_uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> String {
    let mut address =
        Url::parse(redirect_uri).expect("registered addresses were parsed, and ports are numbers");
    address
        .query_pairs_mut()
        .extend_pairs(pairs)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", app.config.public_url.as_str());
    address.into()
}

/// 303: whatever was sent here is not sent along (RFC 9700 §4.12).
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish()
}
