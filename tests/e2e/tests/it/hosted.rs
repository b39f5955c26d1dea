//! The service's own page: the same login, at the end of which the browser is back at the site.

use weixin_emulator::{DesktopMode, DialogAnswer};
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::House;

use crate::login::{assert_signed_in, scan, scan_and_allow};

const HOSTED: &str = "/weixin/login?return_to=%2Fsign-in.html";

#[tokio::test]
async fn a_scan_on_the_hosted_page_comes_back_to_the_site() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(HOSTED)).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn fast_login_on_the_hosted_page_comes_back_to_the_site() {
    let house = House::plain().await;
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(HOSTED)).await;
    browser.until_phase("fast-login").await;
    browser.press("continue").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn a_scan_on_the_hosted_page_works_under_tls() {
    let house = House::tls().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(HOSTED)).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn a_refusal_on_the_hosted_page_is_said_with_a_way_to_start_again() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(HOSTED)).await;
    browser.until_phase("qr").await;
    let uuid = scan(&house).await;
    house.weixin.deny(&uuid).unwrap();
    browser.until("the refusal's page", "return document.body.innerText.includes('access_denied')").await;
    browser
        .until(
            "its button",
            "const again = document.querySelector('a[href*=\"/login?\"]'); again?.click(); return !!again",
        )
        .await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
}
