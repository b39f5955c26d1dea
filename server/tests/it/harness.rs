//! A service and WeChat's side on free ports, and a visitor: a browser as far as HTTP goes, with cookies and Sec-Fetch headers.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::rt::System;
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use weixin_emulator::{
    DEFAULT_APPID, DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_SERVICE_ACCOUNT_SECRET, Emulator,
};
use weixin_login::app::Application;
use weixin_login::config::Config;

use crate::named_store::on_the_named_store;
use crate::swept_clock::SweptClock;

/// Where the world sees the service: a proxy does TLS in front of it.
pub const PUBLIC_URL: &str = "https://shop.example.test/weixin";
/// The site's own origin.
pub const SHOP: &str = "https://shop.example.test";
/// Another site, of a client of its own.
pub const FORUM: &str = "https://forum.example.test";
/// A site with the service account's own QR code.
pub const KIOSK: &str = "https://kiosk.example.test";
/// WeChat's own browser on a phone.
pub const WEIXIN: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.60";
/// The cookie of a session at the shop.
pub const SHOP_SESSION: &str = "__Host-weixin-login-session-8d9001d32c6a703d";
/// PKCE's example (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct House {
    pub weixin: Emulator,
    pub clock: SweptClock,
    pub address: SocketAddr,
    pub ops_address: SocketAddr,
    pub data: TempDir,
    system: System,
    thread: Option<JoinHandle<()>>,
}

impl House {
    pub async fn new() -> Self {
        Self::with(|config| config).await
    }

    /// The same with another configuration.
    pub async fn with(change: impl FnOnce(String) -> String) -> Self {
        Self::with_data(|config, _| change(config)).await
    }

    /// The same, which may have files of its own.
    pub async fn with_data(change: impl FnOnce(String, &TempDir) -> String) -> Self {
        let weixin = Emulator::start(Default::default()).await.unwrap();
        let data = TempDir::new().unwrap();
        let config = on_the_named_store(change(config(&weixin, &data), &data), data.path());
        let config = Config::parse(&config, std::iter::empty(), data.path()).unwrap();
        let clock = SweptClock::default();
        let given = clock.clone();
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runner = System::new();
            let addresses = runner.block_on(async {
                let application = Application::build(config, (*given).clone()).await.unwrap();
                given.sweeps(application.upkeep());
                let addresses = (application.address(), application.ops_address());
                actix_web::rt::spawn(application.run());
                addresses
            });
            started.send((addresses, System::current())).unwrap();
            runner.run().unwrap();
        });
        let ((address, ops_address), system) = starting.recv().unwrap();
        Self { weixin, clock, address, ops_address, data, system, thread: Some(thread) }
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::at(self.address)
    }

    /// How often the service has asked WeChat to exchange any code.
    pub fn exchanges(&self) -> usize {
        self.weixin
            .requests()
            .iter()
            .filter(|request| request.call == weixin_emulator::Call::AccessToken)
            .count()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.system.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn config(weixin: &Emulator, data: &TempDir) -> String {
    let secret_file = data.path().join("secret");
    std::fs::write(&secret_file, DEFAULT_SECRET).unwrap();
    let service_account_secret_file = data.path().join("service-account-secret");
    std::fs::write(&service_account_secret_file, DEFAULT_SERVICE_ACCOUNT_SECRET).unwrap();
    format!(
        r#"public_url = "{PUBLIC_URL}"
listen = "127.0.0.1:0"
ops_listen = "127.0.0.1:0"
store = "sqlite:{store}"
trusted_proxies = ["127.0.0.1/32"]

[weixin]
open_url = "{open_url}"
api_url = "{api_url}"
desktop_urls = ["{desktop_url}"]

[weixin.website]
appid = "{DEFAULT_APPID}"
secret_file = "{secret_file}"

[weixin.service_account]
appid = "{DEFAULT_SERVICE_ACCOUNT_APPID}"
secret_file = "{service_account_secret_file}"

[[clients]]
id = "kiosk"
name = "Kiosk"
origins = ["{KIOSK}"]
scenes = true

[[clients]]
id = "shop"
name = "Example <b>Shop</b>"
origins = ["{SHOP}", "https://www.example.test"]
redirect_uris = []

[[clients]]
id = "forum"
name = "Forum"
origins = ["https://forum.example.test", "https://www.example.test"]
redirect_uris = []
"#,
        store = data.path().join("store.db").display(),
        open_url = weixin.open_url(),
        api_url = weixin.api_url(),
        desktop_url = weixin.desktop_url(),
        secret_file = secret_file.display(),
        service_account_secret_file = service_account_secret_file.display(),
    )
}

/// A browser, as far as HTTP goes.
#[derive(Clone)]
pub struct Visitor {
    http: reqwest::Client,
    pub address: SocketAddr,
    /// None for a program without a name.
    pub user_agent: Option<&'static str>,
    pub cookies: BTreeMap<String, String>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

impl Visitor {
    /// Somebody new, without cookies.
    pub fn at(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, address, user_agent: None, cookies: BTreeMap::new() }
    }

    /// Somebody new at that address of this computer.
    pub fn from(address: SocketAddr, local: IpAddr) -> Self {
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).local_address(local);
        Self { http: http.build().unwrap(), ..Self::at(address) }
    }

    /// A request to the service below its path, with the headers that a proxy and a browser send.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.http
            .request(method, format!("http://{}/weixin{path}", self.address))
            .header("host", "shop.example.test")
            .header("x-forwarded-proto", "https")
            .header("cookie", cookies.join("; "))
            .header("user-agent", self.user_agent.unwrap_or_default())
    }

    /// Sends it, and keeps the cookies of the answer.
    pub async fn send(&mut self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        };
        self.keep_cookies(&answer);
        answer
    }

    /// Keeps the cookies of an answer, as a browser does.
    pub fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.set_cookies() {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
    }

    /// Opens a page: a top-level navigation.
    pub async fn open(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).header("sec-fetch-dest", "document");
        self.send(request).await
    }

    /// Loads a page inside a frame.
    pub async fn open_in_frame(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).header("sec-fetch-dest", "iframe");
        self.send(request).await
    }

    /// Sends JSON as a script of a page of `origin` does.
    pub async fn post(&mut self, origin: &str, path: &str, body: &Value) -> Answer {
        let site = if origin == SHOP { "same-origin" } else { "cross-site" };
        let request = self
            .request(Method::POST, path)
            .header("origin", origin)
            .header("sec-fetch-site", site)
            .json(body);
        self.send(request).await
    }

    /// Opens the hosted page, and gives the attempt that it holds.
    pub async fn start_hosted(&mut self) -> Value {
        let page = self.open("/login?return_to=%2Forders%3Fpage%3D2").await;
        assert_eq!(page.status, 200, "{}", page.body);
        attempt_of(&page.body)
    }

    /// Starts an embedded attempt as the widget does.
    pub async fn start_embedded(&mut self) -> Value {
        let answer = self.post(SHOP, "/login", &start_login()).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()
    }

    /// Who is logged in, as a page of the service's own origin asks, or nginx.
    pub async fn session(&mut self) -> Answer {
        let request = self.request(Method::GET, "/session");
        self.send(request).await
    }

    /// The same, as a page of that origin asks.
    pub async fn session_at(&mut self, origin: &str) -> Answer {
        let request = self.request(Method::GET, "/session").header("origin", origin);
        self.send(request).await
    }
}

pub fn start_login() -> Value {
    json!({ "client_id": "shop", "result": "session", "code_challenge": CHALLENGE })
}

/// The `attempt` attribute of the hosted page's element.
pub fn attempt_of(page: &str) -> Value {
    let (_, rest) = page.split_once("attempt=\"").expect("the page holds an attempt");
    let attribute = rest.split_once('"').unwrap().0;
    let json = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#39;", "'"),
        ("&amp;", "&"),
        ("&#38;", "&"),
    ]
    .into_iter()
    .fold(attribute.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain));
    serde_json::from_str(&json).unwrap()
}

/// Plays the person who scans and allows; gives `/callback?code=…&state=…`.
pub fn allowed(house: &House, attempt: &Value) -> String {
    allowed_by(&house.weixin, attempt)
}

/// The same, of WeChat's side alone.
pub fn allowed_by(weixin: &Emulator, attempt: &Value) -> String {
    let appid = protocol::ids::AppId::parse(attempt["appid"].as_str().unwrap()).unwrap();
    let state = protocol::ids::State::parse(attempt["state"].as_str().unwrap()).unwrap();
    let redirect_uri = attempt["redirect_uri"].as_str().unwrap();
    let address = protocol::qrconnect::page_address(&weixin.open_url(), &appid, redirect_uri, &state);
    let redirect_url = weixin.code_for(&address).unwrap();
    redirect_url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

/// WeChat's code and the state of `/callback?code=…&state=…`, as the callback page posts them.
pub fn code_and_state(callback: &str) -> Value {
    let query = callback.split_once('?').unwrap().1;
    let parts: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    json!({ "code": parts["code"], "state": parts["state"] })
}

/// Several requests at once.
pub async fn all_at_once(requests: Vec<RequestBuilder>) -> Vec<Answer> {
    let mut tasks = tokio::task::JoinSet::new();
    for request in requests {
        tasks.spawn(async move {
            let response = request.send().await.unwrap();
            Answer {
                status: response.status(),
                headers: response.headers().clone(),
                body: response.text().await.unwrap(),
            }
        });
    }
    tasks.join_all().await
}
