//! The pages that a phone sees, and the ones of a computer that shows our own QR code without JavaScript.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use askama::Template;

use super::notice::NoticePage;
use super::{Frame, page};
use crate::clock::Seconds;
use crate::config::Client;
use crate::http::headers::{content_security_policy, header_value};
use crate::qr::Drawn;
use crate::shared::Shared;
use crate::store::scenes::SceneRow;
use crate::text::phone::{
    ANOTHER_SCREEN, COPY_INTO_WEIXIN, JUST_NOW, LET_IN_DONE, LET_IN_HINT, MINUTES_AGO, REFUSED_DONE,
    REFUSED_HINT, SENT_BY_SOMEBODY,
};
use crate::text::{self, Language, Refusal, say};

#[derive(Template)]
#[template(path = "scan.html")]
struct ScanPage<'a> {
    frame: Frame,
    client_name: &'a str,
    scene_id: &'a str,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    frame: Frame,
    client_name: &'a str,
    scene: &'a SceneRow,
    started: String,
    was_wrong: bool,
}

#[derive(Template)]
#[template(path = "tap.html")]
struct TapPage<'a> {
    frame: Frame,
    client_name: &'a str,
    authorize: &'a str,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage<'a> {
    frame: Frame,
    client_name: &'a str,
    /// In the place of the login's own.
    title: Option<&'a str>,
    what_to_do: &'a str,
    warning: Option<&'a str>,
    link: &'a str,
    open_weixin: bool,
    show_qr: Option<&'a str>,
    code: &'a str,
}

#[derive(Template)]
#[template(path = "still.html")]
struct StillPage<'a> {
    frame: Frame,
    client_name: &'a str,
    qr: &'a Drawn,
    number: &'a str,
}

/// `GET /scan/{id}` inside WeChat: the tap that begins.
pub fn scan(app: &Shared, client: &Client, scene_id: &str, language: Language) -> HttpResponse {
    let (frame, client_name) = (Frame::of(app, client, language), client.name.say(language));
    let mut response = page(StatusCode::OK, ScanPage { frame, client_name, scene_id }.render());
    takes_a_form(&mut response);
    // Browsers apply form-action to the redirect that follows the form, too.
    let policy = content_security_policy(&app.config, "'none'");
    let to_weixin = format!("form-action 'self' {}", app.config.weixin.open_url);
    let policy = policy.replace("form-action 'self'", &to_weixin);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, header_value(&policy));
    response
}

/// Which site, which computer, and the number.
pub fn confirm(
    app: &Shared,
    client: &Client,
    scene: &SceneRow,
    was_wrong: bool,
    now: Seconds,
    language: Language,
) -> HttpResponse {
    let started = match (now - scene.started_at) / 60 {
        0 => say(JUST_NOW, language).to_owned(),
        minutes => format!("{minutes}{}", say(MINUTES_AGO, language)),
    };
    let (frame, client_name) = (Frame::of(app, client, language), client.name.say(language));
    let confirm = ConfirmPage { frame, client_name, scene, started, was_wrong };
    let mut response = page(StatusCode::OK, confirm.render());
    takes_a_form(&mut response);
    response
}

/// What became of the computer.
pub fn answered(app: &Shared, client: &Client, let_in: bool, language: Language) -> HttpResponse {
    let words = if let_in { (LET_IN_DONE, LET_IN_HINT) } else { (REFUSED_DONE, REFUSED_HINT) };
    let notice = NoticePage::new(Frame::of(app, client, language), words, "");
    page(StatusCode::OK, NoticePage { is_good: let_in, leads_back: false, ..notice }.render())
}

/// A scene's QR code that was opened outside WeChat: what to do, and the link that does it.
pub fn open_in_weixin(app: &Shared, client: &Client, link: &str, language: Language) -> HttpResponse {
    let refusal = Refusal::OpenInWeixin;
    let (title, what_to_do) = refusal.words();
    let help = PhonePage {
        frame: Frame::of(app, client, language),
        client_name: client.name.say(language),
        title: Some(say(title, language)),
        what_to_do: say(what_to_do, language),
        warning: Some(say(SENT_BY_SOMEBODY, language)),
        link,
        open_weixin: true,
        show_qr: None,
        code: refusal.code(),
    };
    page(StatusCode::BAD_REQUEST, help.render())
}

/// Inside WeChat: the tap that leads to WeChat's question. `authorize` is its address.
pub fn tap(app: &Shared, client: &Client, authorize: &str, language: Language) -> HttpResponse {
    let (frame, client_name) = (Frame::of(app, client, language), client.name.say(language));
    page(StatusCode::OK, TapPage { frame, client_name, authorize }.render())
}

/// Where a phone cannot go on by itself: `link` is what to open elsewhere, `show_qr` shows the QR code all the same.
pub fn help(
    app: &Shared,
    client: &Client,
    link: &str,
    show_qr: Option<&str>,
    language: Language,
) -> HttpResponse {
    let into_weixin = app.config.weixin.service_account.is_some();
    let what_to_do = say(if into_weixin { COPY_INTO_WEIXIN } else { ANOTHER_SCREEN }, language);
    let (frame, client_name) = (Frame::of(app, client, language), client.name.say(language));
    let help = PhonePage {
        frame,
        client_name,
        title: None,
        what_to_do,
        warning: None,
        link,
        open_weixin: into_weixin && show_qr.is_some(),
        show_qr,
        code: "",
    };
    page(StatusCode::OK, help.render())
}

/// Our own QR code on a page that refreshes itself.
pub fn still(app: &Shared, client: &Client, qr: &Drawn, number: &str, language: Language) -> HttpResponse {
    let (frame, client_name) = (Frame::of(app, client, language), client.name.say(language));
    page(StatusCode::OK, StillPage { frame, client_name, qr, number }.render())
}

fn takes_a_form(response: &mut HttpResponse) {
    // Under no-referrer the form's Origin would be `null`.
    response.headers_mut().insert(REFERRER_POLICY, header_value("same-origin"));
}
