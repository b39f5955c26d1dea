//! Fast login: the WeChat program on this computer, as it should be and in every way in which it is not.

use serde_json::json;
use weixin_emulator::{Call, DEFAULT_PERSON, DesktopMode, DialogAnswer, Person};
use weixin_login_e2e::browser::PATIENCE;
use weixin_login_e2e::house::House;

use crate::login::{
    SIGN_IN, assert_signed_in, assert_signed_out, at_sign_in, continue_and_allow, refuse, request,
    scan_and_allow, scan_another_and_allow, until_offered,
};

#[tokio::test]
async fn fast_login_by_plain_http_as_in_the_demo() {
    let house = House::plain().await;
    let browser = at_sign_in(&house).await;
    continue_and_allow(&house, &browser).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    let mut phases = browser.phases().await;
    // On a slow machine the code may come before the card.
    phases.retain(|phase| !["fast-login", "qr"].contains(&phase.as_str()));
    assert_eq!(phases, ["loading", "probing", "confirming", "success"]);
}

/// Whatever the desktop does wrong, the QR code is there, and a scan logs in.
async fn qr_instead(mode: DesktopMode) {
    let house = House::plain().await;
    house.weixin.set_desktop(mode).await.unwrap();
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    assert!(!browser.phases().await.contains(&"error".to_owned()), "none of this is an error to the person");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

/// The desktop is there, but a press on "continue" comes to nothing: the QR code follows.
async fn qr_after_the_press(mode: DesktopMode) {
    let house = House::plain().await;
    house.weixin.set_desktop(mode).await.unwrap();
    let browser = at_sign_in(&house).await;
    until_offered(&browser).await;
    browser.press("continue").await;
    if matches!(mode, DesktopMode::LyingRedirect | DesktopMode::WrongState) {
        house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
        assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    }
    browser.until_phase("qr").await;
    assert_eq!(browser.until("the address", "return location.href").await, house.page(SIGN_IN));
    assert_signed_out(&browser).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn qr_when_no_weixin_is_on_this_computer() {
    qr_instead(DesktopMode::Absent).await;
}

#[tokio::test]
async fn qr_when_weixin_is_logged_out() {
    qr_instead(DesktopMode::LoggedOut).await;
}

#[tokio::test]
async fn qr_when_weixin_is_locked() {
    qr_instead(DesktopMode::Locked).await;
}

#[tokio::test]
async fn qr_when_this_app_is_for_scans_only() {
    qr_instead(DesktopMode::ScanOnly).await;
}

#[tokio::test]
async fn qr_when_the_desktop_answers_garbage() {
    qr_instead(DesktopMode::Garbage).await;
}

#[tokio::test]
async fn qr_when_the_desktop_answers_ten_megabytes() {
    qr_instead(DesktopMode::Huge).await;
}

#[tokio::test]
async fn qr_when_another_service_has_the_port() {
    qr_instead(DesktopMode::OtherService).await;
}

/// Who has just refused is not asked once more by WeChat's own page.
#[tokio::test]
async fn the_code_after_a_refusal_offers_no_fast_login_itself() {
    let house = House::plain().await;
    let browser = at_sign_in(&house).await;
    browser.press("continue").await;
    let former = refuse(&house).await;
    browser.until_phase("qr").await;
    let frame =
        "return document.querySelector('weixin-login').shadowRoot.querySelector('iframe:not(.former)')?.src";
    let frame = browser.until("the frame", frame).await;
    assert!(frame.as_str().unwrap().contains("&fast_login=0"), "{frame}");
    scan_another_and_allow(&house, former).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn qr_when_the_uuid_expires_again_and_again() {
    qr_after_the_press(DesktopMode::UuidExpired).await;
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    qr_after_the_press(DesktopMode::LyingRedirect).await;
}

#[tokio::test]
async fn a_redirect_with_another_state_is_not_followed() {
    qr_after_the_press(DesktopMode::WrongState).await;
}

#[tokio::test]
async fn an_expired_uuid_is_asked_for_once_more() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::UuidExpiredOnce).await.unwrap();
    let browser = at_sign_in(&house).await;
    continue_and_allow(&house, &browser).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn the_qr_page_is_asked_for_while_a_silent_desktop_still_hangs() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Silent).await.unwrap();
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    let page = request(&house, "the QR page", |request| request.call == Call::QrPage).await;
    let check = request(&house, "check-login", |request| {
        request.call == Call::CheckLogin && request.method == "POST"
    })
    .await;
    assert!(check.was_in_flight_at(&page), "{check:?}\n{page:?}");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

/// The card shows whatever a person called themselves, as text and nothing else.
async fn shown_as_text(nickname: &str) {
    let house = House::plain().await;
    let person = Person { nickname: nickname.into(), ..default_person() };
    house.weixin.set_person(person);
    let browser = at_sign_in(&house).await;
    until_offered(&browser).await;
    let start: String = nickname.chars().take(20).collect();
    browser.until_panel_says(&start).await;
    let elements = "return [...document.querySelectorAll('weixin-login')].flatMap(e => \
                    [...e.shadowRoot.querySelectorAll('*')]).filter(e => e.hasAttribute('onerror')).length";
    assert_eq!(browser.script(elements).await, 0);
    assert_eq!(browser.script("return window.hacked ?? null").await, json!(null));
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.script(wide).await, false, "the page is not pushed wider");
}

fn default_person() -> Person {
    weixin_emulator::Scenario::default()
        .people
        .into_iter()
        .find(|person| person.id == DEFAULT_PERSON)
        .unwrap()
}

#[tokio::test]
async fn a_nickname_of_markup_is_shown_as_text() {
    shown_as_text("<img src=x onerror=\"window.hacked=1\">").await;
}

#[tokio::test]
async fn a_nickname_of_four_kilobytes_of_emoji_is_shown_as_text() {
    shown_as_text(&"🧧🎐👨‍👩‍👧‍👦".repeat(120)).await;
}
