//! oidc-client-ts in a real browser: a page without a backend, a public client with PKCE.

use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use thirtyfour::prelude::*;
use weixin_emulator::DesktopMode;
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::provider::{CLIENT_ID, Provider, Registration};
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_servers::free_port;

const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[tokio::test]
async fn oidc_client_ts_in_chromium() -> Result<()> {
    packages::npm()?;
    let port = free_port()?;
    let site = format!("http://localhost:{port}");
    let page = format!("{site}/index.html");
    let registration = Registration {
        public: true,
        redirect_uris: vec![page.clone()],
        post_logout_redirect_uris: vec![page.clone()],
        ..Registration::default()
    };
    let provider = Provider::start(&site, registration).await?;
    // The person has no WeChat on this computer: the page shows its QR code.
    provider.emulator.set_desktop(DesktopMode::Absent).await?;
    let _serving = serve(port, &provider.issuer)?;
    let browser = Browser::start(BrowserOptions::default()).await;
    let driver = browser.driver();

    driver.goto(&page).await?;
    person(driver, "logged-out").await?;
    let claims = log_in(&provider, &browser).await?;
    assert_eq!(driver.current_url().await?.as_str(), page);
    assert_eq!(claims["nickname"], "陈锴");
    let sub = claims["sub"].clone();

    driver.find(By::Id("renew")).await?.click().await?;
    driver.query(By::Css("#person[data-rotated=true]")).wait(PATIENCE, LOOK_AGAIN).first().await?;
    assert_eq!(person(driver, "logged-in").await?["sub"], sub);

    driver.find(By::Id("logout")).await?.click().await?;
    person(driver, "logged-out").await?;
    assert_eq!(driver.current_url().await?.as_str(), page);

    // The service has forgotten the browser, and knows the person again.
    assert_eq!(log_in(&provider, &browser).await?["sub"], sub);
    Ok(())
}

/// By QR code; gives what the page shows then.
async fn log_in(provider: &Provider, browser: &Browser) -> Result<Value> {
    let driver = browser.driver();
    driver.find(By::Id("login")).await?.click().await?;
    browser.until_phase("qr").await;
    let qr = provider.emulator.wait_for_qr(PATIENCE).await.expect("a QR code");
    provider.emulator.scan(&qr).expect("scanned");
    provider.emulator.allow(&qr).expect("allowed");
    person(driver, "logged-in").await
}

/// What the page shows, once it is in this state.
async fn person(driver: &WebDriver, state: &str) -> Result<Value> {
    let shown = driver
        .query(By::Css(format!("#person[data-state={state}]")))
        .wait(PATIENCE, LOOK_AGAIN)
        .first()
        .await;
    let Ok(shown) = shown else {
        bail!("not {state} at {}: {}", driver.current_url().await?, driver.source().await?);
    };
    Ok(serde_json::from_str(&shown.text().await?).unwrap_or_default())
}

fn serve(port: u16, issuer: &str) -> Result<tokio::task::JoinHandle<std::io::Result<()>>> {
    let config = json!({ "issuer": issuer, "client_id": CLIENT_ID });
    let library = samples().join("node_modules/oidc-client-ts/dist/browser");
    let server = HttpServer::new(move || {
        let config = config.clone();
        App::new()
            .route(
                "/config.json",
                web::get().to(move || std::future::ready(HttpResponse::Ok().json(&config))),
            )
            .service(actix_files::Files::new("/lib", &library))
            .service(actix_files::Files::new("/", samples().join("spa")))
    });
    Ok(tokio::spawn(server.workers(1).bind(("127.0.0.1", port))?.run()))
}
