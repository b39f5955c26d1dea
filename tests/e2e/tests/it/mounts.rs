//! Elements that come and go: two at once, taken out in the middle, put back, changed, and a thousand one after the other.

use serde_json::{Value, json};
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::chromium::faster;
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::{House, HouseOptions, bare};

use crate::login::{SIGN_IN, assert_signed_in, at_sign_in, scan_and_allow, scan_next};

/// How many elements come and go: a thousand in a full run.
fn mounts() -> u32 {
    if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_some() { 1_000 } else { 60 }
}

/// What the page holds after its garbage is gone: DOM nodes, listeners, and the heap in bytes; with the wasm's memory.
async fn held(browser: &Browser) -> [f64; 4] {
    let cdp = browser.driver().cdp();
    for method in ["HeapProfiler.enable", "HeapProfiler.collectGarbage", "Performance.enable"] {
        cdp.send_raw(method, json!({})).await.unwrap();
    }
    let metrics = cdp.send_raw("Performance.getMetrics", json!({})).await.unwrap();
    let metric = |name: &str| {
        let metrics = metrics["metrics"].as_array().unwrap();
        let found = metrics.iter().find(|metric| metric["name"] == name);
        found.and_then(|metric| metric["value"].as_f64()).unwrap()
    };
    let frames = browser.script("return window.frames.length").await.as_f64().unwrap();
    [metric("Nodes"), metric("JSEventListeners"), metric("JSHeapUsedSize"), frames]
}

/// Puts elements in and takes them out, one after the other, each when it shows its QR code's frame.
const COME_AND_GO: &str = "
    window.gone = 0;
    (async () => {
        for (let count = 0; count < COUNT; count++) {
            const element = document.createElement('weixin-login');
            element.setAttribute('client-id', 'shop');
            const shown = new Promise((resolve) => element.addEventListener('weixin-login-phase', ({ detail }) => {
                if (detail.phase === 'qr') resolve();
            }));
            document.querySelector('main').append(element);
            await shown;
            element.remove();
            window.gone++;
        }
    })();";

async fn come_and_go(browser: &Browser, count: u32) {
    browser.script(&COME_AND_GO.replace("COUNT", &count.to_string())).await;
    // Patience is for each, not for all of them.
    for part in 1..=count.div_ceil(20) {
        let so_many = (part * 20).min(count);
        browser.until(&format!("{so_many} elements gone"), &format!("return window.gone >= {so_many}")).await;
    }
}

#[tokio::test]
async fn elements_that_come_and_go_leave_nothing_behind() {
    let more_config =
        "\n[limits]\nstarts_per_minute = 100000\nclient_starts_per_minute = 100000\n".to_owned();
    let house = House::build(HouseOptions { more_config, ..HouseOptions::default() }).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at_sign_in(&house).await;
    browser.script("document.querySelectorAll('weixin-login').forEach((element) => element.remove())").await;
    // The first ones fill caches of the browser's and of ours.
    come_and_go(&browser, 20).await;
    let before = held(&browser).await;
    come_and_go(&browser, mounts()).await;
    let after = held(&browser).await;
    let [nodes, listeners, heap, frames] = [0, 1, 2, 3].map(|at| after[at] - before[at]);
    let said = format!("{} mounts: from {before:?} to {after:?}", mounts());
    assert!(nodes <= 20.0, "DOM nodes. {said}");
    assert!(listeners <= 5.0, "listeners. {said}");
    assert!(heap <= 400_000.0, "the heap. {said}");
    assert!(frames <= 0.0, "frames. {said}");
}

#[tokio::test]
async fn two_elements_on_a_page_are_two_logins() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    browser
        .script(
            "const second = document.querySelector('weixin-login').cloneNode(true);
             second.id = 'second';
             document.querySelector('.desk').append(second);",
        )
        .await;
    let frames = browser
        .until(
            "a frame in each",
            "const frames = [...document.querySelectorAll('weixin-login')].map((e) => e.shadowRoot?.querySelector('iframe')?.src);
             return frames.length === 2 && frames.every(Boolean) && frames;",
        )
        .await;
    assert_ne!(frames[0], frames[1], "each has an attempt of its own");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    let phases = browser
        .script(
            "return [...document.querySelectorAll('weixin-login')].map((e) => e.shadowRoot.querySelector('.panel')?.dataset.phase)",
        )
        .await;
    // Which of the two the phone scanned is the newest one's.
    let done = phases.as_array().unwrap().iter().filter(|phase| **phase == "success").count();
    assert_eq!(done, 1, "{phases}");
}

#[tokio::test]
async fn attributes_that_change_in_the_middle_begin_anew() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    browser.script("document.querySelector('weixin-login').setAttribute('client-id', 'nobody')").await;
    browser.until_phase("error").await;
    let error = browser.events().await.into_iter().rfind(|event| event["name"] == "error").unwrap();
    assert_eq!(error["code"], "unknown_client", "{error}");
    browser.script("document.querySelector('weixin-login').setAttribute('client-id', 'shop')").await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
}

#[tokio::test]
async fn a_page_clock_that_is_wrong_by_an_hour_changes_nothing() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    for hours in [-1, 1] {
        let browser = Browser::start(house.browser_options()).await;
        let wrong = format!("const now = Date.now; Date.now = () => now() + {hours} * 3_600_000;");
        browser.on_every_page(&wrong).await;
        browser.open(&house.page(SIGN_IN)).await;
        browser.until_phase("qr").await;
        scan_and_allow(&house).await;
        browser.until_phase("success").await;
    }
}

#[tokio::test]
async fn a_laptop_that_slept_for_an_hour_shows_a_fresh_code_when_it_is_seen() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    // The wall clock goes on in sleep, the monotonic one need not.
    browser
        .on_every_page("window.slept = 0; const now = Date.now; Date.now = () => now() + window.slept;")
        .await;
    browser.open(&house.page(SIGN_IN)).await;
    browser.until_phase("qr").await;
    let before = browser.frames().await;
    let former = house.weixin.wait_for_qr(PATIENCE).await;
    house.service.clock.advance(3_600);
    browser.script("window.slept = 3_600_000; document.dispatchEvent(new Event('visibilitychange'))").await;
    let script = format!(
        "const frame = document.querySelector('weixin-login').shadowRoot.querySelector('iframe');
         return !!frame && frame.src !== {}",
        Value::from(before[0].as_str())
    );
    browser.until("a fresh code", &script).await;
    let uuid = scan_next(&house, former.as_deref()).await;
    house.weixin.allow(&uuid).expect("a scanned code can be allowed");
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn a_page_that_may_store_nothing_logs_in_all_the_same() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser
        .on_every_page(
            "window.seen = [];
             addEventListener('weixin-login-phase', ({ detail }) => window.seen.push(detail.phase), true);
             for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
                 Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });",
        )
        .await;
    browser.open(&house.page("/weixin/login?client_id=shop&return_to=%2Fsign-in.html")).await;
    browser.until("the QR code", "return window.seen.at(-1) === 'qr'").await;
    scan_and_allow(&house).await;
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
}

/// The code of the last error that the element told.
async fn error(browser: &Browser) -> String {
    let last = "return JSON.parse(sessionStorage.getItem('seen') ?? '[]').findLast(({ name }) => name === 'error')?.code";
    browser.until("an error", last).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_frame_that_stays_silent_is_said_and_the_way_round_it_logs_in() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    // To the page a frame that is blocked and one that never loads are the same: silent.
    house.weixin.fault(weixin_emulator::Call::QrPage, weixin_emulator::Fault::Hang);
    browser.on_every_page(&faster(10)).await;
    browser.open(&house.page(&format!("{SIGN_IN}?lang=zh-CN"))).await;
    assert_eq!(error(&browser).await, "blocked");
    browser.until_panel_says("二维码加载失败").await;
    browser.press("open-page").await;
    browser.until("the service's page", "return location.pathname === '/weixin/login'").await;
}

#[tokio::test]
async fn a_service_that_is_down_is_said_and_tried_again() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/")).await;
    browser.until_phase("qr").await;
    // Nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = |up: bool| {
        let address = if up { house.service.address() } else { nobody };
        house.shop.set_service_url(&format!("http://{address}")).unwrap();
    };
    away(false);
    browser
        .script(
            "document.querySelector('weixin-login').remove();
             const element = document.createElement('weixin-login');
             element.setAttribute('client-id', 'shop');
             document.body.append(element);",
        )
        .await;
    assert_eq!(error(&browser).await, "service_unreachable");
    away(true);
    browser.press("start-again").await;
    browser.until_phase("qr").await;
}

#[tokio::test]
async fn a_wrong_service_address_is_said() {
    let house = House::plain().await;
    let browser = at_sign_in(&house).await;
    let open = house.weixin.open_url();
    // What the browser threw is told as it is; an answer that is no answer of ours threw nothing.
    let thrown = json!("TypeError: Failed to fetch");
    for (service, cause) in [(open.as_str(), thrown), ("/nothing-here", Value::Null)] {
        browser.forget().await;
        let change = format!(
            "document.querySelector('weixin-login').setAttribute('service', {})",
            Value::from(service)
        );
        browser
            .script(&format!(
                "document.querySelector('weixin-login').setAttribute('result', 'session'); {change}"
            ))
            .await;
        assert_eq!(error(&browser).await, "service_unreachable", "{service}");
        assert_eq!(browser.events().await.last().unwrap()["cause"], cause, "{service}");
    }
}
