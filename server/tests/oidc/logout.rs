//! The end of a session: for every client in it, and never by a stranger's link.

use reqwest::Response;
use serde_json::json;
use url::Url;
use weixin_emulator::Person;

use crate::door::*;
use crate::listener::Listener;

/// Logs in at two clients in one browser, and gives the first one's ID token.
async fn two_clients(provider: &Provider, browser: &Browser<'_>) -> (String, String) {
    let first = browser.authorize(SUITE, &[]).await;
    let first = provider.redeem(SUITE, first.code()).await;
    let second = browser.authorize(SECOND, &[("prompt", "none")]).await;
    let second = provider.redeem(SECOND, second.code()).await;
    (first.text("id_token").to_owned(), second.text("access_token").to_owned())
}

/// Presses the button of the page that asks.
async fn confirm(browser: &Browser<'_>, page: Response) -> Response {
    assert_eq!(page.status(), 200);
    let page = page.text().await.expect("a page");
    let (_, member) = page.split_once("<input type=\"hidden\" name=\"").expect("a form");
    let (name, rest) = member.split_once("\" value=\"").expect("a value");
    let value = rest.split_once('"').expect("an end").0.replace("&#38;", "&").replace("&amp;", "&");
    browser.submit("/logout", &[(name, &value)]).await
}

async fn is_logged_in(browser: &Browser<'_>) -> bool {
    browser.authorize(SUITE, &[("prompt", "none")]).await.error() != "login_required"
}

fn logout_address(provider: &Provider, parameters: &[(&str, &str)]) -> String {
    Url::parse_with_params(&provider.at("/logout"), parameters).expect("an address").into()
}

/// A client whose sites are registered as libraries send them: without the slash behind the host.
fn with_bare_origins(config: String) -> String {
    config.replace(
        &format!("post_logout_redirect_uris = [\"{AFTER_LOGOUT}\"]"),
        &format!(
            "post_logout_redirect_uris = [\"{AFTER_LOGOUT}\", \"https://shop.example.com\", \"http://localhost:1234\", \
             \"https://blog.example.com/\"]"
        ),
    )
}

/// RP-Initiated Logout §3.1; express-openid-connect sends its `baseURL`.
#[tokio::test]
async fn a_bare_origin_is_registered_and_compared_as_it_was_written() {
    let provider = Provider::with(with_bare_origins).await;
    for (asked, landed) in [
        ("https://shop.example.com", Some("https://shop.example.com/?state=s")),
        ("http://localhost:1234", Some("http://localhost:1234/?state=s")),
        ("https://blog.example.com/", Some("https://blog.example.com/?state=s")),
        ("https://shop.example.com/", None),
        ("https://blog.example.com", None),
        ("http://localhost:1234/", None),
        ("http://localhost:1235", None),
        ("http://localhost", None),
        ("https://SHOP.example.com", None),
        ("https://shop.example.com?", None),
        ("https://shop.example.com#", None),
        ("https://shop.example.com:443", None),
        ("https://shop.example.com.", None),
        ("https://shop.example.com@attacker.example", None),
        ("https://shop.example.com.attacker.example", None),
    ] {
        let browser = provider.browser();
        let authorized = browser.authorize(SUITE, &[]).await;
        let answer = provider.redeem(SUITE, authorized.code()).await;
        let parameters =
            [("id_token_hint", answer.text("id_token")), ("post_logout_redirect_uri", asked), ("state", "s")];
        let response = browser.get(&logout_address(&provider, &parameters)).await;
        match landed {
            Some(landed) => assert_eq!(location(&response).as_str(), landed),
            None => assert_eq!(response.status(), 400, "{asked}"),
        }
        assert_eq!(is_logged_in(&browser).await, landed.is_none(), "{asked}");
    }
}

/// RP-Initiated Logout §2: a hint that cannot be verified is none; it must not keep anybody logged in.
#[tokio::test]
async fn a_hint_by_a_withdrawn_key_asks_as_no_hint_does_and_leads_back() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    let hint = answer.text("id_token");
    let kid = jsonwebtoken::decode_header(hint).expect("a header").kid.expect("a kid");
    weixin_login::commands::withdraw_key(&parse(&provider.config_text), &provider.clock, &kid)
        .await
        .expect("withdrawn");
    // A running service reads the rows once a minute.
    provider.clock.advance(60);
    let back = [("id_token_hint", hint), ("post_logout_redirect_uri", AFTER_LOGOUT), ("state", "s")];
    let response = browser.get(&logout_address(&provider, &back)).await;
    assert!(is_logged_in(&browser).await);
    // The same of a client that is named beside it, and never of another one.
    let other = [back[0], ("client_id", SECOND.id)];
    assert_eq!(browser.get(&logout_address(&provider, &other)).await.status(), 400);
    let elsewhere = [back[0], ("post_logout_redirect_uri", "https://attacker.example/")];
    assert_eq!(browser.get(&logout_address(&provider, &elsewhere)).await.status(), 400);
    assert!(is_logged_in(&browser).await);
    let response = confirm(&browser, response).await;
    assert_eq!(location(&response).as_str(), format!("{AFTER_LOGOUT}?state=s"));
    assert!(!is_logged_in(&browser).await);
}

/// RP-Initiated Logout §3: without a hint the person's yes confirms whose address it is.
#[tokio::test]
async fn a_named_client_without_a_hint_leads_back_once_the_person_has_confirmed() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    browser.authorize(SUITE, &[]).await;
    let named = [("client_id", SUITE.id), ("post_logout_redirect_uri", AFTER_LOGOUT), ("state", "a&b=\"<é")];
    let response = browser.get(&logout_address(&provider, &named)).await;
    // Else the browser stops the redirect that follows the form.
    let policy = response.headers()["content-security-policy"].to_str().expect("ASCII").to_owned();
    assert!(policy.contains("form-action 'self' https://rp.example.com;"), "{policy}");
    assert!(is_logged_in(&browser).await);
    let response = confirm(&browser, response).await;
    let mut landed = Url::parse(AFTER_LOGOUT).expect("an address");
    landed.query_pairs_mut().append_pair("state", "a&b=\"<é");
    assert_eq!(location(&response), landed);
    assert!(!is_logged_in(&browser).await);
    // Nobody is logged in any more: there is nothing to ask.
    assert_eq!(location(&browser.get(&logout_address(&provider, &named)).await), landed);
    for (client_id, address) in
        [("nobody", AFTER_LOGOUT), (SUITE.id, "https://attacker.example/"), (SUITE.id, CALLBACK)]
    {
        let parameters = [("client_id", client_id), ("post_logout_redirect_uri", address)];
        let response = browser.get(&logout_address(&provider, &parameters)).await;
        assert_eq!(response.status(), 400, "{client_id} {address}");
    }
}

/// The service lives below the site's own address: the site's form comes from the same origin as our own page's.
#[tokio::test]
async fn a_sites_own_form_logs_out_with_its_hint_its_way_back_and_its_state() {
    let provider = Provider::start().await;
    for with_hint in [true, false] {
        let browser = provider.browser();
        let authorized = browser.authorize(SUITE, &[]).await;
        let answer = provider.redeem(SUITE, authorized.code()).await;
        let who =
            if with_hint { ("id_token_hint", answer.text("id_token")) } else { ("client_id", SUITE.id) };
        let form = [who, ("post_logout_redirect_uri", AFTER_LOGOUT), ("state", "s"), ("request", "x")];
        let response = browser.submit("/logout", &form).await;
        assert_eq!(location(&response).as_str(), format!("{AFTER_LOGOUT}?state=s"));
        assert!(!is_logged_in(&browser).await);
    }
    let browser = provider.browser();
    browser.authorize(SUITE, &[]).await;
    let form = [("client_id", SUITE.id), ("post_logout_redirect_uri", "https://attacker.example/")];
    assert_eq!(browser.submit("/logout", &form).await.status(), 400);
    assert!(is_logged_in(&browser).await);
}

#[tokio::test]
async fn a_logout_reaches_every_client_of_the_session() {
    let (first, second) = (Listener::start(&[200]).await, Listener::start(&[200]).await);
    let (at_first, at_second) = (first.address(), second.address());
    let provider = Provider::with(|config| {
        with_backchannel(with_backchannel(config, SUITE, &at_first), SECOND, &at_second)
    })
    .await;
    let browser = provider.browser();
    let (hint, access_token) = two_clients(&provider, &browser).await;
    assert_eq!(provider.userinfo(&access_token).await.status, 200);
    browser.get(&format!("{}?id_token_hint={hint}", provider.at("/logout"))).await;
    for (listener, client) in [(first, SUITE), (second, SECOND)] {
        let request = listener.request().await;
        let (_, token) = request.split_once("logout_token=").expect("a logout token");
        let claims = provider.verified(token, "logout+jwt", client.id).await;
        assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    }
    assert_eq!(provider.userinfo(&access_token).await.status, 401);
}

#[tokio::test]
async fn a_client_that_fails_is_told_again_and_a_redirect_is_not_followed() {
    let (failing, redirecting) = (Listener::start(&[500, 200]).await, Listener::start(&[302, 200]).await);
    let (at_failing, at_redirecting) = (failing.address(), redirecting.address());
    let provider = Provider::with(|config| {
        with_backchannel(with_backchannel(config, SUITE, &at_failing), SECOND, &at_redirecting)
    })
    .await;
    let browser = provider.browser();
    let (hint, _) = two_clients(&provider, &browser).await;
    browser.get(&format!("{}?id_token_hint={hint}", provider.at("/logout"))).await;
    let (first, again) = (failing.request().await, failing.request().await);
    let mut jtis = Vec::new();
    for request in [first, again] {
        let (_, token) = request.split_once("logout_token=").expect("a logout token");
        jtis.push(provider.verified(token, "logout+jwt", SUITE.id).await["jti"].clone());
    }
    assert_eq!(jtis[0], jtis[1], "who hears it twice knows it again");
    assert!(redirecting.request().await.contains("logout_token="));
    // The failing client's second call came a second later: a followed redirect would have been here long before.
    assert!(redirecting.is_done().await);
}

#[tokio::test]
async fn a_back_channel_address_of_this_network_is_not_called_unless_configured() {
    let listener = Listener::start(&[200]).await;
    let address = listener.address().replace("127.0.0.1", "localhost");
    let provider = Provider::with(|config| {
        with_backchannel(config, SUITE, &address).replace("backchannel_private_addresses = true\n", "")
    })
    .await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"))).await;
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "login_required");
    assert!(listener.is_done().await);
}

#[tokio::test]
async fn a_hint_of_another_session_asks_first_and_then_leads_back() {
    let provider = Provider::start().await;
    let elsewhere = provider.log_in(SUITE, &[]).await;
    let browser = provider.browser();
    browser.authorize(SUITE, &[]).await;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", elsewhere.text("id_token"))
        .append_pair("post_logout_redirect_uri", AFTER_LOGOUT)
        .append_pair("state", "s")
        .finish();
    let response = browser.get(&format!("{}?{query}", provider.at("/logout"))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
    let response = confirm(&browser, response).await;
    assert_eq!(location(&response).as_str(), format!("{AFTER_LOGOUT}?state=s"));
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "login_required");
}

#[tokio::test]
async fn a_form_of_another_site_logs_nobody_out() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    browser.authorize(SUITE, &[]).await;
    // Without an Origin, with a foreign one, and with what a browser says of such a form.
    let response = provider.post("/logout", &[("state", "s")]).await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response).as_str(), provider.at("/logout?state=s"));
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
}

#[tokio::test]
async fn a_logout_expires_our_cookies_by_name_and_clears_no_others() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    let response =
        browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"))).await;
    let cookies: Vec<_> =
        response.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("ASCII")).collect();
    assert!(!cookies.is_empty());
    assert!(
        cookies.iter().all(|cookie| cookie.starts_with("weixin-login-") && cookie.contains("Max-Age=0")),
        "{cookies:?}"
    );
    assert!(response.headers().get("clear-site-data").is_none());
}

#[tokio::test]
async fn a_grant_with_offline_access_outlives_a_logout() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"))).await;
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.status, 200);
}

/// Two pages that log in at once make two sessions, and the later cookie is the one that stays; the client of the earlier one has a hint
/// of a session that no cookie stands for. A second browser of the same person is such a place without the chance.
#[tokio::test]
async fn whoever_leaves_leaves_the_persons_login_of_the_hint_too_and_nobody_elses() {
    let provider = Provider::start().await;
    for (hint_of, ends) in [("the-same-person", true), ("somebody-else", false)] {
        let (earlier, later) = (provider.browser(), provider.browser());
        provider.emulator.set_person(Person::new(hint_of, hint_of));
        let hinted = earlier.authorize(SUITE, &[]).await;
        let hinted = provider.redeem(SUITE, hinted.code()).await;
        provider.emulator.set_person(Person::new("the-same-person", "the-same-person"));
        let left = later.authorize(SECOND, &[]).await;
        let left = provider.redeem(SECOND, left.code()).await;
        let address = logout_address(&provider, &[("id_token_hint", hinted.text("id_token"))]);
        let page = later.get(&address).await;
        assert!(is_logged_in(&later).await, "it asks first");
        confirm(&later, page).await;
        assert!(!is_logged_in(&later).await);
        assert_eq!(provider.userinfo(left.text("access_token")).await.status, 401);
        assert_eq!(is_logged_in(&earlier).await, !ends, "{hint_of}");
        assert_eq!(provider.userinfo(hinted.text("access_token")).await.status == 401, ends, "{hint_of}");
    }
}
