//! What the element looks like in pages that are not kind to it: small screens, the page's own styles, dark and light, forced colours.

use serde_json::{Value, json};
use thirtyfour::By;
use weixin_emulator::{Call, DesktopMode, Fault as WeixinFault};
use weixin_login_e2e::browser::chromium::faster;
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine};
use weixin_login_e2e::gallery;
use weixin_login_e2e::house::{House, LINK, bare, page};
use weixin_login_e2e::widget::{TRIGGER, shown};
use weixin_login_shop::Shop;

use crate::each::in_engines;
use crate::login::scan;

/// 1280 by 1024 and 1280 by 720 at 400 % zoom, and a phone on its side.
const SMALL: [(u32, u32); 3] = [(320, 256), (320, 180), (844, 300)];

/// How wide and high WeChat's page must be shown for a phone to scan its code from the screen.
const SCANS: f64 = 200.0;

#[tokio::test]
async fn at_400_percent_the_code_keeps_a_size_that_scans() {
    let house = House::with_pages(&[
        ("index.html", &page("<meta name=viewport content=width=device-width>", ELEMENT)),
        ("dialog.html", &page("<meta name=viewport content=width=device-width>", BUTTON)),
    ])
    .await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    for path in ["/", "/dialog.html"] {
        browser.on_screen(1280, 900).await;
        browser.forget().await;
        browser.open(&house.page(path)).await;
        if path != "/" {
            browser.press_trigger().await;
        }
        browser.until_phase("qr").await;
        for (width, height) in SMALL {
            browser.on_screen(width, height).await;
            let frame = "const { width, height } = document.querySelector('weixin-login').shadowRoot.querySelector('iframe').getBoundingClientRect();
                         return [width, height, document.documentElement.scrollWidth <= innerWidth]";
            let frame = browser.script(frame).await;
            let is_enough = |side: usize| frame[side].as_f64().is_some_and(|length| length >= SCANS);
            assert!(is_enough(0) && is_enough(1), "{path} at {width}x{height}: the frame is {frame}");
            assert_eq!(frame[2], true, "{path} at {width}x{height}: nothing is to be scrolled sideways");
        }
    }
}

const ELEMENT: &str = "<weixin-login client-id=shop></weixin-login>";
const BUTTON: &str = "<weixin-login client-id=shop display=button></weixin-login>";

#[tokio::test]
async fn the_sites_own_code_keeps_a_size_that_scans_too() {
    let www = gallery::folder();
    let shop = Shop::start(weixin_login_shop::Options { www, ..Default::default() }).unwrap();
    let browser = Browser::start(BrowserOptions::default()).await;
    browser.open(&format!("http://localhost:{}/?lang=en&phase=scene", shop.address().port())).await;
    browser.until("the code", "return document.title === 'ready'").await;
    for (width, height) in SMALL {
        browser.on_screen(width, height).await;
        let side = "const { width, height } = document.querySelector('figure > div').shadowRoot.querySelector('.code-image').getBoundingClientRect();
                    return Math.min(width, height)";
        let side = browser.script(side).await.as_f64().unwrap();
        assert!(side >= 150.0, "at {width}x{height} the code is {side}");
    }
}

/// Seen is what is not of one colour with its surroundings.
#[tokio::test]
async fn in_forced_colours_mark_avatar_and_spinner_are_seen() {
    let www = gallery::folder();
    let shop = Shop::start(weixin_login_shop::Options { www, ..Default::default() }).unwrap();
    let browser = Browser::start(BrowserOptions::default()).await;
    let phases = "card,confirming,qr-offer,qr-asking,success";
    browser.open(&format!("http://localhost:{}/?lang=en&phase={phases}", shop.address().port())).await;
    browser.until("the phases", "return document.title === 'ready'").await;
    for theme in ["light", "dark"] {
        browser.prefers(&[("forced-colors", "active"), ("prefers-color-scheme", theme)]).await;
        assert_eq!(browser.script("return matchMedia('(forced-colors: active)').matches").await, true);
        for (exhibit, part) in [
            (0, ".header .mark"),
            (0, ".card .avatar"),
            (1, ".spinner"),
            (2, ".avatar.small"),
            (3, ".spinner.small"),
            (4, ".sign"),
        ] {
            let find = format!(
                "return [...document.querySelectorAll('figure > div')[{exhibit}].shadowRoot.querySelectorAll('{part}')]
                     .find((part) => part.checkVisibility())"
            );
            let colours = browser.colours(&find).await;
            assert!(colours > 1, "{part} in {theme}: nothing is seen");
        }
    }
}

#[tokio::test]
async fn auto_follows_the_pages_own_color_scheme() {
    let scheme = |scheme: &str| {
        let head = format!("<meta name=color-scheme content=\"{scheme}\">");
        page(&head, "<weixin-login client-id=shop theme=auto></weixin-login>")
    };
    let house = House::with_pages(&[
        ("plain.html", &bare("theme=auto")),
        ("light.html", &scheme("light")),
        ("dark.html", &scheme("dark")),
        ("both.html", &scheme("light dark")),
    ])
    .await;
    let browser = Browser::start(house.browser_options()).await;
    let background =
        "const panel = document.querySelector('weixin-login').shadowRoot?.querySelector('.panel');
                      return panel && getComputedStyle(panel).backgroundColor";
    for (system, path, dark) in [
        // A page that says nothing is light, whatever the system is.
        ("dark", "/plain.html", false),
        ("dark", "/light.html", false),
        ("dark", "/both.html", true),
        ("dark", "/dark.html", true),
        ("light", "/plain.html", false),
        ("light", "/both.html", false),
        ("light", "/dark.html", true),
    ] {
        browser.prefers(&[("prefers-color-scheme", system)]).await;
        browser.open(&house.page(path)).await;
        let colour = browser.until("the panel", background).await;
        let expected = if dark { "rgb(29, 31, 33)" } else { "rgb(255, 255, 255)" };
        assert_eq!(colour, expected, "{path}, the system is {system}");
    }
}

/// What a page may say for all that is in it.
const HOSTILE: &str = "html { direction: rtl; text-indent: 40px; letter-spacing: 6px; word-spacing: 9px; text-transform: uppercase;
    white-space: pre; text-align: right; line-height: 3; font: italic small-caps 900 30px fantasy; font-stretch: expanded; color: red;
    text-shadow: 2px 2px red; list-style: square; quotes: none; cursor: wait; visibility: visible; word-break: break-all;
    overflow-wrap: anywhere; hyphens: auto; tab-size: 1; text-wrap: nowrap; writing-mode: horizontal-tb; caret-color: red;
    text-decoration: underline; font-feature-settings: 'smcp'; text-underline-offset: 9px; -webkit-text-stroke: 1px red;
    font-variant: all-small-caps; border-collapse: collapse; fill: red; stroke: red; text-emphasis: dot; user-select: none;
    font-size-adjust: .9; text-rendering: geometricPrecision; paint-order: stroke; }
weixin-login { --accent: red; --background: red; --text: red; --line: red; --soft: red; --muted: red; --warn: red; --on-accent: red; }
.panel, .button, .trigger, .title, div, span, p, h2, h3, button { outline: 3px solid red; padding: 20px; font-size: 40px; }";

/// What every part of the element looks like, and where it is: for comparing two pages.
const LOOKS: &str = "
    const { shadowRoot } = document.querySelector('weixin-login');
    const first = shadowRoot.querySelector('.panel, .trigger');
    const { left, top } = first.getBoundingClientRect();
    const leftOut = /^(-webkit-locale|animation|transition|perspective-origin|transform-origin|inset-|left|right|top|bottom)/;
    return [first, ...first.querySelectorAll('*:not(iframe)')].flatMap((part) => {
        if (!part.checkVisibility()) return [];
        const style = getComputedStyle(part), box = part.getBoundingClientRect();
        const name = part.localName + '.' + part.getAttribute('class');
        const looks = [...style].filter((property) => !leftOut.test(property) && !property.startsWith('--'))
            .map((property) => `${name} ${property}: ${style.getPropertyValue(property)}`);
        return [...looks, `${name} is at ${[box.left - left, box.top - top, box.width, box.height].map(Math.round)}`];
    });";

#[tokio::test]
async fn nothing_gets_in_but_the_documented_properties() {
    let of = |head: &str, display: &str| {
        page(
            head,
            &format!("<weixin-login client-id=shop lang=en theme=light display={display}></weixin-login>"),
        )
    };
    let hostile = "<link rel=stylesheet href=hostile.css>";
    let house = House::with_pages(&[
        ("panel.html", &of("", "panel")),
        ("hostile-panel.html", &of(hostile, "panel")),
        ("button.html", &of("", "button")),
        ("hostile-button.html", &of(hostile, "button")),
        ("hostile.css", HOSTILE),
    ])
    .await;
    let browser = Browser::start(house.browser_options()).await;
    for display in ["panel", "button"] {
        let mut looks = Vec::new();
        for kind in ["", "hostile-"] {
            browser.open(&house.page(&format!("/{kind}{display}.html"))).await;
            let there = if display == "panel" { shown("continue") } else { TRIGGER.to_owned() };
            browser.until("the element", &there).await;
            // The name is written, the card has faded in.
            let quiet = "return Promise.all(document.querySelector('weixin-login').shadowRoot.getAnimations({ subtree: true })
                .filter((animation) => animation.effect.getTiming().iterations !== Infinity).map((animation) => animation.finished))
                .then(() => true)";
            browser.until("nothing that moves", quiet).await;
            looks.push(browser.script(LOOKS).await);
        }
        let [plain, hostile] = [0, 1].map(|page| looks[page].as_array().unwrap().clone());
        let differences: Vec<_> = hostile.iter().filter(|look| !plain.contains(look)).collect();
        assert!(
            differences.is_empty(),
            "{} looks of the {display} are the page's: {differences:#?}",
            differences.len()
        );
        assert_eq!(plain.len(), hostile.len());
    }
}

#[tokio::test]
async fn the_trigger_has_the_font_that_the_page_gives() {
    let head = "<link rel=stylesheet href=page.css>";
    let house = House::with_pages(&[
        ("index.html", &page(head, BUTTON)),
        ("page.css", "body { font-family: fantasy } weixin-login { --weixin-login-font: monospace }"),
        ("plain.html", &page("<link rel=stylesheet href=plain.css>", BUTTON)),
        ("plain.css", "body { font-family: serif }"),
    ])
    .await;
    let browser = Browser::start(house.browser_options()).await;
    for (path, is) in [("/", "monospace"), ("/plain.html", "system-ui")] {
        browser.open(&house.page(path)).await;
        browser.until("the button", TRIGGER).await;
        let fonts = "const root = document.querySelector('weixin-login').shadowRoot;
                     return [root.querySelector('.trigger'), ...root.querySelectorAll('.trigger *')].map((part) => getComputedStyle(part).fontFamily)";
        let fonts = browser.script(fonts).await;
        for font in fonts.as_array().unwrap() {
            assert!(font.as_str().unwrap().starts_with(is), "{path}: {fonts}");
        }
    }
}

#[tokio::test]
async fn in_a_centring_grid_of_320_pixels_nothing_is_wider_than_the_page() {
    let head = "<meta name=viewport content=width=device-width><link rel=stylesheet href=page.css>";
    let body = format!("<main><weixin-login client-id=shop>{LINK}</weixin-login></main>");
    let house = House::with_pages(&[
        ("index.html", &page(head, &body)),
        ("page.css", "body { margin: 0 } main { display: grid; place-items: center; padding: 16px }"),
    ])
    .await;
    let browser = Browser::start(house.browser_options()).await;
    browser.on_screen(320, 568).await;
    browser.open(&house.page("/")).await;
    browser.until("the card", &shown("continue")).await;
    assert_fits(&browser, "a grid").await;
    let house = House::plain().await;
    for path in ["/", "/sign-in.html", "/counter.html"] {
        browser.open(&house.page(path)).await;
        browser.until("the element", "return !!document.querySelector('weixin-login')?.shadowRoot?.querySelector('.panel, .trigger')").await;
        assert_fits(&browser, path).await;
    }
}

async fn assert_fits(browser: &Browser, what: &str) {
    // A page that is longer than the screen has a scroll bar, which takes a part of the width.
    let wide = "const { left, right } = document.querySelector('weixin-login').shadowRoot.querySelector('.panel, .trigger').getBoundingClientRect();
                const { clientWidth: room, scrollWidth: page } = document.documentElement;
                return { left, right, page, room }";
    let wide = browser.script(wide).await;
    let fits = wide["left"].as_f64() >= Some(0.0)
        && wide["right"].as_f64() <= wide["room"].as_f64()
        && wide["page"] == wide["room"];
    assert!(fits, "{what}: {wide}");
}

#[tokio::test]
async fn a_frame_is_covered_until_its_page_says_that_it_is_ready() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    house.weixin.fault(Call::QrPage, WeixinFault::Cut);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(&faster(10)).await;
    browser.open(&house.page("/")).await;
    browser.until_phase("qr").await;
    let frame = "const { shadowRoot } = document.querySelector('weixin-login');
                 const frame = shadowRoot.querySelector('iframe');
                 if (!frame) return false;
                 const { left, top, width, height } = frame.getBoundingClientRect();
                 const under = shadowRoot.elementFromPoint(left + width / 2, top + height / 2);
                 const seen = frame.checkVisibility({ opacityProperty: true, visibilityProperty: true });";
    browser.until("the frame", &format!("{frame} return true")).await;
    // A browser's picture of a broken page is nothing to show anybody.
    assert_eq!(browser.script(&format!("{frame} return seen && under === frame")).await, false, "at first");
    let told = browser.until_told("error").await;
    assert_eq!(told["code"], "blocked");
    browser.until("a button to load it again", &shown("reload-frame")).await;
    assert_eq!(browser.script(&format!("{frame} return seen && under === frame")).await, false, "and after");
    house.weixin.clear_faults();
    browser.press("reload-frame").await;
    browser.until("the frame's own page", &format!("{frame} return seen && under === frame")).await;
    scan(&house).await;
}

/// What is said below the code, while the network is away.
const NOTE: &str =
    "const note = [...document.querySelector('weixin-login').shadowRoot.querySelectorAll('.note')]
    .find((note) => note.checkVisibility() && note.textContent.trim());";

#[tokio::test]
async fn a_network_that_goes_after_the_code_has_come_is_said_and_so_is_its_return() {
    let house = House::with_pages(&[("index.html", &bare("lang=en"))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/")).await;
    browser.until_phase("qr").await;
    house.weixin.wait_for_qr(weixin_login_e2e::browser::PATIENCE).await.expect("a QR code is shown");
    assert_eq!(browser.script(&format!("{NOTE} return note?.textContent ?? null")).await, Value::Null);
    browser.network(false).await;
    browser.until("a note", &format!("{NOTE} return note?.textContent")).await;
    browser.network(true).await;
    browser.until("no note", &format!("{NOTE} return !note")).await;
    assert_eq!(browser.phases().await.last(), Some(&"qr".to_owned()));
    assert_eq!(json!(browser.told("error").await), json!([]), "the code is still there: no error");
}

/// Underlines are no property of what they are drawn under: only a picture shows them.
async fn the_pages_underlines_stay_outside(engine: Engine) {
    // What is wrong with it is said at once, and stands still.
    let body = "<weixin-login theme=light></weixin-login>";
    let underlined = "<link rel=stylesheet href=underlined.css>";
    let house = House::with_pages(&[
        ("index.html", &page("", body)),
        ("underlined.html", &page(underlined, body)),
        ("underlined.css", "html, weixin-login { text-decoration: underline red 3px }"),
    ])
    .await;
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    let mut pictures = Vec::new();
    for path in ["/", "/underlined.html"] {
        browser.open(&house.page(path)).await;
        browser.until_phase("error").await;
        browser
            .until(
                "nothing that moves",
                "return Promise.all(document.getAnimations().map((animation) => animation.finished)).then(() => \
                 document.querySelector('weixin-login').shadowRoot.querySelector('.place.notice').getAnimations().length === 0)",
            )
            .await;
        let element = browser.driver().find(By::Css("weixin-login")).await.unwrap();
        pictures.push(element.screenshot_as_png().await.unwrap());
    }
    assert!(pictures[0] == pictures[1], "something is drawn otherwise");
}

in_engines! {
    chromium Chromium: the_pages_underlines_stay_outside;
    firefox Firefox: the_pages_underlines_stay_outside;
    webkit WebKit: the_pages_underlines_stay_outside;
}
