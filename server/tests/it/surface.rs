//! What the service's own page is, by what the person holds: the widget, a tap inside WeChat, or help for a phone.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};

use crate::harness::{Answer, CHALLENGE, House, KIOSK, PUBLIC_URL, Visitor, WEIXIN};

const PHONE: &str = "Mozilla/5.0 (Linux; Android 16; K) Chrome/156.0.0.0 Mobile Safari/537.36";
const LOGIN: &str = "/login?return_to=%2Forders";

/// Model names that phones write into their user agents: Chinese as UTF-8 and as GBK, a sign of Latin-1.
const MODELS: [&[u8]; 3] = ["小米15".as_bytes(), b"\xd0\xa1\xc3\xd715", b"Razr\xae"];

/// Opens a page as a browser with this user agent, byte by byte.
async fn open_as(visitor: &mut Visitor, user_agent: &[u8], path: &str) -> Answer {
    let agent = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_bytes(user_agent).unwrap())]);
    let request = visitor.request(Method::GET, path).header("sec-fetch-dest", "document").headers(agent);
    visitor.send(request).await
}

fn with_model(model: &[u8], before: &str, after: &str) -> Vec<u8> {
    [before.as_bytes(), model, after.as_bytes()].concat()
}

/// The `href` that leads to WeChat's question.
fn authorize_of(page: &str) -> String {
    let (_, rest) = page.split_once("class=\"button\" href=\"").expect("there is something to tap");
    rest.split_once('"').unwrap().0.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn inside_weixin_a_tap_logs_in_by_the_service_account() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    visitor.user_agent = Some(WEIXIN);
    let page = visitor.open(LOGIN).await;
    assert_eq!(page.status, 200);
    let authorize = authorize_of(&page.body);
    let expected = format!(
        "{}/connect/oauth2/authorize?appid={}&redirect_uri=https%3A%2F%2Fshop.example.test%2Fweixin%2Fcallback&response_type=code&scope=snsapi_userinfo&state=",
        house.weixin.open_url(),
        weixin_emulator::DEFAULT_SERVICE_ACCOUNT_APPID
    );
    assert!(authorize.starts_with(&expected), "{authorize}");
    assert!(authorize.ends_with("&forcePopup=true#wechat_redirect"), "{authorize}");
    let callback = house.weixin.code_for(&authorize).unwrap();
    let callback = callback.strip_prefix(PUBLIC_URL).unwrap();
    let stranger = house.visitor().open(callback).await;
    assert!(stranger.body.contains("other_browser"), "{}", stranger.body);
    let ended = visitor.open(callback).await;
    assert_eq!((ended.status.as_u16(), ended.location()), (303, "https://shop.example.test/orders"));
    assert_eq!(visitor.session().await.json()["nickname"], "陈锴");
}

#[tokio::test]
async fn a_model_name_that_is_no_ascii_hides_nothing_else_of_the_user_agent() {
    let house = House::new().await;
    let android = "Mozilla/5.0 (Linux; Android 16; ";
    for model in MODELS {
        let weixin =
            with_model(model, android, ") Chrome/130.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.49");
        let page = open_as(&mut house.visitor(), &weixin, LOGIN).await;
        assert!(authorize_of(&page.body).contains("/connect/oauth2/authorize?"), "{}", page.body);

        let phone = with_model(model, android, ") Chrome/156.0.0.0 Mobile Safari/537.36");
        let page = open_as(&mut house.visitor(), &phone, LOGIN).await;
        assert!(page.body.contains("Copy the link, send it to yourself in WeChat"), "{}", page.body);

        // The computer's own name is read for the person at the phone; the phone's, for the page that the code holds.
        let computer =
            with_model(model, "Mozilla/5.0 (Windows NT 10.0; ", ") Chrome/156.0.0.0 Safari/537.36");
        let agent = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_bytes(&computer).unwrap())]);
        let start =
            serde_json::json!({ "client_id": "kiosk", "result": "code", "code_challenge": CHALLENGE });
        let mut visitor = house.visitor();
        let request = visitor.request(Method::POST, "/login").header("origin", KIOSK).headers(agent);
        let started = visitor.send(request.json(&start)).await.json();
        let scan = format!("/scan/{}", started["id"].as_str().unwrap());
        let mut phone = house.visitor();
        let page = open_as(&mut phone, &weixin, &scan).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let tap = phone.request(Method::POST, &scan).header("sec-fetch-site", "same-origin");
        let tapped = phone.send(tap).await;
        let callback = house.weixin.code_for(tapped.location()).unwrap();
        phone.open(callback.strip_prefix(PUBLIC_URL).unwrap()).await;
        let question = phone.open(&format!("{scan}/confirm")).await;
        assert!(question.body.contains("Chrome, Windows"), "{}", question.body);
    }
}

#[tokio::test]
async fn wecom_is_a_phone_that_takes_the_link_along_or_a_computer_with_the_code() {
    let house = House::new().await;
    let mut phone = house.visitor();
    phone.user_agent = Some("Mozilla/5.0 (iPhone) Mobile/15E148 wxwork/4.1.10 MicroMessenger/7.0.1");
    let page = phone.open(LOGIN).await;
    assert!(page.body.contains("Copy the link, send it to yourself in WeChat"), "{}", page.body);
    let mut computer = house.visitor();
    computer.user_agent =
        Some("Mozilla/5.0 (Windows NT 10.0) wxwork/4.1.39 (MicroMessenger/6.2) WindowsWechat");
    assert!(computer.open(LOGIN).await.body.contains("<weixin-login"));

    // What it scans is for WeChat: its own authorization does not know the service account.
    let start = serde_json::json!({ "client_id": "kiosk", "result": "code", "code_challenge": CHALLENGE });
    let started = computer.post(KIOSK, "/login", &start).await.json();
    let scanned = phone.open(&format!("/scan/{}", started["id"].as_str().unwrap())).await;
    assert_eq!(scanned.status, 400);
    assert!(scanned.body.contains("WeChat"), "{}", scanned.body);
}

#[tokio::test]
async fn a_virtual_person_inside_weixin_is_refused_with_the_way_out() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    visitor.user_agent = Some(WEIXIN);
    let authorize = authorize_of(&visitor.open(LOGIN).await.body);
    let nobody = weixin_emulator::Person {
        is_virtual: true,
        ..weixin_emulator::Person::new("nobody", "微信用户")
    };
    house.weixin.set_person(nobody);
    assert!(house.weixin.set_phone_person("nobody"));
    let callback = house.weixin.code_for(&authorize).unwrap();
    let refused = visitor.open(callback.strip_prefix(PUBLIC_URL).unwrap()).await;
    assert!(refused.body.contains("virtual_person"), "{}", refused.body);
    assert!(refused.body.contains("href=\"/weixin/login?return_to="), "{}", refused.body);
    assert_eq!(visitor.session().await.status, 401);
}

#[tokio::test]
async fn a_phone_outside_weixin_gets_the_link_to_take_there_and_may_see_the_code_all_the_same() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    visitor.user_agent = Some(PHONE);
    let page = visitor.open(LOGIN).await;
    assert_eq!(page.status, 200);
    let link = "value=\"https://shop.example.test/weixin/login?return_to=https%3A%2F%2Fshop.example.test%2Forders&#38;client_id=shop\"";
    for part in
        [link, "href=\"weixin://\"", "Copy the link, send it to yourself in WeChat", "device=computer"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(visitor.cookies.is_empty(), "nothing has begun");
    let all_the_same = visitor.open(&format!("{LOGIN}&device=computer")).await;
    assert!(all_the_same.body.contains("<weixin-login"), "{}", all_the_same.body);
}

#[tokio::test]
async fn without_a_service_account_a_phone_is_told_to_use_another_screen() {
    let house = House::with(|config| {
        let (before, rest) = config.split_once("[weixin.service_account]").unwrap();
        let (_, clients) = rest.split_once("[[clients]]\nid = \"shop\"").unwrap();
        format!("{before}\n[[clients]]\nid = \"shop\"{clients}")
    })
    .await;
    for (user_agent, offers_the_code) in [(WEIXIN, false), (PHONE, true)] {
        let mut visitor = house.visitor();
        visitor.user_agent = Some(user_agent);
        let page = visitor.open(LOGIN).await;
        assert!(page.body.contains("A phone can’t scan its own screen"), "{}", page.body);
        assert!(!page.body.contains("weixin://"), "{}", page.body);
        assert_eq!(page.body.contains("device=computer"), offers_the_code);
        assert!(visitor.cookies.is_empty(), "nothing has begun");
    }
}

#[tokio::test]
async fn with_a_service_account_alone_every_computer_gets_a_scene() {
    let house = House::with(|config| {
        let (before, rest) = config.split_once("[weixin.website]").unwrap();
        let (_, rest) = rest.split_once("[weixin.service_account]").unwrap();
        format!("{before}[weixin.service_account]{rest}")
    })
    .await;
    let mut visitor = house.visitor();
    assert_eq!(visitor.start_hosted().await["kind"], "scene");
    assert_eq!(visitor.start_embedded().await["kind"], "scene");
}
