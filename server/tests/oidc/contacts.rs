//! What a client requires of a person, and what it hears of it.

use reqwest::header::LOCATION;
use serde_json::json;

use crate::door::*;
use crate::inbox::Inbox;

/// A browser's way from the login page of this client to where its login waits: the path.
async fn waits(provider: &Provider, browser: &Browser<'_>, client: Client, scope: &str) -> String {
    let page = browser.get(&provider.authorize_url(client, &[("scope", scope)])).await;
    let page = page.text().await.expect("a page");
    let started = attempt(&page).expect("a page with a login");
    let response = browser.get(&provider.agree(&started)).await;
    let path = response.headers()[LOCATION].to_str().expect("ASCII").to_owned();
    assert!(path.starts_with("/binding/"), "{path}");
    path
}

#[tokio::test]
async fn who_is_logged_in_elsewhere_is_asked_for_what_this_client_requires() {
    let (inbox, folder) = (Inbox::open(), tempfile::tempdir().expect("a folder"));
    let provider =
        Provider::with(|config| inbox.configured(&config, folder.path(), SECOND.id, r#"["email"]"#)).await;
    let browser = provider.browser();
    assert!(browser.authorize(SUITE, &[]).await.asked);
    assert!(!browser.authorize(SUITE, &[("prompt", "none")]).await.code().is_empty());
    let refused = browser.authorize(SECOND, &[("prompt", "none")]).await;
    assert_eq!(refused.error(), "interaction_required");
    let path = waits(&provider, &browser, SECOND, "openid email phone").await;
    let sent = browser.submit(&format!("{path}/contact"), &[("contact", "Chen@Shop.EXAMPLE")]).await;
    assert_eq!(sent.status(), 303);
    let refused = browser.authorize(SECOND, &[("prompt", "none")]).await;
    assert_eq!(refused.error(), "interaction_required", "nothing is proven yet");
    let email = inbox.emails().pop().expect("an email");
    let code = email.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject");
    let done = browser.submit(&format!("{path}/code"), &[("code", &code[..6])]).await;
    assert_eq!(done.status(), 303);
    let there = location(&done);
    assert_eq!(there.host_str(), Some("rp.example.com"));
    let code = there.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let answer = provider.redeem(SECOND, &code).await;
    let claims = provider.id_token(SECOND, &answer).await;
    let said = |claims: &serde_json::Value| {
        json!([
            claims["email"],
            claims["email_verified"],
            claims["phone_number"],
            claims["phone_number_verified"]
        ])
    };
    assert_eq!(said(&claims), json!(["Chen@shop.example", true, null, null]));
    let info = provider.userinfo(answer.text("access_token")).await;
    assert_eq!(said(&info.body), json!(["Chen@shop.example", true, null, null]));
    // From now on nothing is asked, and without the scope nothing is told.
    let code = browser.authorize(SECOND, &[("prompt", "none")]).await.code().to_owned();
    let answer = provider.redeem(SECOND, &code).await;
    assert_eq!(said(&provider.id_token(SECOND, &answer).await), json!([null, null, null, null]));
    let info = provider.userinfo(answer.text("access_token")).await;
    assert_eq!(info.body.as_object().map(|info| info.len()), Some(1), "{info:?}");
}

#[tokio::test]
async fn the_scopes_and_claims_of_contacts_are_published() {
    let provider = Provider::start().await;
    let metadata = provider.get_json("/.well-known/openid-configuration").await;
    for (list, names) in [
        ("scopes_supported", &["email", "phone"][..]),
        ("claims_supported", &["email", "email_verified", "phone_number", "phone_number_verified"]),
    ] {
        let list = metadata[list].as_array().expect("a list");
        assert!(names.iter().all(|name| list.contains(&json!(name))), "{list:?}");
    }
}
