//! `display="button"`: the panel in a dialog.

use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::House;

#[tokio::test]
async fn a_button_opens_the_panel_in_a_dialog_and_escape_closes_it() {
    let house = House::plain().await;
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/")).await;
    let trigger = "return document.querySelector('weixin-login').shadowRoot?.querySelector('.trigger')";
    browser.until("the button", trigger).await;
    browser
        .script("document.querySelector('weixin-login').shadowRoot.querySelector('.trigger').click()")
        .await;
    browser.until_phase("fast-login").await;
    let open = "return !!document.querySelector('weixin-login').shadowRoot.querySelector('dialog[open]')";
    browser.until("an open dialog", open).await;
    browser.driver().action_chain().send_keys(thirtyfour::Key::Escape).perform().await.unwrap();
    browser.until("a closed dialog", &open.replace("return !!", "return !")).await;
    // The press above was a script's, which gives the button no focus: the dialog does.
    let focused = "const { shadowRoot } = document.querySelector('weixin-login');
                   return shadowRoot.activeElement === shadowRoot.querySelector('.trigger')";
    browser.until("the focus on the button", focused).await;
}
