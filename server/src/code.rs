//! Our own authorization codes: 60 seconds, one use, bound to their client, redirect_uri, challenge and to where they may be redeemed.
//! Issued at a login's end, taken at `/token` or `POST /session`.
//!
//! Everything about a request is checked before a code is taken: a wrong client, origin, redirect_uri or verifier cannot burn
//! somebody's code.

use protocol::service::{ContactKind, LoginResult};

use crate::clock::{Clock, Seconds};
use crate::pkce::{CodeChallenge, CodeVerifier};
use crate::report;
use crate::secret::{SecretHash, random_name, random_word};
use crate::store::attempts::{Authorization, SitePage};
use crate::store::logins::NewCode;
use crate::store::{CodeRow, Fleeting, StoreError};

/// How long a code lives.
const LIFETIME: Seconds = 60;

/// What an embedded login grants where its code is redeemed at `/token`.
const EMBEDDED_SCOPE: &str = "openid profile";

/// A code that is to be given out: it is good when the store has it.
pub struct Issued {
    /// For the client.
    pub code: String,
    /// For the store.
    pub row: NewCode,
}

/// A code for a client's authorization request.
pub fn for_client(authorization: &Authorization, clock: &Clock) -> Issued {
    let code = report::on(random_word());
    let row = NewCode {
        code_hash: SecretHash::of(&code),
        redeem_at: LoginResult::Code,
        redirect_uri: authorization.redirect_uri.clone(),
        code_challenge: authorization.code_challenge.clone(),
        nonce: authorization.nonce.clone(),
        scope: authorization.scope.clone(),
        grant_id: random_name(clock),
        expires_at: clock.now() + LIFETIME,
    };
    Issued { code, row }
}

/// A code for a site's page.
pub fn for_site_page(page: &SitePage, require: &[ContactKind], clock: &Clock) -> Issued {
    // What a site requires of its people it may know.
    let scope =
        require.iter().fold(EMBEDDED_SCOPE.to_owned(), |scope, kind| format!("{scope} {}", kind.as_str()));
    let code = report::on(random_word());
    let row = NewCode {
        code_hash: SecretHash::of(&code),
        redeem_at: page.result,
        redirect_uri: web_message(&page.origin),
        code_challenge: Some(page.code_challenge.clone()),
        nonce: page.nonce.clone(),
        scope,
        grant_id: random_name(clock),
        expires_at: clock.now() + LIFETIME,
    };
    Issued { code, row }
}

/// Where a code is presented.
pub enum RedeemAt<'a> {
    /// `POST /session`, by a page of this origin.
    Session {
        /// The request's `Origin`.
        origin: &'a str,
    },
    /// `/token`.
    Token {
        /// Who has proven to be this client.
        client_id: &'a str,
        /// The request's.
        redirect_uri: Option<&'a str>,
    },
}

/// The code that is presented, unused or not, where everything about the request is right. Takes nothing.
///
/// # Errors
/// The store's.
pub async fn find(
    store: &dyn Fleeting,
    at: RedeemAt<'_>,
    code: &str,
    code_verifier: Option<&CodeVerifier>,
) -> Result<Option<CodeRow>, StoreError> {
    let row = store.code(&SecretHash::of(code)).await?;
    let row = row.filter(|row| is_for(row, at) && is_verified(row, code_verifier));
    if row.is_some() {
        report::is_of(code);
    }
    Ok(row)
}

fn is_for(row: &CodeRow, at: RedeemAt<'_>) -> bool {
    match at {
        RedeemAt::Session { origin } => {
            row.redeem_at == LoginResult::Session && row.redirect_uri == web_message(origin)
        }
        RedeemAt::Token { client_id, redirect_uri } => {
            row.redeem_at == LoginResult::Code
                && row.client_id == client_id
                && redirect_uri == Some(&row.redirect_uri)
        }
    }
}

/// No challenge and no verifier, or both and they belong together: a verifier for a code without a challenge is an attacker's
/// downgrade (RFC 9700 §4.8.2).
fn is_verified(row: &CodeRow, code_verifier: Option<&CodeVerifier>) -> bool {
    match (&row.code_challenge, code_verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            CodeChallenge::parse(challenge).is_some_and(|challenge| challenge.is_met_by(verifier))
        }
        _ => false,
    }
}

/// The reserved redirect_uri of an embedded code.
fn web_message(origin: &str) -> String {
    format!("web_message:{origin}")
}
