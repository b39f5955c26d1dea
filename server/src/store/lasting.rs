//! What must outlive everything: who is who, and who is logged in. The verbs that touch many rows are made of small ones here; a store
//! may have its own way for each, in one transaction.

use async_trait::async_trait;

use super::accounts::{AccountRow, Found, IdentityRow};
use super::error::StoreError;
use super::grants::{GrantRow, Grants};
use super::keys::Keys;
use super::logins::{BeginGrant, GrantSession, LogIn, LoggedIn, NewSession, Person};
use super::logouts::{Ending, LogoutRow, Logouts};
use super::people::People;
use super::sessions::SessionRow;
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// The verbs for what must outlive everything.
#[async_trait]
pub trait Lasting: Grants + Keys + Logouts + People {
    /// Asks whether the store answers, and takes a write as far as the disk.
    async fn ping(&self) -> Result<(), StoreError>;
    /// Finds the account of an identity (its own, else that of its unionid) or makes one, joins a unionid that turned up later,
    /// and keeps nickname and picture. An identity never changes its account, so no client's `sub` changes.
    async fn account_of_identity(&self, identity: &IdentityRow, now: Seconds) -> Result<Found, StoreError>;
    /// What this client calls this account; made at its first sight.
    async fn subject(&self, client_id: &str, account_id: &str) -> Result<String, StoreError>;
    /// An account.
    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError>;
    /// Keeps a login: the account of the person, as [`account_of_identity`](Self::account_of_identity) finds it; what the client calls
    /// it, as [`subject`](Self::subject); and the sessions of the browser. All of it in one transaction, and logins of one account
    /// one after the other. `None`: the account is gone; then nothing is kept.
    ///
    /// Of each session, where `before` is the cookie of a living one of the same client (of the service itself, for `sso`): the same
    /// person's at the service goes on, with its `sid` and everything else new; every other one ends, its grants with refresh tokens
    /// stay, and who is to be told of that is in the answer. Without such a cookie, a living session of the same account, client
    /// and `browser.hash` that is at most [`AT_ONCE`](super::logins::AT_ONCE) seconds old is given as it is: another callback of this browser
    /// has made it. Else a new one is made.
    async fn log_in(&self, login: LogIn, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        log_in(self, login, now).await
    }
    /// Keeps what a code gives: the session that it makes, if it makes one; what the client calls the account; the grant and its first
    /// refresh token, as [`insert_grant`](Grants::insert_grant). All of it in one transaction. `None`: the account or the
    /// session is gone, and no grant is kept.
    async fn begin_grant(&self, grant: BeginGrant, now: Seconds) -> Result<Option<GrantRow>, StoreError> {
        begin_grant(self, grant, now).await
    }
    /// Keeps a session, in the place of the one that has its `sid`.
    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError>;
    /// A living session by its cookie's hash.
    async fn session(&self, secret_hash: &SecretHash, now: Seconds)
    -> Result<Option<SessionRow>, StoreError>;
    /// A session was used: its idle time ends later.
    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many. None are left when it gives 0.
    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}

/// [`Lasting::log_in`] by small verbs.
async fn log_in<L: Lasting + ?Sized>(
    lasting: &L,
    log_in: LogIn,
    now: Seconds,
) -> Result<Option<LoggedIn>, StoreError> {
    let (account, same_unionid) = match log_in.person {
        Person::Identity(identity) => {
            let found = lasting.account_of_identity(&identity, now).await?;
            (found.account, found.same_unionid)
        }
        Person::Account(id) => match lasting.account(&id).await? {
            Some(account) => (account, Vec::new()),
            None => return Ok(None),
        },
    };
    let sub = lasting.subject(&log_in.client_id, &account.id).await?;
    let is_expected = log_in.expected_sub.is_none_or(|expected| expected == sub);
    let tell: Vec<&str> = log_in.tell.iter().map(String::as_str).collect();
    let ending = Ending { offline: false, tell: &tell, due_at: now, now };
    let mut logouts = Vec::new();
    let sso = match log_in.sso {
        Some(new) => Some(begin(lasting, new, &account.id, None, ending, &mut logouts).await?),
        None => None,
    };
    let site = match log_in.site {
        Some(new) => {
            Some(begin(lasting, new, &account.id, Some(log_in.client_id), ending, &mut logouts).await?)
        }
        None => None,
    };
    Ok(Some(LoggedIn { account, same_unionid, sub, is_expected, sso, site, logouts }))
}

/// A session of an account in a browser. That of the service itself goes on where the same person has it; every other one that the
/// cookie stands for ends, for nobody could end it here any more.
async fn begin<L: Lasting + ?Sized>(
    lasting: &L,
    new: NewSession,
    account_id: &str,
    client_id: Option<String>,
    ending: Ending<'_>,
    logouts: &mut Vec<LogoutRow>,
) -> Result<SessionRow, StoreError> {
    let mut sid = new.sid.clone();
    let before = match &new.before {
        Some(cookie) => lasting.session(cookie, ending.now).await?,
        None => None,
    };
    match before.filter(|before| before.client_id == client_id) {
        Some(before) if client_id.is_none() && before.account_id == account_id => sid = before.sid,
        Some(before) => {
            let ended = lasting.end_session(&before.sid, ending).await?;
            logouts.extend(ended.unwrap_or_default().logouts);
        }
        None => {
            let newest = lasting.sessions(Some(account_id), ending.now, 5).await?;
            let at_once = newest
                .into_iter()
                .find(|session| session.client_id == client_id && new.is_at_once_with(session));
            if let Some(session) = at_once {
                return Ok(session);
            }
        }
    }
    let session = new.row(sid, account_id.into(), client_id);
    lasting.insert_session(&session).await?;
    Ok(session)
}

/// [`Lasting::begin_grant`] by small verbs.
async fn begin_grant<L: Lasting + ?Sized>(
    lasting: &L,
    begin: BeginGrant,
    now: Seconds,
) -> Result<Option<GrantRow>, StoreError> {
    if lasting.account(&begin.account_id).await?.is_none() {
        return Ok(None);
    }
    let sub = lasting.subject(&begin.client_id, &begin.account_id).await?;
    let sid = match begin.session {
        GrantSession::OfLogin(sid) => sid,
        GrantSession::New(new) => {
            let sid = new.sid.clone();
            let session = new.row(sid.clone(), begin.account_id.clone(), Some(begin.client_id.clone()));
            lasting.insert_session(&session).await?;
            sid
        }
    };
    let grant = GrantRow {
        id: begin.id,
        client_id: begin.client_id,
        account_id: begin.account_id,
        sub,
        sid,
        scope: begin.scope,
        auth_time: begin.auth_time,
        created_at: now,
        expires_at: begin.expires_at,
    };
    Ok(lasting.insert_grant(&grant, begin.refresh_token).await?.then_some(grant))
}
