//! What `cargo xtask bench` measures in a browser: the widget's QR code against a bare frame with the same page, and its fast-login
//! card against the one that WeChat's own page shows in such a frame. Prints medians; proves nothing, and fails for no time.
#![allow(clippy::print_stdout, reason = "this is what the person asked to read")]

use serde_json::Value;
use tempfile::TempDir;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::{House, HouseOptions};

/// How often each page is opened, in turns.
const RUNS: usize = 20;

/// Notes in the top page when the QR code can be scanned, by WeChat's own message, and when a card can be pressed, wherever it is.
const NOTE_TIMES: &str = "
    if (window === top) {
        window.times = {};
        addEventListener('message', ({ data }) => {
            const note = (name) => { window.times[name] ??= performance.now(); };
            if (String(data).includes('wxQRcodeReady')) note('qr');
            if (data === 'bench-card') note('card');
        });
    }
    const look = () => {
        const panel = [...(document.querySelector('weixin-login')?.shadowRoot?.querySelectorAll('[data-press=continue]') ?? [])]
            .find((button) => button.checkVisibility());
        const own = document.querySelector('#fast-login');
        if (panel || own?.checkVisibility()) top.postMessage('bench-card', '*');
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

const ELEMENT: &str = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Element</title>\
    <script type=module src=/weixin/widget/weixin-login.js></script><weixin-login client-id=shop></weixin-login>";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!(
        "{:<44} {:>9} {:>9} {:>9} {:>7}",
        format!("ms, median of {RUNS}"),
        "widget",
        "bare",
        "warm",
        "ratio"
    );
    for (what, mark, desktop) in [
        ("QR code can be scanned", "qr", DesktopMode::Absent),
        ("fast-login card can be pressed", "card", DesktopMode::Normal),
    ] {
        let (widget, bare, warm) = compare(mark, desktop).await;
        println!("{what:<44} {widget:>9.1} {bare:>9.1} {warm:>9.1} {:>7.2}", widget / bare);
    }
    println!(
        "\nwidget: a page with the element, nothing cached; bare: a page with WeChat's page in a frame and nothing else;"
    );
    println!(
        "warm: the element with its files in the browser's cache, as everywhere but at the first visit; ratio: widget to bare."
    );
}

/// Medians in ms since the navigation's start: the element, the bare frame, and the element from the browser's cache.
async fn compare(mark: &str, desktop: DesktopMode) -> (f64, f64, f64) {
    let pages = TempDir::new().expect("a folder");
    std::fs::write(pages.path().join("index.html"), ELEMENT).expect("the page");
    let more_config = "\n[limits]\nlogins_per_minute = 100000\n".to_owned();
    let www = Some(pages.path().to_owned());
    let house = House::build(HouseOptions { www, more_config, ..HouseOptions::default() }).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.expect("the desktop");

    // The widget's own address for the frame, so that both load the very same page; with fast login as the widget has it.
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/")).await;
    browser.until_phase("qr").await;
    let frame = browser.frames().await.remove(0);
    let bare = format!(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Bare</title>\
         <iframe src=\"{}\" allow=\"loopback-network; local-network-access\" width=300 height=400></iframe>",
        frame.replace('&', "&amp;").replace("&amp;fast_login=0", "")
    );
    std::fs::write(pages.path().join("bare.html"), bare).expect("the page");
    drop(browser);
    house.weixin.set_desktop(desktop).await.expect("the desktop");

    let mut options = house.browser_options();
    // Else the script below would not reach into WeChat's frame, which has a process of its own.
    options.switches.push("--disable-site-isolation-trials".into());
    options.switches.push("--disable-features=IsolateOrigins,site-per-process".into());
    let browser = Browser::start(options).await;
    browser.on_every_page(NOTE_TIMES).await;
    let [mut cold, mut bare, mut warm] = [const { Vec::new() }; 3];
    // The first of each is the browser's own warming up.
    for run in 0..=RUNS {
        let times = [
            time(&browser, &house.page("/"), mark, true).await,
            time(&browser, &house.page("/bare.html"), mark, true).await,
            time(&browser, &house.page("/"), mark, false).await,
        ];
        if run > 0 {
            cold.push(times[0]);
            bare.push(times[1]);
            warm.push(times[2]);
        }
    }
    (median(cold), median(bare), median(warm))
}

async fn time(browser: &Browser, page: &str, mark: &str, without_cache: bool) -> f64 {
    let cdp = browser.driver().cdp();
    let disabled = serde_json::json!({ "cacheDisabled": without_cache });
    cdp.send_raw("Network.enable", serde_json::json!({})).await.expect("the network's domain");
    cdp.send_raw("Network.setCacheDisabled", disabled).await.expect("the cache");
    browser.open(page).await;
    let mark = Value::from(mark);
    browser.until("the mark", &format!("return window.times[{mark}]")).await.as_f64().expect("a time")
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len().is_multiple_of(2) { (times[middle - 1] + times[middle]) / 2.0 } else { times[middle] }
}
