//! What happens at the end of a login, and where its code is redeemed: verbs that touch many rows, and [`Store`], which owns both
//! stores and does what needs both. Where one store is both that is one transaction, so a store may have its own way for each verb;
//! the ones here are made of small verbs, and are what every way does.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::service::LoginResult;
use serde::{Deserialize, Serialize};

use super::grants::GrantRow;
use super::logouts::{Ending, LogoutRow};
use super::{
    AccountRow, AttemptEnd, Browser, Channel, CodeRow, Fleeting, IdentityRow, Lasting, SessionRow, StoreError,
};
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// Callbacks of one browser that come within so many seconds are one login.
pub const AT_ONCE: Seconds = 10;

/// A login that is to be kept, for [`Lasting::log_in`].
#[derive(Debug, Clone, Serialize)]
pub struct LogIn {
    /// Who has logged in.
    pub person: Person,
    /// Whose login it is: the client that hears the `sub`.
    pub client_id: String,
    /// Who that client expects, where it does.
    pub expected_sub: Option<String>,
    /// The browser's login at the service itself, where it gets one.
    pub sso: Option<NewSession>,
    /// Its login at the client alone, where it gets one.
    pub site: Option<NewSession>,
    /// The clients that can be told of the end of a session.
    pub tell: Vec<String>,
}

/// Who has logged in.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// As WeChat says.
    Identity(IdentityRow),
    /// The account that has let this computer in, from a phone.
    Account(String),
}

/// A session of a browser that is to be made.
#[derive(Debug, Clone, Serialize)]
pub struct NewSession {
    /// Its public name, unless one goes on.
    pub sid: String,
    /// Of its cookie.
    pub secret_hash: SecretHash,
    /// Of the cookie that the browser has brought.
    pub before: Option<SecretHash>,
    /// Where it is made by a callback: which browser that is.
    pub browser: Option<Browser>,
    /// [`SessionRow::device`].
    pub device: String,
    /// When the person logged in.
    pub auth_time: Seconds,
    /// It dies when it is not used until then.
    pub idle_until: Seconds,
    /// It dies then in any case.
    pub expires_at: Seconds,
}

impl NewSession {
    /// The row of this session.
    pub fn row(self, sid: String, account_id: String, client_id: Option<String>) -> SessionRow {
        SessionRow {
            sid,
            secret_hash: self.secret_hash,
            account_id,
            client_id,
            device: self.device,
            browser: self.browser,
            auth_time: self.auth_time,
            idle_until: self.idle_until,
            expires_at: self.expires_at,
        }
    }

    /// Whether this living session of the same account and client was made by another callback of the same browser, just now.
    pub fn is_at_once_with(&self, session: &SessionRow) -> bool {
        let same = |new: &Browser| session.browser.as_ref().is_some_and(|browser| browser.hash == new.hash);
        self.browser.as_ref().is_some_and(same) && session.auth_time + AT_ONCE >= self.auth_time
    }
}

/// A login that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LoggedIn {
    /// Whose it is.
    pub account: AccountRow,
    /// Other accounts of the same unionid, where that is news.
    pub same_unionid: Vec<String>,
    /// What the client calls the account.
    pub sub: String,
    /// Whether it is who the client expects.
    pub is_expected: bool,
    /// The session of the service itself. Where its secret is not the one that was given, another callback of this browser has made
    /// it just now, and it stays as it is.
    pub sso: Option<SessionRow>,
    /// The session of the client; the same holds for its secret.
    pub site: Option<SessionRow>,
    /// Whom to tell of the sessions that this login has ended.
    pub logouts: Vec<LogoutRow>,
}

/// The end of an attempt whose person has logged in.
#[derive(Debug, Clone, Serialize)]
pub struct FinishLogin {
    /// The attempt, which was taken.
    pub attempt_id: String,
    /// The login.
    pub log_in: LogIn,
    /// The code that is given out for it, unless it is somebody else than the client expects.
    pub code: Option<NewCode>,
}

/// A code that is to be kept.
#[derive(Debug, Clone, Serialize)]
pub struct NewCode {
    /// Of the code.
    pub code_hash: SecretHash,
    /// [`CodeRow::redeem_at`].
    pub redeem_at: LoginResult,
    /// [`CodeRow::redirect_uri`].
    pub redirect_uri: String,
    /// [`CodeRow::code_challenge`].
    pub code_challenge: Option<String>,
    /// [`CodeRow::nonce`].
    pub nonce: Option<String>,
    /// [`CodeRow::scope`].
    pub scope: String,
    /// [`CodeRow::grant_id`].
    pub grant_id: String,
    /// [`CodeRow::expires_at`].
    pub expires_at: Seconds,
}

impl NewCode {
    /// The row of this code, for a login of this client.
    pub fn row(
        self,
        client_id: String,
        account_id: String,
        sid: Option<String>,
        auth_time: Seconds,
    ) -> CodeRow {
        CodeRow {
            code_hash: self.code_hash,
            redeem_at: self.redeem_at,
            client_id,
            redirect_uri: self.redirect_uri,
            code_challenge: self.code_challenge,
            nonce: self.nonce,
            scope: self.scope,
            account_id,
            sid,
            grant_id: self.grant_id,
            auth_time,
            expires_at: self.expires_at,
            used_at: None,
        }
    }
}

/// What a code gives at `/token`, for [`Lasting::begin_grant`].
#[derive(Debug, Clone, Serialize)]
pub struct BeginGrant {
    /// [`GrantRow::id`].
    pub id: String,
    /// [`GrantRow::client_id`].
    pub client_id: String,
    /// [`GrantRow::account_id`].
    pub account_id: String,
    /// [`GrantRow::sid`].
    pub session: GrantSession,
    /// [`GrantRow::scope`].
    pub scope: String,
    /// [`GrantRow::auth_time`].
    pub auth_time: Seconds,
    /// [`GrantRow::expires_at`].
    pub expires_at: Seconds,
    /// Its first refresh token: the hash, and when it dies unused.
    pub refresh_token: Option<(SecretHash, Seconds)>,
}

/// The session that a grant belongs to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantSession {
    /// The one of the login, by its public name.
    OfLogin(String),
    /// One of the client alone, that is made with the grant: a site's page has no session of the service's in its browser.
    New(NewSession),
}

/// A code that is presented at `/token`, by a request in which everything was found right.
#[derive(Debug, Clone, Serialize)]
pub struct RedeemCode {
    /// Of the code.
    pub code_hash: SecretHash,
    /// What it gives.
    pub grant: BeginGrant,
    /// Until when it is known that its grant is revoked, where the code comes twice.
    pub keep_until: Seconds,
}

/// How the presentation of a code ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It was good, and is used now.
    Granted(GrantRow),
    /// It was used before: what it gave is revoked now.
    Reused,
    /// It is unknown or has expired; or its session or account is gone, and it is used now.
    Refused,
}

/// One store that is both.
#[async_trait]
pub trait Whole: Lasting + Fleeting {
    /// See [`Store::finish_login`]. All of it in one transaction.
    async fn finish_login(&self, finish: FinishLogin, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        finish_login(self, self, finish, now).await
    }

    /// See [`Store::redeem_code`]. All of it in one transaction.
    async fn redeem_code(&self, redeem: RedeemCode, now: Seconds) -> Result<Redemption, StoreError> {
        redeem_code(self, self, redeem, now).await
    }
}

/// What a service remembers.
#[derive(Clone)]
pub struct Store {
    /// What must outlive everything.
    pub lasting: Arc<dyn Lasting>,
    /// What lives for minutes.
    pub fleeting: Arc<dyn Fleeting>,
    /// The way to other nodes, where the store has one.
    pub(crate) channel: Option<Channel>,
    whole: Option<Arc<dyn Whole>>,
}

impl Store {
    /// One store for everything.
    pub fn whole(store: Arc<impl Whole + 'static>) -> Self {
        Self { lasting: store.clone(), fleeting: store.clone(), channel: None, whole: Some(store) }
    }

    /// Two stores. A crash between them may cost "start again", and nothing else.
    pub fn split(lasting: Arc<dyn Lasting>, fleeting: Arc<dyn Fleeting>) -> Self {
        Self { lasting, fleeting, channel: None, whole: None }
    }

    /// Keeps a login, and with it the end of the attempt that it came by and the code that is given out for it. `None`: the account
    /// is gone; then nothing is kept.
    pub async fn finish_login(
        &self,
        finish: FinishLogin,
        now: Seconds,
    ) -> Result<Option<LoggedIn>, StoreError> {
        match &self.whole {
            Some(whole) => whole.finish_login(finish, now).await,
            None => finish_login(&*self.lasting, &*self.fleeting, finish, now).await,
        }
    }

    /// Uses a code, and keeps what it gives; of many callers one gets it, and every later one revokes what that got.
    pub async fn redeem_code(&self, redeem: RedeemCode, now: Seconds) -> Result<Redemption, StoreError> {
        match &self.whole {
            Some(whole) => whole.redeem_code(redeem, now).await,
            None => redeem_code(&*self.lasting, &*self.fleeting, redeem, now).await,
        }
    }
}

/// The lasting store first: whoever is told of a login has one, and an attempt that has no end is begun anew.
async fn finish_login<L: Lasting + ?Sized, F: Fleeting + ?Sized>(
    lasting: &L,
    fleeting: &F,
    finish: FinishLogin,
    now: Seconds,
) -> Result<Option<LoggedIn>, StoreError> {
    let FinishLogin { attempt_id, log_in, code } = finish;
    let client_id = log_in.client_id.clone();
    let Some(logged_in) = lasting.log_in(log_in, now).await? else { return Ok(None) };
    let code = code.filter(|_| logged_in.is_expected).map(|code| logged_in.code(code, client_id, now));
    fleeting.end_attempt(&attempt_id, AttemptEnd::Done, code.as_ref()).await?;
    Ok(Some(logged_in))
}

impl LoggedIn {
    /// The row of the code that is given out for this login.
    pub fn code(&self, code: NewCode, client_id: String, now: Seconds) -> CodeRow {
        let sid = self.sso.as_ref().map(|session| session.sid.clone());
        let auth_time = self.sso.as_ref().map_or(now, |session| session.auth_time);
        code.row(client_id, self.account.id.clone(), sid, auth_time)
    }
}

/// The code first: it is good once, whatever becomes of what it gives.
async fn redeem_code<L: Lasting + ?Sized, F: Fleeting + ?Sized>(
    lasting: &L,
    fleeting: &F,
    redeem: RedeemCode,
    now: Seconds,
) -> Result<Redemption, StoreError> {
    if !fleeting.take_code(&redeem.code_hash, now).await? {
        let row = fleeting.code_or_tombstone(&redeem.code_hash).await?;
        if row.is_none_or(|row| row.used_at.is_none()) {
            return Ok(Redemption::Refused);
        }
        lasting.revoke_grant(&redeem.grant.id, now, redeem.keep_until).await?;
        return Ok(Redemption::Reused);
    }
    let granted = lasting.begin_grant(redeem.grant, now).await?;
    Ok(granted.map_or(Redemption::Refused, Redemption::Granted))
}

/// [`Lasting::log_in`] by small verbs.
pub(super) async fn log_in<L: Lasting + ?Sized>(
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
pub(super) async fn begin_grant<L: Lasting + ?Sized>(
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
