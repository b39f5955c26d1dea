//! What goes wrong around the element: the service, the proxy before it, the page's own functions, the browser's.

use serde_json::{Value, json};
use weixin_emulator::{Call, DesktopMode};
use weixin_login_e2e::between::{Between, Fault};
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_e2e::house::{House, bare, page};
use weixin_login_e2e::widget::shown;

use crate::login::{assert_signed_in, continue_and_allow, scan_and_allow, scan_instead};

/// What the page itself does wrong, by the word in its address: `?does=…`.
const MISBEHAVE: &str = "
    const does = {
        'reject with a string': () => { window.fetch = () => Promise.reject('no network today'); },
        'reject with nothing': () => { window.fetch = () => Promise.reject(undefined); },
        'throw at once': () => { window.fetch = () => { throw new Error('thrown at once'); }; },
        'throw a string at once': () => { window.fetch = () => { throw 'a string, at once'; }; },
        'lose fetch': () => { delete window.fetch; },
        'answer nonsense': () => { window.fetch = () => Promise.resolve({ ok: true }); },
        'lose crypto.subtle': () => { Object.defineProperty(crypto, 'subtle', { value: undefined }); },
        'throw in crypto.subtle': () => { crypto.subtle.digest = () => { throw 'no digests'; }; },
        'answer nonsense in crypto.subtle': () => { crypto.subtle.digest = () => Promise.resolve('nonsense'); },
        'lose navigator.permissions': () => { Object.defineProperty(navigator, 'permissions', { value: undefined }); },
        'throw in navigator.permissions': () => { navigator.permissions.query = () => { throw 'no permissions'; }; },
        'reject in navigator.permissions': () => { navigator.permissions.query = () => Promise.reject(undefined); },
        'answer nonsense in navigator.permissions': () => { navigator.permissions.query = () => Promise.resolve(undefined); },
        'never answer in navigator.permissions': () => { navigator.permissions.query = () => new Promise(() => {}); },
        'throw in storage': () => {
            for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
                Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
        },
        'lose the observers and the controllers': () => {
            delete window.IntersectionObserver; delete window.ResizeObserver; delete navigator.locks;
        },
    };
    window.seen = [];
    window.faults = [];
    for (const name of ['phase', 'success', 'error']) addEventListener('weixin-login-' + name, ({ detail }) => {
        const { cause, ...rest } = detail;
        seen.push({ name, ...rest, cause: 'cause' in detail ? String(cause) : null });
    }, true);
    addEventListener('error', ({ message }) => faults.push(message));
    addEventListener('unhandledrejection', ({ reason }) => faults.push('unhandled ' + reason));
    does[new URLSearchParams(location.search).get('does')]?.();";

async fn in_a_page_that_misbehaves(desktop: DesktopMode) -> (House, Browser) {
    let house = House::with_pages(&[("index.html", &bare("result=session"))]).await;
    house.weixin.set_desktop(desktop).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(MISBEHAVE).await;
    (house, browser)
}

async fn open(house: &House, browser: &Browser, does: &str) {
    let address = url::Url::parse_with_params(&house.page("/"), [("does", does)]).unwrap();
    browser.open(address.as_str()).await;
}

async fn error(browser: &Browser) -> Value {
    browser.until("an error", "return window.seen?.findLast(({ name }) => name === 'error')").await
}

async fn assert_no_faults(browser: &Browser, does: &str) {
    assert_eq!(
        browser.script("return faults").await,
        json!([]),
        "{does}: nothing is left for the page to catch"
    );
}

#[tokio::test]
async fn a_fetch_that_fails_in_any_way_is_a_service_that_is_not_reached() {
    let (house, browser) = in_a_page_that_misbehaves(DesktopMode::Absent).await;
    for (does, cause) in [
        ("reject with a string", json!("no network today")),
        ("throw at once", json!("Error: thrown at once")),
        ("throw a string at once", json!("a string, at once")),
        ("reject with nothing", Value::Null),
        ("lose fetch", Value::Null),
        ("answer nonsense", Value::Null),
    ] {
        open(&house, &browser, does).await;
        let error = error(&browser).await;
        assert_eq!(error["code"], "service_unreachable", "{does}: {error}");
        if !cause.is_null() {
            assert_eq!(error["cause"], cause, "{does}");
        }
        browser.until(&format!("{does}: a way to try again"), &shown("start-again")).await;
        assert_no_faults(&browser, does).await;
    }
}

#[tokio::test]
async fn without_digests_a_session_is_told_to_be_unsupported() {
    let (house, browser) = in_a_page_that_misbehaves(DesktopMode::Absent).await;
    for does in ["lose crypto.subtle", "throw in crypto.subtle", "answer nonsense in crypto.subtle"] {
        open(&house, &browser, does).await;
        let error = error(&browser).await;
        assert_eq!(error["code"], "unsupported", "{does}: {error}");
        // A page of the service's own needs none.
        browser.until(&format!("{does}: a way on"), &shown("open-page")).await;
        assert_no_faults(&browser, does).await;
    }
}

#[tokio::test]
async fn whatever_permissions_and_storage_do_the_code_comes() {
    let (house, browser) = in_a_page_that_misbehaves(DesktopMode::Absent).await;
    for does in [
        "lose navigator.permissions",
        "throw in navigator.permissions",
        "reject in navigator.permissions",
        "answer nonsense in navigator.permissions",
        "never answer in navigator.permissions",
        "throw in storage",
        "lose the observers and the controllers",
    ] {
        open(&house, &browser, does).await;
        browser.until(&format!("{does}: the code"), "return window.seen?.at(-1)?.phase === 'qr'").await;
        scan_and_allow(&house).await;
        browser.until(&format!("{does}: the end"), "return window.seen?.at(-1)?.name === 'success'").await;
        assert_no_faults(&browser, does).await;
    }
}

#[tokio::test]
async fn what_answers_in_the_services_place_is_told_by_a_code() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    for (fault, code) in [
        (Fault::Misdirected, "wrong_address"),
        (Fault::Page(502), "service_unreachable"),
        (Fault::Page(200), "service_unreachable"),
        (Fault::Page(403), "service_unreachable"),
        (Fault::Status(404), "service_unreachable"),
        (Fault::Cut, "service_unreachable"),
        (Fault::Huge, "service_unreachable"),
        (Fault::Away, "service_unreachable"),
    ] {
        between.fault("POST", "/login", fault);
        browser.forget().await;
        browser.open(&house.page("/")).await;
        assert_eq!(browser.until_told("error").await["code"], code, "{fault:?}");
        between.clear();
        browser.press("start-again").await;
        browser.until_phase("qr").await;
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_at_the_end_of_a_login_is_told() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    for fault in [Fault::Page(502), Fault::Huge] {
        between.fault("POST", "/callback", fault);
        browser.forget().await;
        browser.open(&house.page("/")).await;
        continue_and_allow(&house, &browser).await;
        assert_eq!(browser.until_told("error").await["code"], "service_unreachable", "{fault:?}");
        between.clear();
        // The code lives: the same step is taken again, and not the whole login.
        browser.press("start-again").await;
        browser.until_phase("success").await;
    }
    let asked = |request: &&weixin_emulator::RequestRecord| {
        request.call == Call::Authorize && request.method == "POST"
    };
    let dialogs = house.weixin.requests().iter().filter(asked).count();
    assert_eq!(dialogs, 2, "a person is asked once for each login");
}

/// On a phone outside WeChat, where the panel's own advice is to copy its address.
#[tokio::test]
async fn a_copy_that_is_refused_leaves_the_address_to_copy_by_hand() {
    const COPY: &str = "
        const copy = {
            refuses: { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) },
            throws: { writeText: () => { throw 'no'; } },
            hollow: {},
            missing: undefined,
            takes: { writeText: (text) => { window.copied = text; return Promise.resolve(); } },
        };
        Object.defineProperty(navigator, 'clipboard', { value: copy[new URLSearchParams(location.search).get('copy')] });
        // Where the clipboard's older way is tried, it is refused as well.
        document.execCommand = () => false;";
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    let user_agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36";
    let user_agent = Some(user_agent.to_owned());
    let options = BrowserOptions { user_agent, window: (420, 900), ..house.browser_options() };
    let browser = Browser::start(options).await;
    browser.on_every_page(COPY).await;
    for copy in ["refuses", "throws", "hollow", "missing", "takes"] {
        let address = house.page(&format!("/?copy={copy}"));
        browser.open(&address).await;
        browser.press("copy-link").await;
        if copy == "takes" {
            browser.until_panel_says("已复制").await;
            assert_eq!(browser.script("return copied").await, address);
            continue;
        }
        let field = format!(
            "const field = [...document.querySelector('weixin-login').shadowRoot.querySelectorAll('input, textarea')]
                 .find((field) => field.checkVisibility());
             return field?.value === {}",
            Value::from(address)
        );
        browser.until(&format!("{copy}: the address in a field"), &field).await;
        assert!(!browser.panel_text().await.contains("已复制"), "{copy}");
    }
}

#[tokio::test]
async fn a_page_that_demands_trusted_types_logs_in() {
    const POLICY: &str = "<meta http-equiv=Content-Security-Policy content=\"require-trusted-types-for 'script'; trusted-types 'none'\">";
    let body = bare("display=button");
    let body = &body[body.find("<body>").unwrap() + "<body>".len()..];
    let house = House::with_pages(&[("index.html", &page(POLICY, body))]).await;
    let browser = Browser::start(house.browser_options()).await;
    browser
        .on_every_page(
            "window.violations = []; addEventListener('securitypolicyviolation', ({ effectiveDirective, sample }) =>
                 violations.push(`${effectiveDirective} ${sample}`));",
        )
        .await;
    browser.open(&house.page("/")).await;
    browser.press_trigger().await;
    scan_instead(&browser).await;
    browser.press("continue").await;
    house.weixin.wait_for_dialog(weixin_login_e2e::browser::PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(weixin_emulator::DialogAnswer::Allow));
    browser.until_phase("success").await;
    assert_eq!(browser.script("return violations").await, json!([]));
    assert_signed_in(&browser).await;
}

/// Makes every call into the wasm throw what a trap throws, once `window.trapped` is set: for nobody knows a real one.
const TRAP: &str = "
    const wrap = (exports) => Object.fromEntries(Object.entries(exports).map(([name, value]) => [name,
        typeof value !== 'function' ? value : (...values) => {
            if (window.trapped) throw new WebAssembly.RuntimeError('unreachable');
            return value(...values);
        }]));
    const { Instance, instantiate, instantiateStreaming } = WebAssembly;
    WebAssembly.Instance = function (module, imports) { return { exports: wrap(new Instance(module, imports).exports) }; };
    const wrapped = (made) => made instanceof Instance
        ? { exports: wrap(made.exports) } : { module: made.module, instance: { exports: wrap(made.instance.exports) } };
    WebAssembly.instantiate = (...values) => instantiate(...values).then(wrapped);
    WebAssembly.instantiateStreaming = (...values) => instantiateStreaming(...values).then(wrapped);";

#[tokio::test]
async fn a_trap_in_the_wasm_is_told_and_the_link_inside_is_shown() {
    let house = House::with_pages(&[("index.html", &bare(""))]).await;
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(TRAP).await;
    browser.open(&house.page("/")).await;
    browser.until("the card", &shown("continue")).await;
    browser.script("window.trapped = true").await;
    browser.press("continue").await;
    let told = browser.until_told("error").await;
    assert_eq!((&told["code"], &told["cause"]), (&json!("crashed"), &json!("RuntimeError: unreachable")));
    browser.press_on("the link inside", "return document.querySelector('weixin-login a')").await;
    browser.until("the service's page", "return location.pathname === '/weixin/login'").await;
}

#[tokio::test]
async fn a_mistake_in_the_attributes_stands_in_the_console() {
    let house = House::with_pages(&[
        ("challenge.html", &bare("result=code code-challenge=short")),
        ("client.html", &bare("").replace("client-id=shop", "")),
    ])
    .await;
    let browser = Browser::start(house.browser_options()).await;
    browser
        .on_every_page(
            "window.said = []; const { error } = console;
             console.error = (...words) => { said.push(words.join(' ')); error.apply(console, words); };",
        )
        .await;
    for page in ["/challenge.html", "/client.html"] {
        browser.forget().await;
        browser.open(&house.page(page)).await;
        let told = browser.until_told("error").await;
        assert_eq!(told["code"], "invalid_request", "{page}");
        let said = browser.until("a word in the console", "return window.said.length > 0 && said").await;
        let said = said.as_array().unwrap();
        assert_eq!(said.len(), 1, "{page}: {said:?}");
        let sentence = told["message"].as_str().unwrap();
        assert!(said[0].as_str().unwrap().contains(sentence), "{page}: {said:?} has not: {sentence}");
    }
}

/// vite-plugin-pwa's default: every navigation is answered with the app itself, and so is the callback in the frame.
#[tokio::test]
async fn a_service_worker_that_swallows_the_callback_is_noticed() {
    const WORKER: &str = "
        addEventListener('install', () => skipWaiting());
        addEventListener('activate', (event) => event.waitUntil(clients.claim()));
        addEventListener('fetch', (event) => {
            if (event.request.mode === 'navigate') event.respondWith(fetch('/'));
        });";
    let empty = page("", "");
    let house =
        House::with_pages(&[("index.html", &bare("")), ("empty.html", &empty), ("sw.js", WORKER)]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(&weixin_login_e2e::browser::chromium::faster(10)).await;
    browser.open(&house.page("/empty.html")).await;
    let registered =
        "return navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)
        .then(() => true)";
    browser.until("the worker", registered).await;
    browser.forget().await;
    browser.open(&house.page("/")).await;
    browser.until("the worker in charge", "return !!navigator.serviceWorker.controller").await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    let told = "return JSON.parse(sessionStorage.getItem('seen') ?? '[]').some(({ code }) => code === 'callback_intercepted')";
    browser.until("callback_intercepted", told).await;
    assert_eq!(house.weixin.requests().iter().filter(|request| request.call == Call::AccessToken).count(), 0);
}
