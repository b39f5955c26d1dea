//! The public door: a service, an emulator of WeChat's side, a browser with cookies, and a client that is no library. Every answer
//! is read from the wire.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::rt::System;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use reqwest::header::{AUTHORIZATION, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;
use weixin_emulator::{Emulator, Options};
use weixin_login::app::Application;
use weixin_login::config::Config;

use crate::named_store::on_the_named_store;
use crate::swept_clock::SweptClock;

/// Where clients of the tests are registered; nobody listens there.
pub const CALLBACK: &str = "https://rp.example.com/callback";
/// The same with a query, as the suite registers one too.
pub const CALLBACK_WITH_QUERY: &str = "https://rp.example.com/callback?dummy1=lorem&dummy2=ipsum";
/// After a logout.
pub const AFTER_LOGOUT: &str = "https://rp.example.com/logged-out";
/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Of [`VERIFIER`].
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client as it is registered.
#[derive(Clone, Copy)]
pub struct Client {
    pub id: &'static str,
    /// None: a public client.
    pub secret: Option<&'static str>,
}

/// As the suite registers its clients: with a secret, without PKCE.
pub const SUITE: Client = Client { id: "suite", secret: Some("suite-secret-0123456789") };
/// The suite's second one.
pub const SECOND: Client = Client { id: "second", secret: Some("second-secret-0123456789") };
/// As a client is by default: PKCE is demanded.
pub const STRICT: Client = Client { id: "strict", secret: Some("strict:secret +%/0123456789") };
/// No secret, its origin registered.
pub const PUBLIC: Client = Client { id: "public", secret: None };
/// ID tokens by ES256.
pub const ELLIPTIC: Client = Client { id: "elliptic", secret: Some("elliptic-secret-0123456789") };
/// The origin of [`PUBLIC`].
pub const ORIGIN: &str = "https://spa.example.com";

/// A running service and what it talks to. Stops when it is dropped.
pub struct Provider {
    pub issuer: String,
    pub clock: SweptClock,
    pub emulator: Emulator,
    pub folder: TempDir,
    pub config_text: String,
    http: reqwest::Client,
    _service: Option<Service>,
}

impl Provider {
    /// With the clients above.
    pub async fn start() -> Provider {
        Self::with(|config| config).await
    }

    /// With a changed configuration.
    pub async fn with(change: impl FnOnce(String) -> String) -> Provider {
        Self::run_by(change, |provider| Some(Service::start(&provider.config_text, &provider.clock))).await
    }

    /// With a changed configuration, run by somebody else: by the caller, where there is no service of the test's own.
    pub async fn run_by(
        change: impl FnOnce(String) -> String,
        run: impl FnOnce(&Provider) -> Option<Service>,
    ) -> Provider {
        let emulator = Emulator::start(Options::default()).await.expect("an emulator");
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let issuer = format!("http://localhost:{port}");
        let config_text = on_the_named_store(change(config(&emulator, &folder, port)), folder.path());
        let clock = SweptClock::default();
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy();
        // Each request may come to another node.
        let http = http.pool_max_idle_per_host(0).build().expect("a client");
        let mut provider = Provider { issuer, clock, emulator, folder, config_text, http, _service: None };
        provider._service = run(&provider);
        provider
    }

    /// Stops the service, and starts it again over the same files.
    pub fn restart(&mut self) {
        self._service = None;
        self._service = Some(Service::start(&self.config_text, &self.clock));
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser<'_> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .cookie_store(true)
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        Browser { provider: self, http, cookies: Mutex::default() }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(self.at(path)).send().await.expect("an answer")
    }

    pub async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.json().await.expect("JSON")
    }

    /// `/token` with HTTP Basic, or the name alone for a public client.
    pub async fn token(&self, client: Client, form: &[(&str, &str)]) -> Answer {
        self.token_response(client, form).await.into_answer().await
    }

    pub async fn token_response(&self, client: Client, form: &[(&str, &str)]) -> Response {
        self.post_as(client, "/token", form).await
    }

    /// A form, with HTTP Basic, or the name alone for a public client.
    pub async fn post_as(&self, client: Client, path: &str, form: &[(&str, &str)]) -> Response {
        let mut form = form.to_vec();
        let mut request = self.http.post(self.at(path));
        match client.secret {
            Some(secret) => request = request.header(AUTHORIZATION, basic(client.id, secret)),
            None => form.push(("client_id", client.id)),
        }
        request.form(&form).send().await.expect("an answer")
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.http.post(self.at(path)).form(form).send().await.expect("an answer")
    }

    /// Redeems a code without PKCE.
    pub async fn redeem(&self, client: Client, code: &str) -> Answer {
        self.token(client, &redemption(code)).await
    }

    pub async fn refresh(&self, client: Client, refresh_token: &str) -> Answer {
        self.token(client, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let request = self.http.get(self.at("/userinfo")).bearer_auth(access_token);
        request.send().await.expect("an answer").into_answer().await
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The ID token's claims, verified as a client does it: by the published keys, audience and issuer.
    pub async fn id_token(&self, client: Client, answer: &Answer) -> Value {
        self.verified(answer.text("id_token"), "JWT", client.id).await
    }

    /// The claims of a token, verified by the published keys.
    pub async fn verified(&self, token: &str, typ: &str, audience: &str) -> Value {
        let jwks: JwkSet = serde_json::from_value(self.get_json("/jwks").await).expect("a JWKS");
        let header = jsonwebtoken::decode_header(token).expect("a header");
        assert_eq!(header.typ.as_deref(), Some(typ));
        let jwk = jwks.find(header.kid.as_deref().expect("a kid")).expect("a published key");
        assert_eq!(jwk.common.key_algorithm, Some(header.alg.into()));
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[&self.issuer]);
        validation.validate_exp = false;
        let claims: Value =
            jsonwebtoken::decode(token, &DecodingKey::from_jwk(jwk).expect("a key"), &validation)
                .expect("ours")
                .claims;
        assert!(claims["exp"].as_i64() > Some(self.clock.now()), "{claims}");
        claims
    }

    /// Logs a new browser in and redeems the code.
    pub async fn log_in(&self, client: Client, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.browser().authorize(client, parameters).await;
        self.redeem(client, answer.code()).await
    }

    /// Starts the service again over the same files, as after a crash or on a second node at another port.
    pub async fn another_node(&self) -> Provider {
        let emulator = Emulator::start(Options::default()).await.expect("an emulator");
        let port = free_port();
        let config_text = self
            .config_text
            .lines()
            .map(|line| match line.starts_with("listen") {
                true => format!("listen = \"127.0.0.1:{port}\""),
                false => line.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n");
        let service = Service::start(&config_text, &self.clock);
        Provider {
            issuer: self.issuer.clone(),
            clock: self.clock.clone(),
            emulator,
            folder: tempfile::tempdir().expect("a folder"),
            config_text,
            http: self.http.clone(),
            _service: Some(service),
        }
    }
}

/// A browser: cookies, and a person who holds the phone.
pub struct Browser<'a> {
    provider: &'a Provider,
    http: reqwest::Client,
    cookies: Mutex<Vec<String>>,
}

impl Browser<'_> {
    pub async fn get(&self, address: &str) -> Response {
        let response = self.http.get(address).send().await.expect("an answer");
        let set = response.cookies().map(|cookie| cookie.value().to_owned());
        self.cookies.lock().expect("no panic").extend(set.filter(|value| !value.is_empty()));
        response
    }

    /// Every value that pages of the service have set as a cookie.
    pub fn cookies(&self) -> Vec<String> {
        self.cookies.lock().expect("no panic").clone()
    }

    /// Opens `/authorize` of a client, and logs in where a page asks for that.
    pub async fn authorize(&self, client: Client, parameters: &[(&str, &str)]) -> Authorized {
        self.open(&self.provider.authorize_url(client, parameters)).await
    }

    /// Opens an address of `/authorize`, and logs in where a page asks for that.
    pub async fn open(&self, address: &str) -> Authorized {
        let response = self.get(address).await;
        if response.status().is_redirection() {
            return Authorized {
                asked: false,
                status: response.status(),
                location: Some(location(&response)),
            };
        }
        let status = response.status();
        let page = response.text().await.expect("a page");
        let Some(redirect_url) = self.provider.weixin_answer(&page) else {
            return Authorized { asked: false, status, location: None };
        };
        let response = self.get(&redirect_url).await;
        let status = response.status();
        let location = status.is_redirection().then(|| location(&response));
        Authorized { asked: true, status, location }
    }

    /// A form without members on a page of another origin, with this browser's cookies.
    pub async fn submit_from(&self, origin: &str, path: &str) -> Response {
        self.http.post(self.provider.at(path)).header("Origin", origin).send().await.expect("an answer")
    }

    /// Submits a form of the service's own page, as a browser that sends no Sec-Fetch-Site does.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.http.post(self.provider.at(path)).header("Origin", &self.provider.issuer);
        request.form(form).send().await.expect("an answer")
    }
}

impl Provider {
    /// The address of a plain request, with these parameters put in or, without a value, left out.
    pub fn authorize_url(&self, client: Client, parameters: &[(&str, &str)]) -> String {
        let mut all = BTreeMap::from([
            ("client_id", client.id),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "the state"),
            ("nonce", "the-nonce"),
        ]);
        all.extend(parameters.iter().copied());
        all.retain(|_, value| !value.is_empty());
        Url::parse_with_params(&self.at("/authorize"), all).expect("an address").into()
    }

    /// Where WeChat sends the person who agrees to the login on this page; `None` when the page has no login.
    fn weixin_answer(&self, page: &str) -> Option<String> {
        Some(self.agree(&attempt(page)?))
    }

    /// Where WeChat sends the person who agrees to this attempt.
    pub fn agree(&self, started: &Value) -> String {
        let text = |name: &str| started[name].as_str().expect("a text").to_owned();
        let address = Url::parse_with_params(
            &format!("{}/connect/qrconnect", text("open_url")),
            [
                ("appid", text("appid")),
                ("redirect_uri", text("redirect_uri")),
                ("response_type", "code".into()),
                ("scope", "snsapi_login".into()),
                ("state", text("state")),
            ],
        );
        self.emulator.code_for(address.expect("an address").as_str()).expect("the person agrees")
    }
}

/// How an authorization request was answered.
#[derive(Debug)]
pub struct Authorized {
    /// Whether the person was asked to log in.
    pub asked: bool,
    pub status: StatusCode,
    /// Where the browser was sent.
    pub location: Option<Url>,
}

impl Authorized {
    /// The parameters of the answer.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let location = self.location.as_ref().expect("a redirect");
        location.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    pub fn code(&self) -> &str {
        let location = self.location.as_ref().expect("a redirect");
        let query = location.query().expect("a query");
        let (_, rest) = query.split_once("code=").unwrap_or_else(|| panic!("no code in {location}"));
        rest.split('&').next().expect("a value")
    }

    pub fn error(&self) -> String {
        self.parameters().get("error").cloned().unwrap_or_default()
    }
}

/// An answer in JSON.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }
}

/// Reads a whole answer.
pub trait IntoAnswer {
    async fn into_answer(self) -> Answer;
}

impl IntoAnswer for Response {
    async fn into_answer(self) -> Answer {
        let status = self.status().as_u16();
        let text = self.text().await.expect("a body");
        Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }
}

/// The form for a code that has no PKCE.
pub fn redemption(code: &str) -> [(&str, &str); 3] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)]
}

/// `Basic`, form-urlencoded within.
pub fn basic(id: &str, secret: &str) -> String {
    use base64::Engine;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encode(id), encode(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(joined))
}

pub fn location(response: &Response) -> Url {
    let location = response.headers().get(LOCATION).expect("a location").to_str().expect("ASCII");
    Url::parse(location).expect("an address")
}

/// Two clients of a test at once: no port of one test is another's.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

pub fn attempt(page: &str) -> Option<Value> {
    let (_, rest) = page.split_once("attempt=\"")?;
    let (attribute, _) = rest.split_once('"')?;
    let unescaped = attribute
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#x22;", "\"")
        .replace("&lt;", "<")
        .replace("&#60;", "<")
        .replace("&gt;", ">")
        .replace("&#62;", ">")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    Some(serde_json::from_str(&unescaped).expect("the attempt is JSON"))
}

/// A service on a thread of its own; stops when it is dropped.
pub struct Service {
    system: System,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    pub fn start(config_text: &str, clock: &SweptClock) -> Service {
        let (config, clock) = (parse(config_text), clock.clone());
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runner = System::new();
            runner.block_on(async {
                let application = Application::build(config, (*clock).clone()).await.expect("a service");
                clock.sweeps(application.upkeep());
                actix_web::rt::spawn(application.run());
            });
            started.send(System::current()).expect("the test waits");
            runner.run().expect("the service runs");
        });
        Service { system: starting.recv().expect("the service starts"), thread: Some(thread) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.system.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The configuration of a text, without an environment.
pub fn parse(config_text: &str) -> Config {
    Config::parse(config_text, std::iter::empty(), Path::new(".")).expect("a configuration")
}

fn config(emulator: &Emulator, folder: &TempDir, port: u16) -> String {
    let folder = folder.path().display();
    let mut text = format!(
        r#"
public_url = "http://localhost:{port}"
listen = "127.0.0.1:{port}"
ops_listen = "127.0.0.1:0"
store = "sqlite:{folder}/store.db"
backchannel_private_addresses = true

# Races of thousands of requests come from one address here.
[limits]
token_requests_per_minute = 1000000

[weixin]
open_url = "{open}"
api_url = "{api}"
desktop_urls = []

[weixin.website]
appid = "{appid}"
secret = "{secret}"
"#,
        open = emulator.open_url(),
        api = emulator.api_url(),
        appid = weixin_emulator::DEFAULT_APPID,
        secret = weixin_emulator::DEFAULT_SECRET,
    );
    for (client, rest) in [
        (SUITE, "require_pkce = false"),
        (SECOND, "require_pkce = false"),
        (STRICT, ""),
        (PUBLIC, "origins = [\"https://spa.example.com\"]"),
        (ELLIPTIC, "require_pkce = false\nid_token_alg = \"ES256\""),
    ] {
        let secret = client
            .secret
            .map(|secret| format!("secret_sha256 = \"{}\"", weixin_login::commands::hash_secret(secret)))
            .unwrap_or_default();
        text.push_str(&format!(
            "\n[[clients]]\nid = \"{id}\"\nname = \"{id}\"\nredirect_uris = [\"{CALLBACK}\", \"{CALLBACK_WITH_QUERY}\"]\n\
             post_logout_redirect_uris = [\"{AFTER_LOGOUT}\"]\n{secret}\n{rest}\n",
            id = client.id,
        ));
    }
    text
}

/// The configuration, with an address at which this client is told of logouts.
pub fn with_backchannel(config: String, client: Client, address: &str) -> String {
    let id = format!("id = \"{}\"\n", client.id);
    config.replace(&id, &format!("{id}backchannel_logout_uri = \"{address}\"\n"))
}

/// How often a race is run.
pub fn rounds() -> usize {
    if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_some() { 1_000 } else { 20 }
}
