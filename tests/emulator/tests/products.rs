//! WeChat's products around login: a mini program's login and phone number, an app's own token, a service account's QR codes,
//! followers and pushes, the JS-SDK's ticket, and the script for websites. Answers are compared whole.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use door::{Control, client, get, json_of, start};
use serde_json::{Value, json};
use weixin_emulator::{
    Call, DEFAULT_APPID, DEFAULT_MINI_PROGRAM_APPID as MINI, DEFAULT_MINI_PROGRAM_SECRET as MINI_SECRET,
    DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID as ACCOUNT,
    DEFAULT_SERVICE_ACCOUNT_SECRET as ACCOUNT_SECRET, Emulator, Fault, Person,
};

fn errcode(body: &Value) -> (i64, String) {
    let errmsg = body["errmsg"].as_str().unwrap_or_else(|| panic!("{body}"));
    (body["errcode"].as_i64().unwrap(), errmsg.split(", rid: ").next().unwrap().to_owned())
}

async fn token(weixin: &Emulator, appid: &str, secret: &str) -> Value {
    json_of(&format!(
        "{}/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}",
        weixin.api_url()
    ))
    .await
}

async fn account_token(weixin: &Emulator) -> String {
    token(weixin, ACCOUNT, ACCOUNT_SECRET).await["access_token"].as_str().unwrap().to_owned()
}

async fn post(weixin: &Emulator, path: &str, body: Value) -> Value {
    let answer = client().post(format!("{}{path}", weixin.api_url())).json(&body).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/json; encoding=utf-8".parse().unwrap())
    );
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_mini_program_logs_its_person_in() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let (status, made) = control.post("/control/js_code", json!({})).await;
    assert_eq!(status, 200);
    let code = made["js_code"].as_str().unwrap().to_owned();
    let exchange = |code: &str, secret: &str| {
        format!(
            "{}/sns/jscode2session?appid={MINI}&secret={secret}&js_code={code}&grant_type=authorization_code",
            weixin.api_url()
        )
    };
    let answer = get(&exchange(&code, MINI_SECRET)).await;
    assert_eq!(answer.headers()["content-type"], "text/plain");
    let text = answer.text().await.unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    let (person, website) =
        (Person::new("chen-kai", "陈锴"), weixin_emulator::Scenario::default().apps[0].clone());
    assert_eq!(
        text,
        format!(
            r#"{{"session_key":{},"openid":"{}","unionid":"{}"}}"#,
            told["session_key"],
            person.openid(MINI),
            person.unionid(&website).unwrap()
        )
    );
    assert_eq!(STANDARD.decode(told["session_key"].as_str().unwrap()).unwrap().len(), 16);
    assert_eq!(errcode(&json_of(&exchange(&code, MINI_SECRET)).await), (40163, "code been used".into()));
    assert_eq!(errcode(&json_of(&exchange("c", MINI_SECRET)).await), (40029, "invalid code".into()));
    assert_eq!(errcode(&json_of(&exchange("c", "s")).await), (40125, "invalid appsecret".into()));
    assert_eq!(errcode(&json_of(&exchange("", MINI_SECRET)).await), (41008, "missing code".into()));
    let website = exchange("c", DEFAULT_SECRET).replace(MINI, DEFAULT_APPID);
    assert_eq!(errcode(&json_of(&website).await), (48001, "api unauthorized".into()));
    // Another person of the same mini program has another session key; an old code is none.
    let (_, late) = control.post("/control/js_code", json!({ "person": "lin-xiaoman" })).await;
    weixin.advance(Duration::from_secs(300));
    assert_eq!(errcode(&json_of(&exchange(late["js_code"].as_str().unwrap(), MINI_SECRET)).await).0, 40029);
    assert_eq!(control.post("/control/js_code", json!({ "appid": ACCOUNT })).await.0, 400);
    assert_eq!(control.post("/control/js_code", json!({ "person": "nobody" })).await.0, 400);
}

#[tokio::test]
async fn a_mini_program_is_told_a_phone_number_once() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    weixin.set_person(Person { phone_number: Some("13900000001".into()), ..Person::new("li-lei", "李雷") });
    let token = token(&weixin, MINI, MINI_SECRET).await["access_token"].as_str().unwrap().to_owned();
    let path = format!("/wxa/business/getuserphonenumber?access_token={token}");
    let (_, made) = control.post("/control/phone_code", json!({})).await;
    let body = json!({ "code": made["code"] });
    let told = post(&weixin, &path, body.clone()).await;
    let time = told["phone_info"]["watermark"]["timestamp"].as_u64().unwrap();
    assert_eq!(
        told,
        json!({ "errcode": 0, "errmsg": "ok", "phone_info": {
            "phoneNumber": "13900000001", "purePhoneNumber": "13900000001", "countryCode": "86",
            "watermark": { "timestamp": time, "appid": MINI },
        } })
    );
    assert_eq!(errcode(&post(&weixin, &path, body).await), (40029, "invalid code".into()));
    let (_, late) = control.post("/control/phone_code", json!({ "person": "chen-kai" })).await;
    weixin.advance(Duration::from_secs(300));
    assert_eq!(errcode(&post(&weixin, &path, json!({ "code": late["code"] })).await).0, 40029);
    assert_eq!(
        errcode(&post(&weixin, &path, json!({ "cod": 1 })).await),
        (47001, "data format error".into())
    );
    assert_eq!(
        errcode(&json_of(&format!("{}{path}", weixin.api_url())).await),
        (43002, "require POST method".into())
    );
    let account = account_token(&weixin).await;
    let path = format!("/wxa/business/getuserphonenumber?access_token={account}");
    assert_eq!(
        errcode(&post(&weixin, &path, json!({ "code": "c" })).await),
        (48001, "api unauthorized".into())
    );
    assert_eq!(errcode(&post(&weixin, "/wxa/nothing", json!({})).await), (40066, "invalid url".into()));
}

#[tokio::test]
async fn an_apps_token_is_replaced_and_the_old_one_overlaps() {
    let weixin = start().await;
    let first = token(&weixin, ACCOUNT, ACCOUNT_SECRET).await;
    assert_eq!(first["expires_in"], 7200);
    let ticket = |token: &Value| {
        let token = token["access_token"].as_str().unwrap();
        format!("{}/cgi-bin/ticket/getticket?access_token={token}&type=jsapi", weixin.api_url())
    };
    let second = token(&weixin, ACCOUNT, ACCOUNT_SECRET).await;
    assert_ne!(first["access_token"], second["access_token"]);
    weixin.advance(Duration::from_secs(299));
    assert_eq!(json_of(&ticket(&first)).await["errcode"], 0);
    weixin.advance(Duration::from_secs(1));
    assert_eq!(errcode(&json_of(&ticket(&first)).await), (42001, "access_token expired".into()));
    assert_eq!(json_of(&ticket(&second)).await["errcode"], 0);
    for (appid, secret, refused) in [
        ("", "s", (41002, "appid missing")),
        (ACCOUNT, "", (41004, "appsecret missing")),
        ("wx0000000000000000", "s", (40013, "invalid appid")),
        (ACCOUNT, "s", (40125, "invalid appsecret")),
        (DEFAULT_APPID, DEFAULT_SECRET, (48001, "api unauthorized")),
    ] {
        assert_eq!(errcode(&token(&weixin, appid, secret).await), (refused.0, refused.1.to_owned()));
    }
    let wrong = format!("{}/cgi-bin/token?grant_type=password&appid={ACCOUNT}&secret=s", weixin.api_url());
    assert_eq!(errcode(&json_of(&wrong).await), (40002, "invalid grant_type".into()));
    assert_eq!(errcode(&json_of(&format!("{}/cgi-bin/nothing", weixin.api_url())).await).0, 40066);
    weixin.fault_times(Call::AppToken, Fault::Errcode { errcode: -1 }, 1);
    assert_eq!(errcode(&token(&weixin, ACCOUNT, ACCOUNT_SECRET).await).0, -1);
}

#[tokio::test]
async fn a_stable_token_stays_until_it_is_forced() {
    let weixin = start().await;
    let ask = async |force: bool| {
        let body = json!({ "grant_type": "client_credential", "appid": MINI, "secret": MINI_SECRET, "force_refresh": force });
        post(&weixin, "/cgi-bin/stable_token", body).await
    };
    let first = ask(false).await;
    weixin.advance(Duration::from_secs(1000));
    let again = ask(false).await;
    assert_eq!(again["access_token"], first["access_token"]);
    assert!(again["expires_in"].as_u64().unwrap() <= 6200, "{again}");
    // Neither way knows of the other's token.
    assert_ne!(token(&weixin, MINI, MINI_SECRET).await["access_token"], first["access_token"]);
    let forced = ask(true).await;
    assert_ne!(forced["access_token"], first["access_token"]);
    let use_it = async |token: &Value| {
        let path = format!(
            "/wxa/business/getuserphonenumber?access_token={}",
            token["access_token"].as_str().unwrap()
        );
        errcode(&post(&weixin, &path, json!({ "code": "c" })).await).0
    };
    assert_eq!(use_it(&first).await, 42001);
    assert_eq!(use_it(&forced).await, 40029);
    // Tencent's document: forced again within thirty seconds it is not renewed.
    assert_eq!(ask(true).await["access_token"], forced["access_token"]);
    weixin.advance(Duration::from_secs(30));
    let anew = ask(true).await;
    assert_ne!(anew["access_token"], forced["access_token"]);
    assert_eq!(use_it(&forced).await, 42001);
    // In the last five minutes a new one is given, and both are good.
    weixin.advance(Duration::from_secs(6950));
    let renewed = ask(false).await;
    assert_ne!(renewed["access_token"], anew["access_token"]);
    assert_eq!(use_it(&anew).await, 40029);
    let url = format!("{}/cgi-bin/stable_token", weixin.api_url());
    assert_eq!(errcode(&json_of(&url).await), (43002, "require POST method".into()));
    assert_eq!(
        errcode(&client().post(&url).send().await.unwrap().json().await.unwrap()),
        (44002, "empty post data".into())
    );
    assert_eq!(
        errcode(&client().post(&url).body("a=b").send().await.unwrap().json().await.unwrap()),
        (47001, "data format error".into())
    );
}

async fn scene(weixin: &Emulator, body: Value) -> Value {
    let token = account_token(weixin).await;
    post(weixin, &format!("/cgi-bin/qrcode/create?access_token={token}"), body).await
}

#[tokio::test]
async fn a_service_accounts_qr_code_is_made_shown_and_expires() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let made = scene(&weixin, json!({ "expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "login-1" } } })).await;
    let (ticket, url) = (made["ticket"].as_str().unwrap(), made["url"].as_str().unwrap());
    assert_eq!(made, json!({ "ticket": ticket, "expire_seconds": 600, "url": url }));
    assert!(url.starts_with("http://weixin.qq.com/q/"), "{url}");
    let encoded: String = url::form_urlencoded::byte_serialize(ticket.as_bytes()).collect();
    let picture = get(&format!("{}/cgi-bin/showqrcode?ticket={encoded}", weixin.open_url())).await;
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert_eq!(get(&format!("{}/cgi-bin/showqrcode?ticket=t", weixin.open_url())).await.status(), 404);
    weixin.advance(Duration::from_secs(600));
    let expired = control.post("/control/scan_scene", json!({ "ticket": ticket })).await;
    assert_eq!(expired, (409, json!({ "error": "this QR code has expired" })));
    assert_eq!(control.post("/control/scan_scene", json!({ "ticket": "t" })).await.0, 400);

    let number = |action: &str, id: Value| json!({ "action_name": action, "action_info": { "scene": { "scene_id": id } } });
    assert_eq!(scene(&weixin, number("QR_SCENE", json!(123))).await["expire_seconds"], 60);
    let lasting = scene(&weixin, number("QR_LIMIT_SCENE", json!(100_000))).await;
    assert_eq!(lasting.get("expire_seconds"), None);
    weixin.advance(Duration::from_secs(40 * 24 * 3600));
    control.done("/control/scan_scene", json!({ "ticket": lasting["ticket"] })).await;
    for (body, refused) in [
        (number("QR_LIMIT_SCENE", json!(100_001)), 40053),
        (number("QR_SCENE", json!(0)), 40053),
        (number("QR_SCENE", json!("a")), 47001),
        (number("QR_STR_SCENE", json!(1)), 40053),
        (number("QR", json!(1)), 40052),
        (
            json!({ "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "a".repeat(65) } } }),
            40053,
        ),
        (json!({}), 47001),
    ] {
        assert_eq!(errcode(&scene(&weixin, body.clone()).await).0, refused, "{body}");
    }
}

#[tokio::test]
async fn a_follower_is_told_apart_from_others() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let account = weixin_emulator::Scenario::default().apps[1].clone();
    let person = Person::new("chen-kai", "陈锴");
    let (openid, unionid) = (person.openid(ACCOUNT), person.unionid(&account).unwrap());
    let info = async |openid: &str| {
        let token = account_token(&weixin).await;
        json_of(&format!(
            "{}/cgi-bin/user/info?access_token={token}&openid={openid}&lang=zh_CN",
            weixin.api_url()
        ))
        .await
    };
    assert_eq!(info(&openid).await, json!({ "subscribe": 0, "openid": openid, "unionid": unionid }));
    control.done("/control/follow", json!({})).await;
    let told = info(&openid).await;
    assert_eq!(
        told,
        json!({
            "subscribe": 1, "openid": openid, "language": "zh_CN", "subscribe_time": told["subscribe_time"], "unionid": unionid, "remark": "",
            "groupid": 0, "tagid_list": [], "subscribe_scene": "ADD_SCENE_SEARCH", "qr_scene": 0, "qr_scene_str": "",
        })
    );
    control.done("/control/unfollow", json!({})).await;
    assert_eq!(info(&openid).await["subscribe"], 0);
    assert_eq!(control.post("/control/unfollow", json!({})).await.0, 409);
    let made = scene(
        &weixin,
        json!({ "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "login-1" } } }),
    )
    .await;
    control.done("/control/scan_scene", json!({ "ticket": made["ticket"] })).await;
    let told = info(&openid).await;
    assert_eq!(
        (&told["subscribe_scene"], &told["qr_scene_str"]),
        (&json!("ADD_SCENE_QR_CODE"), &json!("login-1"))
    );
    assert_eq!(errcode(&info("o").await), (40003, "invalid openid".into()));
    assert_eq!(errcode(&info("").await), (41009, "missing openid".into()));
    let nobody = format!("{}/cgi-bin/user/info?access_token=t&openid=o", weixin.api_url());
    assert_eq!(errcode(&json_of(&nobody).await).0, 40001);
}

#[tokio::test]
async fn the_js_sdks_ticket_stays_and_its_signature_is_checked() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let token = account_token(&weixin).await;
    let address = |kind: &str| {
        format!("{}/cgi-bin/ticket/getticket?access_token={token}&type={kind}", weixin.api_url())
    };
    let config = |signature: &str| json!({ "appid": ACCOUNT, "nonceStr": "Wm3WZYTPz0wzccnW", "timestamp": "1414587457", "url": "http://mp.weixin.qq.com?params=value#top", "signature": signature });
    assert_eq!(control.post("/control/js_signature", config("x")).await.0, 409, "no ticket yet");
    let told = json_of(&address("jsapi")).await;
    let ticket = told["ticket"].as_str().unwrap();
    assert_eq!(
        told,
        json!({ "errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": told["expires_in"] })
    );
    assert_eq!(json_of(&address("jsapi")).await["ticket"], ticket);
    assert_ne!(json_of(&address("wx_card")).await["ticket"], ticket);
    assert_eq!(errcode(&json_of(&address("other")).await), (40097, "invalid args".into()));
    let right = sha1(&format!(
        "jsapi_ticket={ticket}&noncestr=Wm3WZYTPz0wzccnW&timestamp=1414587457&url=http://mp.weixin.qq.com?params=value"
    ));
    control.done("/control/js_signature", config(&right)).await;
    let wrong = control.post("/control/js_signature", config(&right.to_uppercase())).await;
    assert!(
        wrong.0 == 409 && wrong.1["error"].as_str().unwrap().starts_with("invalid signature"),
        "{wrong:?}"
    );
}

fn sha1(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A site that takes pushes: what each request was, and what it is answered.
struct Site(TcpListener);

impl Site {
    fn open() -> Site {
        Site(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn url(&self) -> String {
        format!("http://{}/weixin?a=1", self.0.local_addr().unwrap())
    }

    /// Takes one request in a thread of its own, and answers what `answer` makes of its query and body.
    fn once(
        &self,
        answer: impl FnOnce(&url::Url, &str) -> Option<String> + Send + 'static,
    ) -> tokio::task::JoinHandle<(url::Url, String)> {
        let listener = self.0.try_clone().unwrap();
        tokio::task::spawn_blocking(move || {
            let (mut wire, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(wire.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            reader.read_line(&mut line).unwrap();
            let target = line.split(' ').nth(1).unwrap().to_owned();
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if header == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (url, body) =
                (url::Url::parse(&format!("http://site{target}")).unwrap(), String::from_utf8(body).unwrap());
            if let Some(answer) = answer(&url, &body) {
                write!(
                    wire,
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                    answer.len()
                )
                .unwrap();
            }
            (url, body)
        })
    }
}

fn value(url: &url::Url, name: &str) -> String {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .unwrap_or_else(|| panic!("no {name} in {url}"))
        .1
        .into_owned()
}

fn signed(token: &str, url: &url::Url, more: &[&str]) -> String {
    let (timestamp, nonce) = (value(url, "timestamp"), value(url, "nonce"));
    let mut parts = vec![token, &timestamp, &nonce];
    parts.extend(more);
    parts.sort_unstable();
    sha1(&parts.concat())
}

#[tokio::test]
async fn a_site_shows_its_token_and_is_told_of_scans() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let site = Site::open();
    let target = json!({ "appid": ACCOUNT, "url": site.url(), "token": "push-token" });
    let asked = site.once(|_, _| Some("something else".into()));
    let refused = control.post("/control/push_target", target.clone()).await;
    assert!(
        refused.0 == 409 && refused.1["error"].as_str().unwrap().contains("does not give echostr back"),
        "{refused:?}"
    );
    asked.await.unwrap();
    let asked = site.once(|url, _| Some(value(url, "echostr")));
    control.done("/control/push_target", target).await;
    let (url, _) = asked.await.unwrap();
    assert_eq!(value(&url, "signature"), signed("push-token", &url, &[]));
    assert_eq!(value(&url, "a"), "1");

    let made = scene(
        &weixin,
        json!({ "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "login-1" } } }),
    )
    .await;
    let ticket = made["ticket"].as_str().unwrap();
    let openid = Person::new("chen-kai", "").openid(ACCOUNT);
    for (event, key) in [("subscribe", "qrscene_login-1"), ("SCAN", "login-1")] {
        let told = site.once(|_, _| Some("success".into()));
        control.done("/control/scan_scene", json!({ "ticket": ticket })).await;
        let (url, xml) = told.await.unwrap();
        assert_eq!(value(&url, "signature"), signed("push-token", &url, &[]));
        assert_eq!(value(&url, "openid"), openid);
        let time = xml.split("<CreateTime>").nth(1).unwrap().split('<').next().unwrap();
        assert_eq!(
            xml,
            format!(
                "<xml><ToUserName><![CDATA[gh_emulator0000]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>\
                 <CreateTime>{time}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>\
                 <EventKey><![CDATA[{key}]]></EventKey><Ticket><![CDATA[{ticket}]]></Ticket></xml>"
            )
        );
    }
    // One that ends without an answer is asked again.
    let told = site.once(|_, _| None);
    control.done("/control/unfollow", json!({})).await;
    let (_, xml) = told.await.unwrap();
    assert!(xml.contains("<![CDATA[unsubscribe]]>"), "{xml}");
    let (_, again) = site.once(|_, _| Some(String::new())).await.unwrap();
    assert_eq!(again, xml);
    let noted = loop {
        let (_, all) = control.get("/control/pushes").await;
        if all.as_array().unwrap().len() == 4 {
            break all;
        }
    };
    assert_eq!((&noted[2]["attempt"], &noted[2]["status"]), (&json!(1), &Value::Null));
    assert_eq!(
        (&noted[3]["attempt"], &noted[3]["status"], &noted[3]["xml"]),
        (&json!(2), &json!(200), &json!(xml))
    );
}

#[tokio::test]
async fn pushes_are_encrypted_where_the_account_has_a_key() {
    let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let site = Site::open();
    let target =
        json!({ "appid": ACCOUNT, "url": site.url(), "token": "push-token", "encoding_aes_key": key });
    let scenario = weixin_emulator::Scenario::parse(&json!({ "pushes": [target] }).to_string()).unwrap();
    let weixin = Emulator::start(weixin_emulator::Options { scenario, ..Default::default() }).await.unwrap();
    let told = site.once(|_, _| Some("success".into()));
    Control::of(&weixin).done("/control/follow", json!({ "person": "lin-xiaoman" })).await;
    let (url, body) = told.await.unwrap();
    assert_eq!(value(&url, "encrypt_type"), "aes");
    let sealed = body.split("<Encrypt><![CDATA[").nth(1).unwrap().split(']').next().unwrap();
    assert_eq!(value(&url, "msg_signature"), signed("push-token", &url, &[sealed]));
    // As a site of its own would read it: AES-256-CBC, the IV from the key, 16 bytes of noise, a length, the message, the appid, padding.
    // The last two bits of the 43 characters count for nothing: E in the place of G has the others.
    let key = STANDARD.decode(format!("{}E=", &key[..42])).unwrap();
    assert_eq!(key.len(), 32);
    let clear = decrypted(key, sealed);
    let length = u32::from_be_bytes(clear[16..20].try_into().unwrap()) as usize;
    let xml = std::str::from_utf8(&clear[20..20 + length]).unwrap();
    assert!(
        xml.contains("<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[]]></EventKey></xml>"),
        "{xml}"
    );
    let padding = *clear.last().unwrap() as usize;
    assert_eq!(&clear[20 + length..clear.len() - padding], ACCOUNT.as_bytes());
    assert!((1..=32).contains(&padding) && clear.len().is_multiple_of(32));
}

fn decrypted(key: Vec<u8>, sealed: &str) -> Vec<u8> {
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let mut sealed = STANDARD.decode(sealed).unwrap();
    let key = DecryptingKey::cbc(UnboundCipherKey::new(&AES_256, &key).unwrap()).unwrap();
    key.decrypt(&mut sealed, DecryptionContext::Iv128(iv.into())).unwrap().to_vec()
}

#[tokio::test]
async fn tencents_script_for_websites_has_the_same_interface() {
    let weixin = start().await;
    let answer = get(&format!("{}/connect/zh_CN/htmledition/js/wxLogin.js", weixin.open_url())).await;
    assert_eq!(answer.headers()["content-type"], "application/javascript");
    let script = answer.text().await.unwrap();
    let page = format!(
        "{script}\n;new WxLogin({{ self_redirect: true, id: 'place', appid: '{DEFAULT_APPID}', scope: 'snsapi_login', \
         redirect_uri: encodeURIComponent('http://localhost:9/callback'), state: 'S1', style: 'white', href: '', onReady() {{}} }});\
         console.log(frame.src);"
    );
    let dom = "const frame = { setAttribute() {} }; globalThis.window = { addEventListener() {} }; \
               globalThis.document = { createElement: () => frame, getElementById: () => ({ appendChild() {} }) };\
               Object.defineProperty(globalThis, 'WxLogin', { get: () => window.WxLogin });";
    let output = std::process::Command::new("node").args(["-e", &format!("{dom}\n{page}")]).output().unwrap();
    let address = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        address.trim(),
        format!(
            "{}/connect/qrconnect?appid={DEFAULT_APPID}&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcallback&state=S1\
             &login_type=jssdk&self_redirect=true&styletype=&sizetype=&bgcolor=&rst=&style=white",
            weixin.open_url()
        ),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(door::text_of(address.trim()).await.contains("示例商店"));
}

#[tokio::test]
async fn the_script_is_there_under_tls_and_its_own_name() {
    let weixin = Emulator::start(weixin_emulator::Options { tls: true, ..Default::default() }).await.unwrap();
    let ca = reqwest::Certificate::from_pem(weixin.ca_pem().unwrap().as_bytes()).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([ca])
        .resolve("res.wx.qq.com", weixin.open_address())
        .build()
        .unwrap();
    let port = weixin.open_address().port();
    let script = http.get(format!("https://res.wx.qq.com:{port}/connect/zh_CN/htmledition/js/wxLogin.js"));
    let script = script.send().await.unwrap().text().await.unwrap();
    assert!(script.contains("OPEN_URL = \"https://open.weixin.qq.com\""), "{script}");
    for name in ["res.wx.qq.com:443", "wx.qlogo.cn:443", "mp.weixin.qq.com:443"] {
        assert!(weixin.names().iter().any(|(known, _)| known == name), "{name}");
    }
}
