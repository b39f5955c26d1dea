//! The desktop client's local service: the recorded requests of Tencent's own page are taken, and every way in which it does not
//! help is another answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use door::{LONG, client, start};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use weixin_emulator::{App, AppKind, Cors, DEFAULT_APPID, DesktopMode, DialogAnswer, Emulator};

/// Recorded: what Tencent's own page sent, byte for byte; state and redirect_uri are of that run.
const CHECK_LOGIN: &str = r#"{"apiname":"qrconnectchecklogin","jsdata":{"appid":"wxa04304ceaedaf538","scope":"snsapi_login","redirect_uri":"https://wj.qq.com/api/session/weixin/callback_mobile?app=website&scene_type=respondent&system_redirect_url=https%3A%2F%2Fwj.qq.com%2Fs2%2F22240515%2F0ac5%2F%3Fwj_lang%3Dzhs&system_str=98448b091359fdb325aa083a45621f9a","state":"9ec633939ab2fd6f441a29542a51e8f3"}}"#;
/// Recorded, of the same run, but for the uuid, which the answer to the first call gives.
const AUTHORIZE: &str = r#"{"apiname":"qrconnectfastauthorize","jsdata":{"data":"{\"x\":576,\"y\":391.5}","appid":"wxa04304ceaedaf538","scope":"snsapi_login","redirect_uri":"https://wj.qq.com/api/session/weixin/callback_mobile?app=website&scene_type=respondent&system_redirect_url=https%3A%2F%2Fwj.qq.com%2Fs2%2F22240515%2F0ac5%2F%3Fwj_lang%3Dzhs&system_str=98448b091359fdb325aa083a45621f9a","state":"9ec633939ab2fd6f441a29542a51e8f3","authorize_uuid":"UUID"}}"#;

async fn post(weixin: &Emulator, path: &str, body: String) -> Response {
    client()
        .post(format!("{}{path}", weixin.desktop_url()))
        .header("content-type", "application/json")
        .header("origin", "https://shop.example.test")
        .body(body)
        .send()
        .await
        .unwrap()
}

fn login(state: &str) -> Value {
    json!({ "appid": DEFAULT_APPID, "scope": "snsapi_login", "redirect_uri": "http://localhost:9/callback", "state": state })
}

async fn check_login(weixin: &Emulator) -> Value {
    let body = json!({ "apiname": "qrconnectchecklogin", "jsdata": login("S1") });
    post(weixin, "/api/check-login", body.to_string()).await.json().await.unwrap()
}

/// Presses "continue"; the answer comes when the dialog has been answered.
async fn authorize(weixin: &Emulator, uuid: &str, answer: DialogAnswer) -> Value {
    let mut jsdata = login("S1");
    jsdata["authorize_uuid"] = uuid.into();
    jsdata["data"] = r#"{"x":576,"y":391.5}"#.into();
    let body = json!({ "apiname": "qrconnectfastauthorize", "jsdata": jsdata }).to_string();
    let pressed = post(weixin, "/api/authorize", body);
    let answered = async {
        if weixin.wait_for_dialog(LONG).await.is_some() {
            weixin.answer_dialog(answer);
        }
    };
    let (response, ()) = tokio::join!(pressed, answered);
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_recorded_requests_are_taken() {
    let weixin = start().await;
    weixin.set_app(App {
        appid: "wxa04304ceaedaf538".into(),
        secret: "0".repeat(32),
        name: "wj.qq.com".into(),
        kind: AppKind::Website,
        callback_domains: vec!["wj.qq.com".into()],
        unionid: true,
        scan_only: false,
    });
    let answer: Value = post(&weixin, "/api/check-login", CHECK_LOGIN.into()).await.json().await.unwrap();
    assert_eq!(
        (answer["apiname"].as_str(), answer["errcode"].as_i64()),
        (Some("qrconnectchecklogin"), Some(0))
    );
    assert_eq!(answer["jsdata"]["nickname"], "陈锴");
    let uuid = answer["jsdata"]["authorize_uuid"].as_str().unwrap();
    let pressed = post(&weixin, "/api/authorize", AUTHORIZE.replace("UUID", uuid));
    let (response, dialog) = tokio::join!(pressed, async {
        let dialog = weixin.wait_for_dialog(LONG).await;
        weixin.answer_dialog(DialogAnswer::Allow);
        dialog
    });
    assert!(dialog.is_some(), "the person was asked");
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["apiname"], "qrconnectfastauthorizeconfirm");
    let redirect_url = answer["jsdata"]["redirect_url"].as_str().unwrap();
    let (start, query) = redirect_url.split_once("&code=").unwrap();
    assert!(start.ends_with("system_str=98448b091359fdb325aa083a45621f9a"), "{redirect_url}");
    assert!(query.ends_with("&state=9ec633939ab2fd6f441a29542a51e8f3"), "{redirect_url}");
}

#[tokio::test]
async fn an_authorize_uuid_is_good_once() {
    let weixin = start().await;
    let answer = check_login(&weixin).await;
    let uuid = answer["jsdata"]["authorize_uuid"].as_str().unwrap();
    assert_eq!(authorize(&weixin, uuid, DialogAnswer::Allow).await["errcode"], 0);
    let body = json!({ "apiname": "qrconnectfastauthorize", "jsdata": {
        "appid": DEFAULT_APPID, "scope": "snsapi_login", "redirect_uri": "http://localhost:9/callback", "state": "S1",
        "authorize_uuid": uuid, "data": r#"{"x":0,"y":0}"#,
    } });
    let again: Value = post(&weixin, "/api/authorize", body.to_string()).await.json().await.unwrap();
    assert_eq!(again["errcode"], 10046);
}

#[tokio::test]
async fn an_authorize_uuid_dies_after_two_minutes() {
    let weixin = start().await;
    let answer = check_login(&weixin).await;
    let uuid = answer["jsdata"]["authorize_uuid"].as_str().unwrap();
    weixin.advance(std::time::Duration::from_secs(120));
    // No dialog is opened for it: it is answered at once.
    let body = json!({ "apiname": "qrconnectfastauthorize", "jsdata": {
        "appid": DEFAULT_APPID, "scope": "snsapi_login", "redirect_uri": "http://localhost:9/callback", "state": "S1",
        "authorize_uuid": uuid, "data": r#"{"x":0,"y":0}"#,
    } });
    let late: Value = post(&weixin, "/api/authorize", body.to_string()).await.json().await.unwrap();
    assert_eq!(late["errcode"], 10046);
}

#[tokio::test]
async fn a_refusal_in_the_dialog_is_10050() {
    let weixin = start().await;
    let answer = check_login(&weixin).await;
    let uuid = answer["jsdata"]["authorize_uuid"].as_str().unwrap();
    assert_eq!(authorize(&weixin, uuid, DialogAnswer::Refuse).await["errcode"], 10050);
}

#[tokio::test]
async fn an_absent_desktop_refuses_connections_and_comes_back() {
    let weixin = start().await;
    weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let error = client().get(weixin.desktop_url()).send().await.unwrap_err();
    assert!(error.is_connect(), "{error}");
    weixin.set_desktop(DesktopMode::Normal).await.unwrap();
    assert_eq!(check_login(&weixin).await["errcode"], 0);
}

#[tokio::test]
async fn each_mode_has_its_own_errcode() {
    let weixin = start().await;
    for (mode, errcode) in [(DesktopMode::ScanOnly, 10057), (DesktopMode::OtherService, -11028)] {
        weixin.set_desktop(mode).await.unwrap();
        assert_eq!(check_login(&weixin).await["errcode"], errcode);
    }
    for mode in [DesktopMode::LoggedOut, DesktopMode::Locked] {
        weixin.set_desktop(mode).await.unwrap();
        assert_ne!(check_login(&weixin).await["errcode"], 0);
    }
}

#[tokio::test]
async fn the_same_answer_comes_wrapped_as_clients_have_met_it() {
    let weixin = start().await;
    weixin.set_desktop(DesktopMode::DoubleWrapped).await.unwrap();
    let text = check_login(&weixin).await;
    let inner: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!(inner["errcode"], 0);
    weixin.set_desktop(DesktopMode::JsdataString).await.unwrap();
    let answer = check_login(&weixin).await;
    let jsdata: Value = serde_json::from_str(answer["jsdata"].as_str().unwrap()).unwrap();
    assert_eq!(jsdata["nickname"], "陈锴");
    weixin.set_desktop(DesktopMode::TextPlain).await.unwrap();
    let body = json!({ "apiname": "qrconnectchecklogin", "jsdata": login("S1") });
    let response = post(&weixin, "/api/check-login", body.to_string()).await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
}

#[tokio::test]
async fn cors_is_weixins_own_pages_alone_unless_it_is_told_all() {
    let weixin = start().await;
    let preflight = |origin: &'static str| {
        client()
            .request(Method::OPTIONS, format!("{}/api/check-login", weixin.desktop_url()))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .send()
    };
    let shop = "https://shop.example.test";
    assert_eq!(preflight(shop).await.unwrap().headers().get("access-control-allow-origin"), None);
    let own = preflight("https://open.weixin.qq.com").await.unwrap();
    assert_eq!(own.headers()["access-control-allow-origin"], "https://open.weixin.qq.com");
    weixin.set_cors(Cors::All);
    let answer = preflight(shop).await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], shop);
}

#[tokio::test]
async fn the_desktop_listens_on_one_of_six_ports() {
    let options = weixin_emulator::Options { more_desktop_ports: vec![0; 5], ..Default::default() };
    let weixin = Emulator::start(options).await.unwrap();
    let urls = weixin.desktop_urls();
    assert_eq!(urls.len(), 6);
    let body = json!({ "apiname": "qrconnectchecklogin", "jsdata": login("S1") }).to_string();
    for listening in [0, 3, 5, 0] {
        weixin.set_desktop_port(listening).await.unwrap();
        for (place, url) in urls.iter().enumerate() {
            let answer = client().post(format!("{url}/api/check-login")).body(body.clone()).send().await;
            match answer {
                Ok(answer) => {
                    assert_eq!(place, listening);
                    assert_eq!(answer.json::<Value>().await.unwrap()["errcode"], 0);
                }
                Err(error) => assert!(place != listening && error.is_connect(), "{place}: {error}"),
            }
        }
    }
    let page = door::text_of(&door::qrconnect(&weixin, "http://localhost:9/callback", "")).await;
    assert!(urls.iter().all(|url| page.contains(url.as_str())), "the page knows all six: {page}");
}

#[tokio::test]
async fn the_reason_of_a_desktops_refusal_is_in_the_log() {
    let weixin = start().await;
    let mut jsdata = login("S1");
    jsdata["redirect_uri"] = "https://evil.example/".into();
    let body = json!({ "apiname": "qrconnectchecklogin", "jsdata": jsdata });
    let answer: Value = post(&weixin, "/api/check-login", body.to_string()).await.json().await.unwrap();
    assert_eq!(answer["errcode"], -1);
    let remark = weixin.requests()[0].remark.clone().unwrap();
    assert!(
        remark.contains("evil.example is no callback domain") && remark.contains("*.example.test"),
        "{remark}"
    );
}
