//! What the phone shows after it scanned a QR code of WeChat's: `/connect/confirm`, with allow and cancel.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::desktop::host_of;
use crate::namespaces::Here;
use crate::page::{error_page, escape, page};
use crate::query::Query;
use crate::world::TicketError;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/connect/confirm").route(web::get().to(confirm)).route(web::post().to(answer)),
    );
}

#[derive(Deserialize)]
struct Answer {
    uuid: String,
    answer: Choice,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choice {
    Allow,
    Cancel,
}

/// The words on a page that asks the person on the phone.
pub(crate) struct Question<'a> {
    pub app_name: &'a str,
    pub redirect_uri: &'a str,
    pub nickname: &'a str,
    pub avatar: &'a str,
    pub action: &'a str,
    pub hidden: &'a [(&'a str, &'a str)],
}

/// Opening the address that the QR code holds is the scan.
async fn confirm(world: Here, request: HttpRequest) -> HttpResponse {
    let query = Query::parse(request.query_string());
    let uuid = query.or_empty("uuid");
    if let Err(error) = world.scan(uuid) {
        return dead(error);
    }
    let (request, app_name, person) = world.read(|state, _| {
        let request = state.ticket(uuid).map(|ticket| ticket.request.clone());
        let app_name =
            request.as_ref().and_then(|request| state.app(&request.appid)).map(|app| app.name.clone());
        (request, app_name.unwrap_or_default(), state.phone.person.clone())
    });
    question(&Question {
        app_name: &app_name,
        redirect_uri: request.as_ref().map_or("", |request| &request.redirect_uri),
        nickname: &person.nickname,
        avatar: &world.avatar_of(&person),
        action: &format!("{}/connect/confirm", world.addresses.path),
        hidden: &[("uuid", uuid)],
    })
}

async fn answer(world: Here, form: web::Form<Answer>) -> HttpResponse {
    let result = match form.answer {
        Choice::Allow => world.allow(&form.uuid),
        Choice::Cancel => world.cancel(&form.uuid),
    };
    match (result, form.answer) {
        (Err(error), _) => dead(error),
        (Ok(()), Choice::Allow) => {
            done("✓", "已允许登录", "请回到电脑上继续 · Allowed: go on at the computer")
        }
        (Ok(()), Choice::Cancel) => done("✕", "已取消登录", "Cancelled"),
    }
}

pub(crate) fn question(question: &Question<'_>) -> HttpResponse {
    let hidden: String = question
        .hidden
        .iter()
        .map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value)))
        .collect();
    page(
        include_str!("../pages/phone.html"),
        &[
            ("css", include_str!("../pages/phone.css")),
            ("app_name", &escape(question.app_name)),
            ("initial", &escape(&question.app_name.chars().take(1).collect::<String>())),
            ("host", &escape(&host_of(question.redirect_uri))),
            ("nickname", &escape(question.nickname)),
            ("avatar", &escape(question.avatar)),
            ("action", question.action),
            ("hidden", &hidden),
        ],
    )
}

fn done(mark: &str, title: &str, detail: &str) -> HttpResponse {
    page(
        include_str!("../pages/phone-done.html"),
        &[("css", include_str!("../pages/phone.css")), ("mark", mark), ("title", title), ("detail", detail)],
    )
}

fn dead(error: TicketError) -> HttpResponse {
    match error {
        TicketError::Unknown | TicketError::Expired => {
            error_page("二维码已失效", "请刷新电脑上的二维码后重新扫描")
        }
        TicketError::Answered => error_page("该二维码已被使用", "请刷新电脑上的二维码后重新扫描"),
        TicketError::NotScanned => error_page("请重新扫描二维码", ""),
    }
}
