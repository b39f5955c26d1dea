//! The control API as other languages use it, route by route, and what keeps an instance that many share in order: namespaces,
//! resets, limits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use std::io::{Read, Write};

use door::{Control, client, get, json_of, qrconnect, start, text_of};
use serde_json::{Value, json};
use weixin_emulator::{Call, DEFAULT_APPID, Emulator};

const CALLBACK: &str = "http://localhost:9/callback";

async fn shown(weixin: &Emulator) -> String {
    text_of(&qrconnect(weixin, CALLBACK, "")).await;
    weixin.waiting_qr().unwrap()
}

async fn poll(url: &str, uuid: &str, last: &str) -> Value {
    json_of(&format!("{url}/connect/l/qrconnect?uuid={uuid}&last={last}&f=json")).await
}

fn error(answer: (u16, Value)) -> (u16, String) {
    (answer.0, answer.1["error"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned())
}

fn check_login(appid: &str) -> Value {
    json!({ "apiname": "qrconnectchecklogin", "jsdata": {
        "appid": appid, "scope": "snsapi_login", "redirect_uri": CALLBACK, "state": "S1",
    } })
}

/// Presses "continue" on the desktop's card; what comes back is the answer to that.
async fn fast_login(desktop: &str) -> Value {
    let ask = |path: &str, body: Value| client().post(format!("{desktop}{path}")).json(&body).send();
    let told: Value =
        ask("/api/check-login", check_login(DEFAULT_APPID)).await.unwrap().json().await.unwrap();
    let mut body = check_login(DEFAULT_APPID);
    body["apiname"] = "qrconnectfastauthorize".into();
    body["jsdata"]["authorize_uuid"] = told["jsdata"]["authorize_uuid"].clone();
    body["jsdata"]["data"] = r#"{"x":1,"y":2}"#.into();
    ask("/api/authorize", body).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn it_says_that_it_is_alive() {
    let weixin = start().await;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        Control::of(&weixin).get("/healthz").await,
        (200, json!({ "status": "ok", "version": version }))
    );
    let head = client().head(format!("{}/healthz", weixin.control_url())).send().await.unwrap();
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn a_scan_is_waited_for_made_and_answered() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let (waiting, _) = tokio::join!(control.get("/control/wait/qr?timeout=60s"), async {
        text_of(&qrconnect(&weixin, CALLBACK, "")).await
    });
    assert_eq!(waiting.0, 200);
    let uuid = waiting.1["uuid"].as_str().unwrap().to_owned();
    let of = json!({ "uuid": uuid });
    assert_eq!(
        error(control.post("/control/allow", of.clone()).await),
        (409, "this QR code has not been scanned".into())
    );
    control.done("/control/scan", of.clone()).await;
    control.done("/control/cancel", of.clone()).await;
    assert_eq!(poll(&weixin.open_url(), &uuid, "404").await["wx_errcode"], 403);
    control.done("/control/scan", of.clone()).await;
    control.done("/control/allow", of.clone()).await;
    assert_eq!(poll(&weixin.open_url(), &uuid, "404").await["wx_errcode"], 405);
    assert_eq!(
        error(control.post("/control/allow", of).await),
        (409, "this QR code was answered already".into())
    );
    let refused = json!({ "uuid": shown(&weixin).await });
    control.done("/control/scan", refused.clone()).await;
    control.done("/control/deny", refused.clone()).await;
    let told = poll(&weixin.open_url(), refused["uuid"].as_str().unwrap(), "404").await;
    assert_eq!(told, json!({ "wx_errcode": 405, "wx_code": "" }));
}

#[tokio::test]
async fn a_wait_that_nothing_ends_says_what_did_not_come() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    for (what, word) in [
        ("qr", "no QR code waited for a scan within 20ms"),
        ("dialog", "no dialog stood on the desktop within 20ms"),
        ("request", "no such request came within 20ms"),
    ] {
        let answer = control.get(&format!("/control/wait/{what}?timeout=20ms")).await;
        assert_eq!(error(answer), (404, word.to_owned()));
        for nonsense in ["timeout=soon", "timeout=9h", "timeout=-1s", "timeout=6m", "tiemout=5s"] {
            let answer = control.get(&format!("/control/wait/{what}?{nonsense}")).await;
            assert_eq!(error(answer).0, 400, "{nonsense}");
        }
    }
}

#[tokio::test]
async fn a_request_is_waited_for_and_the_log_says_what_was_asked() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let asked = format!("{}/sns/oauth2/access_token?appid=wx0&code=a%20b&code=c", weixin.api_url());
    let (awaited, _) =
        tokio::join!(control.get("/control/wait/request?call=access_token&timeout=60s"), text_of(&asked));
    assert_eq!(awaited.0, 200);
    assert_eq!(awaited.1["asked"], json!({ "appid": "wx0", "code": "a b" }));
    let since = awaited.1["order"].as_u64().unwrap();
    let later = control.get(&format!("/control/wait/request?since={since}&timeout=10ms")).await;
    assert_eq!(error(later).0, 404);

    shown(&weixin).await;
    let (_, all) = control.get("/control/requests").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[0]["remark"], "errcode 41004, appsecret missing");
    assert_eq!(all[0]["outcome"]["outcome"], "answered");
    let (_, pages) = control.get(&format!("/control/requests?call=qr_page&since={since}")).await;
    assert_eq!((pages.as_array().unwrap().len(), &pages[0]["asked"]["state"]), (1, &json!("S1")));
    assert_eq!(error(control.get("/control/requests?call=nothing").await).0, 400);
    assert_eq!(control.delete("/control/requests").await.0, 204);
    assert_eq!(control.get("/control/requests").await.1, json!([]));
}

#[tokio::test]
async fn a_login_without_a_browser_and_its_exchanges() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let (status, answer) =
        control.post("/control/code", json!({ "authorize_url": qrconnect(&weixin, CALLBACK, "") })).await;
    assert_eq!(status, 200);
    let code = door::code_in(answer["redirect_url"].as_str().unwrap());
    text_of(&format!("{}/sns/oauth2/access_token?appid=a&secret=s&code={code}", weixin.api_url())).await;
    assert_eq!(control.get("/control/exchanges").await, (200, json!({ code: 1 })));
    let evil = json!({ "authorize_url": qrconnect(&weixin, "https://evil.example/", "") });
    assert_eq!(
        error(control.post("/control/code", evil).await),
        (400, "redirect_uri 参数错误 (10003)".into())
    );
    let nowhere = json!({ "authorize_url": "https://example.test/" });
    assert_eq!(error(control.post("/control/code", nowhere).await).0, 400);
}

#[tokio::test]
async fn calls_that_make_no_sense_are_told_why() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    for (path, body, word) in [
        ("scan", json!({ "uuid": "none" }), "no QR code has this uuid"),
        ("scan", json!({ "uid": "none" }), "unknown field `uid`"),
        ("scan", json!({}), "missing field `uuid`"),
        ("scan", json!([1]), "invalid"),
        ("scan", json!({ "uuid": "u", "phone": "second" }), "no phone is named \"second\""),
        ("scan", json!({ "uuid": "u", "person": "nobody" }), "nobody has the id \"nobody\""),
        ("scan", json!({ "uuid": "u", "person": "chen-kai", "phone": "phone" }), "not both"),
        ("phone", json!({ "person": "nobody" }), "nobody has the id \"nobody\""),
        ("desktop", json!({ "person": "nobody" }), "nobody has the id \"nobody\""),
        ("desktop", json!({ "port": 1 }), "the desktop has 1 ports, counted from 0"),
        ("desktop", json!({ "mode": "asleep" }), "unknown variant `asleep`"),
        ("dialog", json!({ "answer": "perhaps" }), "unknown variant `perhaps`"),
        ("auto", json!({ "phone": { "answer": "allow", "after": 3 } }), "unknown field `after`"),
        ("strict", json!({ "order": true }), "unknown field `order`"),
        ("fault", json!({ "call": "access_token", "fault": { "kind": "melt" } }), "unknown variant `melt`"),
        ("fault", json!({ "call": "userinfo", "fault": { "kind": "cut" } }), "unknown variant `userinfo`"),
        (
            "fault",
            json!({ "call": "user_info", "fault": { "kind": "status", "status": 100 } }),
            "no HTTP status",
        ),
        ("advance", json!({ "seconds": -1 }), "invalid value"),
        ("advance", json!({ "seconds": 1e300 }), "invalid"),
        ("person", json!({ "id": "Li Lei", "nickname": "李雷" }), "not made of a-z"),
        ("app", json!({ "appid": "wx1", "secret": "s", "name": "n" }), "16 hexadecimal digits"),
        ("reset", json!({ "people": [] }), "somebody has to hold the phone"),
        ("reset", json!({ "poeple": [] }), "unknown field `poeple`"),
    ] {
        let (status, said) = error(control.post(&format!("/control/{path}"), body.clone()).await);
        assert!(status == 400 && said.contains(word), "{path} {body}: {status} {said}");
    }
    assert_eq!(
        error(control.post("/control/dialog", json!({ "answer": "allow" })).await),
        (409, "no dialog is open".into())
    );
    let (status, said) = error(control.get("/control/nothing").await);
    assert!(status == 404 && said.contains("/control/openapi.json"), "{said}");
    let plain =
        client().post(format!("{}/control/scan", weixin.control_url())).body("{}").send().await.unwrap();
    assert_eq!(plain.status(), 400);
}

#[tokio::test]
async fn phones_and_people_are_told_apart() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    control.done("/control/person", json!({ "id": "li-lei", "nickname": "李雷" })).await;
    control.done("/control/phone", json!({ "name": "second", "person": "li-lei" })).await;
    control.done("/control/phone", json!({ "person": "lin-xiaoman", "snapshot": true })).await;
    control.done("/control/desktop", json!({ "person": "li-lei", "cors": "all", "mode": "locked" })).await;
    let state = control.state().await;
    assert_eq!(state["phone"]["person"]["id"], "lin-xiaoman");
    assert_eq!(state["phone"]["snapshot"], true);
    assert_eq!(state["phones"]["second"]["nickname"], "李雷");
    assert_eq!(
        (&state["desktop"]["person"]["id"], &state["desktop"]["cors"], &state["desktop"]["mode"]),
        (&json!("li-lei"), &json!("all"), &json!("locked"))
    );
    // Two QR codes, two phones: each page gets the code of the person who scanned it.
    let (one, other) = (shown(&weixin).await, shown(&weixin).await);
    control.done("/control/scan", json!({ "uuid": one, "phone": "second" })).await;
    control.done("/control/scan", json!({ "uuid": other })).await;
    for (uuid, nickname) in [(one, "李雷"), (other, "林小满 🌿")] {
        control.done("/control/allow", json!({ "uuid": uuid })).await;
        let code = poll(&weixin.open_url(), &uuid, "404").await["wx_code"].clone();
        assert_eq!(nickname_behind(&weixin.api_url(), code.as_str().unwrap()).await, nickname);
    }
    let third = shown(&weixin).await;
    control.done("/control/scan", json!({ "uuid": third, "person": "chen-kai" })).await;
    assert_eq!(control.state().await["phone"]["tickets"][0]["person"]["nickname"], "陈锴");
}

async fn nickname_behind(api: &str, code: &str) -> String {
    let secret = weixin_emulator::DEFAULT_SECRET;
    let tokens = json_of(&format!(
        "{api}/sns/oauth2/access_token?appid={DEFAULT_APPID}&secret={secret}&code={code}&grant_type=authorization_code"
    ))
    .await;
    let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
    let person = json_of(&format!(
        "{api}/sns/userinfo?access_token={}&openid={}",
        text("access_token"),
        text("openid")
    ))
    .await;
    person["nickname"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_phone_answers_by_itself_when_it_is_told_to() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let waited = shown(&weixin).await;
    let answers = [("allow", 405, false), ("refuse", 405, true), ("cancel", 403, true)];
    for (place, (answer, status, without_code)) in answers.into_iter().enumerate() {
        control.done("/control/auto", json!({ "phone": { "answer": answer } })).await;
        // One that waited already when it was told is answered, too.
        let uuid = if place == 0 { waited.clone() } else { text_of_page(&weixin).await };
        let mut told = poll(&weixin.open_url(), &uuid, "").await;
        if told["wx_errcode"] == 404 {
            told = poll(&weixin.open_url(), &uuid, "404").await;
        }
        assert_eq!(
            (told["wx_errcode"].as_i64(), told["wx_code"] == ""),
            (Some(status), without_code),
            "{answer}"
        );
    }
    control.done("/control/auto", json!({ "phone": { "answer": "allow", "after_millis": 3_600_000 } })).await;
    let uuid = text_of_page(&weixin).await;
    assert_eq!(poll(&weixin.open_url(), &uuid, "").await["wx_errcode"], 404);
    control.done("/control/auto", json!({})).await;
    assert_eq!(control.state().await["auto"], json!({ "phone": null, "desktop": null }));
}

/// The uuid in the page, for QR codes that do not wait long enough to be found.
async fn text_of_page(weixin: &Emulator) -> String {
    let page = text_of(&qrconnect(weixin, CALLBACK, "")).await;
    let (_, rest) = page.split_once("/connect/qrcode/").unwrap();
    rest[..16].to_owned()
}

#[tokio::test]
async fn the_desktop_answers_by_itself_when_it_is_told_to() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    for (answer, errcode) in [("allow", 0), ("refuse", 10050), ("cancel", 10050)] {
        control.done("/control/auto", json!({ "desktop": { "answer": answer, "after_millis": 1 } })).await;
        assert_eq!(fast_login(&weixin.desktop_url()).await["errcode"], errcode);
    }
    // Without it a hand answers.
    control.done("/control/auto", json!({})).await;
    let desktop = weixin.desktop_url();
    let (answer, dialog) = tokio::join!(fast_login(&desktop), async {
        let dialog = control.get("/control/wait/dialog?timeout=60s").await;
        control.done("/control/dialog", json!({ "answer": "refuse" })).await;
        dialog
    });
    assert_eq!(answer["errcode"], 10050);
    assert_eq!((dialog.0, &dialog.1["host"], &dialog.1["x"]), (200, &json!("localhost"), &json!(1.0)));
}

#[tokio::test]
async fn faults_the_clock_and_tokens_are_within_reach() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let uuid = shown(&weixin).await;
    let fault =
        json!({ "call": "access_token", "fault": { "kind": "errcode", "errcode": 40029 }, "times": 1 });
    control.done("/control/fault", fault).await;
    assert_eq!(control.state().await["faults"][0]["times"], 1);
    let token = format!("{}/sns/oauth2/access_token", weixin.api_url());
    assert_eq!(json_of(&token).await["errcode"], 40029);
    assert_eq!(json_of(&token).await["errcode"], 41002);
    let page = json!({ "call": "qr_page", "fault": { "kind": "error_page", "number": 10009 } });
    control.done("/control/fault", page).await;
    assert!(text_of(&qrconnect(&weixin, CALLBACK, "")).await.contains("操作太频繁"));
    assert_eq!(control.delete("/control/faults").await.0, 204);
    assert!(text_of(&qrconnect(&weixin, CALLBACK, "")).await.contains("示例商店"));
    control.done("/control/advance", json!({ "seconds": 301 })).await;
    assert_eq!(
        error(control.post("/control/scan", json!({ "uuid": uuid })).await),
        (409, "this QR code has expired".into())
    );
    control.done("/control/revoke", Value::Null).await;
    control.done("/control/strict", json!({ "state": true })).await;
    assert_eq!(
        control.state().await["strict"],
        json!({ "parameter_order": false, "state": true, "state_length": true })
    );
    control
        .done("/control/app", json!({ "appid": "wx00112233445566aa", "secret": "s", "name": "n", "callback_domains": ["a.test"] }))
        .await;
    assert_eq!(control.state().await["apps"][3]["callback_domains"], json!(["a.test"]));
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_login_lets_everybody_go() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let uuid = shown(&weixin).await;
    weixin.fault(Call::Auth, weixin_emulator::Fault::Hang);
    let hanging = format!("{}/sns/auth", weixin.api_url());
    let (held, dialog, hung, ()) = tokio::join!(
        async { poll(&weixin.open_url(), &uuid, "").await },
        async { fast_login(&weixin.desktop_url()).await },
        json_of(&hanging),
        async {
            for call in [Call::LongPoll, Call::Auth] {
                weixin.wait_for_request(door::LONG, |request| request.call == call).await.unwrap();
            }
            weixin.wait_for_dialog(door::LONG).await.unwrap();
            let scenario = json!({
                "people": [{ "id": "li-lei", "nickname": "李雷" }], "phones": { "second": "li-lei" }, "desktop_mode": "locked",
            });
            control.done("/control/reset", scenario).await;
        }
    );
    assert_eq!(held["wx_errcode"], 402, "the QR code is no more");
    assert_eq!(dialog["errcode"], 10050, "the dialog is gone");
    assert_eq!(hung["errcode"], 41001, "what hung goes on");
    let state = control.state().await;
    assert_eq!(state["people"].as_array().unwrap().len(), 1);
    assert_eq!(state["desktop"]["mode"], "locked");
    assert_eq!(state["faults"], json!([]));
    control.done("/control/desktop", json!({ "mode": "absent" })).await;
    // Without a scenario it is the last one again.
    control.done("/control/reset", Value::Null).await;
    assert_eq!(control.state().await["desktop"]["mode"], "locked");
    let asked = client()
        .post(format!("{}/api/check-login", weixin.desktop_url()))
        .json(&check_login(DEFAULT_APPID))
        .send();
    assert_ne!(asked.await.unwrap().json::<Value>().await.unwrap()["errcode"], 0, "the port is open again");
}

#[tokio::test]
async fn suites_side_by_side_do_not_see_one_another() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let (status, one) = control.put("/control/namespaces/one", Value::Null).await;
    assert_eq!(
        (status, &one),
        (
            201,
            &json!({
                "name": "one",
                "open_url": format!("{}/ns/one", weixin.open_url()),
                "api_url": format!("{}/ns/one", weixin.api_url()),
                "desktop_url": format!("{}/ns/one", weixin.desktop_url()),
                "control_url": format!("{}/ns/one", weixin.control_url()),
            })
        )
    );
    let scenario = json!({
        "apps": [{ "appid": "wx00112233445566aa", "secret": "s", "name": "二号店", "callback_domains": ["localhost"] }],
        "people": [{ "id": "li-lei", "nickname": "李雷" }],
    });
    assert_eq!(control.put("/control/namespaces/two", scenario).await.0, 201);
    assert_eq!(control.get("/control/namespaces").await, (200, json!(["one", "two"])));

    let within = Control::at(one["control_url"].as_str().unwrap().to_owned());
    let page = text_of(&qrconnect(&weixin, CALLBACK, "").replace("/connect/", "/ns/one/connect/")).await;
    assert_eq!(weixin.waiting_qr(), None, "it is not the first world's");
    let (_, waiting) = within.get("/control/wait/qr").await;
    let uuid = waiting["uuid"].as_str().unwrap();
    assert!(page.contains(&format!("/ns/one/connect/qrcode/{uuid}")), "{page}");
    assert_eq!(get(&format!("{}/ns/one/connect/qrcode/{uuid}", weixin.open_url())).await.status(), 200);
    assert_eq!(error(control.post("/control/scan", json!({ "uuid": uuid })).await).0, 400);
    within.done("/control/scan", json!({ "uuid": uuid })).await;
    within.done("/control/allow", json!({ "uuid": uuid })).await;
    let api = one["api_url"].as_str().unwrap();
    let code = poll(api, uuid, "404").await["wx_code"].clone();
    assert_eq!(nickname_behind(api, code.as_str().unwrap()).await, "陈锴");
    assert_eq!(weixin.requests().len(), 0);

    // A client that has the addresses built in is led by what only that world knows.
    let two = Control::at(format!("{}/ns/two", weixin.control_url()));
    let address = qrconnect(&weixin, CALLBACK, "").replace(DEFAULT_APPID, "wx00112233445566aa");
    assert!(text_of(&address).await.contains("二号店"));
    let (_, waiting) = two.get("/control/wait/qr").await;
    let uuid = waiting["uuid"].as_str().unwrap();
    assert_eq!(get(&format!("{}/connect/qrcode/{uuid}", weixin.open_url())).await.status(), 200);
    two.done("/control/scan", json!({ "uuid": uuid })).await;
    assert_eq!(poll(&weixin.open_url(), uuid, "").await["wx_errcode"], 404);
    let ask = |appid| {
        client().post(format!("{}/api/check-login", weixin.desktop_url())).json(&check_login(appid)).send()
    };
    let told: Value = ask("wx00112233445566aa").await.unwrap().json().await.unwrap();
    assert_eq!(told["jsdata"]["nickname"], "李雷");

    // Its desktop is absent for its own callers alone.
    within.done("/control/desktop", json!({ "mode": "absent" })).await;
    let below = client().post(format!("{}/ns/one/api/check-login", weixin.desktop_url()));
    below.json(&check_login(DEFAULT_APPID)).send().await.expect_err("no desktop is there");
    let told: Value = ask(DEFAULT_APPID).await.unwrap().json().await.unwrap();
    assert_eq!(told["errcode"], 0);

    assert_eq!(control.delete("/control/namespaces/one").await.0, 204);
    assert_eq!(error(control.delete("/control/namespaces/one").await).0, 404);
    assert_eq!(error(within.get("/control/state").await).0, 404);
    assert_eq!(error(control.put("/control/namespaces/Not%20one", Value::Null).await).0, 400);
    assert_eq!(error(control.put("/control/namespaces/three", json!({ "app": [] })).await).0, 400);
}

#[tokio::test]
async fn every_change_is_told_to_a_page_that_listens() {
    let weixin = start().await;
    let mut events = get(&format!("{}/control/events", weixin.control_url())).await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let mut told = Vec::new();
    let mut until = async |word: &str| {
        while !String::from_utf8_lossy(&told).contains(word) {
            told.extend_from_slice(&events.chunk().await.unwrap().expect("it goes on"));
        }
    };
    until(r#""tickets":[]"#).await;
    let uuid = shown(&weixin).await;
    until(&format!(r#""uuid":"{uuid}""#)).await;
    Control::of(&weixin).done("/control/scan", json!({ "uuid": uuid })).await;
    until(r#""progress":"scanned""#).await;
}

#[tokio::test]
async fn short_messages_come_to_the_phone_the_newest_first() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let message = |number: u32| json!({ "phone": "+8613800138000", "text": format!("{number:06}"), "code": format!("{number:06}") });
    for number in 1..=25 {
        control.done("/control/sms", json!({ "type": "sms.code", "data": message(number) })).await;
    }
    // A phone keeps twenty.
    let kept: Vec<_> = (6..=25).rev().map(message).collect();
    assert_eq!(control.get("/control/messages").await, (200, json!(kept)));
    assert_eq!(control.state().await["phone"]["messages"][0]["code"], "000025");
    assert_eq!(error(control.post("/control/sms", json!({ "data": {} })).await).0, 400);
}

#[tokio::test]
async fn a_shared_instance_forgets_what_is_old_and_refuses_what_is_too_much() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let address = qrconnect(&weixin, CALLBACK, "");
    let first = door::code_in(&weixin.code_for(&address).unwrap());
    for _ in 0..100_000 {
        weixin.code_for(&address).unwrap();
    }
    let newest = door::code_in(&weixin.code_for(&address).unwrap());
    let exchange = |code: &str| {
        let secret = weixin_emulator::DEFAULT_SECRET;
        let asked =
            format!("appid={DEFAULT_APPID}&secret={secret}&code={code}&grant_type=authorization_code");
        format!("{}/sns/oauth2/access_token?{asked}", weixin.api_url())
    };
    assert_eq!(json_of(&exchange(&first)).await["errcode"], 40029);
    assert!(json_of(&exchange(&newest)).await["openid"].is_string());

    for number in 0..1_000 {
        assert_eq!(control.put(&format!("/control/namespaces/suite-{number}"), Value::Null).await.0, 201);
    }
    assert_eq!(
        error(control.put("/control/namespaces/one-more", Value::Null).await),
        (409, "1000 namespaces exist already: end one with DELETE /control/namespaces/NAME".into())
    );
    assert_eq!(control.put("/control/namespaces/suite-7", Value::Null).await.0, 201, "anew in its place");
    assert_eq!(control.delete("/control/namespaces/suite-7").await.0, 204);
    assert_eq!(control.put("/control/namespaces/one-more", Value::Null).await.0, 201);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_and_a_client_that_hangs_harms_nobody() {
    let weixin = start().await;
    let huge = vec![b'x'; 10 * 1024 * 1024];
    for path in ["/control/reset", "/sns/oauth2/access_token", "/connect/confirm"] {
        let sent = client().post(format!("{}{path}", weixin.control_url())).body(huge.clone()).send().await;
        // Some clients see the answer, some the connection that ends under their hands.
        if let Ok(answer) = sent {
            assert_eq!(answer.status(), 413, "{path}");
        }
    }
    let mut hanging: Vec<_> = (0..50)
        .map(|_| {
            let mut wire = std::net::TcpStream::connect(weixin.open_address()).unwrap();
            wire.write_all(b"POST /sns/userinfo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nacc")
                .unwrap();
            wire
        })
        .collect();
    assert_eq!(Control::of(&weixin).get("/healthz").await.0, 200);
    let wire = &mut hanging[0];
    wire.set_read_timeout(Some(door::LONG)).unwrap();
    let mut answer = [0; 64];
    let read = wire.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "it is not waited for for ever: {answer}"
    );
}

#[tokio::test]
async fn ten_thousand_logins_at_once_all_end_well() {
    let weixin = start().await;
    let http = client();
    let page = qrconnect(&weixin, CALLBACK, "&f=xml");
    // All ten thousand QR codes are on screens before the first is scanned.
    let uuids: Vec<String> = at_once(|_| async {
        let text = http.get(&page).send().await.unwrap().text().await.unwrap();
        text.split("CDATA[").nth(1).unwrap()[..16].to_owned()
    })
    .await;
    for uuid in &uuids {
        weixin.scan(uuid).unwrap();
        weixin.allow(uuid).unwrap();
    }
    let (url, secret) = (weixin.open_url(), weixin_emulator::DEFAULT_SECRET);
    let openids: Vec<Value> = at_once(async |place| {
        let told: Value = json_by(&http, &format!("{url}/connect/l/qrconnect?uuid={}&f=json", uuids[place])).await;
        let code = told["wx_code"].as_str().unwrap();
        let exchange = format!(
            "{url}/sns/oauth2/access_token?appid={DEFAULT_APPID}&secret={secret}&code={code}&grant_type=authorization_code"
        );
        json_by(&http, &exchange).await["openid"].clone()
    })
    .await;
    assert_eq!(openids.len(), 10_000);
    assert!(openids.iter().all(|openid| openid.is_string() && *openid == openids[0]));
}

async fn json_by(http: &reqwest::Client, url: &str) -> Value {
    http.get(url).send().await.unwrap().json().await.unwrap()
}

/// Ten thousand of them, a few hundred connections at a time.
async fn at_once<T, F: Future<Output = T>>(make: impl Fn(usize) -> F) -> Vec<T> {
    futures_util::StreamExt::collect(futures_util::StreamExt::buffer_unordered(
        futures_util::stream::iter((0..10_000).map(make)),
        300,
    ))
    .await
}
