//! The element's life: attributes and properties, when it begins and when it does not, what it does when it is changed, moved, hidden
//! or taken out.

use serde_json::{Value, json};
use weixin_emulator::{Call, DesktopMode, DialogAnswer, Fault as WeixinFault};
use weixin_login_e2e::between::{Between, Fault};
use weixin_login_e2e::browser::chromium::{SLEEPY, awake_after, faster};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine, PATIENCE};
use weixin_login_e2e::house::{House, LINK, bare, page};

use crate::each::in_engines;
use crate::login::{
    CHALLENGE, assert_signed_in, continue_and_allow, redeem, scan_and_allow, scan_instead, scan_next,
    until_offered,
};

/// A page whose element gives a code to the site's backend.
fn with_code(attributes: &str) -> String {
    bare(&format!("result=code code-challenge={CHALLENGE} {attributes}"))
}

async fn at(house: &House) -> Browser {
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/")).await;
    browser
}

/// What the ID token says of `nonce`, read by the site's backend.
async fn nonce_of(house: &House, browser: &Browser) -> Value {
    let success = browser.until_told("success").await;
    let tokens = redeem(house, &success, "shop", &house.origin).await;
    crate::login::claims(&tokens)["nonce"].clone()
}

/// The site sends a Content-Security-Policy: a browser then takes the attribute's value away, and leaves the property.
async fn the_nonce_arrives_as_attribute_and_as_property(engine: Engine) {
    let house = House::with_pages(&[
        ("attribute.html", &with_code("nonce=n1")),
        ("property.html", &page("", "")),
        ("early.html", &with_code("no-fast-login").replace("<script ", "<!-- ").replace("</script>", "-->")),
    ])
    .await;
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/attribute.html")).await;
    continue_and_allow(&house, &browser).await;
    assert_eq!(nonce_of(&house, &browser).await, "n1", "the attribute");

    browser.forget().await;
    browser.open(&house.page("/property.html")).await;
    let made = format!(
        "const element = document.createElement('weixin-login');
         element.clientId = 'shop'; element.result = 'code'; element.codeChallenge = '{CHALLENGE}'; element.nonce = 'n2';
         document.body.append(element);"
    );
    browser.script(&made).await;
    continue_and_allow(&house, &browser).await;
    assert_eq!(nonce_of(&house, &browser).await, "n2", "the property");

    // As a framework does that renders before the script has come.
    browser.forget().await;
    browser.open(&house.page("/early.html")).await;
    browser
        .script(
            "const element = document.querySelector('weixin-login');
             element.noFastLogin = false; element.nonce = 'n3';
             import(new URL('/weixin/widget/weixin-login.js', location.href).href);",
        )
        .await;
    continue_and_allow(&house, &browser).await;
    assert_eq!(nonce_of(&house, &browser).await, "n3", "the property, set before the element was defined");
}

in_engines! {
    chromium Chromium: the_nonce_arrives_as_attribute_and_as_property;
    firefox Firefox: the_nonce_arrives_as_attribute_and_as_property;
    webkit WebKit: the_nonce_arrives_as_attribute_and_as_property;
}

#[tokio::test]
async fn every_attribute_is_a_property_too() {
    let house = House::with_pages(&[("index.html", &page("", ""))]).await;
    let browser = at(&house).await;
    browser.until("the element's class", "return !!customElements.get('weixin-login')").await;
    let wrong = browser
        .script(
            "const element = document.createElement('weixin-login'), wrong = [];
             const texts = { service: 'service', clientId: 'client-id', display: 'display', result: 'result', returnTo: 'return-to',
                 lang: 'lang', theme: 'theme', codeChallenge: 'code-challenge', state: 'state', page: 'page' };
             for (const [property, attribute] of Object.entries(texts)) {
                 element[property] = 'a-value';
                 if (element.getAttribute(attribute) !== 'a-value') wrong.push(property);
                 element.setAttribute(attribute, 'another');
                 if (element[property] !== 'another') wrong.push(attribute);
             }
             for (const [property, attribute] of Object.entries({ noFastLogin: 'no-fast-login', noFrame: 'no-frame' })) {
                 element[property] = true;
                 if (!element.hasAttribute(attribute) || element[property] !== true) wrong.push(property);
                 element[property] = false;
                 if (element[property] !== false || (element.getAttribute(attribute) ?? 'false') !== 'false') wrong.push(`${property} off`);
                 element.setAttribute(attribute, 'false');
                 if (element[property] !== false) wrong.push(`${attribute}=false`);
             }
             return wrong;",
        )
        .await;
    assert_eq!(wrong, json!([]));
}

#[tokio::test]
async fn the_word_false_turns_a_boolean_attribute_off() {
    let house = House::with_pages(&[("index.html", &bare("no-frame=false no-fast-login=false"))]).await;
    let browser = at(&house).await;
    scan_instead(&browser).await;
    assert_eq!(browser.frames().await.len(), 1);
}

#[tokio::test]
async fn an_attribute_set_just_before_open_is_in_the_login_that_opens() {
    let house = House::with_pages(&[("index.html", &with_code("display=button"))]).await;
    let browser = at(&house).await;
    browser.until("the button", weixin_login_e2e::widget::TRIGGER).await;
    browser
        .script(
            "const element = document.querySelector('weixin-login');
             element.setAttribute('state', 'the latest');
             return element.open().then(() => true);",
        )
        .await;
    continue_and_allow(&house, &browser).await;
    assert_eq!(browser.until_told("success").await["state"], "the latest");
}

#[tokio::test]
async fn an_attribute_set_by_a_listener_of_the_first_phase_counts() {
    let house =
        House::with_pages(&[("index.html", &bare("").replace("client-id=shop", "client-id=nobody"))]).await;
    let browser = Browser::start(house.browser_options()).await;
    browser
        .on_every_page(
            "addEventListener('weixin-login-phase', ({ target }) => target.setAttribute('client-id', 'shop'), { once: true, capture: true });",
        )
        .await;
    browser.open(&house.page("/")).await;
    until_offered(&browser).await;
}

#[tokio::test]
async fn a_new_theme_and_language_reach_the_frame_and_the_service_with_one_reload() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let between = Between::in_front_of(&house);
    let browser = at(&house).await;
    browser.until_phase("qr").await;
    house.weixin.wait_for_qr(PATIENCE).await.expect("a QR code is shown");
    browser
        .script(
            "const element = document.querySelector('weixin-login');
             element.setAttribute('theme', 'dark');
             element.setAttribute('lang', 'en');",
        )
        .await;
    browser.until_panel_says("Log in with WeChat").await;
    let reached = "const frame = document.querySelector('weixin-login').shadowRoot.querySelector('iframe:not(.former)');
                   const asked = new URL(frame.src).searchParams;
                   return asked.get('lang') === 'en' && asked.get('color_scheme') === 'dark'";
    browser.until("a frame in English and dark", reached).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    let frames = house.weixin.requests().iter().filter(|request| request.call == Call::QrPage).count();
    assert_eq!(frames, 2, "the frame was loaded once more, and no oftener");
    let langs: Vec<_> =
        between.heard("POST", "/login").iter().map(|heard| heard.body["lang"].clone()).collect();
    assert_eq!(langs.last(), Some(&json!("en")), "{langs:?}");
}

#[tokio::test]
async fn return_to_is_heard_where_a_link_is_inside() {
    let house = House::with_pages(&[("index.html", &bare("no-frame return-to=/orders.html"))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at(&house).await;
    browser.press("open-page").await;
    browser.until("the service's page", "return location.pathname === '/weixin/login'").await;
    let asked = browser.script("return new URLSearchParams(location.search).get('return_to')").await;
    assert_eq!(asked, "/orders.html");
}

/// A page that nobody sees, as the browser would say it; `window.seen()` is the person who comes.
fn unseen(prerendered: bool) -> String {
    format!(
        "let unseen = true;
         Object.defineProperty(document, 'hidden', {{ get: () => unseen, configurable: true }});
         Object.defineProperty(document, 'visibilityState', {{ get: () => (unseen ? 'hidden' : 'visible'), configurable: true }});
         Object.defineProperty(document, 'prerendering', {{ get: () => unseen && {prerendered}, configurable: true }});
         window.seen = () => {{
             unseen = false;
             if ({prerendered}) document.dispatchEvent(new Event('prerenderingchange'));
             document.dispatchEvent(new Event('visibilitychange'));
         }};"
    )
}

async fn nothing_begins_before_it_is_seen(prerendered: bool) {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(&unseen(prerendered)).await;
    browser.open(&house.page("/")).await;
    browser.until("the element", "return !!document.querySelector('weixin-login').shadowRoot").await;
    // A journey there and back, and another: what is begun with the page would have gone before.
    for _ in 0..3 {
        browser.until("an answer", "return fetch('/weixin/session').then(() => true)").await;
    }
    assert_eq!(between.heard("POST", "/login").len(), 0);
    assert!(house.weixin.requests().is_empty(), "this computer was asked");
    browser.script("seen()").await;
    until_offered(&browser).await;
    assert_eq!(between.heard("POST", "/login").len(), 1);
}

#[tokio::test]
async fn a_hidden_page_begins_nothing_until_it_is_seen() {
    nothing_begins_before_it_is_seen(false).await;
}

#[tokio::test]
async fn a_prerendered_page_begins_nothing_until_it_is_seen() {
    nothing_begins_before_it_is_seen(true).await;
}

/// A backend that answers the element's question with the next of its values.
const RENEWS: &str = "addEventListener('weixin-login-renew', (event) => {
    window.renewals = (window.renewals ?? 0) + 1;
    event.respondWith(Promise.resolve({
        codeChallenge: `renewed-challenge-${window.renewals}`.padEnd(43, 'A'),
        nonce: `renewed nonce ${window.renewals}`,
        state: `renewed state ${window.renewals}`,
    }));
}, true);";

#[tokio::test]
async fn a_renewal_asks_the_page_for_a_fresh_challenge_nonce_and_state() {
    let house = House::with_pages(&[("index.html", &with_code("nonce=n1 state=s1"))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(SLEEPY).await;
    browser.on_every_page(RENEWS).await;
    browser.open(&house.page("/")).await;
    browser.until_phase("qr").await;
    house.service.clock.advance(301);
    browser.script(&awake_after(301_000)).await;
    let begun = between.until_heard("POST", "/login", 2).await;
    assert_eq!(begun[1].body["code_challenge"], format!("{:A<43}", "renewed-challenge-1"));
    assert_eq!(begun[1].body["nonce"], "renewed nonce 1");
    browser.until("the next frame", "return document.querySelector('weixin-login').shadowRoot.querySelectorAll('iframe').length === 2").await;
    scan_and_allow(&house).await;
    assert_eq!(browser.until_told("success").await["state"], "renewed state 1");
}

#[tokio::test]
async fn where_the_page_has_no_fresh_values_it_renews_no_more() {
    let house = House::with_pages(&[("index.html", &with_code("nonce=n1 state=s1"))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(SLEEPY).await;
    browser.open(&house.page("/")).await;
    browser.until_phase("qr").await;
    for _ in 0..2 {
        house.service.clock.advance(301);
        browser.script(&awake_after(301_000)).await;
    }
    browser.until_phase("expired").await;
    assert_eq!(between.heard("POST", "/login").len(), 1, "a challenge is for one login");
}

#[tokio::test]
async fn a_panel_that_is_shown_again_after_a_login_begins_anew() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    let browser = at(&house).await;
    continue_and_allow(&house, &browser).await;
    browser.until_phase("success").await;
    // As sites do: it goes when somebody is logged in, and comes back when nobody is.
    browser.script("document.querySelector('weixin-login').hidden = true").await;
    browser
        .until(
            "an end of the session",
            "return fetch('/weixin/session', { method: 'DELETE' }).then(() => true)",
        )
        .await;
    browser.script("document.querySelector('weixin-login').hidden = false").await;
    until_offered(&browser).await;
    continue_and_allow(&house, &browser).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

/// The network is gone for a moment, after WeChat's code is spent: ours lives for a minute.
#[tokio::test]
async fn a_network_lost_before_the_session_costs_no_second_login() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let between = Between::in_front_of(&house);
    between.fault_times("POST", "/session", Fault::Away, 1);
    let browser = at(&house).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    between.until_heard("POST", "/session", 1).await;
    let ended =
        "const { phase } = document.querySelector('weixin-login').shadowRoot.querySelector('.panel').dataset;
                 return ['success', 'error'].includes(phase) && phase";
    if browser.until("an end", ended).await == "error" {
        browser.press("start-again").await;
    }
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert_eq!(between.heard("POST", "/login").len(), 1, "no other login was begun");
}

#[tokio::test]
async fn the_language_is_found_outside_of_a_shadow_root() {
    let pages = page("", "<div id=host></div>").replace("lang=zh-CN", "lang=en");
    let house = House::with_pages(&[("index.html", &pages)]).await;
    let browser = at(&house).await;
    browser
        .script(
            "const root = document.querySelector('#host').attachShadow({ mode: 'open' });
             window.element = document.createElement('weixin-login');
             element.setAttribute('client-id', 'shop');
             root.append(element);",
        )
        .await;
    let lang = "return element.shadowRoot?.querySelector('.panel')?.lang";
    assert_eq!(browser.until("the panel", lang).await, "en");
}

/// How far an element is taken, and what is done to bring it there.
const STAGES: [&str; 9] =
    ["loading", "probing", "fast-login", "confirming", "finishing", "qr", "denied", "error", "success"];

/// Brings the element of a fresh page to a stage.
async fn bring_to(stage: &str, house: &House, between: &Between, browser: &Browser) {
    let desktop = if matches!(stage, "qr" | "denied") { DesktopMode::Absent } else { DesktopMode::Normal };
    house.weixin.set_desktop(desktop).await.unwrap();
    match stage {
        "loading" => between.fault("POST", "/login", Fault::Hang),
        "probing" => house.weixin.fault(Call::CheckLogin, WeixinFault::Hang),
        "finishing" => between.fault("POST", "/callback", Fault::Hang),
        "error" => between.fault("POST", "/login", Fault::Page(502)),
        _ => {}
    }
    browser.forget().await;
    let former = house.weixin.waiting_qr();
    browser.open(&house.page("/")).await;
    match stage {
        "confirming" | "finishing" | "success" => {
            browser.press("continue").await;
            house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
            if stage != "confirming" {
                assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
            }
        }
        "denied" => house.weixin.deny(&scan_next(house, former.as_deref()).await).unwrap(),
        _ => {}
    }
    match stage {
        "finishing" => drop(between.until_heard("POST", "/callback", 1).await),
        // Three tenths of a second, and then it is the code's turn: which of the two it is makes no difference here.
        "probing" => {
            let asked = |request: &weixin_emulator::RequestRecord| request.call == Call::CheckLogin;
            house.weixin.wait_for_request(PATIENCE, asked).await.expect("this computer is asked");
        }
        "fast-login" => until_offered(browser).await,
        _ => browser.until_phase(stage).await,
    }
}

/// What goes wrong in a page that nobody catches, and what an element says after it has been taken out.
const NOTE_FAULTS: &str = "
    window.faults = [];
    addEventListener('error', ({ message }) => faults.push(message));
    addEventListener('unhandledrejection', ({ reason }) => faults.push('unhandled ' + reason));";

#[tokio::test]
async fn an_element_that_is_taken_out_in_any_phase_is_silent_and_begins_anew() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(NOTE_FAULTS).await;
    for stage in STAGES {
        bring_to(stage, &house, &between, &browser).await;
        browser
            .script(
                "window.kept = document.querySelector('weixin-login');
                 for (const name of ['phase', 'success', 'error']) kept.addEventListener('weixin-login-' + name, () => faults.push(name));
                 kept.remove();",
            )
            .await;
        browser.until("an empty element", "return !kept.shadowRoot.querySelector('.panel')").await;
        // What it waited for comes after all.
        house.weixin.clear_faults();
        between.clear();
        house.weixin.answer_dialog(DialogAnswer::Allow);
        browser.until("an answer", "return fetch('/weixin/session').then(() => true)").await;
        assert_eq!(browser.script("return faults").await, json!([]), "{stage}");
        browser.script("sessionStorage.clear(); document.body.append(kept)").await;
        if matches!(stage, "qr" | "denied") {
            browser.until_phase("qr").await;
        } else {
            until_offered(&browser).await;
        }
    }
}

#[tokio::test]
async fn an_element_that_is_moved_in_any_phase_keeps_its_login() {
    let body = format!("<main></main><weixin-login client-id=shop>{LINK}</weixin-login>");
    let house = House::with_pages(&[("index.html", &page("", &body))]).await;
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(NOTE_FAULTS).await;
    for stage in STAGES {
        let before = between.heard("POST", "/login").len();
        bring_to(stage, &house, &between, &browser).await;
        let former = house.weixin.waiting_qr();
        browser.script("document.querySelector('main').append(document.querySelector('weixin-login'))").await;
        between.clear();
        house.weixin.clear_faults();
        match stage {
            "confirming" => assert!(house.weixin.answer_dialog(DialogAnswer::Allow)),
            "loading" | "probing" | "fast-login" => continue_and_allow(&house, &browser).await,
            // A frame that is moved loads its page anew.
            "qr" => house.weixin.allow(&scan_next(&house, former.as_deref()).await).unwrap(),
            _ => {}
        }
        let end = if matches!(stage, "denied" | "error") { stage } else { "success" };
        browser.until_phase(end).await;
        assert_eq!(browser.script("return faults").await, json!([]), "{stage}");
        assert_eq!(between.heard("POST", "/login").len() - before, 1, "{stage}");
    }
}

#[tokio::test]
async fn each_frame_that_stays_silent_is_told_and_can_be_loaded_again() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    // Not one that hangs: its answer comes when the fault is cleared, and then there is nothing to load again.
    house.weixin.fault(Call::QrPage, WeixinFault::Cut);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(&faster(10)).await;
    browser.open(&house.page("/")).await;
    for count in 1..=2 {
        let told = format!(
            "return JSON.parse(sessionStorage.getItem('seen') ?? '[]').filter(({{ code }}) => code === 'blocked').length === {count}"
        );
        browser.until(&format!("silence number {count} told"), &told).await;
        if count == 2 {
            house.weixin.clear_faults();
        }
        browser.press("reload-frame").await;
    }
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}
