//! Whole logins and redemptions in SQLite: each is one piece of one transaction, and waits for the disk once.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::accounts::{account, insert_session, living_session, session, subject, was_called};
use super::attempts::{code_of, end_attempt, take_code};
use super::grants::{insert_grant, revoke_grant};
use super::identity::{account_of_identity, joined};
use super::logouts::{OwnEnding, end_session};
use super::statement::statements;
use super::terms::on_terms;
use crate::clock::Seconds;
use crate::store::contacts::{OnTerms, Terms};
use crate::store::grants::GrantRow;
use crate::store::logins::{
    AT_ONCE, BeginGrant, FinishLogin, GrantSession, LogIn, LoggedIn, NewSession, Person, RedeemCode,
    Redemption,
};
use crate::store::logouts::LogoutRow;
use crate::store::{AccountRow, AttemptEnd, Found, SessionRow, StoreError, Whole};

#[async_trait]
impl Whole for SqliteStore {
    async fn finish_login(&self, finish: FinishLogin, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        self.write.all(move |connection| finish_login(connection, finish, now)).await
    }

    async fn finish_login_on_terms(
        &self,
        finish: FinishLogin,
        terms: Terms,
        now: Seconds,
    ) -> Result<OnTerms, StoreError> {
        let kept = self.write.all(move |connection| {
            on_terms(connection, &terms, now, |connection| finish_login(connection, finish, now))
        });
        kept.await
    }

    async fn redeem_code(&self, redeem: RedeemCode, now: Seconds) -> Result<Redemption, StoreError> {
        self.write.all(move |connection| redeem_code(connection, redeem, now)).await
    }
}

fn finish_login(
    connection: &Connection,
    finish: FinishLogin,
    now: Seconds,
) -> Result<Option<LoggedIn>, StoreError> {
    let FinishLogin { attempt_id, log_in: login, code } = finish;
    let client_id = login.client_id.clone();
    let Some(logged_in) = log_in(connection, login, now)? else { return Ok(None) };
    let code = code.filter(|_| logged_in.is_expected).map(|code| logged_in.code(code, client_id, now));
    end_attempt(connection, &attempt_id, AttemptEnd::Done, code.as_ref())?;
    Ok(Some(logged_in))
}

fn redeem_code(connection: &Connection, redeem: RedeemCode, now: Seconds) -> Result<Redemption, StoreError> {
    if take_code(connection, &redeem.code_hash, now)? {
        let granted = begin_grant(connection, redeem.grant, now)?;
        return Ok(granted.map_or(Redemption::Refused, Redemption::Granted));
    }
    match code_of(connection, &redeem.code_hash)? {
        Some(code) if code.used_at.is_some() => {
            revoke_grant(connection, &redeem.grant.id, now, redeem.keep_until)?;
            Ok(Redemption::Reused)
        }
        _ => Ok(Redemption::Refused),
    }
}

/// [`Lasting::log_in`](crate::store::Lasting::log_in) within a transaction.
pub(super) fn log_in(
    connection: &Connection,
    login: LogIn,
    now: Seconds,
) -> Result<Option<LoggedIn>, StoreError> {
    let ending = OwnEnding { offline: false, tell: login.tell, due_at: now, now };
    let join = login.join.as_deref();
    let found = match &login.person {
        Person::Identity(identity) => account_of_identity(connection, identity, join, &ending)?,
        Person::Account(id) => joined(connection, id, join, &ending)?,
    };
    let Some(Found { account, news, logouts }) = found else { return Ok(None) };
    let sub = subject(connection, &login.client_id, &account.id, now)?;
    let is_expected = match &login.expected_sub {
        Some(expected) if *expected != sub => {
            was_called(connection, &login.client_id, &account.id, expected)?
        }
        _ => true,
    };
    let mut browser = BrowserOf { connection, account_id: &account.id, ending, logouts };
    let sso = login.sso.map(|new| browser.begin(new, None)).transpose()?;
    let site = login.site.map(|new| browser.begin(new, Some(login.client_id))).transpose()?;
    let logouts = browser.logouts;
    Ok(Some(LoggedIn { account, news, sub, is_expected, sso, site, logouts }))
}

/// The browser that somebody logs in with.
struct BrowserOf<'a> {
    connection: &'a Connection,
    account_id: &'a str,
    ending: OwnEnding,
    logouts: Vec<LogoutRow>,
}

impl BrowserOf<'_> {
    /// A session of the account. That of the service itself goes on where the same person has it; every other one that the cookie
    /// stands for ends, for nobody could end it here any more.
    fn begin(&mut self, new: NewSession, client_id: Option<String>) -> Result<SessionRow, StoreError> {
        let (connection, now) = (self.connection, self.ending.now);
        let mut sid = new.sid.clone();
        let before = match &new.before {
            Some(cookie) => living_session(connection, cookie, now)?,
            None => None,
        };
        match before.filter(|before| before.client_id == client_id) {
            Some(before) if client_id.is_none() && before.account_id == self.account_id => sid = before.sid,
            Some(before) => {
                let ended = end_session(connection, &before.sid, &self.ending)?;
                self.logouts.extend(ended.unwrap_or_default());
            }
            None => {
                if let Some(session) = self.made_at_once(&new, client_id.as_deref())? {
                    return Ok(session);
                }
            }
        }
        let session = new.row(sid, self.account_id.into(), client_id);
        insert_session(connection, &session)?;
        Ok(session)
    }

    /// What another callback of the same browser has made just now.
    fn made_at_once(
        &self,
        new: &NewSession,
        client_id: Option<&str>,
    ) -> Result<Option<SessionRow>, StoreError> {
        let Some(browser) = &new.browser else { return Ok(None) };
        let since = new.auth_time - AT_ONCE;
        MADE_AT_ONCE.first(
            self.connection,
            params![self.account_id, since, client_id, browser.hash, self.ending.now],
            session,
        )
    }
}

/// [`Lasting::begin_grant`](crate::store::Lasting::begin_grant) within a transaction.
pub(super) fn begin_grant(
    connection: &Connection,
    begin: BeginGrant,
    now: Seconds,
) -> Result<Option<GrantRow>, StoreError> {
    // It may have been merged since the code was given out.
    let Some(AccountRow { id: account_id, .. }) = account(connection, &begin.account_id)? else {
        return Ok(None);
    };
    let sub = subject(connection, &begin.client_id, &account_id, now)?;
    let sid = match begin.session {
        GrantSession::OfLogin(sid) => sid,
        GrantSession::New(new) => {
            let sid = new.sid.clone();
            let session = new.row(sid.clone(), account_id.clone(), Some(begin.client_id.clone()));
            insert_session(connection, &session)?;
            sid
        }
    };
    let grant = GrantRow {
        id: begin.id,
        client_id: begin.client_id,
        account_id,
        sub,
        sid,
        scope: begin.scope,
        auth_time: begin.auth_time,
        created_at: now,
        expires_at: begin.expires_at,
    };
    Ok(insert_grant(connection, &grant, begin.refresh_token)?.then_some(grant))
}

statements! {
    MADE_AT_ONCE = "SELECT * FROM sessions WHERE account_id = ?1 AND auth_time >= ?2 AND client_id IS ?3
        AND browser_hash = ?4 AND idle_until > ?5 AND expires_at > ?5 ORDER BY auth_time DESC, sid LIMIT 1";
}
