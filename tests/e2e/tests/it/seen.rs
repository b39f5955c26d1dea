//! What is seen, in every phase: nothing that axe-core objects to, and nothing that jumps.

use serde_json::Value;
use tempfile::TempDir;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_e2e::gallery;
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_shop::Shop;

use crate::login::{continue_and_allow, scan_and_allow};

/// What axe-core objects to in `part` of the page, each with the element it means.
pub async fn objections(browser: &Browser, part: &str) -> Vec<String> {
    browser.script(&gallery::axe()).await;
    let script = format!(
        "return axe.run({part}, {{ iframes: false }}).then(({{ violations }}) =>
            violations.flatMap(({{ id, nodes }}) => nodes.map((node) => id + ' ' + JSON.stringify(node.target) + ' ' + node.failureSummary)))",
    );
    let objections = browser.until("axe-core's word", &format!("{script}.then((all) => ({{ all }}))")).await;
    objections["all"].as_array().unwrap().iter().map(Value::to_string).collect()
}

#[tokio::test]
async fn axe_finds_nothing_in_any_phase_in_both_themes_and_three_languages() {
    let shop = Shop::start(weixin_login_shop::Options {
        www: gallery::folder(),
        ..weixin_login_shop::Options::default()
    })
    .unwrap();
    let browser = Browser::start(BrowserOptions::default()).await;
    for lang in ["zh-CN", "zh-TW", "en"] {
        for theme in ["light", "dark"] {
            let page = format!("http://localhost:{}/?lang={lang}&theme={theme}", shop.address().port());
            browser.open(&page).await;
            browser.until("every phase", "return document.title === 'ready'").await;
            let [shown, all] =
                ["document.querySelectorAll('figure')", "names"].map(|list| format!("return {list}.length"));
            assert_eq!(browser.script(&shown).await, browser.script(&all).await);
            assert_eq!(objections(&browser, "'main'").await, [""; 0], "{lang} {theme}");
        }
    }
}

#[tokio::test]
async fn axe_finds_nothing_on_the_pages_around_a_login() {
    let house = House::plain().await;
    for dark in [false, true] {
        let mut options = house.browser_options();
        // What fades in has its contrast at the end.
        options.switches.push("--force-prefers-reduced-motion".into());
        if dark {
            options.switches.push("--blink-settings=preferredColorScheme=0".into());
        }
        let browser = Browser::start(options).await;
        let scheme = browser.script("return matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(scheme, dark);
        for page in [
            "/",
            "/sign-in.html",
            "/weixin/",
            "/weixin/login?client_id=shop&return_to=%2F",
            "/weixin/callback?state=made-up",
            "/weixin/logout",
            "/weixin/sessions",
            "/weixin/nothing-here",
        ] {
            browser.open(&house.page(page)).await;
            browser.until("the page", "return document.readyState === 'complete'").await;
            assert_eq!(objections(&browser, "document").await, [""; 0], "{page} dark={dark}");
        }
    }
}

/// A person's own page, in both themes, in three languages, and where there is little room.
#[tokio::test]
async fn axe_finds_nothing_on_a_persons_own_page_and_it_fits_a_small_screen() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    for lang in ["zh-CN", "zh-TW", "en"] {
        let browser =
            Browser::start(BrowserOptions { language: lang.into(), ..house.browser_options() }).await;
        browser.open(&house.page("/weixin/login?client_id=shop&return_to=%2Fweixin%2Faccount")).await;
        scan_and_allow(&house).await;
        browser.until_at(&house.page("/weixin/account")).await;
        browser.on_screen(320, 640).await;
        for scheme in ["light", "dark"] {
            browser.prefers(&[("prefers-color-scheme", scheme)]).await;
            for (page, element) in [("/weixin/account", "form"), ("/weixin/account/delete", "form .danger")] {
                browser.open(&house.page(page)).await;
                let there = format!(
                    "return document.querySelector('{element}') && document.readyState === 'complete'"
                );
                browser.until("the page", &there).await;
                assert_eq!(browser.script("return document.documentElement.lang").await, lang);
                assert_eq!(objections(&browser, "document").await, [""; 0], "{page} {lang} {scheme}");
                let wider =
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
                assert_eq!(browser.script(wider).await, 0, "{page} {lang}");
            }
        }
    }
}

/// What stands below a panel on its page must never move: where there is room, a panel is as high as the place kept for it.
#[tokio::test]
async fn a_panel_is_as_high_as_the_place_kept_for_it_in_every_phase() {
    let shop = Shop::start(weixin_login_shop::Options {
        www: gallery::folder(),
        ..weixin_login_shop::Options::default()
    })
    .unwrap();
    let browser = Browser::start(BrowserOptions::default()).await;
    for lang in ["zh-CN", "zh-TW", "en"] {
        browser.open(&format!("http://localhost:{}/?lang={lang}", shop.address().port())).await;
        browser.until("every phase", "return document.title === 'ready'").await;
        let others = "return [...document.querySelectorAll('figure')].flatMap((figure) => {
            const height = figure.querySelector('div').shadowRoot.querySelector('.panel')?.getBoundingClientRect().height;
            return height === undefined || height === 480 ? [] : [`${figure.innerText}: ${height}`];
        })";
        assert_eq!(browser.script(others).await, serde_json::json!([]), "{lang}");
    }
}

/// Adds up what jumps, from the first moment of every page; all of it, gestures or not.
const NOTE_JUMPS: &str = "
    window.jumps = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) {
            const what = ({ node, previousRect: from, currentRect: to }) =>
                `${node?.nodeName} ${JSON.stringify(from)} to ${JSON.stringify(to)}`;
            window.jumps.push(`${value} ${sources.map(what)}`);
        }
    }).observe({ type: 'layout-shift', buffered: true });";

/// The line that the README gives to pages: the place is kept until the script has come.
const KEEP_THE_PLACE: &str = "weixin-login:not(:defined) { display: block; min-block-size: 480px; }";

/// A page with nothing but the element, and a paragraph below that would jump.
const PAGE: &str = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Bare</title>\
    <link rel=stylesheet href=page.css><script type=module src=/weixin/widget/weixin-login.js></script>\
    <weixin-login client-id=shop><a href=/weixin/login>login</a></weixin-login><p>Below the panel.</p>";

#[tokio::test]
async fn nothing_jumps_from_the_skeleton_to_the_end() {
    for desktop in [DesktopMode::Normal, DesktopMode::Absent] {
        let pages = TempDir::new().unwrap();
        std::fs::write(pages.path().join("index.html"), PAGE).unwrap();
        std::fs::write(pages.path().join("page.css"), KEEP_THE_PLACE).unwrap();
        let house = House::build(HouseOptions { www: Some(pages.path().into()), ..Default::default() }).await;
        house.weixin.set_desktop(desktop).await.unwrap();
        let browser = Browser::start(house.browser_options()).await;
        browser.on_every_page(NOTE_JUMPS).await;
        browser.open(&house.page("/")).await;
        if desktop == DesktopMode::Normal {
            continue_and_allow(&house, &browser).await;
        } else {
            browser.until_phase("qr").await;
            scan_and_allow(&house).await;
        }
        browser.until_phase("success").await;
        let jumps = browser.script("return window.jumps").await;
        assert_eq!(jumps, serde_json::json!([]), "{desktop:?}");
    }
}
