//! The configuration is read again while the service runs: on SIGHUP, clients, limits, secrets and what else is no matter of a start.
//! A request goes to its end with the configuration that it began with, so nobody's login is lost; a configuration that cannot be used
//! leaves the one before in use.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use sd_notify::NotifyState;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

use crate::avatars::Avatars;
use crate::config::{Config, ConfigError};
use crate::current::Current;
use crate::exchange::Exchange;
use crate::http::headers::Headers;
use crate::limits::Limits;
use crate::sender::{SendError, Senders};
use crate::shared::Shared;
use crate::store::Address;

/// What is made of one configuration, and is asked by requests.
pub(crate) struct Generation {
    app: web::Data<Shared>,
    config: web::Data<Config>,
    headers: web::Data<Headers>,
    exchange: web::Data<Exchange>,
}

/// The generation of now, and the way to the next.
#[derive(Clone)]
pub struct Reload {
    now: Current<Generation>,
    config: Current<Config>,
}

/// Why a configuration is not taken up.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// It is none.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No HTTP client can be made.
    #[error("the way to WeChat cannot be made: {0}")]
    Http(#[from] reqwest::Error),
    /// A sender of codes cannot be made.
    #[error("codes cannot be sent: {0}")]
    Sender(#[from] SendError),
}

impl Generation {
    fn of(app: Shared) -> Result<Self, reqwest::Error> {
        let (config, metrics) = (app.config.clone(), app.metrics.clone());
        Ok(Self {
            headers: web::Data::new(Headers::new(&config)),
            exchange: web::Data::new(Exchange::new(&config.weixin, metrics)?),
            config: web::Data::from(config),
            app: web::Data::new(app),
        })
    }
}

impl Reload {
    /// The first generation.
    pub(crate) fn new(app: Shared) -> Result<Self, reqwest::Error> {
        let config = Current::new(app.config.clone());
        Ok(Self { now: Current::new(Arc::new(Generation::of(app)?)), config })
    }

    /// What all steps share, as it is now.
    pub(crate) fn app(&self) -> web::Data<Shared> {
        self.now.get().app.clone()
    }

    /// For what asks by itself, and outlives a configuration.
    pub(crate) fn config(&self) -> &Current<Config> {
        &self.config
    }

    /// Takes up a configuration. Gives the keys in it that differ and need a restart: these stay as they are.
    ///
    /// # Errors
    /// Then nothing has changed.
    pub fn take(&self, config: Config) -> Result<Vec<&'static str>, ReloadError> {
        let before = self.app();
        let (config, left) = with_what_stays(config, &before.config);
        let config = Arc::new(config);
        let limits = if config.limits == before.config.limits {
            // Whoever has come too often has not come less often now.
            before.limits.clone()
        } else {
            Arc::new(Limits::new(&config.limits, before.cache.clone(), before.metrics.clone()))
        };
        let senders = Arc::new(Senders::new(&config)?);
        let avatars = Arc::new(Avatars::new(config.weixin.proxy.as_ref())?);
        let app = Shared { config: config.clone(), limits, senders, avatars, ..(**before).clone() };
        self.now.put(Arc::new(Generation::of(app)?));
        self.config.put(config);
        before.webhooks.soon();
        Ok(left)
    }

    /// Reads the file and the environment again whenever SIGHUP says so; never ends. From this call on SIGHUP ends the process no more.
    #[cfg(unix)]
    pub fn on_hangup(self, file: Option<PathBuf>) -> impl Future<Output = ()> {
        let hangups = signal(SignalKind::hangup());
        async move {
            let Ok(mut hangups) = hangups else { return };
            while hangups.recv().await.is_some() {
                let now = NotifyState::monotonic_usec_now().ok();
                let reloading = [Some(NotifyState::Reloading), now];
                tell_the_manager(&reloading.into_iter().flatten().collect::<Vec<_>>());
                let read = Config::load(file.as_deref(), std::env::vars_os()).map_err(ReloadError::from);
                let taken = read.and_then(|config| self.take(config));
                self.app().metrics.config_reloaded(taken.is_ok());
                self.tell(taken);
                tell_the_manager(&[NotifyState::Ready]);
            }
        }
    }

    #[cfg(unix)]
    fn tell(&self, taken: Result<Vec<&'static str>, ReloadError>) {
        let app = self.app();
        match taken {
            Ok(left) => {
                for exposed in app.config.exposed_files() {
                    tracing::warn!("{exposed}");
                }
                if !left.is_empty() {
                    let keys = left.join(", ");
                    tracing::warn!("changed, and in use only after a restart: {keys}");
                }
                tracing::info!(clients = app.config.clients.len(), "the configuration was read again");
            }
            Err(error) => {
                tracing::error!(
                    "the configuration was not taken up, and the one before stays in use: {error}"
                );
            }
        }
    }
}

/// The new configuration with the old one's values where those belong to the start: ports that are listened on, the store that is
/// open, what cookies and tokens are made for.
fn with_what_stays(new: Config, old: &Config) -> (Config, Vec<&'static str>) {
    let changed = [
        ("public_url", new.public_url != old.public_url),
        ("listen", new.listen != old.listen),
        ("ops_listen", new.ops_listen != old.ops_listen),
        ("store", new.store != old.store),
        ("store_connections, store_timeout_seconds", !is_used_as(&new.store, &old.store)),
        ("cache", new.cache.as_ref().map(ToString::to_string) != old.cache.as_ref().map(ToString::to_string)),
        ("cache_prefix", new.cache_prefix != old.cache_prefix),
        ("tls_cert_file", new.tls != old.tls),
        ("widget_dir", new.widget_dir != old.widget_dir),
        ("master_key_files", new.master_key_files != old.master_key_files),
        ("rotate_keys_every_days", new.rotate_keys_every != old.rotate_keys_every),
        (
            "backchannel_private_addresses",
            new.backchannel_private_addresses != old.backchannel_private_addresses,
        ),
        ("webhook_private_addresses", new.webhook_private_addresses != old.webhook_private_addresses),
        ("log_format", new.log_format != old.log_format),
    ];
    let left = changed.into_iter().filter_map(|(key, is_changed)| is_changed.then_some(key)).collect();
    let config = Config {
        public_url: old.public_url.clone(),
        listen: old.listen,
        ops_listen: old.ops_listen,
        store: old.store.clone(),
        cache: old.cache.clone(),
        cache_prefix: old.cache_prefix.clone(),
        tls: old.tls.clone(),
        widget_dir: old.widget_dir.clone(),
        master_key_files: old.master_key_files.clone(),
        rotate_keys_every: old.rotate_keys_every,
        backchannel_private_addresses: old.backchannel_private_addresses,
        webhook_private_addresses: old.webhook_private_addresses,
        log_format: old.log_format,
        ..new
    };
    (config, left)
}

/// Whether a store is asked as often at once, and waited for as long.
fn is_used_as(new: &Address, old: &Address) -> bool {
    match (new, old) {
        (Address::Postgres(new), Address::Postgres(old)) => {
            (new.connections, new.time_limit) == (old.connections, old.time_limit)
        }
        _ => true,
    }
}

/// Tells systemd, where it has started this process and wants to know. Whoever else has, hears nothing.
pub fn tell_the_manager(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("systemd is not told: {error}");
    }
}

/// What one worker hands to its requests: made once for each generation.
pub(crate) struct Handed {
    reload: Reload,
    made: RefCell<Option<(Arc<Generation>, Rc<Extensions>)>>,
}

impl Handed {
    /// Of a worker.
    pub(crate) fn new(reload: Reload) -> Self {
        Self { reload, made: RefCell::new(None) }
    }

    fn now(&self) -> Rc<Extensions> {
        let now = self.reload.now.get();
        let mut made = self.made.borrow_mut();
        match &*made {
            Some((generation, extensions)) if Arc::ptr_eq(generation, &now) => extensions.clone(),
            _ => {
                let mut extensions = Extensions::new();
                extensions.insert(now.app.clone());
                extensions.insert(now.config.clone());
                extensions.insert(now.headers.clone());
                extensions.insert(now.exchange.clone());
                let extensions = Rc::new(extensions);
                *made = Some((now, extensions.clone()));
                extensions
            }
        }
    }
}

/// The outermost middleware: a request goes to its end with the configuration of its beginning.
pub(crate) async fn of_now(
    handed: Rc<Handed>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    request.add_data_container(handed.now());
    next.call(request).await
}
