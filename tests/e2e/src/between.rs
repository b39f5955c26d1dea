//! What may stand between a site and its service: a proxy that passes everything on and keeps it, and that can be told to answer
//! wrongly, to cut, or to swallow.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody, SizedStream};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::rt::System;
use actix_web::web::{Bytes, Data, Payload, to};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures_util::{Stream, StreamExt, stream};
use serde_json::Value;
use tokio::sync::Notify;

use crate::browser::PATIENCE;
use crate::house::House;

/// As much as nobody who is asked for a login's JSON sends.
const HUGE: usize = 10 * 1024 * 1024;

/// What comes in the place of the service's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// As the service answers where it is asked under another address than its own: 421 and a sentence.
    Misdirected,
    /// A gateway's page, with this status.
    Page(u16),
    /// This status and nothing else.
    Status(u16),
    /// Half of the true answer, and then the connection is closed.
    Cut,
    /// Ten megabytes of spaces.
    Huge,
    /// The connection is closed, and the service has heard nothing.
    Away,
    /// Nothing is answered until the faults are cleared; then as usual.
    Hang,
    /// A stream's first piece, and then silence until the faults are cleared: then the connection is closed.
    Silence,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    /// `POST`
    pub method: String,
    /// Path and query.
    pub path: String,
    /// What came with it, where that is JSON.
    pub body: Value,
}

struct Rule {
    method: &'static str,
    path: &'static str,
    fault: Fault,
    times: Option<u32>,
}

#[derive(Default)]
struct State {
    rules: Mutex<Vec<Rule>>,
    heard: Mutex<Vec<Heard>>,
    cleared: Notify,
}

/// A running proxy. Dropping it stops it, at once.
pub struct Between {
    address: SocketAddr,
    state: Arc<State>,
    system: System,
    thread: Option<JoinHandle<()>>,
}

struct Service {
    address: SocketAddr,
    client: reqwest::Client,
}

impl Between {
    /// Starts one between a house's shop and its service.
    pub fn in_front_of(house: &House) -> Self {
        let between = Self::start(house.service.address());
        house.shop.set_service_url(&format!("http://{}", between.address)).expect("an address");
        between
    }

    fn start(service: SocketAddr) -> Self {
        let state = Arc::<State>::default();
        let given = Data::from(state.clone());
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        let service = Data::new(Service { address: service, client });
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runner = System::new();
            runner.block_on(async {
                let server = HttpServer::new(move || {
                    App::new().app_data(given.clone()).app_data(service.clone()).default_service(to(pass_on))
                })
                .workers(1)
                .disable_signals()
                .shutdown_timeout(0)
                .bind("127.0.0.1:0")
                .expect("a free port");
                let address = server.addrs()[0];
                actix_web::rt::spawn(server.run());
                started.send((address, System::current())).expect("the test waits");
            });
            runner.run().expect("the proxy runs");
        });
        let (address, system) = starting.recv().expect("the proxy starts");
        Self { address, state, system, thread: Some(thread) }
    }

    /// Answers wrongly whenever `method` asks for a path that ends in this.
    pub fn fault(&self, method: &'static str, path: &'static str, fault: Fault) {
        self.add(Rule { method, path, fault, times: None });
    }

    /// The same, for so many requests.
    pub fn fault_times(&self, method: &'static str, path: &'static str, fault: Fault, times: u32) {
        self.add(Rule { method, path, fault, times: Some(times) });
    }

    fn add(&self, rule: Rule) {
        self.state.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// From now on everything is passed on, and what hangs goes on.
    pub fn clear(&self) {
        self.state.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.state.cleared.notify_waiters();
    }

    /// Every request so far of this method for a path that ends in this.
    pub fn heard(&self, method: &str, path: &str) -> Vec<Heard> {
        let heard = self.state.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|heard| heard.method == method && heard.is_for(path)).cloned().collect()
    }

    /// Waits until so many have come.
    pub async fn until_heard(&self, method: &str, path: &str, count: usize) -> Vec<Heard> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        loop {
            looks.tick().await;
            let heard = self.heard(method, path);
            if heard.len() >= count {
                return heard;
            }
            assert!(tokio::time::Instant::now() < deadline, "{method} {path} came {} times", heard.len());
        }
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.system.stop();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed there.
            let _ = thread.join();
        }
    }
}

impl Heard {
    fn is_for(&self, path: &str) -> bool {
        self.path.split('?').next().is_some_and(|asked| asked.ends_with(path))
    }
}

impl State {
    fn fault_for(&self, heard: &Heard) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules
            .iter_mut()
            .find(|rule| rule.method == heard.method && heard.is_for(rule.path) && rule.times != Some(0))?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        Some(rule.fault)
    }
}

async fn pass_on(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
    service: Data<Service>,
) -> HttpResponse {
    let body = payload.to_bytes().await.unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let heard = Heard {
        method: request.method().to_string(),
        path: path.clone(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let fault = state.fault_for(&heard);
    state.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    let cleared = {
        let state = state.clone();
        async move { state.cleared.notified().await }
    };
    match fault {
        Some(Fault::Misdirected) => {
            HttpResponse::MisdirectedRequest().body("this service answers only under its public_url\n")
        }
        Some(Fault::Page(status)) => HttpResponse::build(status_of(status))
            .content_type("text/html")
            .body("<!doctype html><title>Gateway</title><h1>Please log in to the network</h1>"),
        Some(Fault::Status(status)) => HttpResponse::build(status_of(status)).finish(),
        Some(Fault::Huge) => HttpResponse::Ok().content_type("application/json").body(" ".repeat(HUGE)),
        Some(Fault::Away) => closed(),
        Some(Fault::Hang) => {
            cleared.await;
            forward(&request, &path, body, &service, |all| all).await
        }
        Some(Fault::Cut) => forward(&request, &path, body, &service, Pieces::cut).await,
        Some(Fault::Silence) => {
            forward(&request, &path, body, &service, |pieces| pieces.silent_until(cleared)).await
        }
        None => forward(&request, &path, body, &service, |all| all).await,
    }
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}

type Piece = Result<Bytes, std::io::Error>;

/// An answer on its way.
struct Pieces(std::pin::Pin<Box<dyn Stream<Item = Piece>>>);

impl Pieces {
    /// The first half of the first piece, and an end that is none.
    fn cut(self) -> Self {
        let half = self.0.take(1).map(|piece| piece.map(|piece| piece.slice(..piece.len() / 2)));
        Self(Box::pin(half.chain(stream::once(async { Err(broken()) }))))
    }

    /// The first piece, and silence.
    fn silent_until(self, cleared: impl Future<Output = ()> + 'static) -> Self {
        let end = stream::once(async {
            cleared.await;
            Err(broken())
        });
        Self(Box::pin(self.0.take(1).chain(end)))
    }
}

fn broken() -> std::io::Error {
    std::io::ErrorKind::ConnectionReset.into()
}

/// An answer that promises more than it has: the connection is closed before anything of it has come.
fn closed() -> HttpResponse {
    let nothing = stream::once(async { Err::<Bytes, _>(broken()) });
    HttpResponse::Ok().body(SizedStream::new(1, Box::pin(nothing)).boxed())
}

async fn forward(
    request: &HttpRequest,
    path: &str,
    body: Bytes,
    service: &Service,
    made: impl FnOnce(Pieces) -> Pieces,
) -> HttpResponse {
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes()).expect("a method");
    let asked = service
        .client
        .request(method, format!("http://{}{path}", service.address))
        .headers(passed(request.headers()))
        .body(body)
        .send()
        .await;
    let Ok(answer) = asked else { return HttpResponse::BadGateway().finish() };
    let mut response = HttpResponse::build(status_of(answer.status().as_u16()));
    for (name, value) in answer.headers() {
        if !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection") {
            response.append_header((name.as_str(), value.as_bytes()));
        }
    }
    let pieces = answer.bytes_stream().map(|piece| piece.map_err(std::io::Error::other));
    response.body(BodyStream::new(made(Pieces(Box::pin(pieces))).0).boxed())
}

/// The request's headers without its length, which is written anew.
fn passed(headers: &HeaderMap) -> reqwest::header::HeaderMap {
    let mut passed = reqwest::header::HeaderMap::new();
    for (name, value) in headers {
        let name = reqwest::header::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = reqwest::header::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value)
            && !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection")
        {
            passed.append(name, value);
        }
    }
    passed
}
