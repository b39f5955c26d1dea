//! Sites with a backend: Express with openid-client, Auth.js alone and in Next.js, Django with Authlib, Go with go-oidc.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use url::Url;
use weixin_emulator::Person;
use weixin_login_clients::browser::{Browser, Page};
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::provider::{Provider, Registration};
use weixin_login_clients::site::Site;
use weixin_login_servers::free_port;

/// A site that is registered and runs.
async fn start(
    callback: &str,
    program: impl FnOnce() -> Result<Command>,
) -> Result<(Provider, Site, String)> {
    let (port, site, registration) = registered(callback)?;
    let provider = Provider::start(&site, registration).await?;
    let running = Site::start(&mut program()?, &provider, port)?;
    Ok((provider, running, site))
}

pub(crate) fn registered(callback: &str) -> Result<(u16, String, Registration)> {
    let port = free_port()?;
    let site = format!("http://localhost:{port}");
    let registration = Registration {
        redirect_uris: vec![format!("{site}{callback}")],
        post_logout_redirect_uris: vec![format!("{site}/")],
        ..Registration::default()
    };
    Ok((port, site, registration))
}

pub(crate) fn node(sample: &str) -> Result<Command> {
    packages::npm()?;
    let mut node = Command::new("node");
    node.arg(samples().join(sample).join("app.mjs")).current_dir(samples());
    Ok(node)
}

fn django() -> Result<Command> {
    let mut python = Command::new(packages::python()?);
    python.arg(samples().join("django/app.py"));
    Ok(python)
}

/// The whole life of a login, in a site with these four pages.
async fn logs_in_refreshes_and_logs_out(provider: &Provider, site: &str) -> Result<()> {
    let at = |path: &str| format!("{site}{path}");
    let browser = Browser::new(&provider.emulator)?;
    assert_eq!(browser.open(&at("/")).await?.status, 401);

    let page = browser.open(&at("/login")).await?;
    assert_eq!(
        (page.status.as_u16(), page.logins, page.address.as_str()),
        (200, 1, at("/").as_str()),
        "{page:?}"
    );
    let person = page.json()?;
    assert_eq!(person["nickname"], "陈锴");
    assert!(person["picture"].is_string());
    let (sub, sid) = (person["sub"].clone(), person["sid"].clone());

    let refreshed = browser.open(&at("/refresh")).await?;
    assert_eq!((refreshed.status.as_u16(), &refreshed.json()?["sub"]), (200, &sub), "{refreshed:?}");

    // A second login in the same browser asks for nothing.
    let again = browser.open(&at("/login")).await?;
    assert_eq!((again.logins, &again.json()?["sub"], &again.json()?["sid"]), (0, &sub, &sid));

    let out = browser.open(&at("/logout")).await?;
    assert_eq!((out.status.as_u16(), out.address.as_str()), (401, at("/").as_str()));
    let new = browser.open(&at("/login")).await?;
    assert_eq!((new.logins, &new.json()?["sub"]), (1, &sub));
    assert_ne!(new.json()?["sid"], sid);

    // Somebody without a name and an avatar.
    let headimgurl = Some(String::new());
    provider.emulator.set_person(Person { headimgurl, ..Person::new("nobody", "") });
    let page = Browser::new(&provider.emulator)?.open(&at("/login")).await?;
    let nobody = page.json().with_context(|| format!("{page:?}"))?;
    assert_ne!(nobody["sub"], sub);
    assert_eq!(nobody["nickname"].as_str().unwrap_or_default(), "");
    Ok(())
}

#[tokio::test]
async fn express_with_openid_client() -> Result<()> {
    let (provider, _running, site) = start("/callback", || node("express")).await?;
    logs_in_refreshes_and_logs_out(&provider, &site).await
}

#[tokio::test]
async fn django_with_authlib() -> Result<()> {
    let (provider, _running, site) = start("/callback", django).await?;
    logs_in_refreshes_and_logs_out(&provider, &site).await
}

#[tokio::test]
async fn go_with_go_oidc() -> Result<()> {
    let program = || Ok(Command::new(packages::go()?));
    let (provider, _running, site) = start("/callback", program).await?;
    logs_in_refreshes_and_logs_out(&provider, &site).await
}

#[tokio::test]
async fn authjs_with_its_generic_provider() -> Result<()> {
    let (provider, _running, site) = start("/auth/callback/weixin", || node("authjs")).await?;
    authjs_logs_in_refreshes_and_logs_out(&provider, &format!("{site}/auth"), &format!("{site}/")).await
}

#[tokio::test]
async fn nextjs_with_next_auth() -> Result<()> {
    let (port, site, registration) = registered("/api/auth/callback/weixin")?;
    let provider = Provider::start(&site, registration).await?;
    let folder = packages::next()?;
    let mut next = Command::new(folder.join("node_modules/.bin/next"));
    next.args(["start", "--hostname", "127.0.0.1", "--port", &port.to_string()])
        .envs([("NEXTAUTH_URL", site.as_str()), ("NEXTAUTH_SECRET", "onlyForTheseTests0123456789abcdef")])
        .env("NEXT_TELEMETRY_DISABLED", "1")
        .current_dir(&folder);
    let _running = Site::start_silent(&mut next, &provider, port)?;
    authjs_logs_in_refreshes_and_logs_out(&provider, &format!("{site}/api/auth"), &format!("{site}/me"))
        .await?;
    let page = Browser::new(&provider.emulator)?.open(&site).await?;
    assert!(page.body.contains("微信登录"), "{page:?}");
    Ok(())
}

/// The whole life of a login with Auth.js, whose own routes are below `auth`, in a site that says at `me` who is there.
async fn authjs_logs_in_refreshes_and_logs_out(provider: &Provider, auth: &str, me: &str) -> Result<()> {
    let home = Url::parse(me)?.join("/")?;
    let browser = Browser::new(&provider.emulator)?;
    assert_eq!(browser.open(me).await?.status, 401);
    let csrf = async || -> Result<String> {
        let token = browser.open(&format!("{auth}/csrf")).await?.json()?["csrfToken"].clone();
        Ok(token.as_str().unwrap_or_default().to_owned())
    };
    let log_in = async || -> Result<Page> {
        let csrf = csrf().await?;
        let form = [("csrfToken", csrf.as_str()), ("callbackUrl", me)];
        browser.submit(&format!("{auth}/signin/weixin"), &form).await
    };

    let page = log_in().await?;
    assert_eq!((page.status.as_u16(), page.logins, page.address.as_str()), (200, 1, me), "{page:?}");
    let person = page.json()?;
    assert_eq!(person["nickname"], "陈锴");
    assert!(person["picture"].is_string() && person["sub"].is_string(), "{person}");

    // Each update refreshes; only a token answer moves the time until which its token is good.
    let good_until = browser.open(&format!("{auth}/session")).await?.json()?["until"].as_i64();
    let csrf_token = csrf().await?;
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let form = [("csrfToken", csrf_token.as_str())];
        let updated = browser.submit(&format!("{auth}/session"), &form).await?.json()?;
        assert_eq!(updated["user"]["sub"], person["sub"], "{updated}");
        if updated["until"].as_i64() > good_until {
            break;
        }
        assert!(Instant::now() < deadline, "it was not refreshed: {updated}");
    }

    // A second login in the same browser asks for nothing, until it has logged out at the service too.
    let again = log_in().await?;
    assert_eq!((again.logins, &again.json()?), (0, &person));
    let out = browser.open(home.join("logout")?.as_str()).await?;
    assert_eq!((out.address.as_str(), out.logins), (home.as_str(), 0), "{out:?}");
    assert_eq!(browser.open(me).await?.status, 401);
    let new = log_in().await?;
    assert_eq!((new.logins, &new.json()?), (1, &person));
    Ok(())
}

/// One person at two sites, by two clients that other people wrote: one login serves both, and both call the person the same.
#[tokio::test]
async fn two_sites_call_a_person_the_same() -> Result<()> {
    let (express_port, express, express_registration) = registered("/callback")?;
    let (django_port, django_site, django_registration) = registered("/callback")?;
    let provider = Provider::start_for(&[
        ("express", &express, express_registration),
        ("django", &django_site, django_registration),
    ])
    .await?;
    let _express = Site::start_as("express", &mut node("express")?, &provider, express_port)?;
    let _django = Site::start_as("django", &mut django()?, &provider, django_port)?;

    let browser = Browser::new(&provider.emulator)?;
    let at_express = browser.open(&format!("{express}/login")).await?;
    let at_django = browser.open(&format!("{django_site}/login")).await?;
    assert_eq!((at_express.logins, at_django.logins), (1, 0));
    assert_eq!(at_express.json()?, at_django.json()?);
    assert_eq!(at_django.json()?["nickname"], "陈锴");
    // Another browser of the same person.
    let elsewhere = Browser::new(&provider.emulator)?.open(&format!("{django_site}/login")).await?;
    assert_eq!((elsewhere.logins, &elsewhere.json()?["sub"]), (1, &at_express.json()?["sub"]));
    Ok(())
}
