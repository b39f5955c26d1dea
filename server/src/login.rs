//! The end of a login: who it is, as WeChat says or as a scene's person has confirmed, becomes sessions of this browser and a code for
//! the client. All of it is kept by one verb of the store, with the attempt's end.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use protocol::service::{ContactKind, ErrorCode};

use crate::attempt::ConsumedAttempt;
use crate::attempt::address::way_back;
use crate::attempt::cookie::oldest_secret;
use crate::code;
use crate::error::ApiError;
use crate::exchange::WeixinIdentity;
use crate::session::NewCookie;
use crate::shared::Shared;
use crate::store::attempts::{Destination, SitePage};
use crate::store::contacts::{OnTerms, ProvenContact, Terms};
use crate::store::logins::{FinishLogin, LogIn, LoggedIn, Person};
use crate::store::logouts::{Ending, LogoutRow};
use crate::store::{AccountRow, Found, IdentityRow, News, StoreError};

/// Why a login was not kept.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// An operator has deleted the account since it let this computer in.
    #[error("the account is gone")]
    NoAccount,
    /// The site is none of the service's any more.
    #[error("the site is gone")]
    NoClient,
    /// The client requires what the person has not proven, or proved what is another account's.
    #[error("a contact is to be proven first")]
    Unbound(Unbound),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a login waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unbound {
    /// These are missing.
    Missing(Vec<ContactKind>),
    /// The proven contact of this kind is another account's.
    Taken(ContactKind),
}

impl Unbound {
    /// What is to be asked for.
    pub fn kinds(self) -> Vec<ContactKind> {
        match self {
            Self::Missing(kinds) => kinds,
            Self::Taken(kind) => vec![kind],
        }
    }
}

/// Who logs in, and with what.
#[derive(Debug, Clone)]
pub struct Who {
    /// As WeChat says, or a scene's account.
    pub person: Person,
    /// What was proven in this login.
    pub contacts: Vec<ProvenContact>,
    /// The account that the person has chosen to be one with.
    pub join: Option<String>,
}

impl Who {
    /// Somebody who has proven nothing yet.
    pub fn of(person: Person) -> Self {
        Self { person, contacts: Vec::new(), join: None }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::NoAccount => Self::new(ErrorCode::LoginRequired, "the account of this login is gone"),
            LoginError::NoClient => Self::new(ErrorCode::UnknownClient, "the site of this login is gone"),
            LoginError::Unbound(_) => {
                Self::new(ErrorCode::LoginRequired, "the site requires a contact that was not proven")
            }
            LoginError::Store(error) => error.into(),
        }
    }
}

/// The person of this identity.
pub fn person(identity: WeixinIdentity) -> Person {
    Person::Identity(row(&identity))
}

/// The account of this identity, which logs in nowhere yet: it is found, or made.
pub async fn account(app: &Shared, identity: WeixinIdentity) -> Result<AccountRow, StoreError> {
    let (now, tell) = (app.clock.now(), app.config.backchannel_clients());
    let ending = Ending { offline: false, tell: &tell, due_at: now, now };
    let Found { account, news, logouts } =
        app.store.lasting.account_of_identity(&row(&identity), ending).await?;
    tell_of(app, &account, &news, &logouts);
    Ok(account)
}

/// Ends an attempt of the service's own page with a login: where the browser goes, and the cookies of its sessions.
pub async fn on_our_page(
    app: &Shared,
    request: &HttpRequest,
    attempt: &ConsumedAttempt,
    destination: &Destination,
    who: Who,
) -> Result<(String, Vec<Cookie<'static>>), LoginError> {
    let client_id = &attempt.row().client_id;
    let public_url = &app.config.public_url;
    let browser = oldest_secret(public_url, request);
    let sso = NewCookie::of_service(app, request, browser.as_deref());
    let (site, issued, expected_sub) = match destination {
        Destination::ReturnTo(_) => {
            (Some(NewCookie::of_client(app, request, client_id, browser.as_deref())), None, None)
        }
        Destination::Client(authorization) => {
            (None, Some(code::for_client(authorization, &app.clock)), authorization.expected_sub.clone())
        }
    };
    let (code, row) = issued.map(|issued| (issued.code, issued.row)).unzip();
    let log_in = LogIn {
        person: who.person,
        join: who.join,
        client_id: client_id.clone(),
        expected_sub,
        sso: Some(sso.session.clone()),
        site: site.as_ref().map(|site| site.session.clone()),
        tell: told(app),
    };
    let finish = FinishLogin { attempt_id: attempt.row().id.clone(), log_in, code: row };
    let logged_in = keep(app, finish, who.contacts).await?;
    let cookies = [(Some(sso), &logged_in.sso), (site, &logged_in.site)];
    let cookies = cookies.into_iter().filter_map(|(new, session)| new?.cookie(app, session.as_ref()?));
    let location = match (destination, code) {
        (Destination::Client(authorization), Some(code)) if logged_in.is_expected => {
            authorization.granted(public_url, &code)
        }
        (Destination::Client(authorization), _) => authorization.refused_to_another(public_url),
        (Destination::ReturnTo(_), _) => way_back(public_url, &attempt.row().kind),
    };
    Ok((location, cookies.collect()))
}

/// Ends an attempt of a site's page with a login: its code. The browser has no session of the service's.
pub async fn on_site_page(
    app: &Shared,
    attempt: &ConsumedAttempt,
    page: &SitePage,
    who: Who,
) -> Result<String, LoginError> {
    let client = app.config.client(&attempt.row().client_id);
    let require = client.map(|client| client.require.as_slice()).unwrap_or_default();
    let issued = code::for_site_page(page, require, &app.clock);
    let log_in = LogIn {
        person: who.person,
        join: who.join,
        client_id: attempt.row().client_id.clone(),
        expected_sub: None,
        sso: None,
        site: None,
        tell: told(app),
    };
    let attempt_id = attempt.row().id.clone();
    keep(app, FinishLogin { attempt_id, log_in, code: Some(issued.row) }, who.contacts).await?;
    Ok(issued.code)
}

/// The clients that hear of the end of a session.
fn told(app: &Shared) -> Vec<String> {
    app.config.backchannel_clients().into_iter().map(str::to_owned).collect()
}

/// Keeps a login, where the account has what its client requires.
async fn keep(
    app: &Shared,
    finish: FinishLogin,
    contacts: Vec<ProvenContact>,
) -> Result<LoggedIn, LoginError> {
    // It may have been taken out of the configuration since the login began.
    let client = app.config.client(&finish.log_in.client_id).ok_or(LoginError::NoClient)?;
    let terms = Terms { require: client.require.clone(), contacts };
    let logged_in = match app.store.finish_login_on_terms(finish, terms, app.clock.now()).await? {
        OnTerms::LoggedIn(logged_in) => *logged_in,
        OnTerms::NoAccount => return Err(LoginError::NoAccount),
        OnTerms::Missing(kinds) => return Err(LoginError::Unbound(Unbound::Missing(kinds))),
        OnTerms::Taken(kind) => return Err(LoginError::Unbound(Unbound::Taken(kind))),
    };
    tell_of(app, &logged_in.account, &logged_in.news, &logged_in.logouts);
    Ok(logged_in)
}

fn row(identity: &WeixinIdentity) -> IdentityRow {
    IdentityRow {
        appid: identity.appid().into(),
        openid: identity.openid().into(),
        unionid: identity.unionid().map(Into::into),
        nickname: identity.nickname().into(),
        picture: identity.picture().map(Into::into),
    }
}

fn tell_of(app: &Shared, account: &AccountRow, news: &News, logouts: &[LogoutRow]) {
    let News { merged, unionid_changed, disputed_with } = news;
    if !merged.is_empty() {
        tracing::info!(
            account = account.id,
            merged = merged.join(", "),
            "these accounts are one person's, and are one account now; `weixin-login accounts show` tells of it"
        );
    }
    if let Some(other) = disputed_with {
        tracing::warn!(
            account = account.id,
            other,
            "WeChat tells another unionid than before of an identity, and it is another account's: nothing is merged; `weixin-login accounts duplicates` lists the two, `accounts merge` makes them one"
        );
    } else if *unionid_changed {
        tracing::warn!(
            account = account.id,
            "WeChat tells another unionid than before of an identity, as if its app had moved to another open-platform account"
        );
    }
    app.webhooks.soon();
    if !logouts.is_empty() {
        app.backchannel.soon.notify_one();
    }
}
