//! Browsers that run no WebAssembly: links alone log in, by the service's page and WeChat's own.

use serde_json::json;
use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::House;

use crate::login::{SIGN_IN, assert_signed_in, scan_and_allow};

/// What a CSP without `wasm-unsafe-eval` does to a page.
pub const FORBIDDEN: &str =
    "for (const name of ['instantiate', 'instantiateStreaming', 'compile', 'compileStreaming']) \
    WebAssembly[name] = () => Promise.reject(new WebAssembly.CompileError('forbidden by policy'));
    WebAssembly.Module = function () { throw new WebAssembly.CompileError('forbidden by policy'); };";

/// Follows the light-DOM link of the element, once a person could press it.
async fn follow_the_link(browser: &Browser) {
    let link = "return document.querySelector('weixin-login a')";
    browser.press_on("the link in the element's place", link).await;
}

#[tokio::test]
async fn the_link_in_the_element_logs_in_by_pages_alone() {
    let house = House::plain().await;
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(FORBIDDEN).await;
    browser.open(&house.page(SIGN_IN)).await;
    let told =
        "return JSON.parse(sessionStorage.getItem('seen') ?? '[]').find(event => event.name === 'error')";
    let told = browser.until("the element's word", told).await;
    assert_eq!(
        (&told["code"], &told["cause"]),
        (&json!("unsupported"), &json!("CompileError: forbidden by policy"))
    );
    follow_the_link(&browser).await;
    browser.until("the service's page", "return location.pathname === '/weixin/login'").await;
    follow_the_link(&browser).await;
    browser.until("WeChat's own page", "return location.pathname === '/connect/qrconnect'").await;
    scan_and_allow(&house).await;
    browser.until_at(&house.page("/")).await;
    assert_signed_in(&browser).await;
}
