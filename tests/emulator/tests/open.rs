//! The open platform's page: what it refuses, what it polls, what its QR code holds, and where it sends the person.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use std::time::Duration;

use door::{appids, client, get, json_of, qrconnect, start, text_of};
use weixin_emulator::{Emulator, Refusal, Strict};

const CALLBACK: &str = "http://localhost:9/callback";

async fn shown(weixin: &Emulator, more: &str) -> String {
    text_of(&qrconnect(weixin, CALLBACK, more)).await;
    weixin.waiting_qr().unwrap()
}

async fn poll(weixin: &Emulator, uuid: &str, more: &str) -> String {
    text_of(&format!("{}/connect/l/qrconnect?uuid={uuid}{more}", weixin.open_url())).await
}

#[tokio::test]
async fn wrong_parameters_give_weixins_error_pages() {
    let weixin = start().await;
    let good = qrconnect(&weixin, CALLBACK, "");
    for (address, words) in [
        (good.replace(weixin_emulator::DEFAULT_APPID, "wxffffffffffffffff"), "AppID 参数错误"),
        (good.replace(weixin_emulator::DEFAULT_APPID, ""), "AppID 参数错误"),
        (qrconnect(&weixin, "https://evil.example/callback", ""), "10003"),
        (good.replace("snsapi_login", "snsapi_userinfo"), "10005"),
        (good.replace("snsapi_login", ""), "10005"),
        (good.replace("response_type=code", "response_type=token"), "response_type 参数错误"),
        (good.replace("response_type=code", "response_type="), "response_type 参数错误"),
        (good.replace("state=S1", &format!("state={}", "a".repeat(129))), "state 参数过长"),
    ] {
        let page = text_of(&address).await;
        assert!(page.contains(words), "{address}: {page}");
    }
    assert_eq!(weixin.waiting_qr(), None, "no code is shown on an error page");
    text_of(&good.replace("state=S1", &format!("state={}", "a".repeat(128)))).await;
    let shown = weixin.waiting_qr().unwrap();
    // Tencent's own script for websites names no response_type.
    text_of(&good.replace("response_type=code&", "")).await;
    assert_ne!(weixin.waiting_qr(), Some(shown));
}

#[tokio::test]
async fn the_service_accounts_page_has_error_pages_of_its_own() {
    let weixin = start().await;
    let good = appids::oauth2_authorize(&weixin, "snsapi_userinfo", "");
    let account = weixin_emulator::DEFAULT_SERVICE_ACCOUNT_APPID;
    let inside = |address: String| client().get(address).header("user-agent", "MicroMessenger/8.0.50").send();
    for (address, words) in [
        (good.replace(account, ""), "10012"),
        (good.replace(account, weixin_emulator::DEFAULT_APPID), "10016"),
        (good.replace("scope=snsapi_userinfo", "scope="), "10010"),
        (good.replace("snsapi_userinfo", "snsapi_login"), "10005"),
        (
            good.replace("redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcallback%3Fa%3D1", "redirect_uri="),
            "10011",
        ),
        (good.replace("localhost", "evil.example"), "10003"),
        (good.replace("state=S2", &format!("state={}", "a".repeat(300))), "state 参数过长"),
        (good.replace("response_type=code", "response_type=token"), "response_type 参数错误"),
    ] {
        let page = inside(address.clone()).await.unwrap().text().await.unwrap();
        assert!(page.contains(words), "{address}: {page}");
    }
    weixin.set_strict(Strict { state: true, ..Strict::default() });
    let page = inside(good.replace("&state=S2", "")).await.unwrap().text().await.unwrap();
    assert!(page.contains("10013"), "{page}");
}

/// The words are those of Tencent's document, which lists these and no others between 10003 and 10016.
#[tokio::test]
async fn every_error_page_of_the_document_can_be_had() {
    let weixin = start().await;
    for (number, words) in [
        (10003, "redirect_uri域名与后台配置不一致"),
        (10004, "此公众号被封禁"),
        (10005, "此公众号并没有这些scope的权限"),
        (10006, "必须关注此测试号"),
        (10009, "操作太频繁了"),
        (10010, "scope不能为空"),
        (10011, "redirect_uri不能为空"),
        (10012, "appid不能为空"),
        (10013, "state不能为空"),
        (10015, "公众号未授权第三方平台"),
        (10016, "不支持微信开放平台的Appid"),
    ] {
        for (call, address) in [
            (weixin_emulator::Call::ServiceAccount, appids::oauth2_authorize(&weixin, "snsapi_userinfo", "")),
            (weixin_emulator::Call::QrPage, qrconnect(&weixin, CALLBACK, "")),
        ] {
            weixin.fault_times(call, weixin_emulator::Fault::ErrorPage { number }, 1);
            let page = get(&address).await;
            assert_eq!(page.status(), 200, "WeChat's error pages have the status of any page");
            let page = page.text().await.unwrap();
            assert!(page.contains(words) && page.contains(&number.to_string()), "{number}: {page}");
        }
    }
}

#[tokio::test]
async fn a_refused_callback_domain_is_in_the_log_with_what_is_allowed() {
    let weixin = start().await;
    text_of(&qrconnect(&weixin, "http://127.0.0.1:5000/callback", "")).await;
    assert_eq!(
        weixin.requests()[0].remark.as_deref(),
        Some(
            "redirect_uri 参数错误 (10003): the host 127.0.0.1 is no callback domain of wx0123456789abcdef, whose are: localhost, \
             *.example.test (allow it with --callback-domain 127.0.0.1, or in the scenario's apps)"
        )
    );
    // An unencoded redirect_uri swallows what stands behind it; one that is no address says so.
    text_of(&qrconnect(&weixin, "callback", "")).await;
    assert!(weixin.requests()[1].remark.as_deref().unwrap().contains("is it percent-encoded?"));
}

#[tokio::test]
async fn state_is_optional_unless_it_is_demanded() {
    let weixin = start().await;
    let without = qrconnect(&weixin, CALLBACK, "").replace("&state=S1", "");
    let account = appids::oauth2_authorize(&weixin, "snsapi_userinfo", "").replace("&state=S2", "");
    assert!(weixin.code_for(&without).unwrap().ends_with("&state="));
    assert!(weixin.code_for(&account).unwrap().ends_with("&state="));
    weixin.set_strict(Strict { state: true, ..Strict::default() });
    assert_eq!(weixin.code_for(&without), Err(Refusal::StateMissing));
    assert_eq!(weixin.code_for(&account), Err(Refusal::StateMissing));
}

#[tokio::test]
async fn another_order_of_parameters_is_a_warning_unless_it_is_refused() {
    let weixin = start().await;
    let good = appids::oauth2_authorize(&weixin, "snsapi_userinfo", "");
    let other = good
        .replace("&response_type=code&scope=snsapi_userinfo", "&scope=snsapi_userinfo&response_type=code");
    assert_ne!(good, other);
    let inside = |address: String| client().get(address).header("user-agent", "MicroMessenger/8.0.50").send();
    assert!(inside(other.clone()).await.unwrap().text().await.unwrap().contains("申请获取并使用"));
    let remark = weixin.requests()[0].remark.clone().unwrap();
    assert!(remark.contains("appid, redirect_uri, response_type, scope, state"), "{remark}");
    inside(good.clone()).await.unwrap();
    assert_eq!(weixin.requests()[1].remark, None);
    weixin.set_strict(Strict { parameter_order: true, ..Strict::default() });
    assert!(inside(other.clone()).await.unwrap().text().await.unwrap().contains("该链接无法访问"));
    assert_eq!(weixin.code_for(&other), Err(Refusal::ParameterOrder));
    assert!(weixin.code_for(&good).is_ok());
}

#[tokio::test]
async fn a_long_state_is_taken_where_that_is_allowed() {
    let weixin = start().await;
    let long = "a".repeat(129);
    let addresses = [
        qrconnect(&weixin, CALLBACK, "").replace("state=S1", &format!("state={long}")),
        appids::oauth2_authorize(&weixin, "snsapi_userinfo", "")
            .replace("state=S2", &format!("state={long}")),
    ];
    for address in &addresses {
        assert_eq!(weixin.code_for(address), Err(Refusal::StateTooLong));
    }
    weixin.set_strict(Strict { state_length: false, ..Strict::default() });
    for address in &addresses {
        let redirect_url = weixin.code_for(address).unwrap();
        assert!(redirect_url.ends_with(&format!("&state={long}")), "{redirect_url}");
    }
}

#[tokio::test]
async fn the_scans_redirect_carries_the_state_as_it_stands_in_the_page() {
    let weixin = start().await;
    let address = qrconnect(&weixin, CALLBACK, "").replace("state=S1", "state=a%3Db%26c%2F%E4%B8%AD");
    let redirect_url = weixin.code_for(&address).unwrap();
    assert!(redirect_url.ends_with("&state=a=b&c/中"), "{redirect_url}");
}

#[tokio::test]
async fn the_qr_code_holds_the_confirm_page() {
    let weixin = start().await;
    let uuid = shown(&weixin, "").await;
    assert!(
        uuid.len() == 16 && uuid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
        "{uuid}"
    );
    let image = get(&format!("{}/connect/qrcode/{uuid}", weixin.open_url())).await;
    assert_eq!(image.headers()["content-type"], "image/png");
    let bytes = image.bytes().await.unwrap();
    assert_eq!(scanned(&bytes), format!("{}/connect/confirm?uuid={uuid}", weixin.open_url()));
}

/// What a phone reads in the picture.
fn scanned(png: &[u8]) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * samples]);
    image.detect_grids().first().unwrap().decode().unwrap().1
}

#[tokio::test]
async fn the_long_poll_tells_each_step_in_all_three_forms() {
    let weixin = start().await;
    let uuid = shown(&weixin, "").await;
    weixin.scan(&uuid).unwrap();
    assert_eq!(poll(&weixin, &uuid, "").await, "window.wx_errcode=404;window.wx_code='';");
    assert_eq!(poll(&weixin, &uuid, "&f=json").await, r#"{"wx_errcode":404,"wx_code":""}"#);
    weixin.cancel(&uuid).unwrap();
    assert_eq!(poll(&weixin, &uuid, "&last=404").await, "window.wx_errcode=403;window.wx_code='';");
    weixin.scan(&uuid).unwrap();
    weixin.allow(&uuid).unwrap();
    let answer =
        json_of(&format!("{}/connect/l/qrconnect?uuid={uuid}&last=404&f=json", weixin.open_url())).await;
    assert_eq!(answer["wx_errcode"], 405);
    assert!(!answer["wx_code"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_held_poll_is_answered_as_soon_as_the_phone_scans() {
    let weixin = start().await;
    let uuid = shown(&weixin, "").await;
    let held = poll(&weixin, &uuid, "");
    let (answer, ()) = tokio::join!(held, async {
        weixin
            .wait_for_request(door::LONG, |request| request.call == weixin_emulator::Call::LongPoll)
            .await
            .expect("the poll comes");
        weixin.scan(&uuid).unwrap();
    });
    assert_eq!(answer, "window.wx_errcode=404;window.wx_code='';");
}

#[tokio::test]
async fn a_code_expires_after_five_minutes_of_the_movable_clock() {
    let weixin = start().await;
    let uuid = shown(&weixin, "").await;
    weixin.advance(Duration::from_secs(301));
    assert_eq!(poll(&weixin, &uuid, "").await, "window.wx_errcode=402;window.wx_code='';");
    assert!(weixin.scan(&uuid).is_err());
}

#[tokio::test]
async fn marks_are_stripped_from_the_pages_own_address() {
    let weixin = start().await;
    let page = text_of(&qrconnect(&weixin, CALLBACK, "&state=a%3Cb%3E")).await;
    assert!(!page.contains("a<b>") && !page.contains(r"a\u003cb"), "{page}");
}

#[tokio::test]
async fn the_query_stands_before_a_fragment_in_code_for() {
    let weixin = start().await;
    let redirect_url = weixin.code_for(&qrconnect(&weixin, "http://localhost:9/callback?a=1", "")).unwrap();
    assert!(redirect_url.starts_with("http://localhost:9/callback?a=1&code="), "{redirect_url}");
    assert!(redirect_url.ends_with("&state=S1"), "{redirect_url}");
    assert_eq!(weixin.code_for("https://example.test/"), Err(Refusal::Address));
}

#[tokio::test]
async fn the_service_accounts_page_is_for_weixins_own_browser() {
    let weixin = start().await;
    let address = appids::oauth2_authorize(&weixin, "snsapi_userinfo", "");
    assert!(text_of(&address).await.contains("请在微信客户端打开链接"));
    let inside = client()
        .get(&address)
        .header("user-agent", "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50")
        .send()
        .await
        .unwrap();
    let page = inside.text().await.unwrap();
    assert!(!page.contains("请在微信客户端打开链接"), "{page}");
}

#[tokio::test]
async fn every_page_says_that_this_is_not_weixin() {
    let weixin = start().await;
    for address in [
        format!("{}/", weixin.control_url()),
        qrconnect(&weixin, CALLBACK, ""),
        qrconnect(&weixin, "https://evil.example/", ""),
    ] {
        let page = text_of(&address).await;
        assert!(page.contains("Not WeChat"), "{address}");
    }
}

#[tokio::test]
async fn under_tls_the_real_names_answer_with_a_certificate_of_its_own_ca() {
    let weixin = Emulator::start(weixin_emulator::Options { tls: true, ..Default::default() }).await.unwrap();
    let ca = reqwest::Certificate::from_pem(weixin.ca_pem().unwrap().as_bytes()).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([ca])
        .resolve("open.weixin.qq.com", weixin.open_address())
        .resolve("localhost.weixin.qq.com", weixin.desktop_address())
        .build()
        .unwrap();
    let open = format!("https://open.weixin.qq.com:{}/connect/qrconnect", weixin.open_address().port());
    assert!(http.get(open).send().await.unwrap().text().await.unwrap().contains("AppID 参数错误"));
    let desktop =
        format!("https://localhost.weixin.qq.com:{}/api/check-login", weixin.desktop_address().port());
    assert!(http.post(desktop).body("{}").send().await.is_ok());
}
