//! The element on a site that has nothing to do with the service's: another domain, third-party cookies blocked, and a backend that
//! redeems the code.

use serde_json::json;
use tempfile::TempDir;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_shop::{Shop, Tls};

use crate::binding_panel::{PHONE, fill, until_asked, until_field};
use crate::login::{CHALLENGE, claims, redeem, scan_and_allow};

const FORUM: &str = "https://forum.example.net";

struct Forum {
    house: House,
    site: Shop,
    _pages: TempDir,
}

impl Forum {
    async fn new() -> Self {
        Self::requiring(&[]).await
    }

    /// It asks for this at the first login.
    async fn requiring(require: &[&'static str]) -> Self {
        let client = format!(
            "\n[[clients]]\nid = \"forum\"\nname = \"Forum\"\norigins = [\"{FORUM}\"]\nredirect_uris = []\nrequire = {require:?}\n"
        );
        let options = HouseOptions {
            tls: true,
            more_config: client,
            require: require.into(),
            ..HouseOptions::default()
        };
        let house = House::build(options).await;
        let pages = TempDir::new().unwrap();
        let page = format!(
            "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Forum</title>\
             <script type=module src=/weixin/widget/weixin-login.js></script>\
             <weixin-login service={}/weixin client-id=forum result=code code-challenge={CHALLENGE} nonce=n1 state='the site state'></weixin-login>",
            house.origin
        );
        std::fs::write(pages.path().join("index.html"), page).unwrap();
        let (cert_pem, key_pem) = house.weixin.issue(&["forum.example.net"]).unwrap();
        let site = Shop::start(weixin_login_shop::Options {
            www: pages.path().into(),
            // Only the widget's files come from here; the element asks the service on its own site.
            service_url: Some(format!("http://{}", house.service.address())),
            tls: Some(Tls { cert_pem, key_pem }),
            // The frame ends at the service's callback: a site's frame-src must allow both.
            open_url: format!("{} {}", house.weixin.open_url(), house.origin),
            desktop_urls: vec![house.origin.clone(), house.weixin.desktop_url()],
            img: vec![house.weixin.open_url()],
            ..Default::default()
        })
        .unwrap();
        Self { house, site, _pages: pages }
    }

    async fn browser(&self) -> Browser {
        let mut options = self.house.browser_options();
        options.names.push(("forum.example.net:443".into(), self.site.address()));
        options.said_before = Some((FORUM.into(), true));
        options.preferences =
            Some(json!({ "profile": { "cookie_controls_mode": 1, "block_third_party_cookies": true } }));
        let browser = Browser::start(options).await;
        browser.open(&format!("{FORUM}/")).await;
        browser
    }
}

#[tokio::test]
async fn a_scan_on_another_site_gives_its_backend_a_code() {
    let forum = Forum::new().await;
    forum.house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = forum.browser().await;
    browser.until_phase("qr").await;
    scan_and_allow(&forum.house).await;
    let success = browser.until_told("success").await;
    assert_eq!((&success["result"], &success["state"]), (&json!("code"), &json!("the site state")));
    let tokens = redeem(&forum.house, &success, "forum", FORUM).await;
    assert_eq!(claims(&tokens)["nonce"], "n1");
}

#[tokio::test]
async fn a_first_login_on_another_site_is_asked_for_a_phone_number_in_its_panel_without_a_cookie() {
    let forum = Forum::requiring(&["phone"]).await;
    forum.house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = forum.browser().await;
    browser.until_phase("qr").await;
    scan_and_allow(&forum.house).await;
    until_asked(&browser).await;
    fill(&browser, "contact", PHONE).await;
    until_field(&browser, "code").await;
    fill(&browser, "code", &forum.house.weixin.messages()[0].code.clone()).await;
    browser.leave_frame().await;
    let success = browser.until_told("success").await;
    assert_eq!((&success["result"], &success["state"]), (&json!("code"), &json!("the site state")));
    let tokens = redeem(&forum.house, &success, "forum", FORUM).await;
    assert_eq!(claims(&tokens)["nonce"], "n1");
}
