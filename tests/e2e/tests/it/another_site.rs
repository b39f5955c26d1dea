//! The element on a site that has nothing to do with the service's: another domain, third-party cookies blocked, and a backend that
//! redeems the code.

use serde_json::{Value, json};
use tempfile::TempDir;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_shop::{Shop, Tls};

use crate::login::{continue_and_allow, scan_and_allow};

const FORUM: &str = "https://forum.example.net";
/// PKCE's example (RFC 7636, appendix B): the backend's, the page has the challenge alone.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Forum {
    house: House,
    site: Shop,
    _pages: TempDir,
}

impl Forum {
    async fn new() -> Self {
        let client = format!(
            "\n[[clients]]\nid = \"forum\"\nname = \"Forum\"\norigins = [\"{FORUM}\"]\nredirect_uris = []\n"
        );
        let house =
            House::build(HouseOptions { tls: true, more_config: client, ..HouseOptions::default() }).await;
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

    /// The site's backend checks what its page got, and redeems the code.
    async fn redeem(&self, success: &Value) -> Value {
        assert_eq!(success["result"], "code", "{success}");
        assert_eq!(success["state"], "the site state");
        assert_eq!(success["iss"], self.house.page("/weixin"));
        let http = reqwest::Client::new();
        let answer = http
            .post(format!("http://{}/weixin/token", self.house.service.address()))
            .header("host", "shop.example.test")
            .header("x-forwarded-proto", "https")
            .form(&[
                ("grant_type", "authorization_code"),
                ("code", success["code"].as_str().unwrap()),
                ("client_id", "forum"),
                ("redirect_uri", &format!("web_message:{FORUM}")),
                ("code_verifier", VERIFIER),
            ])
            .send()
            .await
            .unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

async fn success(browser: &Browser) -> Value {
    browser.until_phase("success").await;
    browser.events().await.into_iter().find(|event| event["name"] == "success").unwrap()
}

#[tokio::test]
async fn a_scan_on_another_site_gives_its_backend_a_code() {
    let forum = Forum::new().await;
    forum.house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = forum.browser().await;
    browser.until_phase("qr").await;
    scan_and_allow(&forum.house).await;
    let tokens = forum.redeem(&success(&browser).await).await;
    assert_eq!(tokens["token_type"], "Bearer", "{tokens}");
    assert!(tokens["id_token"].as_str().is_some_and(|token| token.split('.').count() == 3), "{tokens}");
}

#[tokio::test]
async fn fast_login_on_another_site_gives_its_backend_a_code() {
    let forum = Forum::new().await;
    let browser = forum.browser().await;
    continue_and_allow(&forum.house, &browser).await;
    let tokens = forum.redeem(&success(&browser).await).await;
    assert_eq!(tokens["token_type"], "Bearer", "{tokens}");
}
