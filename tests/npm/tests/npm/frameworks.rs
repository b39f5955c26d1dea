//! Vue 3 and Svelte by Vite, and what every framework does to `nonce`: browsers empty that attribute on a page that comes with a
//! policy, and frameworks set the property. It must be in the ID token all the same.

use std::path::Path;

use serde_json::json;
use weixin_login_npm::{Project, run};

use crate::login::{
    answer_by_fast_login, assert_session, assert_silent_console, browser_at, house, log_in, plain_site,
};

/// PKCE's example (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const NONCE: &str = "n-0S6_WzA2Mj";
const STATE: &str = "a7";

fn built(name: &str, place: &str) -> Project {
    let project = Project::new(name, place).unwrap();
    run(project.program("vite").unwrap().arg("build")).unwrap();
    project
}

async fn a_build_logs_in(name: &str) {
    let project = built(name, name);
    let house = house(&project.folder.join("dist")).await;
    let browser = browser_at(&house, &house.page("/")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
}

/// Logs in on this page for a code, redeems it as the site's backend does, and reads the ID token.
async fn the_nonce_arrives(pages: &Path, page: &str) {
    let house = house(pages).await;
    let browser = browser_at(&house, &house.page(page)).await;
    answer_by_fast_login(&house, &browser).await;
    browser.until_phase("success").await;
    let events = browser.events().await;
    let success = events.iter().find(|event| event["name"] == "success").unwrap();
    assert_eq!((&success["result"], &success["state"]), (&json!("code"), &json!(STATE)), "{page}");
    let redeem = format!(
        "return fetch('/weixin/token', {{ method: 'POST', body: new URLSearchParams({form}) }})
             .then((answer) => answer.json())
             .then(({{ id_token }}) => JSON.parse(atob(id_token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))))",
        form = json!({
            "grant_type": "authorization_code",
            "client_id": "shop",
            "code": success["code"],
            "code_verifier": VERIFIER,
            "redirect_uri": format!("web_message:{}", house.origin),
        })
    );
    let claims = browser.script(&redeem).await;
    assert_eq!(claims["nonce"], NONCE, "{page}: {claims}");
    assert_silent_console(&browser).await;
}

/// The page of a sample that is given, by its address, what a site's backend makes.
fn made(way: &str) -> String {
    format!("/?codeChallenge={CHALLENGE}&nonce={NONCE}&state={STATE}&as={way}")
}

#[tokio::test]
async fn a_build_of_vue_logs_in() {
    a_build_logs_in("vite-vue").await;
}

#[tokio::test]
async fn a_build_of_svelte_logs_in() {
    a_build_logs_in("vite-svelte").await;
}

#[tokio::test]
async fn the_nonce_arrives_from_a_plain_page_as_attribute() {
    the_nonce_arrives(&plain_site("plain-nonce-attribute").folder, "/nonce-attribute.html").await;
}

#[tokio::test]
async fn the_nonce_arrives_from_a_plain_page_as_property() {
    the_nonce_arrives(&plain_site("plain-nonce-property").folder, "/nonce-property.html").await;
}

#[tokio::test]
async fn the_nonce_arrives_from_react() {
    let project = built("vite-react", "vite-react-nonce");
    the_nonce_arrives(&project.folder.join("dist"), &made("given")).await;
}

#[tokio::test]
async fn the_nonce_arrives_from_vue_in_each_of_its_ways() {
    let project = built("vite-vue", "vite-vue-nonce");
    for way in ["given", "attribute", "property"] {
        the_nonce_arrives(&project.folder.join("dist"), &made(way)).await;
    }
}

#[tokio::test]
async fn the_nonce_arrives_from_svelte() {
    let project = built("vite-svelte", "vite-svelte-nonce");
    the_nonce_arrives(&project.folder.join("dist"), &made("given")).await;
}
