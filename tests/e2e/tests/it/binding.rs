//! The first login on the service's own pages, where the site requires a phone number or an address: by a person's hands, and looked at in
//! both themes, three languages and on a small screen.

use thirtyfour::Key;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_e2e::hand::quoted;
use weixin_login_e2e::house::{House, HouseOptions};

use crate::login::{assert_signed_in, assert_signed_out, scan_and_allow};
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

#[tokio::test]
async fn a_first_login_on_the_services_page_asks_for_a_phone_number_and_the_second_asks_nothing() {
    let house = house(&["phone"]).await;
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(HOSTED)).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    waits(&browser, "contact").await;
    assert_signed_out(&browser).await;
    fill(&browser, "contact", PHONE).await;
    waits(&browser, "code").await;
    let code = house.weixin.messages()[0].code.clone();
    fill(&browser, "code", &format!("{} {}", &code[..3], &code[3..])).await;
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
    let second = Browser::start(house.browser_options()).await;
    second.open(&house.page(HOSTED)).await;
    second.until_phase("qr").await;
    scan_and_allow(&house).await;
    second.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&second).await;
    assert_eq!(house.weixin.messages().len(), 1);
}

#[tokio::test]
async fn a_first_login_on_the_services_page_asks_for_an_address() {
    let house = house(&["email"]).await;
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(&format!("{HOSTED}&lang=en"))).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    waits(&browser, "contact").await;
    // What is wrong is said, and what was written stays.
    fill(&browser, "contact", "chen@").await;
    browser
        .until("the word", "return document.querySelector('[role=alert]')?.innerText.includes('valid')")
        .await;
    fill(&browser, "contact", "shop.example").await;
    waits(&browser, "code").await;
    let email = house.mailbox.emails().pop().unwrap();
    let code = email.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap()[..6].to_owned();
    fill(&browser, "code", &code).await;
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
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
