//! The first login in a site's own page, where the site requires a phone number: the panel says so, and the service's page asks for it.
//! The service's own pages are in `binding`.

use thirtyfour::Key;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine};
use weixin_login_e2e::hand::quoted;
use weixin_login_e2e::house::{House, HouseOptions};

use crate::each::in_engines;
use crate::login::{
    assert_signed_in, assert_signed_out, continue_and_allow, scan_and_allow, scan_next, until_offered,
};

async fn requiring_a_phone_number() -> House {
    House::build(HouseOptions { require: vec!["phone"], ..HouseOptions::default() }).await
}

async fn at_sign_in(house: &House, engine: Engine) -> Browser {
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/sign-in.html?lang=zh-CN")).await;
    browser
}

/// The panel has said what is missing, and the person goes on where it is asked for.
async fn open_page(browser: &Browser) {
    browser.until_phase("error").await;
    browser.until_panel_says("首次登录需验证手机号或邮箱，请打开登录页。").await;
    assert_signed_out(browser).await;
    browser.press("open-page").await;
    browser.until("the service's page", "return location.pathname === '/weixin/login'").await;
}

async fn fill(browser: &Browser, field: &str, text: &str) {
    browser.until(field, &format!("return document.activeElement?.id === {}", quoted(field))).await;
    browser.driver().active_element().await.unwrap().send_keys(Key::End + text).await.unwrap();
    browser.press_on("the button", "return document.querySelector('form button')").await;
}

async fn prove(house: &House, browser: &Browser) {
    fill(browser, "contact", "138 0013 8000").await;
    browser.until("the field for the code", "return !!document.getElementById('code')").await;
    fill(browser, "code", &house.weixin.messages()[0].code).await;
    browser.until_at(&house.page("/")).await;
    assert_signed_in(browser).await;
}

async fn a_first_login_goes_on_where_a_phone_number_is_asked_for_and_the_second_is_done_here(engine: Engine) {
    let house = requiring_a_phone_number().await;
    let browser = at_sign_in(&house, engine).await;
    until_offered(&browser).await;
    continue_and_allow(&house, &browser).await;
    open_page(&browser).await;
    until_offered(&browser).await;
    continue_and_allow(&house, &browser).await;
    prove(&house, &browser).await;

    let second = at_sign_in(&house, engine).await;
    until_offered(&second).await;
    continue_and_allow(&house, &second).await;
    second.until_phase("success").await;
    assert_signed_in(&second).await;
    assert_eq!(house.weixin.messages().len(), 1);
}

async fn a_first_login_by_a_scan_goes_on_there_too(engine: Engine) {
    let house = requiring_a_phone_number().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at_sign_in(&house, engine).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    open_page(&browser).await;
    browser.until_phase("qr").await;
    let uuid = scan_next(&house, None).await;
    house.weixin.allow(&uuid).expect("a scanned code can be allowed");
    prove(&house, &browser).await;
}

in_engines! {
    chromium Chromium:
        a_first_login_goes_on_where_a_phone_number_is_asked_for_and_the_second_is_done_here
        a_first_login_by_a_scan_goes_on_there_too;
    firefox Firefox:
        a_first_login_goes_on_where_a_phone_number_is_asked_for_and_the_second_is_done_here
        a_first_login_by_a_scan_goes_on_there_too;
    webkit WebKit:
        a_first_login_goes_on_where_a_phone_number_is_asked_for_and_the_second_is_done_here
        a_first_login_by_a_scan_goes_on_there_too;
}
