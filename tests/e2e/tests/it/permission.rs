//! Local Network Access, as Chromium and Firefox have it: a public page may ask this computer's WeChat only when the person has allowed it, or presses.

use serde_json::json;
use tempfile::TempDir;
use weixin_emulator::Call;
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine, PATIENCE};
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_shop::{Shop, Tls};

use crate::each::in_engines;
use crate::login::{SIGN_IN, assert_signed_in, continue_and_allow, scan_and_allow, until_offered};

/// A house that this browser finds, and takes for one on the public internet.
pub async fn house(engine: Engine) -> House {
    let ports_in_addresses = engine == Engine::Firefox;
    House::build(HouseOptions { tls: true, ports_in_addresses, ..HouseOptions::default() }).await
}

/// A browser that takes the shop and WeChat's pages for sites on the public internet, at the sign-in page.
async fn at_public_page(engine: Engine, house: &House, said_before: Option<bool>) -> Browser {
    let said_before = said_before.map(|allowed| (house.origin.clone(), allowed));
    let options = BrowserOptions { engine, said_before, ..house.public_browser_options() };
    let browser = Browser::start(options).await;
    browser.open(&house.page(SIGN_IN)).await;
    browser
}

fn asked_this_computer(house: &House) -> bool {
    house.weixin.requests().iter().any(|request| request.call == Call::CheckLogin)
}

async fn where_it_is_allowed_the_card_comes_at_once(engine: Engine) {
    let house = house(engine).await;
    let browser = at_public_page(engine, &house, Some(true)).await;
    continue_and_allow(&house, &browser).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

async fn where_the_browser_would_ask_the_qr_code_comes_and_nothing_is_asked(engine: Engine) {
    let house = house(engine).await;
    let browser = at_public_page(engine, &house, None).await;
    browser.until_phase("qr").await;
    let offer = "return document.querySelector('weixin-login').shadowRoot \
                 .querySelector('[data-press=\"use-this-computer\"]')?.checkVisibility()";
    browser.until("the offer to use this computer", offer).await;
    let frame = browser.frames().await.remove(0);
    assert!(frame.contains("&fast_login=0"), "{frame}");
    let allow = "return document.querySelector('weixin-login').shadowRoot.querySelector('iframe').getAttribute('allow') ?? ''";
    assert_eq!(browser.script(allow).await, "");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert!(!asked_this_computer(&house));
}

async fn where_it_is_blocked_the_qr_code_comes_and_nothing_is_asked(engine: Engine) {
    let house = house(engine).await;
    let browser = at_public_page(engine, &house, Some(false)).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert!(!asked_this_computer(&house));
    assert!(!browser.phases().await.contains(&"probing".to_owned()));
}

in_engines! {
    chromium Chromium:
        where_it_is_allowed_the_card_comes_at_once
        where_the_browser_would_ask_the_qr_code_comes_and_nothing_is_asked
        where_it_is_blocked_the_qr_code_comes_and_nothing_is_asked;
    firefox Firefox:
        where_it_is_allowed_the_card_comes_at_once
        where_the_browser_would_ask_the_qr_code_comes_and_nothing_is_asked
        where_it_is_blocked_the_qr_code_comes_and_nothing_is_asked;
}

/// A browser before the grant had its name of today: only the older one is known.
#[tokio::test]
async fn the_permissions_older_name_does_as_well() {
    let house = House::tls().await;
    let options =
        BrowserOptions { said_before: Some((house.origin.clone(), false)), ..house.public_browser_options() };
    let browser = Browser::start(options).await;
    browser
        .on_every_page(
            "const query = Permissions.prototype.query;
             Permissions.prototype.query = function (asked) {
                 window.asked = [...(window.asked ?? []), asked.name];
                 return asked.name === 'loopback-network' ? Promise.reject(new TypeError('no such name')) : query.call(this, asked);
             };",
        )
        .await;
    browser.open(&house.page(SIGN_IN)).await;
    browser.until_phase("qr").await;
    let asked = browser.script("return window.asked").await;
    assert_eq!(asked, json!(["loopback-network", "local-network-access"]));
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert!(!asked_this_computer(&house), "blocked under its older name too");
}

/// The sign-in page inside a frame of somebody else's page, which has the grant and passes it on, or not.
async fn framed(allow: &str) -> (House, Browser, Shop, TempDir) {
    const FORUM: &str = "https://forum.example.net";
    let house =
        House::build(HouseOptions { tls: true, framed_by: Some(FORUM.into()), ..HouseOptions::default() })
            .await;
    let pages = TempDir::new().unwrap();
    let page = format!(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Forum</title><iframe src={} allow='{allow}' width=400 height=700></iframe>",
        house.page(SIGN_IN)
    );
    std::fs::write(pages.path().join("index.html"), page).unwrap();
    let (cert_pem, key_pem) = house.weixin.issue(&["forum.example.net"]).unwrap();
    let forum = Shop::start(weixin_login_shop::Options {
        www: pages.path().into(),
        tls: Some(Tls { cert_pem, key_pem }),
        open_url: house.origin.clone(),
        ..Default::default()
    })
    .unwrap();
    let mut options = house.public_browser_options();
    options.names.push(("forum.example.net:443".into(), forum.address()));
    options.public.push(forum.address());
    // The grant is the top page's.
    options.said_before = Some((FORUM.into(), true));
    let browser = Browser::start(options).await;
    browser.open(&format!("{FORUM}/")).await;
    browser.driver().enter_frame(0).await.unwrap();
    (house, browser, forum, pages)
}

#[tokio::test]
async fn a_frame_that_is_delegated_to_asks_this_computer() {
    for allow in ["loopback-network; local-network-access", "local-network-access"] {
        let (_house, browser, _forum, _pages) = framed(allow).await;
        until_offered(&browser).await;
    }
}

#[tokio::test]
async fn a_frame_without_delegation_does_not_ask() {
    let (house, browser, _forum, _pages) = framed("").await;
    browser.until_phase("qr").await;
    house.weixin.wait_for_qr(PATIENCE).await.expect("a QR code is shown");
    // Its end inside the frame is refused by design: the callback page may be framed by the attempt's own origin alone, and
    // here the page around it is another's.
    assert!(!asked_this_computer(&house));
}

#[tokio::test]
async fn an_http_page_under_another_name_does_not_ask() {
    // A name that leads here, without TLS: no secure context, and not this computer to anybody who looks at the address.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://plain.example.test:{port}");
    let more_config = format!(
        "\n[[clients]]\nid = \"plain\"\nname = \"Plain\"\norigins = [\"{origin}\"]\nredirect_uris = []\n"
    );
    let house = House::build(HouseOptions { more_config, ..HouseOptions::default() }).await;
    let pages = TempDir::new().unwrap();
    for file in std::fs::read_dir(weixin_login_e2e::house::widget()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), pages.path().join(file.file_name())).unwrap();
    }
    let page = format!(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Plain</title><script type=module src=weixin-login.js></script>\
         <weixin-login service={} client-id=plain result=code code-challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM></weixin-login>",
        house.page("/weixin")
    );
    std::fs::write(pages.path().join("index.html"), page).unwrap();
    let _site = Shop::start(weixin_login_shop::Options {
        www: pages.path().into(),
        listen: format!("127.0.0.1:{port}").parse().unwrap(),
        open_url: format!("{} {}", house.weixin.open_url(), house.origin),
        desktop_urls: vec![house.origin.clone(), house.weixin.desktop_url()],
        ..Default::default()
    })
    .unwrap();
    let mut options = house.browser_options();
    options.switches.push("--host-resolver-rules=MAP plain.example.test 127.0.0.1".into());
    let browser = Browser::start(options).await;
    browser.open(&format!("{origin}/")).await;
    browser.until_phase("qr").await;
    let frame = browser.frames().await.remove(0);
    assert!(frame.contains("&fast_login=0"), "{frame}");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert!(!asked_this_computer(&house));
}
