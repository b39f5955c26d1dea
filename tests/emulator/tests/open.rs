//! The open platform's page: what it refuses, what it polls, what its QR code holds, and where it sends the person.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use std::time::Duration;

use door::{appids, client, get, json_of, qrconnect, start, text_of};
use weixin_emulator::{Emulator, Refusal};

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
        (qrconnect(&weixin, "https://evil.example/callback", ""), "10003"),
        (good.replace("snsapi_login", "snsapi_userinfo"), "10005"),
    ] {
        let page = text_of(&address).await;
        assert!(page.contains(words), "{address}: {page}");
    }
    assert_eq!(weixin.waiting_qr(), None, "no code is shown on an error page");
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
