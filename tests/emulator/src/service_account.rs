//! `open.weixin.qq.com/connect/oauth2/authorize`, the service account's page inside WeChat: silent for snsapi_base, a question
//! for snsapi_userinfo, a snapshot with a virtual person where nobody has tapped.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::gate::remarked;
use crate::namespaces::Here;
use crate::open::refusal_page;
use crate::page::error_page;
use crate::phone::{Choice, Question, question};
use crate::query::{Query, answer_query, append_before_fragment};
use crate::scenario::{AppKind, Auto, AutoAnswer, Person};
use crate::world::{AuthorizationRequest, World};

/// The documented order. The document says that it matters; two widely used libraries send another, and live.
const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/connect/oauth2/authorize")
            .route(web::get().to(authorize))
            .route(web::post().to(answer)),
    );
}

async fn authorize(world: Here, request: HttpRequest) -> HttpResponse {
    if !inside_weixin(&request) {
        return error_page("请在微信客户端打开链接", "");
    }
    let query = Query::parse(request.query_string());
    let (asked, app_name) = match world.read(|state, _| {
        let (asked, app) = state.check_address(&query, AppKind::ServiceAccount)?;
        Ok((asked, app.name.clone()))
    }) {
        Ok(allowed) => allowed,
        Err(refusal) => return refusal_page(&world, refusal, &AuthorizationRequest::from_query(&query)),
    };
    let page = show(&world, &query, &asked, &app_name).await;
    match in_order(&query) {
        true => page,
        false => remarked(
            page,
            "WeChat's document wants the parameters as appid, redirect_uri, response_type, scope, state; this order may be refused there",
        ),
    }
}

async fn show(world: &Here, query: &Query, asked: &AuthorizationRequest, app_name: &str) -> HttpResponse {
    let phone = world.read(|state, _| state.phone.clone());
    let (person, snapshot) = (phone.person, phone.snapshot);
    if asked.scope == "snsapi_base" {
        return allowed(world, asked, person);
    }
    if snapshot && query.get("forcePopup") != Some("true") {
        let nobody = Person::snapshot_of(&person);
        return allowed(world, asked, nobody);
    }
    if let Some(Auto { answer, after_millis }) = phone.auto {
        world.sleep(Duration::from_millis(after_millis.into())).await;
        return match answer {
            AutoAnswer::Allow => allowed(world, asked, person),
            AutoAnswer::Refuse | AutoAnswer::Cancel => go(&redirect(asked, None)),
        };
    }
    question(&Question {
        app_name,
        redirect_uri: &asked.redirect_uri,
        nickname: &person.nickname,
        avatar: &world.avatar_of(&person),
        action: &format!("{}/connect/oauth2/authorize", world.addresses.path),
        hidden: &[
            ("appid", &asked.appid),
            ("redirect_uri", &asked.redirect_uri),
            ("scope", &asked.scope),
            ("state", &asked.state),
        ],
    })
}

#[derive(Deserialize)]
struct Answer {
    appid: String,
    redirect_uri: String,
    scope: String,
    state: String,
    answer: Choice,
}

async fn answer(world: Here, request: HttpRequest, form: web::Form<Answer>) -> HttpResponse {
    if !inside_weixin(&request) {
        return error_page("请在微信客户端打开链接", "");
    }
    let Answer { appid, redirect_uri, scope, state, answer } = form.into_inner();
    let asked = AuthorizationRequest { appid, redirect_uri, scope, state };
    if let Err(refusal) = world.read(|state, _| state.check(&asked, AppKind::ServiceAccount).map(|_| ())) {
        return refusal_page(&world, refusal, &asked);
    }
    match answer {
        Choice::Allow => {
            let person = world.read(|state, _| state.phone.person.clone());
            allowed(&world, &asked, person)
        }
        Choice::Cancel => go(&redirect(&asked, None)),
    }
}

fn allowed(world: &World, asked: &AuthorizationRequest, person: Person) -> HttpResponse {
    let code =
        world.change(|state, now| state.grants.issue_code(asked, person, AppKind::ServiceAccount, now));
    go(&redirect(asked, Some(&code)))
}

pub(crate) fn redirect(asked: &AuthorizationRequest, code: Option<&str>) -> String {
    append_before_fragment(&asked.redirect_uri, &answer_query(code, &asked.state))
}

fn go(address: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, address))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

fn inside_weixin(request: &HttpRequest) -> bool {
    let agent = request.headers().get(header::USER_AGENT);
    agent.and_then(|agent| agent.to_str().ok()).is_some_and(|agent| agent.contains("MicroMessenger"))
}

pub(crate) fn in_order(query: &Query) -> bool {
    let known: Vec<&str> = query.names().filter(|name| ORDER.contains(name)).collect();
    // What is missing is no matter of order.
    ORDER.into_iter().filter(|name| known.contains(name)).eq(known.iter().copied())
}
