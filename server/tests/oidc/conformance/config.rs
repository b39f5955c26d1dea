//! `oidcc-config-certification-test-plan`.

use serde_json::{Value, json};

use crate::door::Provider;

/// `oidcc-discovery-endpoint-verification`
#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let provider = Provider::start().await;
    let metadata = verified_metadata(&provider).await;
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert_eq!(metadata["subject_types_supported"], json!(["public"]));
    assert_eq!(metadata["grant_types_supported"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["RS256", "ES256"]));
    assert_eq!(
        metadata["token_endpoint_auth_methods_supported"],
        json!(["client_secret_basic", "client_secret_post", "none"])
    );
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for (offered, name) in [
        (false, "request_parameter_supported"),
        (false, "request_uri_parameter_supported"),
        (false, "claims_parameter_supported"),
    ] {
        assert_eq!(metadata[name], offered, "{name}");
    }
    assert!(metadata["scopes_supported"].as_array().expect("scopes").contains(&json!("openid")));
    assert!(metadata["claims_supported"].as_array().expect("claims").contains(&json!("sub")));
}

/// The document of both addresses, with every endpoint under the issuer.
pub async fn verified_metadata(provider: &Provider) -> Value {
    let response = provider.get("/.well-known/openid-configuration").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let metadata: Value = response.json().await.expect("JSON");
    assert_eq!(provider.get_json("/.well-known/oauth-authorization-server").await, metadata);
    assert_eq!(metadata["issuer"], provider.issuer.as_str());
    for (name, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/userinfo"),
        ("jwks_uri", "/jwks"),
        ("revocation_endpoint", "/revoke"),
        ("end_session_endpoint", "/logout"),
    ] {
        assert_eq!(metadata[name], provider.at(path), "{name}");
    }
    let jwks = provider.get("/jwks").await;
    assert_eq!(jwks.headers()["content-type"], "application/json");
    assert_eq!(jwks.headers()["cache-control"], "public, max-age=600");
    let jwks: Value = jwks.json().await.expect("JSON");
    let kids = jwks["keys"].as_array().expect("keys").iter().map(|key| key["kid"].as_str().expect("a kid"));
    let mut kids: Vec<_> = kids.collect();
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), 2);
    metadata
}

/// The configuration that a person needs to run the real suite is one that this service takes.
#[test]
fn the_folder_for_the_real_suite_is_good() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("weixin-website-secret"), "secret").expect("written");
    let text = include_str!("../../../../conformance/service.toml");
    let config = weixin_login::config::Config::parse(text, std::iter::empty(), folder.path()).expect("good");
    let plan: Value = serde_json::from_str(include_str!("../../../../conformance/plan.json")).expect("JSON");
    for client in ["client", "client_secret_post", "client2"] {
        let id = plan[client]["client_id"].as_str().expect("an id");
        assert!(!config.client(id).expect("registered").demands_pkce(), "{client}");
    }
}
