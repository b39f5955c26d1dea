//! Debian's Apache with mod_auth_openidc in front of a folder.

use std::process::Command;

use anyhow::Result;
use weixin_login_clients::browser::Browser;
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::provider::{Provider, Registration};
use weixin_login_clients::site::Site;
use weixin_login_servers::free_port;

#[tokio::test]
async fn apache_with_mod_auth_openidc() -> Result<()> {
    let apache = packages::apache()?;
    let port = free_port()?;
    let site = format!("http://localhost:{port}");
    let callback = format!("{site}/oidc/callback");
    let registration = Registration {
        redirect_uris: vec![callback.clone()],
        post_logout_redirect_uris: vec![format!("{site}/goodbye")],
        backchannel_logout_uri: Some(format!("{callback}?logout=backchannel")),
        ..Registration::default()
    };
    let provider = Provider::start(&site, registration).await?;
    let state = tempfile::tempdir()?;
    std::fs::create_dir(state.path().join("www"))?;
    std::fs::write(state.path().join("www/index.html"), "only for who has logged in")?;
    let mut command = Command::new(apache);
    command
        .args(["-X", "-f"])
        .arg(samples().join("apache/httpd.conf"))
        .env("STATE", state.path())
        .env("SAMPLES", samples())
        .env("APACHE_USER", user()?);
    // A worker that is not root reads its files here.
    Command::new("chmod").arg("-R").arg("a+rwX").arg(state.path()).status()?;
    let _running = Site::start_silent(&mut command, &provider, port)?;
    let log = || std::fs::read_to_string(state.path().join("error.log")).unwrap_or_default();

    let browser = Browser::new(&provider.emulator)?;
    let page = browser.open(&format!("{site}/index.html")).await?;
    assert_eq!((page.status.as_u16(), page.logins), (200, 1), "{page:?} {}", log());
    assert_eq!(page.body, "only for who has logged in");

    let info = browser.open(&format!("{callback}?info=json")).await?.json()?;
    let sub = info["id_token"]["sub"].clone();
    assert_eq!(info["id_token"]["iss"], provider.issuer.as_str());
    assert_eq!(info["userinfo"]["sub"], sub);
    assert_eq!(info["userinfo"]["nickname"], "陈锴");

    // It refreshes: the access token is another one afterwards.
    let token = info["access_token"].as_str().expect("a token");
    let back = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("refresh", &format!("{site}/index.html"))
        .append_pair("access_token", token)
        .finish();
    let refreshed = browser.open(&format!("{callback}?{back}")).await?;
    assert_eq!(refreshed.status, 200, "{refreshed:?} {}", log());
    let info = browser.open(&format!("{callback}?info=json")).await?.json()?;
    assert_ne!(info["access_token"], token, "{}", log());

    // Its own logout ends the session here, and leads back.
    let out =
        browser.open_until(&format!("{callback}?logout={site}/goodbye"), &format!("{site}/goodbye")).await?;
    assert_eq!(out.path(), "/goodbye");
    let page = browser.open(&format!("{site}/index.html")).await?;
    assert_eq!(page.logins, 1, "{}", log());
    let info = browser.open(&format!("{callback}?info=json")).await?.json()?;
    assert_eq!(info["id_token"]["sub"], sub);

    // Ours reaches it by the back channel: its cookie is worth nothing then.
    let page = browser.open(&format!("{}/logout", provider.issuer)).await?;
    assert_eq!(page.status, 200);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    browser.confirm_logout(&provider.issuer).await?;
    while browser.open(&format!("{callback}?info=json")).await?.status == 200 {
        assert!(std::time::Instant::now() < deadline, "{}", log());
    }
    Ok(())
}

/// Apache gives up root, and must have a user to become; a user who is not root stays.
fn user() -> Result<String> {
    let output = Command::new("id").arg("-un").output()?;
    let user = String::from_utf8(output.stdout)?.trim().to_owned();
    Ok(if user == "root" { "www-data".into() } else { user })
}
