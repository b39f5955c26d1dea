//! A mini program's login and phone number: `sns/jscode2session` and `wxa/business/getuserphonenumber` (documented). What the program
//! itself gets from WeChat, `wx.login`'s code and the phone button's, is made by the control API.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::cgi_bin::{answer, authorized, posted, posted_json, unknown};
use crate::gate::parameters;
use crate::namespaces::Here;
use crate::query::Query;
use crate::scenario::AppKind;
use crate::sns::{Failure, either, plain_answer, quote};
use crate::world::State;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(either("/sns/jscode2session").to(jscode2session))
        .service(posted("/wxa/business/getuserphonenumber", web::post().to(phone_number)))
        .service(web::resource("/wxa/{path}*").to(unknown));
}

/// As text/plain, as all of `/sns` is (reported); session_key before openid, as is reported, too.
async fn jscode2session(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    plain_answer(world.change(|state, now| session(state, &query, now)))
}

fn session(state: &mut State, query: &Query, now: std::time::Duration) -> Result<String, Failure> {
    let appid = query.required("appid").ok_or(Failure(41002, "appid missing"))?;
    let secret = query.required("secret").ok_or(Failure(41004, "appsecret missing"))?;
    let code = query.required("js_code").ok_or(Failure(41008, "missing code"))?;
    state.grants.count_exchange(code);
    if query.get("grant_type") != Some("authorization_code") {
        return Err(Failure(40002, "invalid grant_type"));
    }
    let app = state.app(appid).ok_or(Failure(40013, "invalid appid"))?.clone();
    if app.secret != secret {
        return Err(Failure(40125, "invalid appsecret"));
    }
    if app.kind != AppKind::MiniProgram {
        return Err(Failure(48001, "api unauthorized"));
    }
    let grant = state.grants.take_code(code, appid, now)?;
    let key = state.products.session_key(appid, &grant.person.id);
    let unionid = grant.person.unionid(&app).map(|unionid| format!(r#","unionid":{}"#, quote(&unionid)));
    Ok(format!(
        r#"{{"session_key":{},"openid":{}{}}}"#,
        quote(&key),
        quote(&grant.person.openid(appid)),
        unionid.unwrap_or_default()
    ))
}

#[derive(Deserialize)]
struct PhoneNumber {
    code: String,
}

async fn phone_number(world: Here, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let query = parameters(&request);
    let time = world.unix_time();
    answer(world.change(|state, now| {
        let app = authorized(state, &query, AppKind::MiniProgram, now)?;
        let PhoneNumber { code } = posted_json(&body)?;
        let invalid = Failure(40029, "invalid code");
        let known = state.products.phone_codes.get_mut(&code).ok_or(invalid)?;
        if known.appid != app.appid || known.used || now >= known.expires_at {
            return Err(Failure(40029, "invalid code"));
        }
        known.used = true;
        Ok(json!({
            "errcode": 0, "errmsg": "ok",
            "phone_info": {
                "phoneNumber": known.phone_number, "purePhoneNumber": known.phone_number, "countryCode": "86",
                "watermark": { "timestamp": time, "appid": app.appid },
            },
        }))
    }))
}
