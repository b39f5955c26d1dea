//! A browser without a screen: cookies, redirects, and a person who agrees on the phone when a page asks for a login.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use serde_json::Value;
use url::Url;
use weixin_emulator::Emulator;

/// More than any login needs.
const MOST_STEPS: usize = 20;

/// A browser that has never been anywhere.
pub struct Browser<'a> {
    http: reqwest::Client,
    emulator: &'a Emulator,
}

/// Where a walk ended.
#[derive(Debug)]
pub struct Page {
    /// The address of the last answer.
    pub address: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: String,
    /// How often the person was asked to log in on the way.
    pub logins: usize,
}

impl Page {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{self:?} is no JSON"))
    }
}

impl<'a> Browser<'a> {
    /// In the hands of the person who holds this emulator's phone.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(emulator: &'a Emulator) -> Result<Browser<'a>> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .cookie_store(true)
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()?;
        Ok(Browser { http, emulator })
    }

    /// Opens an address and follows where it leads, logging in where a page of the service asks for that.
    ///
    /// # Errors
    /// When somebody does not answer, or leads in circles.
    pub async fn open(&self, address: &str) -> Result<Page> {
        self.walk(self.http.get(address)).await
    }

    /// Opens an address with a header of the visitor's own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(&self, address: &str, header: &str, value: &str) -> Result<Page> {
        self.walk(self.http.get(address).header(header, value)).await
    }

    /// Submits a form.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn submit(&self, address: &str, form: &[(&str, &str)]) -> Result<Page> {
        self.walk(self.http.post(address).form(form)).await
    }

    /// Opens an address, logs in where that is asked, and stops where the browser is about to leave for this prefix.
    ///
    /// # Errors
    /// As [`open`](Self::open), or when it never leaves for there.
    pub async fn open_until(&self, address: &str, prefix: &str) -> Result<Url> {
        let mut next = Url::parse(address)?;
        for _ in 0..MOST_STEPS {
            let response = self.http.get(next.clone()).send().await?;
            next = match response.headers().get(LOCATION) {
                Some(location) => response.url().join(location.to_str()?)?,
                None => {
                    let status = response.status();
                    let page = response.text().await?;
                    self.agree(&page).with_context(|| format!("{next} answers {status}: {page}"))??
                }
            };
            if next.as_str().starts_with(prefix) {
                return Ok(next);
            }
        }
        bail!("{address} never led to {prefix}")
    }

    /// Says yes on the service's page that asks before it logs out.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn confirm_logout(&self, issuer: &str) -> Result<Page> {
        // Our own page's origin: nothing else may do it.
        let origin = Url::parse(issuer)?.origin().ascii_serialization();
        self.walk(
            self.http
                .post(format!("{issuer}/logout"))
                .header("Origin", origin)
                .form(&[("confirmed_request", "")]),
        )
        .await
    }

    /// Presses the button of a page's only form, with what the page has put into it.
    ///
    /// # Errors
    /// As [`open`](Self::open), or when the page has none.
    pub async fn press(&self, page: &Page) -> Result<Page> {
        let (_, form) = page.body.split_once("<form ").with_context(|| format!("no form on {page:?}"))?;
        let action = between(form, "action=\"", "\"").with_context(|| format!("no action on {page:?}"))?;
        let hidden: Vec<(String, String)> = form
            .split("<input type=\"hidden\" ")
            .skip(1)
            .filter_map(|input| Some((between(input, "name=\"", "\"")?, between(input, "value=\"", "\"")?)))
            .collect();
        let origin = page.address.origin().ascii_serialization();
        self.walk(self.http.post(page.address.join(&action)?).header("Origin", origin).form(&hidden)).await
    }

    async fn walk(&self, first: reqwest::RequestBuilder) -> Result<Page> {
        let mut response = first.send().await?;
        let mut logins = 0;
        for _ in 0..MOST_STEPS {
            let address = response.url().clone();
            let next = match response.headers().get(LOCATION) {
                Some(location) => address.join(location.to_str()?)?,
                None => {
                    let status = response.status();
                    let body = response.text().await?;
                    match self.agree(&body) {
                        Some(callback) => {
                            logins += 1;
                            callback?
                        }
                        None => return Ok(Page { address, status, body, logins }),
                    }
                }
            };
            response = self.http.get(next).send().await?;
        }
        bail!("a walk of more than {MOST_STEPS} steps")
    }

    /// Where WeChat sends the person who agrees to the login on this page; `None` when the page has no login.
    fn agree(&self, page: &str) -> Option<Result<Url>> {
        Some(self.answer(&between(page, "attempt=\"", "\"")?))
    }

    fn answer(&self, text: &str) -> Result<Url> {
        let started: Value = serde_json::from_str(text).with_context(|| text.to_owned())?;
        let member = |name: &str| started[name].as_str().with_context(|| format!("no {name} in {started}"));
        let address = Url::parse_with_params(
            &format!("{}/connect/qrconnect", member("open_url")?),
            [
                ("appid", member("appid")?),
                ("redirect_uri", member("redirect_uri")?),
                ("response_type", "code"),
                ("scope", "snsapi_login"),
                ("state", member("state")?),
            ],
        )?;
        let callback =
            self.emulator.code_for(address.as_str()).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        Ok(Url::parse(&callback)?)
    }
}

/// What a page says between two texts, without HTML's escapes.
fn between(page: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = page.split_once(before)?;
    let (escaped, _) = rest.split_once(after)?;
    let mut text = escaped.to_owned();
    for (escaped, plain) in [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(escaped, plain);
    }
    Some(text)
}
