//! `oidcc-basic-certification-test-plan`: 38 modules.

use serde_json::{Value, json};

use crate::door::*;

/// A whole login: the tokens of a fresh browser.
async fn login(provider: &Provider, parameters: &[(&str, &str)]) -> Answer {
    let answer = provider.log_in(SUITE, parameters).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// A request that must be granted with this extra parameter, as if it were not there.
async fn succeeds_with(parameters: &[(&str, &str)]) {
    let provider = Provider::start().await;
    let answer = login(&provider, parameters).await;
    provider.id_token(SUITE, &answer).await;
}

/// A scope that is not offered: discovery does not name it, and it is passed over, as the standard says.
async fn is_not_offered(scope: &str) {
    let provider = Provider::start().await;
    let metadata = provider.get_json("/.well-known/openid-configuration").await;
    assert!(!metadata["scopes_supported"].as_array().expect("scopes").contains(&json!(scope)));
    let answer = login(&provider, &[("scope", &format!("openid {scope}"))]).await;
    assert_eq!(answer.text("scope"), "openid");
    assert_eq!(members(&provider.userinfo(answer.text("access_token")).await.body), ["sub"]);
}

/// A scope that is granted, and tells nothing of a person who has proven nothing: `contacts` has one who has.
async fn is_offered(scope: &str) {
    let provider = Provider::start().await;
    let metadata = provider.get_json("/.well-known/openid-configuration").await;
    assert!(metadata["scopes_supported"].as_array().expect("scopes").contains(&json!(scope)));
    let answer = login(&provider, &[("scope", &format!("openid {scope}"))]).await;
    assert_eq!(answer.text("scope"), format!("openid {scope}"));
    assert_eq!(members(&provider.userinfo(answer.text("access_token")).await.body), ["sub"]);
}

fn members(object: &Value) -> Vec<&str> {
    let mut members: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    // A JSON object has no order; serde_json keeps one or another by a feature that any crate of the build may turn on.
    members.sort_unstable();
    members
}

/// A parameter that is not offered is refused by name, at the redirect_uri, with the state.
async fn is_refused(parameters: &[(&str, &str)], error: &str) {
    let provider = Provider::start().await;
    let answer = provider.browser().authorize(SUITE, parameters).await;
    assert_eq!(answer.status, 303);
    let parameters = answer.parameters();
    assert_eq!(parameters["error"], error);
    assert_eq!(parameters["state"], "the state");
    assert_eq!(parameters["iss"], provider.issuer);
    assert!(!parameters.contains_key("code"));
    assert!(answer.location.expect("a redirect").as_str().starts_with(CALLBACK));
}

/// `oidcc-server`
#[tokio::test]
async fn oidcc_server() {
    let provider = Provider::start().await;
    let before = provider.clock.now();
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    let parameters = authorized.parameters();
    assert_eq!(parameters.keys().collect::<Vec<_>>(), ["code", "iss", "state"]);
    assert_eq!(parameters["state"], "the state");
    assert_eq!(parameters["iss"], provider.issuer);
    // 256 random bits, no fewer than the suite wants to see, behind the login's report number.
    let (number, random) = parameters["code"].split_once('.').expect("a number");
    assert_eq!((number.len(), random.len()), (8, 43));

    let response = provider.token_response(SUITE, &redemption(authorized.code())).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    let answer = response.into_answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(members(&answer.body), ["access_token", "expires_in", "id_token", "scope", "token_type"]);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 600);
    assert_eq!(answer.body["scope"], "openid");

    let claims = provider.id_token(SUITE, &answer).await;
    assert_eq!(members(&claims), ["aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"]);
    assert_eq!(claims["aud"], "suite");
    assert_eq!(claims["nonce"], "the-nonce");
    let now = provider.clock.now();
    for (name, from, to) in
        [("iat", before, now), ("auth_time", before, now), ("exp", before + 600, now + 600)]
    {
        let time = claims[name].as_i64().expect("a time");
        assert!((from..=to).contains(&time), "{name} {time}");
    }
    let sub = claims["sub"].as_str().expect("a sub");
    assert!(sub.is_ascii() && sub.len() <= 255);
}

/// `oidcc-response-type-missing`
#[tokio::test]
async fn oidcc_response_type_missing() {
    is_refused(&[("response_type", "")], "invalid_request").await;
}

/// `oidcc-idtoken-signature`
#[tokio::test]
async fn oidcc_idtoken_signature() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[]).await;
    provider.id_token(SUITE, &answer).await;
    let header = jsonwebtoken::decode_header(answer.text("id_token")).expect("a header");
    assert_eq!(header.alg, jsonwebtoken::Algorithm::RS256);
    let authorized = provider.browser().authorize(ELLIPTIC, &[]).await;
    let answer = provider.redeem(ELLIPTIC, authorized.code()).await;
    provider.id_token(ELLIPTIC, &answer).await;
    let header = jsonwebtoken::decode_header(answer.text("id_token")).expect("a header");
    assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
}

/// `oidcc-idtoken-unsigned`: the suite skips it, since `none` is not offered.
#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    let provider = Provider::start().await;
    let metadata = provider.get_json("/.well-known/openid-configuration").await;
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["RS256", "ES256"]));
    let text = provider.config_text.replace("\"ES256\"", "\"none\"");
    let refused = weixin_login::config::Config::parse(&text, std::iter::empty(), std::path::Path::new("."));
    assert!(refused.expect_err("no such algorithm").to_string().contains("id_token_alg"));
}

/// `oidcc-userinfo-get`
#[tokio::test]
async fn oidcc_userinfo_get() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[]).await;
    let info = provider.userinfo(answer.text("access_token")).await;
    assert_eq!((info.status, &info.body["sub"]), (200, &provider.id_token(SUITE, &answer).await["sub"]));
}

/// `oidcc-userinfo-post-header`
#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[]).await;
    let request = provider.http().post(provider.at("/userinfo")).bearer_auth(answer.text("access_token"));
    let info = request.send().await.expect("an answer").into_answer().await;
    assert_eq!((info.status, &info.body["sub"]), (200, &provider.id_token(SUITE, &answer).await["sub"]));
}

/// `oidcc-userinfo-post-body`
#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[]).await;
    let info = provider
        .post("/userinfo", &[("access_token", answer.text("access_token"))])
        .await
        .into_answer()
        .await;
    assert_eq!((info.status, &info.body["sub"]), (200, &provider.id_token(SUITE, &answer).await["sub"]));
}

/// `oidcc-ensure-request-without-nonce-succeeds-for-code-flow`
#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[("nonce", "")]).await;
    assert_eq!(provider.id_token(SUITE, &answer).await.get("nonce"), None);
}

/// `oidcc-scope-profile`
#[tokio::test]
async fn oidcc_scope_profile() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[("scope", "openid profile")]).await;
    assert_eq!(answer.text("scope"), "openid profile");
    let info = provider.userinfo(answer.text("access_token")).await.body;
    assert_eq!(info["nickname"], "陈锴");
    assert_eq!(info["name"], "陈锴");
    assert_eq!(members(&info), ["name", "nickname", "picture", "sub"]);
    // Not in the ID token (a warning of the suite).
    assert_eq!(provider.id_token(SUITE, &answer).await.get("nickname"), None);
}

/// `oidcc-scope-email`
#[tokio::test]
async fn oidcc_scope_email() {
    is_offered("email").await;
}

/// `oidcc-scope-address`
#[tokio::test]
async fn oidcc_scope_address() {
    is_not_offered("address").await;
}

/// `oidcc-scope-phone`
#[tokio::test]
async fn oidcc_scope_phone() {
    is_offered("phone").await;
}

/// `oidcc-scope-all`
#[tokio::test]
async fn oidcc_scope_all() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[("scope", "openid profile email address phone offline_access")]).await;
    assert_eq!(answer.text("scope"), "openid profile offline_access email phone");
    let info = provider.userinfo(answer.text("access_token")).await.body;
    assert_eq!(members(&info), ["name", "nickname", "picture", "sub"]);
}

/// `oidcc-alternate-happy-flow`: another redirect_uri, with a query.
#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[("redirect_uri", CALLBACK_WITH_QUERY)]).await;
    let parameters = authorized.parameters();
    assert_eq!(parameters["dummy1"], "lorem");
    assert_eq!(parameters["dummy2"], "ipsum");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", authorized.code()),
        ("redirect_uri", CALLBACK_WITH_QUERY),
    ];
    let answer = provider.token(SUITE, &form).await;
    provider.id_token(SUITE, &answer).await;
}

/// `oidcc-display-page`
#[tokio::test]
async fn oidcc_display_page() {
    succeeds_with(&[("display", "page")]).await;
}

/// `oidcc-display-popup`
#[tokio::test]
async fn oidcc_display_popup() {
    succeeds_with(&[("display", "popup")]).await;
}

/// `oidcc-prompt-login`
#[tokio::test]
async fn oidcc_prompt_login() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let first = claims(&provider, &browser.authorize(SUITE, &[]).await).await;
    provider.clock.advance(2);
    let again = browser.authorize(SUITE, &[("prompt", "login")]).await;
    assert!(again.asked);
    let second = claims(&provider, &again).await;
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

/// `oidcc-prompt-none-not-logged-in`
#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    is_refused(&[("prompt", "none")], "login_required").await;
}

/// `oidcc-prompt-none-logged-in`
#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let first = claims(&provider, &browser.authorize(SUITE, &[]).await).await;
    provider.clock.advance(2);
    let silent = browser.authorize(SUITE, &[("prompt", "none")]).await;
    assert!(!silent.asked);
    let second = claims(&provider, &silent).await;
    for same in ["sub", "auth_time", "sid"] {
        assert_eq!(first[same], second[same], "{same}");
    }
}

/// `oidcc-max-age-1`
#[tokio::test]
async fn oidcc_max_age_1() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let first = claims(&provider, &browser.authorize(SUITE, &[]).await).await;
    provider.clock.advance(2);
    let again = browser.authorize(SUITE, &[("max_age", "1")]).await;
    assert!(again.asked);
    let second = claims(&provider, &again).await;
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

/// `oidcc-max-age-10000`
#[tokio::test]
async fn oidcc_max_age_10000() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let first = claims(&provider, &browser.authorize(SUITE, &[]).await).await;
    provider.clock.advance(2);
    let again = browser.authorize(SUITE, &[("max_age", "10000")]).await;
    assert!(!again.asked);
    let second = claims(&provider, &again).await;
    assert_eq!(first["sub"], second["sub"]);
    assert_eq!(first["auth_time"], second["auth_time"]);
}

async fn claims(provider: &Provider, authorized: &Authorized) -> Value {
    let answer = provider.redeem(SUITE, authorized.code()).await;
    provider.id_token(SUITE, &answer).await
}

/// `oidcc-ensure-request-with-unknown-parameter-succeeds`
#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    succeeds_with(&[("extra", "foobar")]).await;
}

/// `oidcc-id-token-hint`
#[tokio::test]
async fn oidcc_id_token_hint() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let first = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, first.code()).await;
    let first = provider.id_token(SUITE, &answer).await;
    let hint = answer.text("id_token");
    let again = browser.authorize(SUITE, &[("prompt", "none"), ("id_token_hint", hint)]).await;
    assert_eq!(claims(&provider, &again).await["sub"], first["sub"]);
}

/// `oidcc-login-hint`
#[tokio::test]
async fn oidcc_login_hint() {
    succeeds_with(&[("login_hint", "buffy@example.com")]).await;
}

/// `oidcc-ui-locales`
#[tokio::test]
async fn oidcc_ui_locales() {
    succeeds_with(&[("ui_locales", "se")]).await;
    // OpenID Connect Core §3.1.2.1: in their order, and the first that we speak.
    let provider = Provider::start().await;
    for (ui_locales, lang) in [("fr-CA zh_TW en", "zh-TW"), ("se zh-CN", "zh-CN"), ("en zh", "en")] {
        let page = provider.http().get(provider.authorize_url(SUITE, &[("ui_locales", ui_locales)]));
        let page = page.header("Accept-Language", "fr").send().await.expect("an answer");
        let page = page.text().await.expect("a page");
        assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{ui_locales}: {page}");
    }
}

/// `oidcc-claims-locales`
#[tokio::test]
async fn oidcc_claims_locales() {
    succeeds_with(&[("claims_locales", "se")]).await;
}

/// `oidcc-ensure-request-with-acr-values-succeeds`
#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    succeeds_with(&[("acr_values", "urn:example:one urn:example:two")]).await;
}

/// `oidcc-codereuse`
#[tokio::test]
async fn oidcc_codereuse() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    assert_eq!(provider.redeem(SUITE, authorized.code()).await.status, 200);
    assert_eq!(provider.redeem(SUITE, authorized.code()).await.error(), (400, "invalid_grant"));
}

/// `oidcc-codereuse-30seconds`
#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
    provider.clock.advance(30);
    assert_eq!(provider.redeem(SUITE, authorized.code()).await.error(), (400, "invalid_grant"));
    assert_eq!(provider.userinfo(answer.text("access_token")).await.error(), (401, "invalid_token"));
}

/// `oidcc-ensure-registered-redirect-uri`
#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let provider = Provider::start().await;
    let answer =
        provider.browser().authorize(SUITE, &[("redirect_uri", "https://rp.example.com/other")]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.location, None);
}

/// `oidcc-ensure-post-request-succeeds`
#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let provider = Provider::start().await;
    let query = provider.authorize_url(SUITE, &[]);
    let form: Vec<_> = url::Url::parse(&query).expect("an address").query_pairs().into_owned().collect();
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let response = provider.post("/authorize", &form).await;
    assert_eq!(response.status(), 303);
    let authorized = provider.browser().open(location(&response).as_str()).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    assert_eq!(provider.id_token(SUITE, &answer).await["nonce"], "the-nonce");
}

/// `oidcc-server-client-secret-post`
#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    let mut form = redemption(authorized.code()).to_vec();
    form.extend([("client_id", SUITE.id), ("client_secret", SUITE.secret.expect("a secret"))]);
    let answer = provider.post("/token", &form).await.into_answer().await;
    provider.id_token(SUITE, &answer).await;
}

/// `oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported`
#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    is_refused(&[("request_uri", "https://rp.example.com/request.jwt")], "request_uri_not_supported").await;
}

/// An unsigned request object, `{"alg":"none"}` and the parameters.
fn request_object(redirect_uri: &str) -> String {
    use base64::Engine;
    let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "client_id": "suite", "redirect_uri": redirect_uri, "response_type": "code" });
    format!("{}.{}.", part(json!({ "alg": "none" })), part(claims))
}

/// `oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported`
#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    is_refused(&[("request", &request_object(CALLBACK))], "request_not_supported").await;
}

/// `oidcc-claims-essential`: a warning at most where a claim is not given.
#[tokio::test]
async fn oidcc_claims_essential() {
    succeeds_with(&[("claims", r#"{"userinfo":{"name":{"essential":true}}}"#)]).await;
}

/// `oidcc-ensure-request-object-with-redirect-uri`: the address inside it is never used.
#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    is_refused(&[("request", &request_object("https://rp.example.com/other"))], "request_not_supported")
        .await;
}

/// `oidcc-refresh-token`
#[tokio::test]
async fn oidcc_refresh_token() {
    let provider = Provider::start().await;
    let answer = login(&provider, &[("scope", "openid offline_access"), ("prompt", "consent")]).await;
    let first = provider.id_token(SUITE, &answer).await;
    let refresh_token = answer.text("refresh_token").to_owned();
    // Bound to its client.
    assert_eq!(provider.refresh(SECOND, &refresh_token).await.error(), (400, "invalid_grant"));
    provider.clock.advance(2);
    let answer = provider.refresh(SUITE, &refresh_token).await;
    assert_eq!(answer.status, 200);
    let second = provider.id_token(SUITE, &answer).await;
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    assert!(second["iat"].as_i64() > first["iat"].as_i64());
    assert_eq!(second.get("nonce"), None);
    assert_ne!(answer.text("refresh_token"), refresh_token);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
}

/// `oidcc-ensure-request-with-valid-pkce-succeeds`
#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    let provider = Provider::start().await;
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let authorized = provider.browser().authorize(SUITE, &challenge).await;
    let mut form = redemption(authorized.code()).to_vec();
    form.push(("code_verifier", VERIFIER));
    let answer = provider.token(SUITE, &form).await;
    provider.id_token(SUITE, &answer).await;
}
