//! Sites with libraries that are told more than an issuer: where no email is, whether PKCE is on, and how a logout reaches the service.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use weixin_emulator::Person as Somebody;
use weixin_login_clients::browser::{Browser, Page};
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::provider::{CLIENT_ID, Provider};
use weixin_login_clients::site::Site;

use crate::sites::{node, registered};

/// Where a library has its pages.
struct Library {
    program: fn() -> Result<Command>,
    callback: &'static str,
    login: &'static str,
    logout: &'static str,
    /// `None`: the library has no refresh of its own.
    refresh: Option<&'static str>,
    without_pkce: bool,
    /// What it sends as `post_logout_redirect_uri`, after the site's origin.
    after_logout: &'static str,
    /// It sends no `id_token_hint`: the service asks first.
    asks_before_logout: bool,
    /// It begins a login only by a form, which the page for the login has.
    begins_with_a_form: bool,
    /// It takes a token that was made by a clock half a minute ahead.
    may_be_behind: bool,
}

/// A site with such a library, and another one with openid-client, for the same people.
struct Sites {
    provider: Provider,
    site: String,
    other: String,
    _running: [Site; 2],
}

const USUAL: Library = Library {
    program: || anyhow::bail!("no program"),
    callback: "/callback",
    login: "/login",
    logout: "/logout",
    refresh: Some("/refresh"),
    without_pkce: false,
    after_logout: "/",
    asks_before_logout: false,
    begins_with_a_form: false,
    may_be_behind: true,
};

fn python(sample: &str) -> Result<Command> {
    let mut python = Command::new(packages::python()?);
    python.arg(samples().join(sample).join("app.py"));
    Ok(python)
}

impl Library {
    async fn start(&self) -> Result<Sites> {
        let (port, site, mut registration) = registered(self.callback)?;
        registration.post_logout_redirect_uris = vec![format!("{site}{}", self.after_logout)];
        registration.without_pkce = self.without_pkce;
        let (other_port, other, other_registration) = registered("/callback")?;
        let provider =
            Provider::start_for(&[(CLIENT_ID, &site, registration), ("express", &other, other_registration)])
                .await?;
        let running = [
            Site::start(&mut (self.program)()?, &provider, port)?,
            Site::start_as("express", &mut node("express")?, &provider, other_port)?,
        ];
        Ok(Sites { provider, site, other, _running: running })
    }

    /// What somebody sees who goes to the login.
    async fn log_in(&self, browser: &Browser<'_>, site: &str) -> Result<Page> {
        let page = browser.open(&format!("{site}{}", self.login)).await?;
        if self.begins_with_a_form { browser.press(&page).await } else { Ok(page) }
    }

    /// The whole life of a login.
    async fn logs_in_and_out(&self) -> Result<()> {
        let Sites { provider, site, other, _running } = self.start().await?;
        let at = |path: &str| format!("{site}{path}");
        let browser = Browser::new(&provider.emulator)?;
        assert_eq!(browser.open(&at("/")).await?.status, 401);

        let page = self.log_in(&browser, &site).await?;
        assert_eq!(
            (page.status.as_u16(), page.logins, page.address.as_str()),
            (200, 1, at("/").as_str()),
            "{page:?}"
        );
        // It says of the person what another library does.
        let person = page.json()?;
        // In a browser of its own: to cookies two ports of one host are one site.
        let at_another = Browser::new(&provider.emulator)?.open(&format!("{other}/login")).await?;
        let told = at_another.json()?;
        for claim in ["sub", "nickname", "picture"] {
            assert_eq!(person[claim], told[claim], "{claim} of {person}");
        }
        assert_eq!(person["nickname"], "陈锴");
        assert!(person["picture"].is_string() && person["sub"].is_string(), "{person}");

        if let Some(refresh) = self.refresh {
            // Twice: the second is with what the first one brought.
            for _ in 0..2 {
                let refreshed = browser.open(&at(refresh)).await?;
                assert_eq!(refreshed.status, 200, "{refreshed:?}");
                assert_eq!(refreshed.json()?["sub"], person["sub"], "{refreshed:?}");
            }
        }

        // A second login in the same browser asks for nothing.
        let again = self.log_in(&browser, &site).await?;
        assert_eq!((again.logins, again.json()?), (0, person.clone()));

        let mut out = browser.open(&at(self.logout)).await?;
        if self.asks_before_logout {
            assert!(out.address.as_str().starts_with(&provider.issuer), "{out:?}");
            out = browser.press(&out).await?;
        }
        assert_eq!((out.status.as_u16(), out.address.as_str()), (401, at("/").as_str()), "{out:?}");
        let new = self.log_in(&browser, &site).await?;
        assert_eq!((new.logins, new.json()?), (1, person.clone()));

        // Another browser of the same person is the same user.
        let elsewhere = self.log_in(&Browser::new(&provider.emulator)?, &site).await?;
        assert_eq!((elsewhere.logins, elsewhere.json()?), (1, person.clone()));

        // Other people are other users: one without a name and an avatar, and some with names that are long or no plain words.
        let mut subs = vec![person["sub"].clone()];
        for (id, nickname) in [
            ("nobody", ""),
            ("family", "👩‍👩‍👧‍👦🇨🇳"),
            ("hostile", "O'Brien \"<b>&amp;%s{}\\"),
            ("arab", "مرحبا\u{202e}x"),
            ("long", "好".repeat(64).as_str()),
        ] {
            let headimgurl = nickname.is_empty().then(String::new);
            provider.emulator.set_person(Somebody { headimgurl, ..Somebody::new(id, nickname) });
            let page = self.log_in(&Browser::new(&provider.emulator)?, &site).await?;
            assert_eq!(page.status, 200, "{nickname}: {page:?}");
            let theirs = page.json()?;
            let told = Browser::new(&provider.emulator)?.open(&format!("{other}/login")).await?.json()?;
            assert_eq!(theirs["sub"], told["sub"], "{nickname}: {theirs}");
            for claim in ["nickname", "picture"] {
                let text = |person: &Value| person[claim].as_str().unwrap_or_default().to_owned();
                assert_eq!(text(&theirs), text(&told), "{nickname}: {theirs}");
            }
            assert!(!subs.contains(&theirs["sub"]), "{nickname}: {theirs}");
            subs.push(theirs["sub"].clone());
        }

        // The site's clock is ahead of the service's, and then behind it.
        provider.put_clock_ahead(-30);
        let page = self.log_in(&Browser::new(&provider.emulator)?, &site).await?;
        assert_eq!(page.status, 200, "{page:?}");
        if self.may_be_behind {
            provider.put_clock_ahead(60);
            let page = self.log_in(&Browser::new(&provider.emulator)?, &site).await?;
            assert_eq!(page.status, 200, "{page:?}");
        }
        Ok(())
    }
}

#[tokio::test]
async fn express_with_oauth4webapi() -> Result<()> {
    Library { program: || node("oauth4webapi"), ..USUAL }.logs_in_and_out().await
}

#[tokio::test]
async fn express_with_passport_openidconnect() -> Result<()> {
    Library { program: || node("passport"), refresh: None, without_pkce: true, ..USUAL }
        .logs_in_and_out()
        .await
}

#[tokio::test]
async fn express_openid_connect() -> Result<()> {
    Library { program: || node("express-openid-connect"), after_logout: "", ..USUAL }.logs_in_and_out().await
}

#[tokio::test]
async fn better_auth_with_its_generic_oauth() -> Result<()> {
    Library { program: || node("better-auth"), callback: "/api/auth/callback/weixin", ..USUAL }
        .logs_in_and_out()
        .await
}

#[tokio::test]
async fn django_with_mozilla_django_oidc() -> Result<()> {
    Library {
        program: || python("mozilla"),
        callback: "/oidc/callback/",
        login: "/oidc/authenticate/",
        logout: "/oidc/logout/",
        refresh: None,
        may_be_behind: false,
        ..USUAL
    }
    .logs_in_and_out()
    .await
}

#[tokio::test]
async fn django_with_social_core() -> Result<()> {
    Library { program: || python("social"), callback: "/complete/oidc/", begins_with_a_form: true, ..USUAL }
        .logs_in_and_out()
        .await
}

#[tokio::test]
async fn django_with_allauth() -> Result<()> {
    Library {
        program: || python("allauth"),
        callback: "/accounts/oidc/weixin/login/callback/",
        login: "/accounts/oidc/weixin/login/",
        refresh: None,
        asks_before_logout: true,
        ..USUAL
    }
    .logs_in_and_out()
    .await
}

#[tokio::test]
async fn django_with_pyoidc() -> Result<()> {
    Library { program: || python("pyoidc"), ..USUAL }.logs_in_and_out().await
}

/// Social-core keeps the keys for a day, and asks again for one that it does not know.
#[tokio::test]
async fn a_key_that_is_withdrawn_stops_no_login_at_social_core() -> Result<()> {
    let library = Library {
        program: || python("social"),
        callback: "/complete/oidc/",
        begins_with_a_form: true,
        ..USUAL
    };
    let Sites { provider, site, _running, .. } = library.start().await?;
    let browser = Browser::new(&provider.emulator)?;
    let before = library.log_in(&browser, &site).await?.json()?;
    provider.withdraw_key().await?;
    let after = library.log_in(&browser, &site).await?;
    assert_eq!(after.json().with_context(|| format!("{after:?}"))?, before);
    Ok(())
}
