//! Debian's nginx in front of a site that knows nothing of logins: `auth_request` asks the service who is there.

use std::path::Path;
use std::process::Command;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Result;
use serde_json::{Value, json};
use weixin_login_clients::browser::Browser;
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::provider::{Provider, Registration};
use weixin_login_clients::site::Site;
use weixin_login_servers::free_port;

#[tokio::test]
async fn nginx_with_auth_request() -> Result<()> {
    let (port, service_port, site_port) = (free_port()?, free_port()?, free_port()?);
    let site = format!("http://localhost:{port}");
    let registration = Registration { public: true, ..Registration::default() };
    let provider = Provider::start_behind(&site, service_port, registration).await?;
    let _behind = tokio::spawn(
        HttpServer::new(|| App::new().default_service(web::to(what_arrived)))
            .workers(1)
            .bind(("127.0.0.1", site_port))?
            .run(),
    );
    let state = tempfile::tempdir()?;
    let config = state.path().join("nginx.conf");
    std::fs::write(&config, nginx_config(state.path(), port, service_port, site_port))?;
    let mut command = Command::new(packages::nginx()?);
    command.args(["-e", "error.log", "-p"]).arg(state.path()).arg("-c").arg(&config);
    let _nginx = Site::start_silent(&mut command, &provider, port)?;
    let log = || std::fs::read_to_string(state.path().join("error.log")).unwrap_or_default();
    let at = |path: &str| format!("{site}{path}");

    // Nobody is logged in: the site hears nothing of it.
    let refused = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let refused = refused.get(at("/orders?year=2026")).header("Weixin-Login-Sub", "forged").send().await?;
    let login = &refused.headers()["location"];
    assert_eq!(
        (refused.status().as_u16(), login.to_str()?),
        (303, &*at("/weixin/login?return_to=/orders?year=2026")),
        "{}",
        log()
    );

    // RFC 8414 §3.1: the provider's path stands behind.
    let metadata = async |path: &str| reqwest::get(at(path)).await?.json::<Value>().await;
    let expected = metadata("/weixin/.well-known/openid-configuration").await?;
    assert_eq!(metadata("/.well-known/oauth-authorization-server/weixin").await?, expected);
    assert_eq!(metadata("/.well-known/openid-configuration/weixin").await?, expected);

    let browser = Browser::new(&provider.emulator)?;
    let page = browser.open(&at("/orders?year=2026")).await?;
    assert_eq!((page.status.as_u16(), page.logins), (200, 1), "{page:?} {}", log());
    let session = browser.open(&at("/weixin/session")).await?.json()?;
    let arrived = |method: &str, target: &str, body: &str| {
        json!({
            "method": method, "target": target, "body": body,
            "sub": session["sub"], "nickname": "%E9%99%88%E9%94%B4", "picture": session["picture"],
        })
    };
    assert_eq!(page.json()?, arrived("GET", "/orders?year=2026", ""));

    let forged = browser.open_with(&at("/"), "Weixin-Login-Sub", "forged").await?;
    assert_eq!(forged.json()?, arrived("GET", "/", ""));
    let posted = browser.submit(&at("/orders"), &[("item", "tea")]).await?;
    assert_eq!(posted.json()?, arrived("POST", "/orders", "item=tea"), "{}", log());
    // What nginx asks for itself is not there for others.
    assert_eq!(browser.open(&at("/weixin-session")).await?.status, 404);

    let out = browser.confirm_logout(&provider.issuer).await?;
    assert_eq!((out.status.as_u16(), out.address.path()), (200, "/weixin/logout"), "{out:?}");
    let page = browser.open(&at("/")).await?;
    assert_eq!((page.logins, &page.json()?["sub"]), (1, &session["sub"]), "it asks for a login again");
    Ok(())
}

async fn what_arrived(request: HttpRequest, body: String) -> HttpResponse {
    let header = |name: &str| -> Value {
        let mut values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
        match (values.next(), values.next()) {
            (Some(value), None) => value.into(),
            (None, _) => Value::Null,
            (Some(_), Some(_)) => "there twice".into(),
        }
    };
    HttpResponse::Ok().json(json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "body": body,
        "sub": header("Weixin-Login-Sub"),
        "nickname": header("Weixin-Login-Nickname"),
        "picture": header("Weixin-Login-Picture"),
    }))
}

/// An nginx of the tests' own, beside the system's: the page's file stands in a server of it.
fn nginx_config(state: &Path, port: u16, service: u16, site: u16) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = temporary.iter().map(|kind| format!("    {kind}_temp_path {kind};\n")).collect();
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{}}
http {{
    access_log off;
{temporary}
    upstream weixin_login {{ server 127.0.0.1:{service}; }}
    upstream site {{ server 127.0.0.1:{site}; }}
    server {{
        listen 127.0.0.1:{port};
        server_name localhost;
        root {state};
        include {site_conf};
    }}
}}
",
        state = state.display(),
        site_conf = samples().join("nginx/site.conf").display(),
    )
}
