//! The service's own page: the same login, at the end of which the browser is back at the site.

use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::House;

use crate::login::{assert_signed_in, scan, scan_and_allow, until_offered};

const HOSTED: &str = "/weixin/login?return_to=%2Fsign-in.html";

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
    browser.press_on("its button", "return document.querySelector('a[href*=\"/login?\"]')").await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_at(&house.page("/sign-in.html")).await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn no_page_of_the_service_breaks_its_own_policy() {
    const NOTE_VIOLATIONS: &str =
        "self.violations = []; addEventListener('securitypolicyviolation', violation =>
        self.violations.push(`${violation.effectiveDirective} ${violation.blockedURI}`), true)";
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(NOTE_VIOLATIONS).await;
    for (path, is_there) in [
        (HOSTED, "a login"),
        ("/weixin/", "the front page"),
        ("/weixin/login?return_to=//elsewhere.example", "a refusal"),
        ("/weixin/logout", "the way out"),
        ("/weixin/sessions", "the list of logins"),
    ] {
        browser.open(&house.page(path)).await;
        // The icon is fetched when the page has loaded, and nothing tells when: it is asked for once more here, by the same policy.
        browser
            .until(
                is_there,
                "const link = document.querySelector('link[rel=icon]');
                 if (!self.icon) { self.icon = new Image(); self.icon.src = link.href; }
                 return self.violations.length > 0 || self.icon.complete && self.icon.naturalWidth > 0",
            )
            .await;
        assert_eq!(browser.script("return self.violations").await, serde_json::json!([]), "{path}");
    }
}

#[tokio::test]
async fn the_hosted_page_loads_one_script_and_finds_the_way_to_weixin_before_it() {
    let house = House::plain().await;
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(HOSTED)).await;
    until_offered(&browser).await;
    let loaded = "return performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)
        .filter((path) => path.includes('/widget/'))";
    assert_eq!(browser.script(loaded).await, serde_json::json!(["/weixin/widget/weixin-login.js"]));
    let way = browser.script("return document.querySelector('link[rel=preconnect]').href").await;
    assert_eq!(way, format!("{}/", house.weixin.open_url()));
}
