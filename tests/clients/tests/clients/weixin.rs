//! WeChat clients that other people wrote log in against the emulator as they are. They have WeChat's names built in: those lead to
//! the emulator by the files that `weixin-emulator env` writes, and its certificate authority is trusted. Nothing else is told to them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::By;
use url::Url;
use weixin_emulator::{
    App, AppKind, Call, DEFAULT_PERSON, DesktopMode, Emulator, Fault, Options, Person, Scenario, Strict,
};
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::site::Site;
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_servers::free_port;

const PATIENCE: Duration = Duration::from_secs(60);
const MOST_STEPS: usize = 20;

/// A site with such a client, and WeChat's side.
struct Weixin {
    emulator: Emulator,
    app: App,
    site: String,
    _running: Site,
    _folder: TempDir,
}

async fn node(sample: &str, kind: AppKind) -> Result<Weixin> {
    node_with(sample, kind, &[]).await
}

async fn node_with(sample: &str, kind: AppKind, settings: &[(&str, &str)]) -> Result<Weixin> {
    packages::npm()?;
    let mut program = Command::new("node");
    program.arg(samples().join("weixin").join(sample)).current_dir(samples()).envs(settings.iter().copied());
    start(program, kind, |program, ca| {
        let preload = preload().join("node.cjs");
        program.env("NODE_OPTIONS", format!("--require={}", preload.display()));
        program.env("NODE_EXTRA_CA_CERTS", ca);
    })
    .await
}

async fn python(sample: &str, kind: AppKind, settings: &[(&str, &str)]) -> Result<Weixin> {
    let mut program = Command::new(packages::python()?);
    program.arg(samples().join("weixin").join(sample)).envs(settings.iter().copied());
    start(program, kind, |program, ca| {
        program
            .env("PYTHONPATH", preload().join("python"))
            .env("REQUESTS_CA_BUNDLE", ca)
            .env("SSL_CERT_FILE", ca);
    })
    .await
}

fn preload() -> std::path::PathBuf {
    samples().join("../emulator/preload")
}

async fn start(
    mut program: Command,
    kind: AppKind,
    trust: impl FnOnce(&mut Command, &Path),
) -> Result<Weixin> {
    let folder = tempfile::tempdir()?;
    let ca_dir = Some(folder.path().to_owned());
    let emulator = Emulator::start(Options { tls: true, ca_dir, ..Options::default() }).await?;
    let app = Scenario::default().apps.into_iter().find(|app| app.kind == kind).context("an app")?;
    let port = free_port()?;
    let site = format!("http://localhost:{port}");
    trust(&mut program, &weixin_emulator::certificate_authority_file(folder.path()));
    program
        .env("WEIXIN_EMULATOR_TLS", emulator.open_address().to_string())
        .env("APPID", &app.appid)
        .env("SECRET", &app.secret)
        .env("KIND", if kind == AppKind::Website { "website" } else { "service_account" })
        .env("SITE", &site)
        .env("PORT", port.to_string());
    let running = Site::started(&mut program)?;
    Ok(Weixin { emulator, app, site, _running: running, _folder: folder })
}

impl Weixin {
    /// Somebody who opens an address of the site, and says yes to WeChat's question on the way.
    async fn open(&self, browser: &Client, path: &str) -> Result<(StatusCode, Value)> {
        let mut next = Url::parse(&format!("{}{path}", self.site))?;
        for _ in 0..MOST_STEPS {
            if next.host_str() == Some("open.weixin.qq.com") {
                ensure!(next.scheme() == "https", "{next}");
                let answer = self.emulator.code_for(next.as_str());
                next = Url::parse(&answer.map_err(|refusal| anyhow::anyhow!("{next}: {refusal}"))?)?;
            }
            let response = browser.get(next.clone()).send().await?;
            match response.headers().get(LOCATION) {
                Some(location) => next = response.url().join(location.to_str()?)?,
                None => {
                    let status = response.status();
                    let body = response.text().await?;
                    return Ok((status, serde_json::from_str(&body).unwrap_or(Value::String(body))));
                }
            }
        }
        bail!("a walk of more than {MOST_STEPS} steps")
    }

    /// What WeChat says of a person to this app, as far as `told` has it: not every client passes on all of it.
    fn expected(&self, person: &Person, told: &Value) -> Value {
        let avatar = told["headimgurl"].clone();
        let mut whole = json!({
            "openid": person.openid(&self.app.appid),
            "unionid": person.unionid(&self.app),
            "nickname": person.nickname,
            "headimgurl": avatar,
        });
        if let Some(members) = whole.as_object_mut() {
            members.retain(|name, _| told.get(name).is_some());
        }
        whole
    }

    /// A stranger, a login, the same person again, another person with a name full of emoji, and a code that WeChat refuses.
    async fn logs_in(&self) -> Result<()> {
        let browser = browser()?;
        assert_eq!(self.open(&browser, "/").await?.0, 401);
        let (status, told) = self.open(&browser, "/login").await?;
        let known = Scenario::default().people;
        let person = known.iter().find(|person| person.id == DEFAULT_PERSON).context("somebody")?;
        assert_eq!((status.as_u16(), &told), (200, &self.expected(person, &told)));
        ensure!(
            told["nickname"] == "陈锴" && (told["openid"].is_string() || told["unionid"].is_string()),
            "{told}"
        );
        let avatar = told["headimgurl"].as_str().with_context(|| told.to_string())?;
        ensure!(avatar.starts_with("https://thirdwx.qlogo.cn/"), "{avatar}");

        let family = Person::new("family", "👨‍👩‍👧 O'Brien <b>&amp;");
        self.emulator.set_person(family.clone());
        let (status, told) = self.open(&self::browser()?, "/login").await?;
        assert_eq!((status.as_u16(), &told), (200, &self.expected(&family, &told)));

        self.emulator.fault_times(Call::AccessToken, Fault::Errcode { errcode: 40029 }, 1);
        let stranger = self::browser()?;
        let _ = self.open(&stranger, "/login").await?;
        assert_eq!(self.open(&stranger, "/").await?.0, 401, "a refused code logs nobody in");
        Ok(())
    }

    fn allow_long_state(&self) {
        self.emulator.set_strict(Strict { state_length: false, ..Strict::default() });
    }

    async fn refreshes(&self) -> Result<()> {
        let browser = browser()?;
        assert_eq!(self.open(&browser, "/login").await?.0, 200);
        let (status, told) = self.open(&browser, "/refresh").await?;
        assert_eq!(status, 200, "{told}");
        let asked = self.emulator.requests();
        ensure!(asked.iter().any(|record| record.path.starts_with("/sns/oauth2/refresh_token")), "{asked:?}");
        Ok(())
    }
}

/// A browser without a screen, which keeps cookies and follows nothing by itself.
fn browser() -> Result<Client> {
    let builder = Client::builder().redirect(Policy::none()).cookie_store(true).no_proxy();
    Ok(builder.timeout(PATIENCE).build()?)
}

#[tokio::test]
async fn passport_wechat() -> Result<()> {
    for kind in [AppKind::Website, AppKind::ServiceAccount] {
        node("passport-wechat.mjs", kind).await?.logs_in().await?;
    }
    Ok(())
}

#[tokio::test]
async fn co_wechat_oauth() -> Result<()> {
    for kind in [AppKind::Website, AppKind::ServiceAccount] {
        let weixin = node("co-wechat-oauth.mjs", kind).await?;
        weixin.logs_in().await?;
        weixin.refreshes().await?;
    }
    Ok(())
}

#[tokio::test]
async fn wechatpy_with_a_state_and_without_one() -> Result<()> {
    for (kind, state) in [
        (AppKind::Website, "s"),
        (AppKind::Website, ""),
        (AppKind::ServiceAccount, "s"),
        (AppKind::ServiceAccount, ""),
    ] {
        let weixin = python("wechatpy_site.py", kind, &[("STATE", state)]).await?;
        weixin.logs_in().await?;
        weixin.refreshes().await?;
    }
    Ok(())
}

#[tokio::test]
async fn better_auth() -> Result<()> {
    let weixin = node("better-auth.mjs", AppKind::Website).await?;
    weixin.logs_in().await?;
    weixin.refreshes().await
}

#[tokio::test]
async fn social_core_weixin_and_weixinapp() -> Result<()> {
    for kind in [AppKind::Website, AppKind::ServiceAccount] {
        python("social_site.py", kind, &[]).await?.logs_in().await?;
    }
    Ok(())
}

#[tokio::test]
async fn django_allauth_weixin() -> Result<()> {
    python("allauth_site.py", AppKind::Website, &[]).await?.logs_in().await
}

/// Its order of parameters at oauth2/authorize is not the documented one: a warning by default, an error page where that is wanted.
#[tokio::test]
async fn node_easywechat() -> Result<()> {
    for kind in [AppKind::Website, AppKind::ServiceAccount] {
        node("node-easywechat.mjs", kind).await?.logs_in().await?;
    }
    Ok(())
}

#[tokio::test]
async fn auth_js_of_both_kinds() -> Result<()> {
    for kind in [AppKind::Website, AppKind::ServiceAccount] {
        let weixin = node_with("authjs.mjs", kind, &[("AUTH_CORE", "@auth/core")]).await?;
        // Its state is an encrypted text of some 340 bytes, and WeChat's document has 128 at most: refused until that is allowed.
        let refused = weixin.open(&browser()?, "/login").await.expect_err("a state that is too long");
        ensure!(refused.to_string().ends_with("state 参数过长"), "{refused}");
        weixin.allow_long_state();
        weixin.logs_in().await?;
    }
    Ok(())
}

/// As at WeChat: the oauth4webapi of its days takes no answer that is `text/plain`. From 3.3 on, and so Auth.js 0.38, it does.
#[tokio::test]
async fn auth_js_0_37_fails_as_at_weixin() -> Result<()> {
    let weixin = node_with("authjs.mjs", AppKind::Website, &[("AUTH_CORE", "auth-core-0.37")]).await?;
    weixin.allow_long_state();
    let browser = browser()?;
    let (status, page) = weixin.open(&browser, "/login").await?;
    assert_eq!(
        (status, weixin.open(&browser, "/").await?.0),
        (StatusCode::INTERNAL_SERVER_ERROR, StatusCode::UNAUTHORIZED),
        "{page}"
    );
    let asked = weixin.emulator.requests();
    ensure!(asked.iter().any(|record| record.path.starts_with("/sns/oauth2/access_token")), "{asked:?}");
    Ok(())
}

/// In a real browser: Tencent's address of the script, its frame, a phone that scans, and the site's callback in the top page.
#[tokio::test]
async fn a_site_with_new_wxlogin() -> Result<()> {
    let weixin = node("co-wechat-oauth.mjs", AppKind::Website).await?;
    weixin.emulator.set_desktop(DesktopMode::Absent).await?;
    let spki = weixin.emulator.ca_spki_sha256_base64().context("a certificate authority")?;
    let switches = vec![format!("--ignore-certificate-errors-spki-list={spki}")];
    let names = weixin.emulator.names();
    let browser = Browser::start(BrowserOptions { names, switches, ..BrowserOptions::default() }).await;
    browser.open(&format!("{}/page", weixin.site)).await;
    let Some(qr) = weixin.emulator.wait_for_qr(PATIENCE).await else {
        bail!("no QR code at {}", browser.driver().source().await?)
    };
    weixin.emulator.scan(&qr)?;
    weixin.emulator.allow(&qr)?;
    browser.until_at(&format!("{}/", weixin.site)).await;
    let shown: Value = serde_json::from_str(&browser.driver().find(By::Tag("body")).await?.text().await?)?;
    assert_eq!(shown["nickname"], "陈锴");
    Ok(())
}
