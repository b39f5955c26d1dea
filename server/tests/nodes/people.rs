//! People who log in: each is a browser whose every request goes to a node by chance, as behind a balancer without sticky sessions. A
//! request that is not answered, because its node has died, goes to another one, as a browser or the balancer does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use weixin_emulator::{Emulator, Person};

use crate::cluster::{KIOSK, PUBLIC_URL, REDIRECT_URI, SHOP};
use crate::history::Event;

/// PKCE's example (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const COMPUTER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0.0.0 Safari/537.36";
const PHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.60";
/// Longer than any node takes for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A node that was killed is back long before.
const MOST_TRIES: usize = 10_000;
/// As often as nobody would.
const MOST_STARTS: usize = 1_000;
/// Whoever is asked for patience has a little of it.
const A_LITTLE: Duration = Duration::from_millis(50);
/// Between two tries to reach a node: it is there again soon.
const A_MOMENT: Duration = Duration::from_millis(5);
/// What a code gave without a refresh token is looked at while it is good, for ten minutes: a run may take longer.
const LOOK_WITHIN: Duration = Duration::from_secs(240);
/// Of so many logins one is ended by its person, and of so many codes one is presented twice.
const ONE_OF: u32 = 6;

/// What all people have in common.
pub struct World {
    pub weixin: Emulator,
    pub addresses: Vec<SocketAddr>,
    pub http: reqwest::Client,
    pub history: Mutex<Vec<Event>>,
    /// How often the cache has begun to forget, and has begun anew.
    pub forgotten: AtomicUsize,
    /// Whether what lives for minutes may be lost.
    cache_forgets: bool,
    /// Whose phone it is that agrees next: one after the other.
    phone: Mutex<()>,
}

/// What a login has given, and what proves it from then on.
pub enum Proof {
    Session(BTreeMap<String, String>),
    Tokens { access_token: String, refresh_token: Option<String> },
}

/// A login that was acknowledged.
pub struct LoggedIn {
    login: usize,
    proof: Proof,
    since: Instant,
}

impl LoggedIn {
    /// Whether it is to be looked at now, for the last time.
    pub fn grows_old(&self) -> bool {
        let is_renewed =
            matches!(&self.proof, Proof::Session(_) | Proof::Tokens { refresh_token: Some(_), .. });
        !is_renewed && self.since.elapsed() > LOOK_WITHIN
    }
}

impl World {
    pub fn new(weixin: Emulator, addresses: Vec<SocketAddr>, cache_forgets: bool) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE);
        let http = http.build().unwrap();
        Self {
            weixin,
            addresses,
            http,
            history: Mutex::default(),
            forgotten: AtomicUsize::new(0),
            cache_forgets,
            phone: Mutex::default(),
        }
    }

    pub fn tell(&self, event: Event) {
        self.history.lock().unwrap().push(event);
    }

    /// The person agrees at WeChat; where the browser goes then.
    fn agree(&self, person: usize, address: &str) -> String {
        let _phone = self.phone.lock().unwrap();
        assert!(self.weixin.set_phone_person(&name(person)));
        let there = self.weixin.code_for(address).unwrap();
        there.strip_prefix(PUBLIC_URL).unwrap().to_owned()
    }

    /// The same at the page that an attempt stands for.
    fn agree_to(&self, person: usize, attempt: &Value) -> String {
        let text = |name: &str| attempt[name].as_str().unwrap();
        let appid = protocol::ids::AppId::parse(text("appid")).unwrap();
        let state = protocol::ids::State::parse(text("state")).unwrap();
        let address =
            protocol::qrconnect::page_address(&self.weixin.open_url(), &appid, text("redirect_uri"), &state);
        self.agree(person, &address)
    }

    /// Asks every node about a login, and has its refresh token used at every node.
    pub async fn look_again(&self, logged_in: &mut LoggedIn) {
        let login = logged_in.login;
        for node in 0..self.addresses.len() {
            if let Proof::Tokens { access_token, refresh_token: Some(refresh_token) } = &mut logged_in.proof {
                let mut browser = Browser::new(self, login, COMPUTER);
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", "shop"),
                    ("refresh_token", refresh_token.as_str()),
                ];
                let answer = browser
                    .settled(Some(node), |browser, at| {
                        browser.request(at, Method::POST, "/token").form(&form)
                    })
                    .await;
                self.tell(Event::Refreshed { login, node, taken: answer.status == StatusCode::OK });
                if answer.status == StatusCode::OK {
                    let tokens = answer.json();
                    *access_token = tokens["access_token"].as_str().unwrap().to_owned();
                    *refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
                }
            }
            self.ask(logged_in, Some(node)).await;
        }
    }

    async fn ask(&self, logged_in: &LoggedIn, node: Option<usize>) {
        let login = logged_in.login;
        let mut browser = Browser::new(self, login, COMPUTER);
        let (answer, sub) = match &logged_in.proof {
            Proof::Session(cookies) => {
                browser.cookies = cookies.clone();
                let asked = |browser: &Browser<'_>, at| browser.request(at, Method::GET, "/session");
                (browser.settled(node, asked).await, "sub")
            }
            Proof::Tokens { access_token, .. } => {
                let asked = |browser: &Browser<'_>, at| {
                    browser.request(at, Method::GET, "/userinfo").bearer_auth(access_token)
                };
                (browser.settled(node, asked).await, "sub")
            }
        };
        let sub = (answer.status == StatusCode::OK).then(|| answer.json()[sub].as_str().unwrap().to_owned());
        self.tell(Event::Asked { login, node: answer.node, sub });
    }

    /// The person logs out, or the client gives the tokens back.
    async fn end(&self, logged_in: &LoggedIn) {
        let login = logged_in.login;
        let mut browser = Browser::new(self, login, COMPUTER);
        let answer = match &logged_in.proof {
            Proof::Session(cookies) => {
                browser.cookies = cookies.clone();
                browser.settled(None, |browser, at| browser.request(at, Method::DELETE, "/session")).await
            }
            Proof::Tokens { access_token, refresh_token } => {
                let form =
                    [("client_id", "shop"), ("token", refresh_token.as_deref().unwrap_or(access_token))];
                if refresh_token.is_none() {
                    return;
                }
                let asked =
                    |browser: &Browser<'_>, at| browser.request(at, Method::POST, "/revoke").form(&form);
                browser.settled(None, asked).await
            }
        };
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
        self.tell(Event::Ended { login });
    }

    /// One person logs in, and begins anew as often as the service asks for it.
    pub async fn log_in(&self, login: usize, person: usize, seed: u64) -> Option<LoggedIn> {
        self.weixin.set_person(Person::new(name(person), format!("Person {person}")));
        let mut chance = SmallRng::seed_from_u64(seed ^ login as u64);
        let way = chance.random_range(0..10);
        for _ in 0..MOST_STARTS {
            let mut browser = Browser::new(self, login, COMPUTER);
            browser.chance = SmallRng::seed_from_u64(chance.random());
            let ended = match way {
                0..4 => browser.by_session(person).await,
                4..8 => browser.by_code(person).await,
                _ => browser.by_scene(person).await,
            };
            match ended {
                Ok(proof) => {
                    self.tell(Event::Acknowledged { login, person });
                    let logged_in = LoggedIn { login, proof, since: Instant::now() };
                    if browser.code_was_reused {
                        self.tell(Event::Ended { login });
                    }
                    self.ask(&logged_in, None).await;
                    if chance.random_ratio(1, ONE_OF) {
                        self.end(&logged_in).await;
                        self.ask(&logged_in, None).await;
                    }
                    return Some(logged_in);
                }
                Err(why) => {
                    self.tell(Event::StartedAgain { login, why });
                    let _ = tokio::time::timeout(A_LITTLE, std::future::pending::<()>()).await;
                }
            }
        }
        None
    }
}

fn name(person: usize) -> String {
    format!("person-{person}")
}

/// A browser, as far as HTTP goes.
struct Browser<'a> {
    world: &'a World,
    login: usize,
    user_agent: &'static str,
    cookies: BTreeMap<String, String>,
    chance: SmallRng,
    /// The grant has ended by it.
    code_was_reused: bool,
}

struct Answer {
    node: usize,
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// It went so, or the person is asked to start again.
    fn is(&self, status: u16, what: &str) -> Result<(), String> {
        if self.status == status {
            return Ok(());
        }
        let known = self.body.split_once("\"error\":\"").and_then(|(_, rest)| rest.split_once('"'));
        let word = known.map(|(word, _)| word.to_owned());
        Err(format!("{what}: {} {}", self.status, word.unwrap_or_default()))
    }
}

impl<'a> Browser<'a> {
    fn new(world: &'a World, login: usize, user_agent: &'static str) -> Self {
        let chance = SmallRng::seed_from_u64(login as u64);
        Self { world, login, user_agent, cookies: BTreeMap::new(), chance, code_was_reused: false }
    }

    fn request(&self, at: SocketAddr, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.world
            .http
            .request(method, format!("http://{at}/weixin{path}"))
            .header("host", "shop.example.test")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", format!("10.{}.{}.1", self.login / 250 % 250, self.login % 250))
            .header("cookie", cookies.join("; "))
            .header("user-agent", self.user_agent)
            .header("sec-fetch-site", "same-origin")
    }

    /// Sends it to a node by chance, or to this one, until it is answered.
    async fn send_to(
        &mut self,
        node: Option<usize>,
        request: impl Fn(&Self, SocketAddr) -> RequestBuilder,
    ) -> Answer {
        for _ in 0..MOST_TRIES {
            let node = node.unwrap_or_else(|| self.chance.random_range(0..self.world.addresses.len()));
            let asked = request(self, self.world.addresses[node]).send();
            let answered = async {
                let response = asked.await.ok()?;
                let (status, headers) = (response.status(), response.headers().clone());
                Some(Answer { node, status, headers, body: response.text().await.ok()? })
            };
            let Some(answer) = answered.await else {
                let _ = tokio::time::timeout(A_MOMENT, std::future::pending::<()>()).await;
                continue;
            };
            self.keep_cookies(&answer.headers);
            return answer;
        }
        panic!("no node answers");
    }

    /// Sends it as often as a page asks for patience.
    async fn settled(
        &mut self,
        node: Option<usize>,
        request: impl Fn(&Self, SocketAddr) -> RequestBuilder,
    ) -> Answer {
        for _ in 0..MOST_STARTS {
            let answer = self.send_to(node, &request).await;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                return answer;
            }
            let _ = tokio::time::timeout(A_LITTLE, std::future::pending::<()>()).await;
        }
        panic!("no node recovers");
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
    }

    async fn open(&mut self, path: &str) -> Answer {
        self.send_to(None, |browser, at| {
            browser.request(at, Method::GET, path).header("sec-fetch-dest", "document")
        })
        .await
    }

    async fn post(&mut self, origin: &str, path: &str, body: &Value) -> Answer {
        self.send_to(None, |browser, at| {
            browser.request(at, Method::POST, path).header("origin", origin).json(body)
        })
        .await
    }

    async fn form(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send_to(None, |browser, at| browser.request(at, Method::POST, path).form(form)).await
    }

    /// The page's attempt; now and then one that has taken its place when the first grew old.
    async fn attempt(&mut self, path: &str) -> Result<Value, String> {
        let page = self.open(path).await;
        page.is(200, "the page")?;
        let attempt = attempt_of(&page.body);
        if self.chance.random_range(0..3) > 0 {
            return Ok(attempt);
        }
        let renew = format!("/login/{}/renew", attempt["id"].as_str().unwrap());
        let renewed = self.post(SHOP, &renew, &json!({})).await;
        renewed.is(200, "the renewal")?;
        Ok(renewed.json())
    }

    /// A login at the site's own sessions: the callback's answer has the cookie, and that is the acknowledgement.
    async fn by_session(&mut self, person: usize) -> Result<Proof, String> {
        let attempt = self.attempt("/login?client_id=shop&return_to=%2F").await?;
        let callback = self.world.agree_to(person, &attempt);
        let ended = self.open(&callback).await;
        ended.is(303, "the callback")?;
        let session = self.cookies.iter().filter(|(name, _)| name.contains("weixin-login-session-"));
        let session: BTreeMap<String, String> =
            session.map(|(name, value)| (name.clone(), value.clone())).collect();
        if session.is_empty() {
            // The first load was answered by a node that died over it; this one leads on, and knows nobody.
            return Err("a second load of the callback".into());
        }
        Ok(Proof::Session(session))
    }

    /// OpenID Connect: the answer of `/token` is the acknowledgement.
    async fn by_code(&mut self, person: usize) -> Result<Proof, String> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", "shop"),
                ("redirect_uri", REDIRECT_URI),
                ("response_type", "code"),
                ("scope", "openid profile offline_access"),
                ("state", "the-state"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let attempt = self.attempt(&format!("/authorize?{query}")).await?;
        let callback = self.world.agree_to(person, &attempt);
        let ended = self.open(&callback).await;
        ended.is(303, "the callback")?;
        let Some(code) = parameter(ended.location(), "code") else {
            return Err("a second load of the callback".into());
        };
        self.redeem("shop", &code, REDIRECT_URI).await
    }

    /// The site's own QR code: a computer and a phone, both at any node.
    async fn by_scene(&mut self, person: usize) -> Result<Proof, String> {
        let body = json!({ "client_id": "kiosk", "result": "code", "code_challenge": CHALLENGE });
        let started = self.post(KIOSK, "/login", &body).await;
        started.is(201, "the scene")?;
        let scene = started.json();
        let (id, secret) = (scene["id"].as_str().unwrap(), scene["secret"].as_str().unwrap());
        let mut phone = Browser::new(self.world, self.login, PHONE);
        phone.chance = SmallRng::seed_from_u64(self.chance.random());
        let scan = format!("/scan/{id}");
        let tapped = phone.form(&scan, &[]).await;
        tapped.is(303, "the tap")?;
        let callback = self.world.agree(person, tapped.location());
        phone.open(&callback).await.is(303, "the leg")?;
        let number = scene["scene"]["number"].as_str().unwrap();
        let confirm = format!("{scan}/confirm");
        phone.form(&confirm, &[("number", number), ("answer", "confirm")]).await.is(200, "the number")?;
        let (events, finish) = (format!("/login/{id}/events"), format!("/login/{id}/finish"));
        let heard = self
            .send_to(None, |browser, at| {
                let request = browser.request(at, Method::GET, &events).header("accept", "application/json");
                request.header("origin", KIOSK).header("weixin-login-secret", secret)
            })
            .await;
        heard.is(200, "the events")?;
        let event = heard.json()["event"].as_str().unwrap().to_owned();
        if event != "approved" && !self.world.cache_forgets {
            panic!("every node says what the phone has done, and one says {event}");
        }
        let finished = self
            .send_to(None, |browser, at| {
                let request = browser.request(at, Method::POST, &finish).header("origin", KIOSK);
                request.header("weixin-login-secret", secret).json(&json!({ "state": scene["state"] }))
            })
            .await;
        finished.is(200, "the finish")?;
        let code = finished.json()["code"].as_str().unwrap().to_owned();
        self.redeem("kiosk", &code, &format!("web_message:{KIOSK}")).await
    }

    async fn redeem(&mut self, client_id: &str, code: &str, redirect_uri: &str) -> Result<Proof, String> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let forgotten = self.world.forgotten.load(Ordering::SeqCst);
        let (answer, again) = if self.chance.random_ratio(1, ONE_OF) {
            // Somebody has seen it on its way: both present it, wherever.
            let mut thief = Browser::new(self.world, self.login, COMPUTER);
            thief.chance = SmallRng::seed_from_u64(self.chance.random());
            let present = |browser: &Browser<'_>, at| browser.request(at, Method::POST, "/token").form(&form);
            let (answer, stolen) = tokio::join!(self.settled(None, present), thief.settled(None, present));
            (answer, Some(stolen))
        } else {
            (self.form("/token", &form).await, None)
        };
        let taken = [Some(&answer), again.as_ref()].into_iter().flatten();
        let mut taken = taken.map(|answer| (answer.status == StatusCode::OK, answer)).collect::<Vec<_>>();
        for (taken, _) in &taken {
            let (login, code, taken) = (self.login, code.to_owned(), *taken);
            self.world.tell(Event::Redeemed { login, code, taken });
        }
        // Whether the second one has been known for what it was, nobody can tell: a cache that has forgotten the code says of both that it
        // does not know it. That it gave tokens once alone is seen all the same.
        if again.is_some() && self.world.forgotten.load(Ordering::SeqCst) != forgotten {
            return Err("the cache has forgotten a code between two who presented it".into());
        }
        self.code_was_reused = again.is_some();
        taken.sort_by_key(|(taken, _)| !taken);
        let answer = taken[0].1;
        answer.is(200, "the code")?;
        let tokens = answer.json();
        let text = |name: &str| tokens[name].as_str().map(str::to_owned);
        let claims = text("id_token").unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let sub = claims["sub"].as_str().unwrap().to_owned();
        self.world.tell(Event::Asked { login: self.login, node: answer.node, sub: Some(sub) });
        Ok(Proof::Tokens {
            access_token: text("access_token").unwrap(),
            refresh_token: text("refresh_token"),
        })
    }
}

/// A parameter of an address.
fn parameter(address: &str, name: &str) -> Option<String> {
    let address = url::Url::parse(address).ok()?;
    address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The `attempt` attribute of the hosted page's element.
fn attempt_of(page: &str) -> Value {
    let (_, rest) = page.split_once("attempt=\"").expect("the page holds an attempt");
    let attribute = rest.split_once('"').unwrap().0;
    let plain =
        [("&quot;", "\""), ("&#34;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&#60;", "<"), ("&#62;", ">")]
            .into_iter()
            .chain([("&#39;", "'"), ("&amp;", "&"), ("&#38;", "&")])
            .fold(attribute.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain));
    serde_json::from_str(&plain).unwrap()
}
