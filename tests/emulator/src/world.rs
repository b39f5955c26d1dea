//! The one state behind every page and every call: clock, QR tickets, the phone, the desktop, codes and tokens.
//! Rooms that speak HTTP read and change it through [`World`]; nothing in here knows HTTP.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rand::RngExt;
use rand::distr::Alphanumeric;
use tokio::sync::{oneshot, watch};

use crate::control::Message;
use crate::desktop::{Desktop, DesktopMode};
use crate::fault::Faults;
use crate::products::Products;
use crate::query::Query;
use crate::requests::RequestLog;
use crate::scenario::{App, AppKind, Auto, Person, Scenario, Strict};
use crate::servers::{Command, Commands};
use crate::sns::Grants;
use crate::{open, service_account};

/// WeChat's QR codes are renewed by its page after about this long.
pub(crate) const TICKET_LIFETIME: Duration = Duration::from_secs(300);
/// More QR codes than any suite shows at once; a page beyond that forgets the oldest.
const TICKETS_KEPT: usize = 50_000;
/// Phones, people and apps: what a control call may add.
pub(crate) const ADDED_AT_MOST: usize = 10_000;
/// WeChat's limit for the state of a service account, and its QR page's too.
const STATE_BYTES: usize = 128;

/// Base URLs, without trailing slash, as a browser is told them.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub open: String,
    pub long_poll: String,
    pub api: String,
    /// The ports that WeChat's own page tries; the first is where the desktop client listens at first.
    pub desktops: Vec<String>,
    pub avatars: String,
    /// `mp.weixin.qq.com`.
    pub media: String,
    pub control: String,
    /// What the paths of these addresses begin with: nothing, or a namespace.
    pub path: String,
    pub site: Option<String>,
}

pub(crate) struct World {
    pub addresses: Addresses,
    /// Tells the servers' thread to open or close the desktop's port; set once that thread runs, and never for a namespace.
    pub commands: OnceLock<Commands>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    started: Instant,
}

pub(crate) struct State {
    pub apps: Vec<App>,
    pub people: Vec<Person>,
    pub phone: Phone,
    /// Further phones, by name.
    pub phones: BTreeMap<String, Phone>,
    pub strict: Strict,
    pub desktop: Desktop,
    pub grants: Grants,
    pub faults: Faults,
    pub log: RequestLog,
    pub products: Products,
    /// Short messages, the newest first.
    pub messages: VecDeque<Message>,
    /// What a reset goes back to.
    scenario: Scenario,
    tickets: HashMap<String, Ticket>,
    /// Tickets in the order they were made, so that dead ones can be forgotten from the front.
    ticket_order: VecDeque<String>,
    moved: Duration,
}

/// The phone in somebody's hand.
#[derive(Clone)]
pub(crate) struct Phone {
    pub person: Person,
    /// What it does by itself with the QR codes it sees.
    pub auto: Option<Auto>,
    /// Whether its WeChat shows snapshot pages to sites that ask for userinfo as they open.
    pub snapshot: bool,
}

/// What a site asks for on its way to WeChat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizationRequest {
    pub appid: String,
    pub redirect_uri: String,
    pub scope: String,
    pub state: String,
}

/// Why WeChat shows an error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No app has that appid.
    #[error("AppID 参数错误")]
    AppId,
    /// 10003: the redirect_uri's host is not the app's callback domain.
    #[error("redirect_uri 参数错误 (10003)")]
    RedirectUri,
    /// 10010: no scope.
    #[error("scope不能为空 (10010)")]
    ScopeMissing,
    /// 10011: no redirect_uri.
    #[error("redirect_uri不能为空 (10011)")]
    RedirectUriMissing,
    /// 10012: no appid.
    #[error("appid不能为空 (10012)")]
    AppIdMissing,
    /// 10013: no state, where that is demanded.
    #[error("state不能为空 (10013)")]
    StateMissing,
    /// 10016: an open platform's appid at the service account's page.
    #[error("不支持微信开放平台的Appid，请使用公众号Appid (10016)")]
    WebsiteAppId,
    /// The state is longer than 128 bytes.
    #[error("state 参数过长")]
    StateTooLong,
    /// Anything but `response_type=code`.
    #[error("response_type 参数错误")]
    ResponseType,
    /// 10005: the app is of another kind than the scope.
    #[error("Scope 参数错误或没有 Scope 权限 (10005)")]
    Scope,
    /// The service account's page wants its parameters in the documented order.
    #[error("该链接无法访问：参数顺序错误")]
    ParameterOrder,
    /// The address is none of WeChat's two authorize pages.
    #[error("not an authorize address of this emulator")]
    Address,
}

/// One QR code on somebody's screen.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub uuid: String,
    pub request: AuthorizationRequest,
    pub made_at: Duration,
    pub progress: Progress,
}

#[derive(Clone, Debug)]
pub(crate) enum Progress {
    Waiting,
    Scanned {
        person: Person,
    },
    Cancelled,
    /// The page moves on; no code when the person's refusal is told to the site.
    Answered {
        code: Option<String>,
    },
}

/// No QR code of that uuid can be scanned or answered any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The uuid was never given out, or long ago.
    #[error("no QR code has this uuid")]
    Unknown,
    /// Older than five minutes.
    #[error("this QR code has expired")]
    Expired,
    /// It was allowed already.
    #[error("this QR code was answered already")]
    Answered,
    /// Allow and cancel come after a scan.
    #[error("this QR code has not been scanned")]
    NotScanned,
}

impl Ticket {
    pub fn expires_at(&self) -> Duration {
        self.made_at + TICKET_LIFETIME
    }

    pub fn is_expired(&self, now: Duration) -> bool {
        now >= self.expires_at() && !matches!(self.progress, Progress::Answered { .. })
    }
}

impl World {
    pub fn new(scenario: Scenario, addresses: Addresses) -> World {
        World {
            addresses,
            commands: OnceLock::new(),
            state: Mutex::new(State::new(scenario)),
            changes: watch::Sender::new(0),
            started: Instant::now(),
        }
    }

    /// Begins anew with this scenario, or the one it had: whoever waits for something of the old world hears that it is gone.
    /// The clock and the numbers of the log do not go back.
    pub async fn reset(&self, scenario: Option<Scenario>) -> io::Result<()> {
        let mode = self.change(|state, _| {
            let fresh = State::new(scenario.unwrap_or_else(|| state.scenario.clone()));
            let old = std::mem::replace(state, fresh);
            state.moved = old.moved;
            state.log.go_on_from(&old.log);
            state.faults.go_on_from(&old.faults);
            state.desktop.go_on_from(&old.desktop);
            state.desktop.mode
        });
        self.set_desktop(mode).await
    }

    /// Lets go of everybody who waits here, since nobody can come any more.
    pub fn end(&self) {
        self.change(|state, _| {
            state.faults.clear();
            state.desktop.mode = DesktopMode::Normal;
            state.desktop.dialogs.clear();
            state.tickets.clear();
            state.ticket_order.clear();
        });
    }

    /// Looks at the state, with the emulator's time: since its start, and moved by [`World::advance`].
    pub fn read<T>(&self, look: impl FnOnce(&State, Duration) -> T) -> T {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.started.elapsed() + state.moved;
        look(&state, now)
    }

    /// Changes the state and wakes everything that waits for a change.
    pub fn change<T>(&self, act: impl FnOnce(&mut State, Duration) -> T) -> T {
        let result = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.started.elapsed() + state.moved;
            act(&mut state, now)
        };
        self.changes.send_modify(|version| *version += 1);
        result
    }

    /// Waits until `look` finds something, at most `limit` by the emulator's clock: moving the clock ends the wait too.
    pub async fn wait<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut(&State, Duration) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let deadline = self.read(|_, now| now) + limit;
        loop {
            changes.mark_unchanged();
            let (found, now) = self.read(|state, now| (look(state, now), now));
            if found.is_some() || now >= deadline {
                return found;
            }
            // The sender lives in `self`, so a change can always still come: an error cannot.
            let _ = tokio::time::timeout(deadline - now, changes.changed()).await;
        }
    }

    /// Sleeps by the emulator's clock.
    pub async fn sleep(&self, time: Duration) {
        self.wait::<()>(time, |_, _| None).await;
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub fn advance(&self, time: Duration) {
        self.change(|state, _| state.moved += time);
    }

    /// Seconds since 1970 by the emulator's clock.
    pub fn unix_time(&self) -> u64 {
        let moved = self.read(|state, _| state.moved);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (now + moved).as_secs()
    }

    /// Scans as the person who holds the phone.
    pub fn scan(&self, uuid: &str) -> Result<(), TicketError> {
        let person = self.read(|state, _| state.phone.person.clone());
        self.scan_as(uuid, person)
    }

    /// Scans as this person.
    pub fn scan_as(&self, uuid: &str, person: Person) -> Result<(), TicketError> {
        self.change(|state, now| {
            let ticket = state.open_ticket(uuid, now)?;
            ticket.progress = Progress::Scanned { person };
            Ok(())
        })
    }

    /// The person on the phone allows: the page gets a code.
    pub fn allow(&self, uuid: &str) -> Result<(), TicketError> {
        self.change(|state, now| {
            let ticket = state.open_ticket(uuid, now)?;
            let Progress::Scanned { person } = ticket.progress.clone() else {
                return Err(TicketError::NotScanned);
            };
            let request = ticket.request.clone();
            let code = state.grants.issue_code(&request, person, AppKind::Website, now);
            state.open_ticket(uuid, now)?.progress = Progress::Answered { code: Some(code) };
            Ok(())
        })
    }

    /// The person on the phone cancels: the page says so and stays.
    pub fn cancel(&self, uuid: &str) -> Result<(), TicketError> {
        self.answer_scanned(uuid, Progress::Cancelled)
    }

    /// The person on the phone refuses, and the site is told: redirect_uri with a state and no code.
    pub fn deny(&self, uuid: &str) -> Result<(), TicketError> {
        self.answer_scanned(uuid, Progress::Answered { code: None })
    }

    fn answer_scanned(&self, uuid: &str, answer: Progress) -> Result<(), TicketError> {
        self.change(|state, now| {
            let ticket = state.open_ticket(uuid, now)?;
            if !matches!(ticket.progress, Progress::Scanned { .. }) {
                return Err(TicketError::NotScanned);
            }
            ticket.progress = answer;
            Ok(())
        })
    }

    /// Plays the whole way through one of the two authorize pages as the person who holds the phone, who allows, and gives
    /// the address the browser would be sent to.
    pub fn code_for(&self, authorize_url: &str) -> Result<String, Refusal> {
        let url = url::Url::parse(authorize_url).map_err(|_| Refusal::Address)?;
        let query = Query::parse(url.query().unwrap_or_default());
        let path = url.path().strip_prefix(self.addresses.path.as_str()).unwrap_or_default();
        let kind = match path {
            "/connect/qrconnect" => AppKind::Website,
            "/connect/oauth2/authorize" => AppKind::ServiceAccount,
            _ => return Err(Refusal::Address),
        };
        self.change(|state, now| {
            let (request, _) = state.check_address(&query, kind)?;
            let person = state.phone.person.clone();
            let code = state.grants.issue_code(&request, person, kind, now);
            Ok(match kind {
                AppKind::Website | AppKind::MiniProgram => open::redirect_after_scan(&request, Some(&code)),
                AppKind::ServiceAccount => service_account::redirect(&request, Some(&code)),
            })
        })
    }

    /// Changes how the desktop client behaves; its port refuses or accepts connections when this returns.
    pub async fn set_desktop(&self, mode: DesktopMode) -> io::Result<()> {
        self.change(|state, _| state.desktop.mode = mode);
        let (done, opened) = oneshot::channel();
        // The port of a namespace's desktop is everybody's: the gate cuts off who asks there while it is absent.
        let Some(commands) = self.commands.get() else { return Ok(()) };
        let place = self.read(|state, _| state.desktop.port);
        let listening = (mode != DesktopMode::Absent).then_some(place);
        let command = Command::Desktop { listening, done };
        let stopped = || io::Error::other("the emulator is stopping");
        commands.send(command).map_err(|_| stopped())?;
        opened.await.map_err(|_| stopped())?
    }

    /// Adds a person, or changes the one of that id, on the phone and the desktop too.
    pub fn put_person(&self, person: Person) {
        self.change(|state, _| {
            let phones = state.phones.values_mut().map(|phone| &mut phone.person);
            for place in phones.chain([&mut state.phone.person, &mut state.desktop.person]) {
                if place.id == person.id {
                    *place = person.clone();
                }
            }
            state.people.retain(|other| other.id != person.id);
            state.people.push(person);
        });
    }

    /// Registers an app, or changes the one of that appid.
    pub fn put_app(&self, app: App) {
        self.change(|state, _| {
            state.apps.retain(|other| other.appid != app.appid);
            state.apps.push(app);
        });
    }

    /// The avatar's address as WeChat would tell it.
    pub fn avatar_of(&self, person: &Person) -> String {
        match &person.headimgurl {
            Some(url) => url.clone(),
            None => format!("{}/mmopen/vi_32/{}/132", self.addresses.avatars, person.id),
        }
    }
}

impl State {
    fn new(scenario: Scenario) -> State {
        let find =
            |id: &Option<String>| id.as_ref().and_then(|id| scenario.people.iter().find(|p| &p.id == id));
        let person = find(&scenario.phone_person).unwrap_or(&scenario.people[0]).clone();
        let desktop_person = find(&scenario.desktop_person).unwrap_or(&person).clone();
        let mut desktop = Desktop::new(desktop_person, scenario.desktop_mode, scenario.cors);
        desktop.auto = scenario.auto.desktop;
        let phone = |person| Phone { person, auto: None, snapshot: false };
        let named =
            |(name, id): (&String, &String)| Some((name.clone(), phone(find(&Some(id.clone()))?.clone())));
        State {
            phones: scenario.phones.iter().filter_map(named).collect(),
            phone: Phone { auto: scenario.auto.phone, ..phone(person) },
            strict: scenario.strict,
            desktop,
            apps: scenario.apps.clone(),
            people: scenario.people.clone(),
            grants: Grants::default(),
            faults: Faults::default(),
            log: RequestLog::default(),
            products: Products::new(&scenario),
            messages: VecDeque::new(),
            scenario,
            tickets: HashMap::new(),
            ticket_order: VecDeque::new(),
            moved: Duration::ZERO,
        }
    }

    /// The phone of that name; without one the phone that every emulator has.
    pub fn phone_mut(&mut self, name: Option<&str>) -> Option<&mut Phone> {
        match name {
            None | Some("phone") => Some(&mut self.phone),
            Some(name) => self.phones.get_mut(name),
        }
    }

    pub fn app(&self, appid: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.appid == appid)
    }

    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// What both authorize pages check of their address before they show anything.
    pub fn check_address(
        &self,
        query: &Query,
        kind: AppKind,
    ) -> Result<(AuthorizationRequest, &App), Refusal> {
        let account = kind == AppKind::ServiceAccount;
        let required = |name, refusal| query.required(name).map(|_| ()).ok_or(refusal);
        required("appid", if account { Refusal::AppIdMissing } else { Refusal::AppId })?;
        required("redirect_uri", if account { Refusal::RedirectUriMissing } else { Refusal::RedirectUri })?;
        required("scope", if account { Refusal::ScopeMissing } else { Refusal::Scope })?;
        // Tencent's own script for websites leaves it out.
        let assumed = if account { "" } else { "code" };
        if query.get("response_type").unwrap_or(assumed) != "code" {
            return Err(Refusal::ResponseType);
        }
        if self.strict.state_length && query.or_empty("state").len() > STATE_BYTES {
            return Err(Refusal::StateTooLong);
        }
        if self.strict.state && query.required("state").is_none() {
            return Err(Refusal::StateMissing);
        }
        if account && self.strict.parameter_order && !service_account::in_order(query) {
            return Err(Refusal::ParameterOrder);
        }
        let request = AuthorizationRequest::from_query(query);
        let app = self.check(&request, kind)?;
        Ok((request, app))
    }

    /// Whether an app may ask for this at all.
    pub fn check(&self, request: &AuthorizationRequest, kind: AppKind) -> Result<&App, Refusal> {
        let app = self.app(&request.appid).ok_or(Refusal::AppId)?;
        let scope_fits = match kind {
            AppKind::Website => request.scope == "snsapi_login",
            AppKind::ServiceAccount => matches!(request.scope.as_str(), "snsapi_base" | "snsapi_userinfo"),
            AppKind::MiniProgram => false,
        };
        if kind == AppKind::ServiceAccount && app.kind == AppKind::Website {
            return Err(Refusal::WebsiteAppId);
        }
        if app.kind != kind || !scope_fits {
            return Err(Refusal::Scope);
        }
        if !app.allows_redirect_to(&request.redirect_uri) {
            return Err(Refusal::RedirectUri);
        }
        Ok(app)
    }

    /// Why a request is refused, in words for the person who has to mend it.
    pub fn reason(&self, refusal: &Refusal, request: &AuthorizationRequest) -> String {
        match (refusal, self.app(&request.appid)) {
            (Refusal::AppId, _) => format!("{refusal}: no app has the appid {:?}", request.appid),
            (Refusal::RedirectUri, Some(app)) => {
                format!("{refusal}: {}", app.refusal_of(&request.redirect_uri))
            }
            (Refusal::Scope, Some(app)) => {
                format!(
                    "{refusal}: the scope {:?} is not for {:?}, an app of another kind",
                    request.scope, app.appid
                )
            }
            _ => refusal.to_string(),
        }
    }

    pub fn make_ticket(&mut self, request: AuthorizationRequest, now: Duration) -> String {
        while let Some(oldest) = self.ticket_order.front()
            && (self.ticket_order.len() >= TICKETS_KEPT
                || self.tickets.get(oldest).is_none_or(|ticket| now > ticket.expires_at() + TICKET_LIFETIME))
        {
            self.tickets.remove(oldest);
            self.ticket_order.pop_front();
        }
        let uuid = random_word(16);
        self.ticket_order.push_back(uuid.clone());
        self.tickets.insert(
            uuid.clone(),
            Ticket { uuid: uuid.clone(), request, made_at: now, progress: Progress::Waiting },
        );
        uuid
    }

    pub fn ticket(&self, uuid: &str) -> Option<&Ticket> {
        self.tickets.get(uuid)
    }

    /// Tickets that a phone can still do something with, newest first.
    pub fn live_tickets(&self, now: Duration) -> impl Iterator<Item = &Ticket> {
        self.ticket_order
            .iter()
            .rev()
            .filter_map(|uuid| self.tickets.get(uuid))
            .take_while(move |ticket| now < ticket.expires_at())
            .filter(|ticket| !matches!(ticket.progress, Progress::Answered { .. }))
    }

    pub fn newest_waiting(&self, now: Duration) -> Option<String> {
        let mut live = self.live_tickets(now);
        live.find(|ticket| matches!(ticket.progress, Progress::Waiting)).map(|ticket| ticket.uuid.clone())
    }

    fn open_ticket(&mut self, uuid: &str, now: Duration) -> Result<&mut Ticket, TicketError> {
        let ticket = self.tickets.get_mut(uuid).ok_or(TicketError::Unknown)?;
        if ticket.is_expired(now) {
            return Err(TicketError::Expired);
        }
        if matches!(ticket.progress, Progress::Answered { .. }) {
            return Err(TicketError::Answered);
        }
        Ok(ticket)
    }
}

/// Letters and digits in the manner of WeChat's uuids, codes and tokens.
pub(crate) fn random_word(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}
