//! `api.weixin.qq.com/sns/*`: codes, WeChat's own tokens and what it tells about a person.
//! Every answer is status 200 and text/plain, failures too; the texts are written field by field in WeChat's order. GET is what the
//! document names; POST with a form is answered alike, as libraries in wide use rely on.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::gate::{parameters, remarked};
use crate::namespaces::Here;
use crate::query::Query;
use crate::ring::Ring;
use crate::scenario::{AppKind, Person};
use crate::world::{AuthorizationRequest, State, World, random_word};

const ACCESS_TOKEN_SECONDS: u64 = 7200;
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Of each kind: what thousands of logins at once need, and no more.
const KEPT: usize = 100_000;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(either("/sns/oauth2/access_token").to(access_token))
        .service(either("/sns/oauth2/refresh_token").to(refresh_token))
        .service(either("/sns/auth").to(auth))
        .service(either("/sns/userinfo").to(userinfo))
        .service(web::resource("/sns/{path}*").to(unknown));
}

/// GET, or POST with a form; everything else has a number of WeChat's own.
pub(crate) fn either(path: &str) -> Either {
    Either(web::resource(path))
}

pub(crate) struct Either(actix_web::Resource);

impl Either {
    pub fn to<F, Args>(self, handler: F) -> actix_web::Resource
    where
        F: actix_web::Handler<Args> + Clone,
        Args: actix_web::FromRequest + 'static,
        F::Output: actix_web::Responder + 'static,
    {
        self.0
            .route(web::get().to(handler.clone()))
            .route(web::post().to(handler))
            .default_service(web::to(|| async { failed(Failure(43001, "require GET method")) }))
    }
}

pub(crate) async fn unknown() -> HttpResponse {
    failed(Failure(40066, "invalid url"))
}

/// Codes and tokens that were given out.
pub(crate) struct Grants {
    codes: Ring<Code>,
    access_tokens: Ring<Grant>,
    refresh_tokens: Ring<Refreshable>,
    exchanges: Ring<u32>,
}

impl Default for Grants {
    fn default() -> Grants {
        Grants {
            codes: Ring::new(KEPT),
            access_tokens: Ring::new(KEPT),
            refresh_tokens: Ring::new(KEPT),
            exchanges: Ring::new(KEPT),
        }
    }
}

/// A refresh token, and the access token that it prolongs while that lives.
struct Refreshable {
    grant: Grant,
    access_token: String,
}

struct Code {
    grant: Grant,
    used: bool,
}

#[derive(Clone)]
pub(crate) struct Grant {
    pub appid: String,
    pub person: Person,
    scope: String,
    expires_at: Duration,
}

/// An errcode and the words WeChat puts beside it.
pub(crate) struct Failure(pub i64, pub &'static str);

impl Grants {
    pub fn issue_code(
        &mut self,
        request: &AuthorizationRequest,
        person: Person,
        kind: AppKind,
        now: Duration,
    ) -> String {
        let code = random_word(32);
        let minutes = match kind {
            AppKind::Website => 10,
            // wx.login's is good for five, as a service account's.
            AppKind::MiniProgram => 5,
            AppKind::ServiceAccount => 5,
        };
        let grant = Grant {
            appid: request.appid.clone(),
            person,
            scope: request.scope.clone(),
            expires_at: now + Duration::from_secs(minutes * 60),
        };
        self.codes.insert(code.clone(), Code { grant, used: false });
        code
    }

    /// How many access_token calls named this code, whatever their answers.
    pub fn exchanges(&self, code: &str) -> u32 {
        self.exchanges.get(code).copied().unwrap_or(0)
    }

    pub fn all_exchanges(&self) -> BTreeMap<String, u32> {
        self.exchanges.iter().map(|(code, count)| (code.clone(), *count)).collect()
    }

    pub fn knows(&self, access_token: &str) -> bool {
        self.access_tokens.get(access_token).is_some()
    }

    /// Counts a call that names this code.
    pub fn count_exchange(&mut self, code: &str) {
        match self.exchanges.get_mut(code) {
            Some(count) => *count += 1,
            None => self.exchanges.insert(code.to_owned(), 1),
        }
    }

    /// The person and scope behind a code of this app, which then is used.
    pub fn take_code(&mut self, code: &str, appid: &str, now: Duration) -> Result<Grant, Failure> {
        let issued = self.codes.get_mut(code).ok_or(Failure(40029, "invalid code"))?;
        if issued.grant.appid != appid || now >= issued.grant.expires_at {
            return Err(Failure(40029, "invalid code"));
        }
        if issued.used {
            return Err(Failure(40163, "code been used"));
        }
        issued.used = true;
        Ok(issued.grant.clone())
    }

    /// Takes the rights of everything given out so far, as a changed password does.
    pub fn revoke_tokens(&mut self) {
        self.access_tokens.clear();
        self.refresh_tokens.clear();
    }

    fn give_access_token(&mut self, grant: &Grant, now: Duration) -> String {
        let token = format!("{}_{}", rand::random_range(10..100), random_word(64));
        let expires_at = now + Duration::from_secs(ACCESS_TOKEN_SECONDS);
        self.access_tokens.insert(token.clone(), Grant { expires_at, ..grant.clone() });
        token
    }
}

async fn access_token(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    plain_answer(world.change(|state, now| exchange(state, &query, now)))
}

fn exchange(state: &mut State, query: &Query, now: Duration) -> Result<String, Failure> {
    let appid = query.required("appid").ok_or(Failure(41002, "appid missing"))?;
    let secret = query.required("secret").ok_or(Failure(41004, "appsecret missing"))?;
    let code = query.required("code").ok_or(Failure(41008, "missing code"))?;
    state.grants.count_exchange(code);
    if query.get("grant_type") != Some("authorization_code") {
        return Err(Failure(40002, "invalid grant_type"));
    }
    let app = state.app(appid).ok_or(Failure(40013, "invalid appid"))?.clone();
    if app.secret != secret {
        return Err(Failure(40125, "invalid appsecret"));
    }
    let grant = state.grants.take_code(code, appid, now)?;
    let access_token = state.grants.give_access_token(&grant, now);
    let refresh_token = format!("{}_{}", rand::random_range(10..100), random_word(64));
    let expires_at = now + REFRESH_TOKEN_LIFETIME;
    let refreshable =
        Refreshable { grant: Grant { expires_at, ..grant.clone() }, access_token: access_token.clone() };
    state.grants.refresh_tokens.insert(refresh_token.clone(), refreshable);
    let unionid = match grant.person.unionid(&app) {
        // A silent service-account login tells the openid alone.
        Some(unionid) if grant.scope != "snsapi_base" => format!(r#","unionid":{}"#, quote(&unionid)),
        _ => String::new(),
    };
    let snapshot = if grant.person.is_virtual { r#","is_snapshotuser":1"# } else { "" };
    Ok(format!(
        r#"{{"access_token":{},"expires_in":{ACCESS_TOKEN_SECONDS},"refresh_token":{},"openid":{},"scope":{}{snapshot}{unionid}}}"#,
        quote(&access_token),
        quote(&refresh_token),
        quote(&grant.person.openid(appid)),
        quote(&grant.scope),
    ))
}

async fn refresh_token(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    plain_answer(world.change(|state, now| refresh(state, &query, now)))
}

fn refresh(state: &mut State, query: &Query, now: Duration) -> Result<String, Failure> {
    let appid = query.required("appid").ok_or(Failure(41002, "appid missing"))?;
    let presented = query.required("refresh_token").ok_or(Failure(41003, "refresh_token missing"))?;
    if query.get("grant_type") != Some("refresh_token") {
        return Err(Failure(40002, "invalid grant_type"));
    }
    if state.app(appid).is_none() {
        return Err(Failure(40013, "invalid appid"));
    }
    let (grant, last) = match state.grants.refresh_tokens.get(presented) {
        Some(Refreshable { grant, access_token }) if grant.appid == appid => {
            (grant.clone(), access_token.clone())
        }
        _ => return Err(Failure(40030, "invalid refresh_token")),
    };
    if now >= grant.expires_at {
        return Err(Failure(42002, "refresh_token expired"));
    }
    // An access token that still lives stays as it is and lives longer; a new one is given where it has expired.
    let access_token = match state.grants.access_tokens.get_mut(&last) {
        Some(living) if now < living.expires_at => {
            living.expires_at = now + Duration::from_secs(ACCESS_TOKEN_SECONDS);
            last
        }
        _ => {
            let access_token = state.grants.give_access_token(&grant, now);
            if let Some(refreshable) = state.grants.refresh_tokens.get_mut(presented) {
                refreshable.access_token.clone_from(&access_token);
            }
            access_token
        }
    };
    Ok(format!(
        r#"{{"openid":{},"access_token":{},"expires_in":{ACCESS_TOKEN_SECONDS},"refresh_token":{},"scope":{}}}"#,
        quote(&grant.person.openid(appid)),
        quote(&access_token),
        quote(presented),
        quote(&grant.scope),
    ))
}

async fn auth(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    let found = world.read(|state, now| authorized(state, &query, now).map(|_| ()));
    plain_answer(found.map(|()| r#"{"errcode":0,"errmsg":"ok"}"#.to_owned()))
}

async fn userinfo(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    plain_answer(world.read(|state, now| tell(&world, state, &query, now)))
}

fn tell(world: &World, state: &State, query: &Query, now: Duration) -> Result<String, Failure> {
    let grant = authorized(state, query, now)?;
    if grant.scope == "snsapi_base" {
        return Err(Failure(48001, "api unauthorized"));
    }
    // As on the other account pages the person in `people` is asked, so that a changed nickname shows at the next login.
    let person = state.person(&grant.person.id).unwrap_or(&grant.person);
    let unionid = state.app(&grant.appid).and_then(|app| person.unionid(app));
    let unionid = unionid.map(|unionid| format!(r#","unionid":{}"#, quote(&unionid))).unwrap_or_default();
    Ok(format!(
        r#"{{"openid":{},"nickname":{},"sex":{},"language":"","city":{},"province":{},"country":{},"headimgurl":{},"privilege":[]{unionid}}}"#,
        quote(&person.openid(&grant.appid)),
        quote(&person.nickname),
        person.sex,
        quote(&person.city),
        quote(&person.province),
        quote(&person.country),
        quote(&world.avatar_of(person)),
    ))
}

fn authorized<'a>(state: &'a State, query: &Query, now: Duration) -> Result<&'a Grant, Failure> {
    let token = query.required("access_token").ok_or(Failure(41001, "access_token missing"))?;
    let openid = query.required("openid").ok_or(Failure(41009, "missing openid"))?;
    let invalid = Failure(40001, "invalid credential, access_token is invalid or not latest");
    let grant = state.grants.access_tokens.get(token).ok_or(invalid)?;
    if now >= grant.expires_at {
        return Err(Failure(42001, "access_token expired"));
    }
    if grant.person.openid(&grant.appid) != openid {
        return Err(Failure(40003, "invalid openid"));
    }
    Ok(grant)
}

/// A failure as WeChat words it, for the faults.
pub(crate) fn errcode_answer(errcode: i64) -> HttpResponse {
    let errmsg = match errcode {
        -1 => "system error",
        45009 => "reach max api daily quota limit",
        45011 => "api minute-quota reach limit, must slower, retry next minute",
        _ => "error",
    };
    failed(Failure(errcode, errmsg))
}

pub(crate) fn plain_answer(result: Result<String, Failure>) -> HttpResponse {
    result.map_or_else(failed, |body| HttpResponse::Ok().content_type("text/plain").body(body))
}

pub(crate) fn failed(failure: Failure) -> HttpResponse {
    let response = HttpResponse::Ok().content_type("text/plain").body(failure.body());
    remarked(response, format!("errcode {}, {}", failure.0, failure.1))
}

impl Failure {
    /// With the number that WeChat's support would ask for.
    pub fn body(&self) -> String {
        let Failure(errcode, errmsg) = self;
        let rid: [u32; 3] = rand::random();
        let errmsg = format!("{errmsg}, rid: {:08x}-{:08x}-{:08x}", rid[0], rid[1], rid[2]);
        format!(r#"{{"errcode":{errcode},"errmsg":{}}}"#, quote(&errmsg))
    }
}

/// A JSON string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
