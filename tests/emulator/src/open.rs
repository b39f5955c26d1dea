//! `open.weixin.qq.com/connect/qrconnect`: the page with the QR code, the image in it and the long poll behind it.
//! What the phone sees of the same ticket is in `phone`.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use qrcode::{Color, EcLevel, QrCode};
use serde_json::json;

use crate::gate::remarked;
use crate::namespaces::Here;
use crate::page::{error_page, escape, page, script_json};
use crate::query::{Query, append, raw_answer_query};
use crate::scenario::{AppKind, Auto, AutoAnswer};
use crate::world::{AuthorizationRequest, Progress, Refusal, State, Ticket, World};

/// How long the poll is held while nothing happens, by the emulator's clock.
const HOLD: Duration = Duration::from_secs(25);

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/connect/qrconnect", web::get().to(qrconnect))
        .route("/connect/qrcode/{uuid}", web::get().to(qrcode))
        .route("/connect/l/qrconnect", web::get().to(long_poll));
}

impl AuthorizationRequest {
    pub fn from_query(query: &Query) -> AuthorizationRequest {
        let value = |name| strip(query.or_empty(name));
        AuthorizationRequest {
            appid: value("appid"),
            redirect_uri: value("redirect_uri"),
            scope: value("scope"),
            state: value("state"),
        }
    }
}

/// What WeChat's page takes out of its own address.
fn strip(value: &str) -> String {
    value.replace(['\'', '"', '<', '>', '`'], "").replace("script:", "")
}

/// Where a page goes with the person's answer. It knows nothing of fragments, the query lands behind them; and the state is put
/// there as it stands in the page, unencoded.
pub(crate) fn redirect_after_scan(request: &AuthorizationRequest, code: Option<&str>) -> String {
    append(&request.redirect_uri, &raw_answer_query(code, &request.state))
}

async fn qrconnect(world: Here, request: HttpRequest) -> HttpResponse {
    let query = Query::parse(request.query_string());
    let made = world.change(|state, now| {
        let (asked, app) = state.check_address(&query, AppKind::Website)?;
        let app_name = app.name.clone();
        Ok((state.make_ticket(asked.clone(), now), asked, app_name))
    });
    let (uuid, asked, app_name) = match made {
        Ok(made) => made,
        Err(refusal) => return refusal_page(&world, refusal, &AuthorizationRequest::from_query(&query)),
    };
    answer_by_itself(&world, &uuid);
    if query.get("f") == Some("xml") {
        // The page asks itself for a fresh code this way. Assumed from what third parties read out of it.
        return HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(format!(
            "<info><uuid><![CDATA[{uuid}]]></uuid><appname><![CDATA[{}]]></appname></info>",
            app_name.replace("]]>", "")
        ));
    }
    let value = |name| strip(query.or_empty(name));
    let english = value("lang") == "en";
    let text = |zh, en| if english { en } else { zh };
    let context = json!({
        "uuid": uuid,
        "appid": asked.appid,
        "scope": asked.scope,
        "redirect_uri": asked.redirect_uri,
        "state": asked.state,
        "self_redirect": value("self_redirect"),
        "fast_login": value("fast_login") != "0",
        "long_poll": world.addresses.long_poll,
        "desktops": world.addresses.desktops,
        "path": world.addresses.path,
    });
    let href = value("href");
    let own_style = if href.starts_with("https://") || href.starts_with("data:text/css") {
        format!(r#"<link rel="stylesheet" href="{}">"#, escape(&href))
    } else {
        String::new()
    };
    let classes = [
        if value("style") == "white" { "white" } else { "black" },
        if value("stylelite") == "1" { "lite" } else { "full" },
        match value("color_scheme").as_str() {
            "dark" => "scheme-dark",
            "light" => "scheme-light",
            "auto" => "scheme-auto",
            _ => "scheme-none",
        },
        if value("login_type") == "jssdk" { "embedded" } else { "alone" },
    ]
    .join(" ");
    let background = value("bgcolor").trim_start_matches('#').to_owned();
    let background = match background.len() {
        3 | 6 if background.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("background:#{background}")
        }
        _ => String::new(),
    };
    page(
        include_str!("../pages/qrconnect.html"),
        &[
            ("css", include_str!("../pages/qrconnect.css")),
            ("script", include_str!("../pages/qrconnect.js")),
            ("context", &script_json(&context)),
            ("own_style", &own_style),
            ("classes", &classes),
            ("background", &background),
            ("lang", text("zh-CN", "en")),
            ("uuid", &uuid),
            ("path", &world.addresses.path),
            ("app_name", &escape(&app_name)),
            ("title", text("微信登录", "WeChat login")),
            ("scan", text("使用微信扫一扫登录", "Scan with WeChat to log in")),
            ("scanned", text("扫描成功", "Scanned")),
            ("scanned_more", text("在微信中轻触允许即可登录", "Tap Allow in WeChat to log in")),
            ("cancelled", text("你已取消此次登录", "You cancelled this login")),
            (
                "cancelled_more",
                text("你可再次扫描登录，或关闭窗口", "Scan again to log in, or close the window"),
            ),
            ("expired", text("二维码已失效", "QR code expired")),
            ("refresh", text("点击刷新", "Refresh")),
            ("continue", text("微信快捷登录", "Log in with WeChat")),
            ("dialog", text("请在电脑微信中确认登录", "Confirm in WeChat on this computer")),
            ("use_scan", text("使用扫码登录", "Scan a QR code instead")),
            ("use_fast", text("使用快捷登录", "Use this computer's WeChat")),
            ("fast_failed", text("快捷登录未完成，请扫码登录", "Not completed, please scan instead")),
        ],
    )
}

/// Lets the phones that act by themselves scan a new QR code and answer it.
pub(crate) fn answer_by_itself(world: &Here, uuid: &str) {
    let hand = world.read(|state, _| {
        let mut phones = std::iter::once(&state.phone).chain(state.phones.values());
        phones.find_map(|phone| Some((phone.auto?, phone.person.clone())))
    });
    let Some((Auto { answer, after_millis }, person)) = hand else { return };
    let (world, uuid) = (world.clone(), uuid.to_owned());
    actix_web::rt::spawn(async move {
        // A hand may have been quicker, at either step: then there is nothing left to do.
        let _ = world.scan_as(&uuid, person);
        world.sleep(Duration::from_millis(after_millis.into())).await;
        let _ = match answer {
            AutoAnswer::Allow => world.allow(&uuid),
            AutoAnswer::Refuse => world.deny(&uuid),
            AutoAnswer::Cancel => world.cancel(&uuid),
        };
    });
}

/// The pages that WeChat shows in place of a login; the site hears nothing. The log is told more than the page says.
pub(crate) fn refusal_page(world: &World, refusal: Refusal, asked: &AuthorizationRequest) -> HttpResponse {
    let reason = world.read(|state, _| state.reason(&refusal, asked));
    let page = match refusal {
        Refusal::AppId => error_page("AppID 参数错误", ""),
        Refusal::RedirectUri => error_page("redirect_uri 参数错误", "错误码: 10003"),
        Refusal::Scope => error_page("Scope 参数错误或没有 Scope 权限", "错误码: 10005"),
        Refusal::ScopeMissing => numbered_page(10010),
        Refusal::RedirectUriMissing => numbered_page(10011),
        Refusal::AppIdMissing => numbered_page(10012),
        Refusal::StateMissing => numbered_page(10013),
        Refusal::WebsiteAppId => numbered_page(10016),
        Refusal::StateTooLong => error_page("state 参数过长", ""),
        Refusal::ResponseType => error_page("response_type 参数错误", ""),
        Refusal::ParameterOrder | Refusal::Address => error_page("该链接无法访问", ""),
    };
    remarked(page, reason)
}

/// The error pages that the service account's document lists.
pub(crate) fn numbered_page(number: u16) -> HttpResponse {
    let title = match number {
        10003 => "redirect_uri域名与后台配置不一致",
        10004 => "此公众号被封禁",
        10005 => "此公众号并没有这些scope的权限",
        10006 => "必须关注此测试号",
        10009 => "操作太频繁了，请稍后重试",
        10010 => "scope不能为空",
        10011 => "redirect_uri不能为空",
        10012 => "appid不能为空",
        10013 => "state不能为空",
        10015 => "公众号未授权第三方平台，请检查授权状态",
        10016 => "不支持微信开放平台的Appid，请使用公众号Appid",
        _ => "系统错误",
    };
    remarked(error_page(title, &format!("错误码: {number}")), format!("{title} ({number})"))
}

async fn qrcode(world: Here, uuid: web::Path<String>) -> HttpResponse {
    if world.read(|state, _| state.ticket(&uuid).is_none()) {
        return HttpResponse::NotFound().finish();
    }
    let address = format!("{}/connect/confirm?uuid={uuid}", world.addresses.open);
    match draw(&address) {
        Some(image) => HttpResponse::Ok()
            .content_type("image/png")
            .insert_header(("Cache-Control", "no-store"))
            .body(image),
        None => HttpResponse::InternalServerError().finish(),
    }
}

/// A black and white PNG with the quiet zone that scanners want.
pub(crate) fn draw(text: &str) -> Option<Vec<u8>> {
    const PIXELS: usize = 10;
    const QUIET: usize = 4;
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let modules = code.width();
    let side = (modules + 2 * QUIET) * PIXELS;
    let dark = |pixel: usize| (pixel / PIXELS).checked_sub(QUIET).filter(|module| *module < modules);
    let pixels: Vec<u8> = (0..side * side)
        .map(|index| match (dark(index % side), dark(index / side)) {
            (Some(x), Some(y)) if code[(x, y)] == Color::Dark => 0,
            _ => 255,
        })
        .collect();
    let mut image = Vec::new();
    let mut encoder = png::Encoder::new(&mut image, side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(image)
}

async fn long_poll(world: Here, request: HttpRequest) -> HttpResponse {
    let query = Query::parse(request.query_string());
    let uuid = query.or_empty("uuid");
    let last = query.or_empty("last").to_owned();
    let left =
        world.read(|state, now| state.ticket(uuid).map(|ticket| ticket.expires_at().saturating_sub(now)));
    let news = |state: &State, now| {
        let (status, code) = scan_status(state.ticket(uuid), now);
        let known = status == 408 || status.to_string() == last;
        (!known).then_some((status, code))
    };
    let limit = left.unwrap_or_default().min(HOLD);
    let (status, code) = world.wait(limit, news).await.unwrap_or((408, String::new()));
    poll_answer(request.query_string(), status, &code)
}

fn scan_status(ticket: Option<&Ticket>, now: Duration) -> (i64, String) {
    let Some(ticket) = ticket.filter(|ticket| !ticket.is_expired(now)) else { return (402, String::new()) };
    match &ticket.progress {
        Progress::Waiting => (408, String::new()),
        Progress::Scanned { .. } => (404, String::new()),
        Progress::Cancelled => (403, String::new()),
        Progress::Answered { code } => (405, code.clone().unwrap_or_default()),
    }
}

/// The same two values as a script, as JSON or as XML.
pub(crate) fn poll_answer(query: &str, status: i64, code: &str) -> HttpResponse {
    let (content_type, body) = match Query::parse(query).get("f") {
        Some("json") => ("application/json", format!(r#"{{"wx_errcode":{status},"wx_code":"{code}"}}"#)),
        Some("xml") => (
            "text/xml",
            format!("<xml><wx_errcode>{status}</wx_errcode><wx_code><![CDATA[{code}]]></wx_code></xml>"),
        ),
        _ => ("text/javascript", format!("window.wx_errcode={status};window.wx_code='{code}';")),
    };
    HttpResponse::Ok().content_type(content_type).insert_header(("Cache-Control", "no-store")).body(body)
}
