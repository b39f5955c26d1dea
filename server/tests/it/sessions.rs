//! `/sessions`: a person knows each login again, and ends all of them in one press.

use reqwest::Method;

use crate::harness::{Answer, House, Visitor, allowed};

const WINDOWS: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";
const MAC: &str =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15";

async fn logged_in(house: &House, user_agent: &'static str) -> Visitor {
    let mut visitor = house.visitor();
    visitor.user_agent = Some(user_agent);
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(house, &attempt)).await;
    visitor
}

async fn end_all(visitor: &mut Visitor, site: &str) -> Answer {
    let request = visitor.request(Method::POST, "/sessions/end").header("sec-fetch-site", site);
    visitor.send(request).await
}

/// The lines of the list, without what tells two times apart.
fn lines(page: &str) -> Vec<String> {
    let lines = page.split("<span class=\"session\">").skip(1);
    lines
        .map(|line| line.split_once("<br><time").unwrap().0.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[tokio::test]
async fn every_login_says_its_browser_its_system_and_its_site_and_which_one_is_here() {
    let house = House::new().await;
    let mut here = logged_in(&house, WINDOWS).await;
    house.clock.advance(60);
    logged_in(&house, MAC).await;
    let page = here.open("/sessions").await.body;
    let shop = "<br><bdi>Example &#60;b&#62;Shop&#60;/b&#62;</bdi>";
    assert_eq!(
        lines(&page),
        [
            format!("<strong>Safari, macOS</strong> {shop}"),
            format!("<strong>Chrome, Windows</strong> <small class=\"here\">This browser</small> {shop}"),
        ],
        "{page}"
    );
    assert!(page.contains("<bdi>陈锴</bdi>"), "whose list it is: {page}");
    // A script says the times in the person's own; without it they are said to be UTC.
    assert!(page.contains("/weixin/assets/times.js\" defer"), "{page}");
    let (_, time) = page.split_once("<time datetime=\"").unwrap();
    let (datetime, words) = time.split_once("Z\">").unwrap();
    assert!(words.starts_with(&format!("{} UTC</time>", datetime.replace('T', " "))), "{page}");
    assert_eq!(here.open("/assets/times.js").await.header("content-type"), "text/javascript; charset=utf-8");
}

#[tokio::test]
async fn one_press_ends_a_line_with_both_sessions_of_its_login() {
    let house = House::new().await;
    let mut here = logged_in(&house, WINDOWS).await;
    let mut there = logged_in(&house, MAC).await;
    let page = here.open("/sessions").await.body;
    let (_, line) = page.split_once("<strong>Safari, macOS</strong>").unwrap();
    let (_, action) = line.split_once("action=\"/weixin").unwrap();
    let path = action.split_once('"').unwrap().0;
    let request = here.request(Method::POST, path).header("sec-fetch-site", "same-origin");
    assert_eq!(here.send(request).await.status, 303);
    assert_eq!(there.session().await.status, 401);
    assert_eq!(there.open("/sessions").await.status, 401);
    assert_eq!(lines(&here.open("/sessions").await.body).len(), 1);
}

#[tokio::test]
async fn one_press_ends_every_login_of_a_person() {
    let house = House::new().await;
    let mut here = logged_in(&house, WINDOWS).await;
    let mut there = logged_in(&house, MAC).await;
    assert!(here.open("/sessions").await.body.contains("action=\"/weixin/sessions/end\""));
    let ended = end_all(&mut here, "same-origin").await;
    assert_eq!(ended.status, 200);
    assert!(ended.body.contains("You’re logged out"), "{}", ended.body);
    for visitor in [&mut here, &mut there] {
        assert_eq!(visitor.session().await.status, 401);
        assert_eq!(visitor.open("/sessions").await.status, 401);
    }
    assert!(!here.cookies.keys().any(|name| name.contains("sso")), "{:?}", here.cookies);
    assert_eq!(end_all(&mut here, "same-origin").await.status, 401, "nobody is logged in any more");
}

#[tokio::test]
async fn another_sites_page_ends_nobodys_logins_and_others_keep_theirs() {
    let house = House::new().await;
    let mut here = logged_in(&house, WINDOWS).await;
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(end_all(&mut here, site).await.status, 400, "{site}");
    }
    assert_eq!(here.session().await.status, 200);
    house.weixin.set_person(weixin_emulator::Person::new("other", "Somebody Else"));
    let mut other = logged_in(&house, MAC).await;
    assert_eq!(end_all(&mut other, "same-origin").await.status, 200);
    assert_eq!(here.session().await.status, 200);
}
