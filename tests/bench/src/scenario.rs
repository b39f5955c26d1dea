//! What a scenario is made of, and how one login goes through it. The scenarios themselves are in `scenarios.rs`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use hyper::{Request, Response};
use serde_json::Value;
use url::Url;

use crate::http::{Answer, Asked, Connection};

/// How many people there are: most of them come again in a run of a minute.
const PEOPLE: u64 = 10_000;
/// Longer than any event takes, shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A whole login, as requests.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// What is done once on each connection, before what is measured.
    pub before: &'static [Step],
    pub steps: &'static [Step],
}

/// One request. `{word}` stands for what an earlier answer gave; `{code}`, `{person}` and `{n}` are this login's own.
#[derive(Clone, Copy)]
pub struct Step {
    pub name: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub headers: &'static [(&'static str, &'static str)],
    /// JSON where it begins so, else a form.
    pub body: &'static str,
    pub status: u16,
    /// What is kept of the answer, under which word.
    pub take: &'static [(&'static str, Take)],
    pub stream: Stream,
}

/// A step with nothing but its address.
pub const STEP: Step = Step {
    name: "",
    method: "GET",
    path: "",
    headers: &[],
    body: "",
    status: 200,
    take: &[],
    stream: Stream::None,
};

#[derive(Clone, Copy)]
pub enum Take {
    /// A member of the attempt that the login page holds.
    Attempt(&'static str),
    /// A JSON pointer into the body.
    Json(&'static str),
    /// A parameter of the address that the answer leads to.
    Query(&'static str),
    /// The path and query of that address.
    Path,
}

/// Whether the answer is a stream of events, on a connection of its own.
#[derive(Clone, Copy, PartialEq)]
pub enum Stream {
    None,
    /// Opens it.
    Open,
    /// Sends nothing: waits until the stream says this.
    Hear(&'static str),
}

/// A browser on a connection, and what it remembers.
pub struct Browser {
    connection: Connection,
    events: Connection,
    listening: Option<Response<Incoming>>,
    cookies: Vec<(String, String)>,
    words: Vec<(&'static str, String)>,
    from: String,
}

impl Browser {
    pub fn at(address: SocketAddr) -> Self {
        Self {
            connection: Connection::to(address),
            events: Connection::to(address),
            listening: None,
            cookies: Vec::new(),
            words: Vec::new(),
            from: String::new(),
        }
    }

    /// Somebody else sits down, with a browser that knows nothing.
    pub fn forget(&mut self, number: u64) {
        self.cookies.clear();
        self.words.clear();
        self.listening = None;
        self.number(number);
    }

    /// The same browser goes on with another number.
    pub fn number(&mut self, number: u64) {
        // A prime: neighbours in time are no neighbours in the index.
        let person = number.wrapping_mul(7919) % PEOPLE;
        let [.., a, b] = person.to_be_bytes();
        self.from = format!("10.1.{a}.{b}");
        self.keep("person", person.to_string());
        self.keep("n", format!("{number:032}"));
        self.keep("code", format!("p{person}-{number}"));
    }

    fn keep(&mut self, word: &'static str, value: String) {
        match self.words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, old)) => *old = value,
            None => self.words.push((word, value)),
        }
    }

    pub fn words(&self) -> Vec<(&'static str, String)> {
        self.words.clone()
    }

    /// One more, which knows what another has heard.
    pub fn knowing(address: SocketAddr, words: Vec<(&'static str, String)>) -> Self {
        Self { words, ..Self::at(address) }
    }

    /// It goes on with what another has heard.
    pub fn know(&mut self, words: Vec<(&'static str, String)>) {
        self.cookies.clear();
        self.words = words;
    }

    pub fn word(&self, word: &str) -> &str {
        self.words.iter().find(|(known, _)| *known == word).map_or("", |(_, value)| value)
    }

    /// Goes through the steps, and gives how long each has taken.
    pub async fn go(&mut self, steps: &[Step]) -> Result<Vec<Duration>> {
        let mut taken = Vec::with_capacity(steps.len());
        for step in steps {
            let begun = Instant::now();
            let done = tokio::time::timeout(PATIENCE, self.step(step)).await;
            done.context("too slow")
                .flatten()
                .with_context(|| format!("{}: {} {}", step.name, step.method, step.path))?;
            taken.push(begun.elapsed());
        }
        Ok(taken)
    }

    async fn step(&mut self, step: &Step) -> Result<()> {
        if let Stream::Hear(event) = step.stream {
            return self.hear(event).await;
        }
        let request = self.request(step)?;
        if step.stream == Stream::Open {
            let response = self.events.begin(request).await?;
            ensure!(response.status().as_u16() == step.status, "{}", response.status());
            self.listening = Some(response);
            return Ok(());
        }
        let answer = self.connection.send(request).await?;
        if answer.status != step.status {
            let body = String::from_utf8_lossy(&answer.body);
            bail!("status {} and not {}: {}{}", answer.status, step.status, answer.location(), body);
        }
        self.take_cookies(&answer);
        for (word, take) in step.take {
            self.keep(word, take.of(&answer).with_context(|| format!("no {word} in the answer"))?);
        }
        Ok(())
    }

    fn request(&self, step: &Step) -> Result<Asked> {
        let mut request = Request::builder()
            .method(step.method)
            .uri(self.filled(step.path))
            .header("host", "login.example.test")
            .header("x-forwarded-for", &self.from)
            .header("x-forwarded-proto", "https")
            .header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8")
            .header("user-agent", CHROME);
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in step.headers {
            request = request.header(*name, self.filled(value));
        }
        if !step.body.is_empty() {
            let is_json = step.body.starts_with('{');
            let kind = if is_json { "application/json" } else { "application/x-www-form-urlencoded" };
            request = request.header(CONTENT_TYPE, kind);
        }
        Ok(request.body(Full::new(Bytes::from(self.filled(step.body))))?)
    }

    fn filled(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (word, value)| match text.contains('{') {
            true => text.replace(&format!("{{{word}}}"), value),
            false => text,
        })
    }

    fn take_cookies(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()) {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Reads on until the stream says so, and to its end where that is the last word.
    pub async fn hear(&mut self, event: &str) -> Result<()> {
        let stream = self.listening.as_mut().context("no stream is open")?;
        let wanted = format!("event: {event}\n");
        while let Some(frame) = stream.body_mut().frame().await {
            let frame = frame?;
            if frame.data_ref().is_some_and(|data| String::from_utf8_lossy(data).contains(&wanted)) {
                return Ok(());
            }
        }
        bail!("the stream ended before {event}")
    }
}

impl Take {
    fn of(self, answer: &Answer) -> Option<String> {
        match self {
            Take::Attempt(member) => {
                let page = std::str::from_utf8(&answer.body).ok()?;
                let attribute = page.split_once("attempt=\"")?.1.split_once('"')?.0;
                let json = attribute.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#x22;", "\"");
                text(serde_json::from_str::<Value>(&json).ok()?.get(member)?)
            }
            Take::Json(pointer) => {
                text(serde_json::from_slice::<Value>(&answer.body).ok()?.pointer(pointer)?)
            }
            Take::Query(name) => {
                let pairs = location(answer)?;
                let mut pairs = pairs.query_pairs();
                pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
            }
            Take::Path => {
                let location = location(answer)?;
                let query = location.query().map(|query| format!("?{query}")).unwrap_or_default();
                Some(format!("{}{query}", location.path()))
            }
        }
    }
}

fn location(answer: &Answer) -> Option<Url> {
    Url::parse("https://login.example.test").ok()?.join(answer.location()).ok()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
