//! What the service's own page is, by what the person holds: the widget, a tap inside WeChat, or help for a phone.

use crate::harness::{House, PUBLIC_URL, WEIXIN};

const PHONE: &str = "Mozilla/5.0 (Linux; Android 16; K) Chrome/156.0.0.0 Mobile Safari/537.36";
const LOGIN: &str = "/login?return_to=%2Forders";

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
    for part in [link, "href=\"weixin://\"", "Copy the link below", "device=computer"] {
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
        assert!(page.body.contains("A phone cannot scan its own screen"), "{}", page.body);
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
