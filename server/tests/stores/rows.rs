//! Rows to keep.

use protocol::ids::Product;
use protocol::service::LoginResult;
use weixin_login::clock::Seconds;
use weixin_login::secret::SecretHash;
use weixin_login::store::attempts::{AttemptKind, AttemptRow, Destination};
use weixin_login::store::grants::GrantRow;
use weixin_login::store::logins::{LogIn, NewSession, Person};
use weixin_login::store::logouts::Ending;
use weixin_login::store::scenes::{MOST_TRIES, Progress, SceneRow};
use weixin_login::store::{Browser, CodeRow, IdentityRow, SessionRow, Store};

/// Now.
pub const NOW: Seconds = 1_800_000_000;
/// As long as a code lives, and less than an attempt.
pub const SOON: Seconds = NOW + 60;
/// As long as a session lives.
pub const LATER: Seconds = NOW + 86_400;

pub fn hash(word: &str) -> SecretHash {
    SecretHash::of(word)
}

pub fn identity(openid: &str, unionid: Option<&str>) -> IdentityRow {
    identity_at("wx0123456789abcdef", openid, unionid)
}

pub fn identity_at(appid: &str, openid: &str, unionid: Option<&str>) -> IdentityRow {
    IdentityRow {
        appid: appid.into(),
        openid: openid.into(),
        unionid: unionid.map(Into::into),
        nickname: "陈锴".into(),
        picture: Some("https://thirdwx.qlogo.cn/0".into()),
    }
}

/// The account of a person who was not here before.
pub async fn somebody(store: &Store, openid: &str) -> String {
    store.lasting.account_of_identity(&identity(openid, None), ending(&[])).await.expect("kept").account.id
}

pub fn attempt(id: &str) -> AttemptRow {
    attempt_of(id, AttemptKind::Hosted(Destination::ReturnTo("https://shop.example.test/".into())))
}

pub fn attempt_of(id: &str, kind: AttemptKind) -> AttemptRow {
    AttemptRow {
        id: id.into(),
        kind,
        product: Product::Website,
        state_hash: hash(&format!("state of {id}")),
        secret_hash: hash(&format!("secret of {id}")),
        client_id: "shop".into(),
        lang: Some("zh-CN".into()),
        expires_at: SOON,
        taken_at: None,
        end: None,
    }
}

pub fn scene(id: &str) -> SceneRow {
    SceneRow {
        id: id.into(),
        number: "42".into(),
        computer: "Firefox, Linux".into(),
        started_at: NOW,
        progress: Progress::Waiting,
        tries_left: MOST_TRIES,
        leg_id: None,
        account_id: None,
        expires_at: SOON,
    }
}

pub fn code(word: &str, account_id: &str, sid: Option<&str>) -> CodeRow {
    CodeRow {
        code_hash: hash(word),
        redeem_at: LoginResult::Code,
        client_id: "shop".into(),
        redirect_uri: "https://shop.example.test/back".into(),
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into()),
        nonce: Some("n-0S6_WzA2Mj".into()),
        scope: "openid offline_access".into(),
        account_id: account_id.into(),
        sid: sid.map(Into::into),
        grant_id: format!("grant of {word}"),
        auth_time: NOW - 1,
        expires_at: SOON,
        used_at: None,
    }
}

pub fn session(sid: &str, account_id: &str, client_id: Option<&str>) -> SessionRow {
    SessionRow {
        sid: sid.into(),
        secret_hash: hash(&format!("cookie of {sid}")),
        account_id: account_id.into(),
        client_id: client_id.map(Into::into),
        device: "Firefox, Linux".into(),
        browser: None,
        auth_time: NOW,
        idle_until: LATER,
        expires_at: LATER,
    }
}

pub fn grant(id: &str, session: &SessionRow) -> GrantRow {
    GrantRow {
        id: id.into(),
        client_id: "shop".into(),
        account_id: session.account_id.clone(),
        sub: "sub".into(),
        sid: session.sid.clone(),
        scope: "openid offline_access".into(),
        auth_time: NOW - 1,
        created_at: NOW,
        expires_at: LATER,
    }
}

/// A session of a person who was not here before.
pub async fn logged_in(store: &Store, openid: &str, sid: &str) -> SessionRow {
    let session = session(sid, &somebody(store, openid).await, None);
    store.lasting.insert_session(&session).await.expect("kept");
    session
}

pub fn new_session(sid: &str, browser: Option<&str>, before: Option<&str>) -> NewSession {
    NewSession {
        sid: sid.into(),
        secret_hash: hash(&format!("cookie of {sid}")),
        before: before.map(|sid| hash(&format!("cookie of {sid}"))),
        browser: browser.map(|browser| Browser { hash: hash(browser), salt: format!("salt of {sid}") }),
        device: "Firefox, Linux".into(),
        auth_time: NOW,
        idle_until: LATER,
        expires_at: LATER,
    }
}

pub fn log_in(person: Person, sso: Option<NewSession>, site: Option<NewSession>) -> LogIn {
    LogIn {
        person,
        join: None,
        client_id: "shop".into(),
        expected_sub: None,
        sso,
        site,
        tell: vec!["forum".into(), "shop".into()],
    }
}

/// An end of sessions that tells these clients at once.
pub fn ending<'a>(tell: &'a [&'a str]) -> Ending<'a> {
    Ending { offline: false, tell, due_at: NOW, now: NOW }
}
