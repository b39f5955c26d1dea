//! WeChat's page is loaded while the attempt begins, with a state that the page has made itself.

use weixin_login_e2e::between::{Between, Fault};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine};
use weixin_login_e2e::house::{House, LINK, bare, page};

use crate::each::in_engines;
use crate::login::{assert_signed_in, scan_and_allow};

/// A page that never asks this computer: the QR code is what comes.
const STRAIGHT: &str = "no-fast-login";

const FRAME: &str = "const root = document.querySelector('weixin-login').shadowRoot; const frame = root.querySelector('iframe'); ";

async fn at(engine: Engine, house: &House) -> Browser {
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/")).await;
    browser
}

/// The `state` in a frame's address.
fn state(address: &str) -> String {
    let rest = address.split_once("&state=").expect("a state").1;
    rest.split('&').next().unwrap_or_default().to_owned()
}

async fn until_loaded(house: &House) {
    house.weixin.wait_for_qr(weixin_login_e2e::browser::PATIENCE).await.unwrap();
}

async fn weixins_page_is_there_before_the_attempt_and_is_shown_after_it(engine: Engine) {
    let house = House::with_pages(&[("index.html", &bare(STRAIGHT))]).await;
    let between = Between::in_front_of(&house);
    between.fault("POST", "/login", Fault::Hang);
    let browser = at(engine, &house).await;
    until_loaded(&house).await;
    let asked = between.until_heard("POST", "/login", 1).await;
    let frames = browser.frames().await;
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert_eq!(asked[0].body["state"], state(&frames[0]));
    assert!(state(&frames[0]).len() >= 32);

    // It can neither be scanned nor pressed: something lies over all of it.
    let covered = format!(
        "{FRAME} const {{ left, top, width, height }} = frame.getBoundingClientRect(); window.before = frame; \
         const over = [[.1, .1], [.5, .5], [.9, .9]].map(([x, y]) => root.elementFromPoint(left + x * width, top + y * height)); \
         return width > 200 && frame.inert && !over.includes(frame)"
    );
    assert_eq!(browser.script(&covered).await, true);
    assert_eq!(
        browser.script(&format!("{FRAME} return root.querySelector('.panel').dataset.phase")).await,
        "loading"
    );

    between.clear();
    browser.until_phase("qr").await;
    browser.until("the code uncovered", &format!("{FRAME} return !frame.inert")).await;
    assert_eq!(
        browser.script(&format!("{FRAME} return frame === window.before")).await,
        true,
        "the same frame"
    );
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

async fn a_frame_whose_attempt_is_refused_goes(engine: Engine) {
    let body = format!("<weixin-login client-id=nobody {STRAIGHT}>{LINK}</weixin-login>");
    let house = House::with_pages(&[("index.html", &page("", &body))]).await;
    let between = Between::in_front_of(&house);
    between.fault("POST", "/login", Fault::Hang);
    let browser = at(engine, &house).await;
    until_loaded(&house).await;
    assert_eq!(browser.frames().await.len(), 1);
    between.clear();
    browser.until_phase("error").await;
    assert!(browser.frames().await.is_empty());
}

in_engines! {
    chromium Chromium:
        weixins_page_is_there_before_the_attempt_and_is_shown_after_it
        a_frame_whose_attempt_is_refused_goes;
    firefox Firefox:
        weixins_page_is_there_before_the_attempt_and_is_shown_after_it
        a_frame_whose_attempt_is_refused_goes;
    webkit WebKit:
        weixins_page_is_there_before_the_attempt_and_is_shown_after_it
        a_frame_whose_attempt_is_refused_goes;
}

/// A script of the page's own, before the widget's.
const BEFORE: &str = "<script src=before.js></script>";

/// What a page may have taken away: then the frame comes after the attempt, as it always did.
#[tokio::test]
async fn where_the_script_cannot_read_its_own_answer_the_frame_comes_later() {
    for taken in [
        "performance.getEntriesByName = () => { throw 'nothing' }",
        "performance.getEntriesByName = () => [{ serverTiming: undefined }]",
        "performance.getEntriesByName = () => [{ serverTiming: [{ name: 'weixin-attempt', description: 7 }] }]",
        "performance.setResourceTimingBufferSize(0)",
    ] {
        let body = format!("<weixin-login client-id=shop {STRAIGHT}>{LINK}</weixin-login>");
        let house = House::with_pages(&[("index.html", &page(BEFORE, &body)), ("before.js", taken)]).await;
        let between = Between::in_front_of(&house);
        let browser = at(Engine::Chromium, &house).await;
        browser.until_phase("qr").await;
        let asked = between.until_heard("POST", "/login", 1).await;
        assert_eq!(asked[0].body.get("state"), None, "{taken}");
        scan_and_allow(&house).await;
        browser.until_phase("success").await;
    }
}

/// A script that was kept while the service got another app: what the service answers holds.
#[tokio::test]
async fn what_the_script_was_told_long_ago_does_not_hold() {
    let stale = "performance.getEntriesByName = (script) => { \
        const iss = new URL('..', script).href.slice(0, -1); \
        const known = { kind: 'embedded', iss, appid: 'wx0', redirect_uri: `${iss}/callback`, desktop_urls: [] }; \
        const unknown = { id: '', state: '', open_url: 'https://open.weixin.qq.com.invalid', expires_in: 0, renew_in: 0 }; \
        return [{ serverTiming: [{ name: 'weixin-attempt', description: JSON.stringify({ ...known, ...unknown }) }] }] }";
    let body = format!("<weixin-login client-id=shop {STRAIGHT}>{LINK}</weixin-login>");
    let house = House::with_pages(&[("index.html", &page(BEFORE, &body)), ("before.js", stale)]).await;
    let browser = at(Engine::Chromium, &house).await;
    browser.until_phase("qr").await;
    let kept = browser.script("return performance.getEntriesByName('https://a.example/b/c').length").await;
    assert_eq!(kept, 1, "the page's own word");
    let frames = browser.frames().await;
    assert!(frames.len() == 1 && frames[0].starts_with(&house.weixin.open_url()), "{frames:?}");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}
