//! On the service's own pages: plain forms, bound to the attempt's cookie.

use reqwest::Method;
use serde_json::json;

use super::inbox::Inbox;
use super::{PHONE, SHOWN, another, house};
use crate::harness::{Answer, House, SHOP, Visitor, allowed};

/// WeChat has sent the browser back: the page where the login waits.
async fn waits(house: &House, visitor: &mut Visitor) -> String {
    let attempt = visitor.start_hosted().await;
    let answer = visitor.open(&allowed(house, &attempt)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let expected = format!("/weixin/binding/{}", attempt["id"].as_str().unwrap());
    assert_eq!(answer.location(), expected);
    answer.location().strip_prefix("/weixin").unwrap().to_owned()
}

async fn form(visitor: &mut Visitor, site: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = visitor.request(Method::POST, path).header("sec-fetch-site", site).form(fields);
    visitor.send(request).await
}

#[tokio::test]
async fn a_first_login_is_asked_by_forms_and_the_second_asks_nothing() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let page = waits(&house, &mut visitor).await;
    assert_eq!(visitor.session().await.status, 401, "nobody is logged in yet");
    let asks = visitor.open(&page).await;
    assert_eq!(asks.status, 200);
    assert!(asks.body.contains(r#"type="tel""#) && asks.body.contains("Add your phone number"));
    let policy = asks.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://shop.example.test;"), "{policy}");
    let (contact, code) = (format!("{page}/contact"), format!("{page}/code"));
    // What is written stays to be mended.
    let wrong = form(&mut visitor, "same-origin", &contact, &[("contact", "1380013\"")]).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains(r#"value="1380013&#34;""#) && wrong.body.contains(r#"aria-invalid="true""#));
    let sent = form(&mut visitor, "same-origin", &contact, &[("contact", PHONE)]).await;
    assert_eq!((sent.status.as_u16(), sent.location()), (303, &*format!("/weixin{page}")));
    let asks = visitor.open(&page).await;
    assert!(
        asks.body.contains(r#"autocomplete="one-time-code""#) && asks.body.contains(r#"inputmode="numeric""#)
    );
    assert!(asks.body.contains(&SHOWN.replace(' ', "\u{a0}")));
    assert!(visitor.open(&format!("{page}?change")).await.body.contains(r#"type="tel""#));
    let right = inbox.sms_code();
    let wrong = form(&mut visitor, "same-origin", &code, &[("code", another(&right))]).await;
    assert!(wrong.status == 400 && wrong.body.contains("Tries left: 4"), "{}", wrong.body);
    let early = form(&mut visitor, "same-origin", &code, &[("again", "true")]).await;
    let wait: i64 = early.header("retry-after").parse().unwrap();
    assert!(early.status == 429 && (1..=60).contains(&wait), "{} {wait}", early.status);
    let done = form(&mut visitor, "same-origin", &code, &[("code", &right)]).await;
    assert_eq!((done.status.as_u16(), done.location()), (303, "https://shop.example.test/orders?page=2"));
    let session = visitor.session().await.json();
    let late = visitor.open(&page).await;
    assert_eq!((late.status.as_u16(), late.location()), (303, "https://shop.example.test/orders?page=2"));
    let mut again = house.visitor();
    let attempt = again.start_hosted().await;
    let answer = again.open(&allowed(&house, &attempt)).await;
    assert_eq!(answer.location(), "https://shop.example.test/orders?page=2");
    assert_eq!(again.session().await.json()["sub"], session["sub"]);
}

#[tokio::test]
async fn another_browser_and_another_sites_form_get_nothing() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let page = waits(&house, &mut visitor).await;
    let (contact, code) = (format!("{page}/contact"), format!("{page}/code"));
    let mut other = house.visitor();
    other.start_hosted().await;
    for path in [&*page, "/binding/unknown"] {
        assert_eq!(other.open(path).await.status, 400, "{path}");
    }
    assert_eq!(form(&mut other, "same-origin", &contact, &[("contact", PHONE)]).await.status, 400);
    for site in ["cross-site", "same-site"] {
        assert_eq!(form(&mut visitor, site, &contact, &[("contact", PHONE)]).await.status, 400, "{site}");
    }
    assert!(inbox.tries().is_empty());
    form(&mut visitor, "same-origin", &contact, &[("contact", PHONE)]).await;
    let right = inbox.sms_code();
    assert_eq!(form(&mut other, "same-origin", &code, &[("code", &right)]).await.status, 400);
    // The cookie is no token of a site's page.
    let secret = visitor.cookies.values().next().unwrap().split_once('.').unwrap().1.to_owned();
    let token = format!("{}.{secret}", page.rsplit('/').next().unwrap());
    let request = super::step(&visitor, SHOP, &token, "code", &json!({ "code": right }));
    assert_eq!(visitor.send(request).await.json()["error"], "unknown_attempt");
    house.clock.advance(600);
    let late = form(&mut visitor, "same-origin", &code, &[("code", &right)]).await;
    assert_eq!(late.status, 410);
    assert!(late.body.contains("attempt_expired"));
    assert_eq!(visitor.session().await.status, 401);
}

#[tokio::test]
async fn a_second_load_of_weixins_answer_leads_to_where_the_login_waits() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["email"]"#).await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let callback = allowed(&house, &attempt);
    let first = visitor.open(&callback).await;
    let second = visitor.open(&callback).await;
    assert_eq!((second.status, second.location()), (first.status, first.location()));
    assert_eq!(house.exchanges(), 1);
    let page = second.location().strip_prefix("/weixin").unwrap().to_owned();
    for (lang, title) in [("zh-CN", "绑定邮箱"), ("zh-TW", "綁定電子郵件"), ("en", "Add your email address")]
    {
        let mut visitor = visitor.clone();
        let attempt = visitor.open(&format!("/login?return_to=%2F&lang={lang}")).await;
        let attempt = crate::harness::attempt_of(&attempt.body);
        let waits = visitor.open(&allowed(&house, &attempt)).await;
        let page = waits.location().strip_prefix("/weixin").unwrap().to_owned();
        assert!(visitor.open(&page).await.body.contains(title), "{lang}");
    }
    assert!(visitor.open(&page).await.body.contains(r#"inputmode="email""#));
}
