//! Which world a request is for. Suites that run side by side each have one of their own, so that the phone of one does not scan
//! the other's QR code: by the path (`/ns/NAME/…`), or where a client has WeChat's addresses built in, by an appid, a uuid or a
//! token that only that world knows.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::query::Query;
use crate::scenario::Scenario;
use crate::world::{Addresses, State, World};

/// A shared instance forgets nobody's world by itself: beyond this many somebody has to end one.
const KEPT: usize = 1_000;

/// Every world of this emulator.
pub(crate) struct Worlds {
    pub first: Arc<World>,
    named: Mutex<BTreeMap<String, Arc<World>>>,
}

/// Why there is no such namespace.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NamespaceError {
    #[error("a namespace is named with a-z, 0-9 and -, at most 40 of them, and not {0:?}")]
    Name(String),
    #[error("{KEPT} namespaces exist already: end one with DELETE /control/namespaces/NAME")]
    Full,
}

impl Worlds {
    pub fn new(first: Arc<World>) -> Worlds {
        Worlds { first, named: Mutex::default() }
    }

    fn named(&self) -> MutexGuard<'_, BTreeMap<String, Arc<World>>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, name: &str) -> Option<Arc<World>> {
        self.named().get(name).cloned()
    }

    pub fn names(&self) -> Vec<String> {
        self.named().keys().cloned().collect()
    }

    /// Makes a world of that name, in the place of an older one.
    pub fn make(&self, name: &str, scenario: Scenario) -> Result<Arc<World>, NamespaceError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) {
            return Err(NamespaceError::Name(name.to_owned()));
        }
        let mut named = self.named();
        if named.len() >= KEPT && !named.contains_key(name) {
            return Err(NamespaceError::Full);
        }
        let world = Arc::new(World::new(scenario, self.first.addresses.below(name)));
        if let Some(old) = named.insert(name.to_owned(), world.clone()) {
            old.end();
        }
        Ok(world)
    }

    pub fn end(&self, name: &str) -> bool {
        self.named().remove(name).inspect(|world| world.end()).is_some()
    }

    /// Whose request this is, where its path does not say it.
    pub fn owner(&self, path: &str, asked: &Query) -> Arc<World> {
        let uuid = path.strip_prefix("/connect/qrcode/").or_else(|| asked.get("uuid"));
        let knows = |state: &State| {
            let app = |name| asked.get(name).is_some_and(|appid| state.app(appid).is_some());
            let uuid = uuid.is_some_and(|uuid| state.ticket(uuid).is_some());
            let token = asked
                .get("access_token")
                .is_some_and(|token| state.grants.knows(token) || state.products.knows(token));
            uuid || token || app("appid")
        };
        if self.first.read(|state, _| knows(state)) {
            return self.first.clone();
        }
        let named = self.named();
        let mut owners = named.values().filter(|world| world.read(|state, _| knows(state)));
        match (owners.next(), owners.next()) {
            (Some(world), None) => world.clone(),
            // Nobody's, or of two that cannot be told apart.
            _ => self.first.clone(),
        }
    }
}

impl Addresses {
    /// The same addresses for a namespace of that name.
    fn below(&self, name: &str) -> Addresses {
        let below = |address: &String| format!("{address}/ns/{name}");
        Addresses {
            open: below(&self.open),
            long_poll: below(&self.long_poll),
            api: below(&self.api),
            desktops: self.desktops.iter().map(below).collect(),
            avatars: below(&self.avatars),
            media: below(&self.media),
            control: below(&self.control),
            path: below(&self.path),
            site: self.site.clone(),
        }
    }
}

/// The name of the namespace that a path begins with, and the rest of the path.
pub(crate) fn split(path: &str) -> Option<(&str, &str)> {
    let below = path.strip_prefix("/ns/")?;
    let end = below.find('/').unwrap_or(below.len());
    Some((&below[..end], &below[end..]))
}

/// The world that a handler acts in; the gate has found it.
#[derive(Clone)]
pub(crate) struct Here(pub Arc<World>);

impl Deref for Here {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl FromRequest for Here {
    type Error = actix_web::Error;
    type Future = Ready<Result<Here, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let here = request.extensions().get::<Here>().cloned();
        ready(here.ok_or_else(|| actix_web::error::ErrorInternalServerError("the gate was passed by")))
    }
}
