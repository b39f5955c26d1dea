//! Our own authorization codes: 60 seconds, one use, bound to their client, origin, challenge and to where they may be redeemed.

use protocol::service::{ErrorCode, LoginResult};

use crate::clock::Seconds;
use crate::error::ApiError;
use crate::pkce::{CodeChallenge, CodeVerifier};
use crate::secret::{SecretHash, random_word};
use crate::session::ending::{self, Offline};
use crate::shared::Shared;
use crate::store::{CodeRow, StoreError};

/// How long a code lives.
pub const CODE_LIFETIME: Seconds = 60;

/// What an embedded login grants where its code is redeemed at `/token`.
const EMBEDDED_SCOPE: &str = "openid profile";

/// Where a code is presented.
pub enum RedeemAt<'a> {
    /// `POST /session`, by a page of this origin.
    Session {
        /// The request's `Origin`.
        origin: &'a str,
    },
}

/// What a code was good for.
pub struct Redeemed {
    /// Who has logged in.
    pub account_id: String,
    /// Where.
    pub client_id: String,
    /// When.
    pub auth_time: Seconds,
    /// What its session is to be called, so that the code's reuse can end it.
    pub sid: String,
}

/// The reserved redirect_uri of an embedded code.
pub fn web_message(origin: &str) -> String {
    format!("web_message:{origin}")
}

/// Makes a code for an embedded login.
pub async fn issue(
    app: &Shared,
    attempt: &crate::callback::ConsumedAttempt,
    account_id: String,
) -> Result<String, StoreError> {
    let now = app.clock.now();
    let code = random_word();
    let row = attempt.row();
    app.fleeting
        .insert_code(&CodeRow {
            code_hash: SecretHash::of(&code),
            redeem_at: row.result.unwrap_or(LoginResult::Code),
            client_id: row.client_id.clone(),
            redirect_uri: web_message(row.origin.as_deref().unwrap_or_default()),
            code_challenge: row.code_challenge.clone(),
            nonce: row.nonce.clone(),
            scope: EMBEDDED_SCOPE.into(),
            account_id,
            sid: None,
            grant_id: random_word(),
            auth_time: now,
            expires_at: now + CODE_LIFETIME,
            used_at: None,
        })
        .await?;
    Ok(code)
}

/// Redeems a code. Everything is checked before it is taken: a wrong request cannot burn somebody's code.
pub async fn redeem(
    app: &Shared,
    at: RedeemAt<'_>,
    code: &str,
    code_verifier: &CodeVerifier,
) -> Result<Redeemed, ApiError> {
    let refused =
        || ApiError::new(ErrorCode::InvalidGrant, "the code is unknown, used, expired or not for here");
    let now = app.clock.now();
    let code_hash = SecretHash::of(code);
    let row = app.fleeting.code_or_tombstone(&code_hash).await?.ok_or_else(refused)?;
    let here = match at {
        RedeemAt::Session { origin } => {
            row.redeem_at == LoginResult::Session && row.redirect_uri == web_message(origin)
        }
    };
    let challenge = row.code_challenge.as_deref().and_then(CodeChallenge::parse);
    let proven = challenge.is_some_and(|challenge| challenge.is_met_by(code_verifier));
    if !here || !proven {
        return Err(refused());
    }
    if !app.fleeting.take_code(&code_hash, now).await? {
        // Somebody has a code that was used: whoever was first, nothing that came from it is good (RFC 6749 §4.1.2). A code that has
        // only expired has made no session.
        if let Some(session) = app.lasting.session_of_sid(&row.grant_id, now).await? {
            tracing::warn!(client = row.client_id, "a code came twice; the session that it made ends");
            ending::end(app, &session, Offline::Goes).await?;
        }
        return Err(refused());
    }
    Ok(Redeemed {
        account_id: row.account_id,
        client_id: row.client_id,
        auth_time: row.auth_time,
        sid: row.grant_id,
    })
}
