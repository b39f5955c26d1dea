//! `open.weixin.qq.com/connect/oauth2/authorize`, the service account's page inside WeChat: silent for snsapi_base, a question
//! for snsapi_userinfo, a snapshot with a virtual person where nobody has tapped.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::open::refusal_page;
use crate::page::error_page;
use crate::phone::{Choice, Question, question};
use crate::query::{Query, answer_query, append_before_fragment};
use crate::scenario::{AppKind, Person};
use crate::world::{AuthorizationRequest, Refusal, World};

/// The documented order, which WeChat insists on.
const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/connect/oauth2/authorize")
            .route(web::get().to(authorize))
            .route(web::post().to(answer)),
    );
}

async fn authorize(world: web::Data<World>, request: HttpRequest) -> HttpResponse {
    if !inside_weixin(&request) {
        return error_page("请在微信客户端打开链接", "");
    }
    let query = Query::parse(request.query_string());
    if !in_order(&query) {
        return refusal_page(Refusal::ParameterOrder);
    }
    let asked = AuthorizationRequest::from_query(&query);
    let app_name = match world
        .read(|state, _| state.check(&asked, AppKind::ServiceAccount).map(|app| app.name.clone()))
    {
        Ok(app_name) => app_name,
        Err(refusal) => return refusal_page(refusal),
    };
    let (person, snapshot) = world.read(|state, _| (state.phone.person.clone(), state.phone.snapshot));
    if asked.scope == "snsapi_base" {
        return allowed(&world, &asked, person);
    }
    if snapshot && query.get("forcePopup") != Some("true") {
        let nobody = Person::snapshot_of(&person);
        return allowed(&world, &asked, nobody);
    }
    question(&Question {
        app_name: &app_name,
        redirect_uri: &asked.redirect_uri,
        nickname: &person.nickname,
        avatar: &world.avatar_of(&person),
        action: "/connect/oauth2/authorize",
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

async fn answer(world: web::Data<World>, request: HttpRequest, form: web::Form<Answer>) -> HttpResponse {
    if !inside_weixin(&request) {
        return error_page("请在微信客户端打开链接", "");
    }
    let Answer { appid, redirect_uri, scope, state, answer } = form.into_inner();
    let asked = AuthorizationRequest { appid, redirect_uri, scope, state };
    if let Err(refusal) = world.read(|state, _| state.check(&asked, AppKind::ServiceAccount).map(|_| ())) {
        return refusal_page(refusal);
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
    known == ORDER
}
