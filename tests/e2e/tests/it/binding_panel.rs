//! The first login in a site's own page, where the site requires a phone number or an address: the service's page asks for it, in the panel's
//! frame. By the driver's own pointer and keys. The service's own pages are in `binding`.

use thirtyfour::Key;
use weixin_emulator::{DesktopMode, Person};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine};
use weixin_login_e2e::hand::quoted;
use weixin_login_e2e::house::{House, HouseOptions};

use crate::each::in_engines;
use crate::login::{
    assert_signed_in, assert_signed_out, continue_and_allow, scan_and_allow, scan_next, until_offered,
};
use crate::seen::objections;

pub const PHONE: &str = "138 0013 8000";

/// The panel's frame has the service's page, and it is uncovered.
const THERE: &str = "
    const frame = document.querySelector('weixin-login').shadowRoot.querySelector('iframe[src*=\"/binding/\"]');
    return !!frame && !frame.inert;";

/// A button of the page in the frame.
const SUBMIT: &str = "return document.querySelector('main:not([aria-busy]) form button')";

async fn house(require: &[&'static str]) -> House {
    House::build(HouseOptions { require: require.into(), ..HouseOptions::default() }).await
}

async fn at_sign_in(house: &House, engine: Engine, query: &str) -> Browser {
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page(&format!("/sign-in.html?{query}"))).await;
    browser
}

/// Goes to where the person is asked.
pub async fn until_asked(browser: &Browser) {
    browser.until_phase("binding").await;
    browser.until("the service's page in the panel", THERE).await;
    browser.enter_frame().await;
}

pub async fn until_field(browser: &Browser, field: &str) {
    let is = format!("return !!document.querySelector('main:not([aria-busy])')?.querySelector('#{field}')");
    browser.until(field, &is).await;
}

/// Presses on the field, writes into it and presses the button.
pub async fn fill(browser: &Browser, field: &str, text: &str) {
    until_field(browser, field).await;
    browser.press_on(field, &format!("return document.getElementById({})", quoted(field))).await;
    browser.key(Key::End).await;
    browser.write(text).await;
    browser.press_on("the button", SUBMIT).await;
}

async fn until_said(browser: &Browser, words: &str) {
    let says =
        format!("return document.querySelector('[role=alert]')?.innerText.includes({})", quoted(words));
    browser.until(words, &says).await;
}

/// The newest code by email: it stands in the subject.
fn code_by_email(house: &House) -> String {
    let email = house.mailbox.emails().pop().expect("an email");
    email.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject")[..6].to_owned()
}

async fn until_done(browser: &Browser) {
    browser.leave_frame().await;
    browser.until_phase("success").await;
    assert_signed_in(browser).await;
}

async fn a_first_login_asks_for_a_phone_number_in_the_panel_and_the_second_asks_nothing(engine: Engine) {
    let house = house(&["phone"]).await;
    let browser = at_sign_in(&house, engine, "lang=zh-CN").await;
    until_offered(&browser).await;
    continue_and_allow(&house, &browser).await;
    until_asked(&browser).await;
    fill(&browser, "contact", "12345").await;
    until_said(&browser, "请输入能接收短信的手机号。").await;
    browser.script("document.getElementById('contact').value = ''").await;
    fill(&browser, "contact", PHONE).await;
    // Whoever is in the page is in the next field.
    browser.until("the focus", "return document.activeElement?.id === 'code'").await;
    browser.leave_frame().await;
    assert_signed_out(&browser).await;
    browser.enter_frame().await;
    let code = house.weixin.messages()[0].code.clone();
    fill(&browser, "code", &format!("{} {}", &code[..3], &code[3..])).await;
    until_done(&browser).await;
    assert_eq!(browser.phases().await.iter().filter(|phase| *phase == "binding").count(), 1);
    let asked =
        house.weixin.requests().iter().filter(|request| request.path == "/sns/oauth2/access_token").count();
    assert_eq!(asked, 1, "the person has confirmed once");

    let second = at_sign_in(&house, engine, "lang=zh-CN").await;
    until_offered(&second).await;
    continue_and_allow(&house, &second).await;
    second.until_phase("success").await;
    assert_signed_in(&second).await;
    assert!(!second.phases().await.contains(&"binding".to_owned()));
    assert_eq!(house.weixin.messages().len(), 1);
}

async fn after_a_scan_it_asks_for_an_address_and_somebody_else_joins_the_account(engine: Engine) {
    let house = house(&["email"]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let mut former = None;
    for person in ["somebody", "somebody-else"] {
        house.weixin.set_person(Person::new(person, "陈锴"));
        let browser = at_sign_in(&house, engine, "lang=en").await;
        browser.until_phase("qr").await;
        let uuid = scan_next(&house, former.as_deref()).await;
        house.weixin.allow(&uuid).expect("a scanned code can be allowed");
        former = Some(uuid);
        until_asked(&browser).await;
        fill(&browser, "contact", "chen@shop.example").await;
        until_field(&browser, "code").await;
        fill(&browser, "code", &code_by_email(&house)).await;
        if person == "somebody-else" {
            let join = "return document.querySelector('main:not([aria-busy]) button[value=join]')";
            browser.press_on("the button that joins the two", join).await;
        }
        until_done(&browser).await;
    }
    assert_eq!(house.mailbox.emails().len(), 2);
}

in_engines! {
    chromium Chromium:
        a_first_login_asks_for_a_phone_number_in_the_panel_and_the_second_asks_nothing
        after_a_scan_it_asks_for_an_address_and_somebody_else_joins_the_account;
    firefox Firefox:
        a_first_login_asks_for_a_phone_number_in_the_panel_and_the_second_asks_nothing
        after_a_scan_it_asks_for_an_address_and_somebody_else_joins_the_account;
    webkit WebKit:
        a_first_login_asks_for_a_phone_number_in_the_panel_and_the_second_asks_nothing
        after_a_scan_it_asks_for_an_address_and_somebody_else_joins_the_account;
}

#[tokio::test]
async fn by_keyboard_alone_the_focus_is_in_the_field_and_what_was_entered_outlives_a_lost_network() {
    let house = house(&["phone"]).await;
    let browser = at_sign_in(&house, Engine::Chromium, "lang=en").await;
    until_offered(&browser).await;
    continue_and_allow(&house, &browser).await;
    browser.until_phase("binding").await;
    browser.until("the service's page in the panel", THERE).await;
    let inside = "return document.activeElement.shadowRoot?.activeElement?.localName === 'iframe'";
    browser.until("the focus in the panel's frame", inside).await;
    browser.enter_frame().await;
    browser.until("the focus in the field", "return document.activeElement?.id === 'contact'").await;
    browser.script("window.whole = fetch; window.fetch = () => Promise.reject('cut');").await;
    browser.write(PHONE).await;
    browser.key(Key::Enter).await;
    until_said(&browser, "There was no answer.").await;
    assert_eq!(browser.script("return document.getElementById('contact').value").await, PHONE);
    browser.script("window.fetch = whole").await;
    browser.key(Key::Enter).await;
    browser.until("the focus", "return document.activeElement?.id === 'code'").await;
    let code = house.weixin.messages()[0].code.clone();
    browser.write(&code).await;
    browser.key(Key::Enter).await;
    until_done(&browser).await;
    assert_eq!(house.weixin.messages().len(), 1);
}

#[tokio::test]
async fn axe_finds_nothing_in_the_panel_that_asks_in_both_themes_and_three_languages() {
    let house = house(&["phone"]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    for (number, (lang, dark)) in
        [("zh-CN", false), ("zh-TW", true), ("en", false), ("en", true)].into_iter().enumerate()
    {
        house.weixin.set_person(Person::new(format!("person-{number}"), "陈锴"));
        let theme = if dark { "dark" } else { "light" };
        let browser = at_sign_in(&house, Engine::Chromium, &format!("lang={lang}")).await;
        browser.on_screen(320, 900).await;
        browser.script(&format!("document.querySelector('weixin-login').theme = '{theme}'")).await;
        browser.until_phase("qr").await;
        scan_and_allow(&house).await;
        until_asked(&browser).await;
        until_field(&browser, "contact").await;
        look(&browser, &format!("panel {lang} {theme} contact")).await;
        fill(&browser, "contact", "12345").await;
        browser.until("the word", "return !!document.querySelector('[role=alert]')").await;
        look(&browser, &format!("panel {lang} {theme} wrong")).await;
        browser.script("document.getElementById('contact').value = ''").await;
        fill(&browser, "contact", PHONE).await;
        until_field(&browser, "code").await;
        look(&browser, &format!("panel {lang} {theme} code")).await;
        fill(&browser, "code", &house.weixin.messages()[0].code.clone()).await;
        if number == 0 {
            until_done(&browser).await;
        } else {
            browser.until("the question", "return !!document.querySelector('form[action$=\"/join\"]')").await;
            look(&browser, &format!("panel {lang} {theme} question")).await;
        }
    }
}

/// Nothing that axe objects to, in the frame and around it, and nothing that is cut or wider than the frame.
async fn look(browser: &Browser, state: &str) {
    let wide = "return [...document.querySelectorAll('main *')].filter((part) => part.scrollWidth > innerWidth).map((part) => part.outerHTML)";
    assert_eq!(browser.script(wide).await, serde_json::json!([]), "{state}");
    let scheme = "return getComputedStyle(document.documentElement).colorScheme";
    assert!(state.contains(browser.script(scheme).await.as_str().unwrap()), "{state}");
    // The panel's own ground shows through, which axe-core does not know of.
    browser.leave_frame().await;
    let ground = "return getComputedStyle(document.querySelector('weixin-login').shadowRoot.querySelector('.panel')).backgroundColor";
    let ground = browser.script(ground).await;
    browser.enter_frame().await;
    browser.script(&format!("document.documentElement.style.background = {ground}")).await;
    assert_eq!(objections(browser, "document").await, [""; 0], "{state}");
    browser.script("document.documentElement.removeAttribute('style')").await;
    browser.leave_frame().await;
    if let Some(folder) = std::env::var_os("WEIXIN_LOGIN_PICTURES") {
        let file = std::path::Path::new(&folder).join(format!("{}.png", state.replace(' ', "-")));
        browser.driver().screenshot(&file).await.unwrap();
    }
    assert_eq!(objections(browser, "'weixin-login'").await, [""; 0], "{state}");
    browser.enter_frame().await;
}
