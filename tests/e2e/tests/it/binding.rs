//! The first login on the service's own pages, where the site requires a phone number or an address: by a person's hands, and looked at in
//! both themes, three languages and on a small screen.

use thirtyfour::Key;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_e2e::hand::quoted;
use weixin_login_e2e::house::{House, HouseOptions};

use crate::login::{assert_signed_in, assert_signed_out, scan_and_allow, session};
use crate::seen::objections;

const HOSTED: &str = "/weixin/login?return_to=%2Fsign-in.html";
const PHONE: &str = "138 0013 8000";

async fn house(require: &[&'static str]) -> House {
    let options = HouseOptions { require: require.into(), ..HouseOptions::default() };
    let house = House::build(options).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    house
}

/// Writes into the page's one field, as a person does who pastes, and goes on.
async fn fill(browser: &Browser, field: &str, text: &str) {
    browser.until(field, &format!("return document.activeElement?.id === {}", quoted(field))).await;
    browser.driver().active_element().await.unwrap().send_keys(Key::End + text).await.unwrap();
    browser.press_on("the button", "return document.querySelector('form button')").await;
}

async fn waits(browser: &Browser, field: &str) {
    browser.until(field, &format!("return !!document.getElementById({})", quoted(field))).await;
}

/// A browser whose person has scanned and allowed on the service's page.
async fn answered(house: &House, lang: &str) -> Browser {
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(&format!("{HOSTED}&lang={lang}"))).await;
    browser.until_phase("qr").await;
    scan_and_allow(house).await;
    browser
}

async fn is_logged_in(house: &House, browser: &Browser) -> String {
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(browser).await;
    session(browser).await["body"]["sub"].as_str().unwrap().to_owned()
}

/// The code in the newest email.
fn email_code(house: &House) -> String {
    let email = house.mailbox.emails().pop().unwrap();
    email.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap()[..6].to_owned()
}

/// The code in the newest short message.
fn sms_code(house: &House) -> String {
    house.weixin.messages()[0].code.clone()
}

#[tokio::test]
async fn a_first_login_on_the_services_page_asks_for_a_phone_number_and_the_second_asks_nothing() {
    let house = house(&["phone"]).await;
    let browser = answered(&house, "zh-CN").await;
    waits(&browser, "contact").await;
    assert_signed_out(&browser).await;
    fill(&browser, "contact", PHONE).await;
    waits(&browser, "code").await;
    let code = sms_code(&house);
    fill(&browser, "code", &format!("{} {}", &code[..3], &code[3..])).await;
    let first = is_logged_in(&house, &browser).await;
    let second = answered(&house, "zh-CN").await;
    assert_eq!(is_logged_in(&house, &second).await, first);
    assert_eq!(house.weixin.messages().len(), 1);
}

#[tokio::test]
async fn a_first_login_on_the_services_page_asks_for_an_address_and_the_second_asks_nothing() {
    let house = house(&["email"]).await;
    let browser = answered(&house, "en").await;
    waits(&browser, "contact").await;
    // What is wrong is said, and what was written stays.
    fill(&browser, "contact", "chen@").await;
    browser
        .until("the word", "return document.querySelector('[role=alert]')?.innerText.includes('valid')")
        .await;
    fill(&browser, "contact", "shop.example").await;
    waits(&browser, "code").await;
    fill(&browser, "code", &email_code(&house)).await;
    let first = is_logged_in(&house, &browser).await;
    let second = answered(&house, "en").await;
    assert_eq!(is_logged_in(&house, &second).await, first);
    assert_eq!(house.mailbox.emails().len(), 1);
}

/// Somebody proves what another WeChat's account has, and says that both are theirs.
async fn two_become_one(require: &'static str, contact: &str, code: impl Fn(&House) -> String) {
    let house = house(&[require]).await;
    let mut subs = Vec::new();
    for person in ["person-0", "person-1"] {
        house.weixin.set_person(weixin_emulator::Person::new(person, "陈锴"));
        let browser = answered(&house, "zh-CN").await;
        waits(&browser, "contact").await;
        fill(&browser, "contact", contact).await;
        waits(&browser, "code").await;
        fill(&browser, "code", &code(&house)).await;
        if !subs.is_empty() {
            let button = "document.querySelector('button[value=join]')";
            browser.until("the question", &format!("return !!{button}")).await;
            assert_signed_out(&browser).await;
            browser.press_on("the button", &format!("return {button}")).await;
        }
        subs.push(is_logged_in(&house, &browser).await);
    }
    // Each WeChat is asked nothing from now on.
    for person in ["person-0", "person-1"] {
        house.weixin.set_person(weixin_emulator::Person::new(person, "陈锴"));
        let browser = answered(&house, "zh-CN").await;
        subs.push(is_logged_in(&house, &browser).await);
    }
    assert!(subs.iter().all(|sub| *sub == subs[0]), "{subs:?}");
}

#[tokio::test]
async fn who_proves_the_number_of_another_account_of_theirs_joins_it() {
    two_become_one("phone", PHONE, sms_code).await;
}

#[tokio::test]
async fn who_proves_the_address_of_another_account_of_theirs_joins_it() {
    two_become_one("email", "chen@shop.example", email_code).await;
}

#[tokio::test]
async fn a_person_changes_and_removes_a_number_on_their_own_page() {
    let house = house(&["phone", "email"]).await;
    for (number, (lang, dark)) in
        [("zh-CN", false), ("zh-TW", true), ("en", false), ("en", true)].into_iter().enumerate()
    {
        house.weixin.set_person(weixin_emulator::Person::new(format!("person-{number}"), "陈锴"));
        let browser =
            Browser::start(BrowserOptions { language: lang.into(), ..house.browser_options() }).await;
        browser.on_screen(320, 900).await;
        browser.prefers(&[("prefers-color-scheme", if dark { "dark" } else { "light" })]).await;
        browser.open(&house.page("/weixin/login?client_id=shop&return_to=%2Fweixin%2Faccount")).await;
        scan_and_allow(&house).await;
        waits(&browser, "contact").await;
        fill(&browser, "contact", &format!("1380013800{number}")).await;
        waits(&browser, "code").await;
        fill(&browser, "code", &sms_code(&house)).await;
        browser.until("an address", "return !!document.querySelector('[autocomplete=email]')").await;
        fill(&browser, "contact", &format!("person-{number}@shop.example")).await;
        waits(&browser, "code").await;
        fill(&browser, "code", &email_code(&house)).await;
        let account = house.page("/weixin/account");
        browser.until_at(&account).await;
        waits(&browser, "contacts").await;
        let name = |page: &str| format!("account {lang} {dark} {page}");
        look(&browser, &name("contacts")).await;
        let form = |path: &str| format!("return document.querySelector('form[action$=\"{path}\"] button')");
        browser.press_on("change", &form("/account/contacts")).await;
        waits(&browser, "contact").await;
        look(&browser, &name("change")).await;
        // From the second person on it is the one's before.
        fill(&browser, "contact", "13900139000").await;
        waits(&browser, "code").await;
        look(&browser, &name("code")).await;
        fill(&browser, "code", &sms_code(&house)).await;
        if number > 0 {
            let take = "return document.querySelector('button[value=take]')";
            browser.until("the question", &format!("{take} !== null")).await;
            look(&browser, &name("taken")).await;
            browser.press_on("take", take).await;
        }
        browser.until_at(&account).await;
        browser.until("the new one", "return document.body.innerText.includes('139 **** 9000')").await;
        // The others leave it to the next one.
        let removed: &[u8] = if number == 3 { &[1, 0] } else { &[] };
        for left in removed {
            browser.press_on("remove", &form("/account/contacts/end")).await;
            let all = "document.querySelectorAll('form[action$=\"/account/contacts/end\"]')";
            browser.until("one less", &format!("return !!document.body && {all}.length === {left}")).await;
        }
        look(&browser, &name("after")).await;
    }
}

#[tokio::test]
async fn axe_finds_nothing_on_the_pages_that_ask_and_nothing_is_cut_on_a_small_screen() {
    let house = house(&["phone"]).await;
    for (number, (lang, dark)) in
        [("zh-CN", false), ("zh-TW", true), ("en", false), ("en", true)].into_iter().enumerate()
    {
        house.weixin.set_person(weixin_emulator::Person::new(format!("person-{number}"), "陈锴"));
        let mut options: BrowserOptions = house.browser_options();
        options.switches.push("--force-prefers-reduced-motion".into());
        if dark {
            options.switches.push("--blink-settings=preferredColorScheme=0".into());
        }
        let browser = Browser::start(options).await;
        browser.open(&house.page(&format!("{HOSTED}&lang={lang}"))).await;
        browser.until_phase("qr").await;
        scan_and_allow(&house).await;
        waits(&browser, "contact").await;
        look(&browser, &format!("{lang} {dark} contact")).await;
        fill(&browser, "contact", "12345").await;
        browser.until("the word", "return !!document.querySelector('[role=alert]')").await;
        look(&browser, &format!("{lang} {dark} wrong")).await;
        browser.script("document.getElementById('contact').value = ''").await;
        fill(&browser, "contact", PHONE).await;
        waits(&browser, "code").await;
        look(&browser, &format!("{lang} {dark} code")).await;
        let code = house.weixin.messages()[0].code.clone();
        fill(&browser, "code", &code).await;
        if number == 0 {
            browser.until_at(&house.page("/sign-in.html")).await;
        } else {
            browser.until("the question", "return !!document.querySelector('form[action$=\"/join\"]')").await;
            look(&browser, &format!("{lang} {dark} question")).await;
        }
    }
}

/// Nothing that axe objects to, and nothing that is wider than a small phone.
async fn look(browser: &Browser, page: &str) {
    if let Some(folder) = std::env::var_os("WEIXIN_LOGIN_PICTURES") {
        let file = std::path::Path::new(&folder).join(format!("{}.png", page.replace(' ', "-")));
        browser.driver().screenshot(&file).await.unwrap();
    }
    assert_eq!(objections(browser, "document").await, [""; 0], "{page}");
    let wide = "const main = document.querySelector('main');
        main.style.width = '320px'; main.style.boxSizing = 'border-box';
        const wide = [...main.querySelectorAll('*')].filter((part) => part.scrollWidth > 320).map((part) => part.outerHTML);
        main.removeAttribute('style');
        return wide";
    assert_eq!(browser.script(wide).await, serde_json::json!([]), "{page}");
}
