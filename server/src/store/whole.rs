//! Both stores together, for what needs both. Where one store is both, that is one transaction; where there are two, it is a verb of
//! each, in the order in which a crash between them costs the least.

use std::sync::Arc;

use async_trait::async_trait;

use super::attempts::AttemptEnd;
use super::channel::Channel;
use super::contacts::{OnTerms, Terms};
use super::error::StoreError;
use super::fleeting::Fleeting;
use super::lasting::Lasting;
use super::logins::{FinishLogin, LoggedIn, RedeemCode, Redemption};
use crate::clock::Seconds;

/// One store that is both.
#[async_trait]
pub trait Whole: Lasting + Fleeting {
    /// See [`Store::finish_login`]. All of it in one transaction.
    async fn finish_login(&self, finish: FinishLogin, now: Seconds) -> Result<Option<LoggedIn>, StoreError>;
    /// See [`Store::finish_login_on_terms`]. All of it in one transaction.
    async fn finish_login_on_terms(
        &self,
        finish: FinishLogin,
        terms: Terms,
        now: Seconds,
    ) -> Result<OnTerms, StoreError>;
    /// See [`Store::redeem_code`]. All of it in one transaction.
    async fn redeem_code(&self, redeem: RedeemCode, now: Seconds) -> Result<Redemption, StoreError>;
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

    /// Does as [`finish_login`](Self::finish_login) where the account has what the terms require once it has got what was proven; else
    /// nothing is kept.
    pub async fn finish_login_on_terms(
        &self,
        finish: FinishLogin,
        terms: Terms,
        now: Seconds,
    ) -> Result<OnTerms, StoreError> {
        if terms.are_none() {
            let kept = self.finish_login(finish, now).await?;
            return Ok(kept.map_or(OnTerms::NoAccount, |kept| OnTerms::LoggedIn(Box::new(kept))));
        }
        match &self.whole {
            Some(whole) => whole.finish_login_on_terms(finish, terms, now).await,
            None => finish_login_on_terms(&*self.lasting, &*self.fleeting, finish, terms, now).await,
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
async fn finish_login(
    lasting: &dyn Lasting,
    fleeting: &dyn Fleeting,
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

/// As [`finish_login`].
async fn finish_login_on_terms(
    lasting: &dyn Lasting,
    fleeting: &dyn Fleeting,
    finish: FinishLogin,
    terms: Terms,
    now: Seconds,
) -> Result<OnTerms, StoreError> {
    let FinishLogin { attempt_id, log_in, code } = finish;
    let client_id = log_in.client_id.clone();
    let kept = lasting.log_in_on_terms(log_in, terms, now).await?;
    if let OnTerms::LoggedIn(logged_in) = &kept {
        let code = code.filter(|_| logged_in.is_expected).map(|code| logged_in.code(code, client_id, now));
        fleeting.end_attempt(&attempt_id, AttemptEnd::Done, code.as_ref()).await?;
    }
    Ok(kept)
}

/// The code first: it is good once, whatever becomes of what it gives.
async fn redeem_code(
    lasting: &dyn Lasting,
    fleeting: &dyn Fleeting,
    redeem: RedeemCode,
    now: Seconds,
) -> Result<Redemption, StoreError> {
    if !fleeting.take_code(&redeem.code_hash, now).await? {
        let row = fleeting.code(&redeem.code_hash).await?;
        if row.is_none_or(|row| row.used_at.is_none()) {
            return Ok(Redemption::Refused);
        }
        lasting.revoke_grant(&redeem.grant.id, now, redeem.keep_until).await?;
        return Ok(Redemption::Reused);
    }
    let granted = lasting.begin_grant(redeem.grant, now).await?;
    Ok(granted.map_or(Redemption::Refused, Redemption::Granted))
}
