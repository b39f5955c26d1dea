//! The whole service, put together: [`Application::build`] on any port.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer, web};
use sd_notify::NotifyState;
use tokio::time::timeout;

use crate::avatars::Avatars;
use crate::backchannel::BackChannel;
use crate::begun::Begun;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::not_json;
use crate::http::headers;
use crate::keys::{LoadError, MasterKeyError, SharedKeys};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::notices::{Carrier, Notices};
use crate::reload::{Handed, Reload, of_now, tell_the_manager};
use crate::sender::{SendError, Senders};
use crate::shared::Shared;
use crate::store::{Redis, RedisStore, Store, StoreError};
use crate::upkeep::Upkeep;
use crate::webhooks::Webhooks;
use crate::{commands, ops, probe, refuse, routes, tls, waiting};

/// Slower clients are cut.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// Whoever takes nothing of an answer for so long is cut: they may never take it, and hold a connection meanwhile. So is whose machine does
/// not even say that a piece has arrived. In milliseconds, as the system counts it.
#[cfg(target_os = "linux")]
const TAKEN_WITHIN: u32 = 30_000;
/// WeChat's two answers at their slowest, and the store's.
const LONGEST_REQUEST: Duration = Duration::from_secs(15);

/// Why the service does not start. Each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A port is taken, or may not be used.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No HTTP client can be made.
    #[error("the way to WeChat cannot be made: {0}")]
    Http(#[from] reqwest::Error),
    /// A master key cannot be read.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The signing keys do not open.
    #[error(transparent)]
    Keys(#[from] LoadError),
    /// A sender of codes cannot be made.
    #[error("codes cannot be sent: {0}")]
    Sender(#[from] SendError),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
}

/// A service that listens, and runs when [`Application::run`] is awaited.
pub struct Application {
    address: SocketAddr,
    ops_address: SocketAddr,
    public: Server,
    ops: Server,
    reload: Reload,
    begun: web::Data<Begun>,
}

impl Application {
    /// Opens the store and listens; port 0 takes a free one. Needs actix's runtime.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, BuildError> {
        let (listener, address) = listen(config.listen)?;
        let (ops_listener, ops_address) = listen(config.ops_listen)?;
        let tls = match &config.tls {
            Some((cert, key)) => Some(tls::Certificate::read(cert, key)?.server_config()?),
            None => None,
        };
        let store = waiting::store(&config.store, &ops_listener).await?;
        let masters = commands::master_keys(&config, store.lasting.signing_keys().await?.is_empty())?;
        for exposed in config.exposed_files() {
            tracing::warn!("{exposed}");
        }
        let keys = SharedKeys::open(masters, config.rotate_keys_every, &*store.lasting, clock.now()).await?;
        let cache = config.cache.as_ref().map(|at| Redis::new(at, &config.cache_prefix)).transpose()?;
        let store = match &cache {
            Some(redis) => {
                Store::split(store.lasting, Arc::new(RedisStore::new(redis.clone(), clock.clone())))
            }
            None => store,
        };
        // Before the first login, of which one of them may hear.
        store.lasting.keep_webhook_clients(&config.webhook_clients()).await?;
        let channel = store.channel.clone();
        let config = Arc::new(config);
        let begun = web::Data::new(Begun::new());
        let metrics = Arc::new(Metrics::new());
        let reload = Reload::new(Shared {
            keys: Arc::new(keys),
            backchannel: Arc::new(BackChannel::new(config.backchannel_private_addresses)?),
            limits: Arc::new(Limits::new(&config.limits, cache.clone(), metrics.clone())),
            avatars: Arc::new(Avatars::new(config.weixin.proxy.as_ref())?),
            webhooks: Arc::new(Webhooks::new(config.webhook_private_addresses)?),
            config: config.clone(),
            clock,
            store,
            notices: Arc::new(Notices::new(
                cache.clone().map(Carrier::Redis).or(channel.map(Carrier::Postgres)),
            )),
            cache,
            senders: Arc::new(Senders::new(&config)?),
            metrics,
        })?;

        let parts = (reload.clone(), begun.clone());
        let public = HttpServer::new(move || {
            let (reload, begun) = parts.clone();
            let handed = Rc::new(Handed::new(reload.clone()));
            ActixApp::new()
                .app_data(begun)
                .app_data(web::PayloadConfig::new(refuse::LONGEST_BODY))
                .app_data(web::JsonConfig::default().limit(refuse::LONGEST_BODY).error_handler(not_json))
                .wrap(from_fn(refuse::long_addresses))
                .wrap(from_fn(refuse::other_hosts))
                .wrap(from_fn(refuse::slow_bodies))
                .wrap(from_fn(headers::secure))
                .wrap(from_fn(probe::tell))
                .wrap(from_fn(move |request, next| of_now(handed.clone(), request, next)))
                .configure(|table| routes::inserted_paths(table, reload.config()))
                .service(
                    web::scope(config.public_url.path())
                        .configure(|table| routes::table(table, reload.config())),
                )
                .default_service(web::to(refuse::unknown_path))
        })
        .client_request_timeout(REQUEST_WITHIN)
        // Else the last piece of an answer waits for the browser's delayed acknowledgement: some 40 ms for the widget.
        .tcp_nodelay(true)
        .disable_signals()
        .shutdown_timeout(5);
        let public = match tls {
            Some(tls) => public.listen_rustls_0_23(listener, tls),
            None => public.listen(listener),
        };
        let shared = reload.app();
        let readiness = web::Data::new(ops::Readiness::new());
        let ops = HttpServer::new(move || {
            ActixApp::new().app_data(shared.clone()).app_data(readiness.clone()).configure(ops::routes)
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(ops_listener);
        Ok(Self {
            address,
            ops_address,
            public: public.map_err(|error| BuildError::Listen(address, error))?.run(),
            ops: ops.map_err(|error| BuildError::Listen(ops_address, error))?.run(),
            reload,
            begun,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are.
    pub fn ops_address(&self) -> SocketAddr {
        self.ops_address
    }

    /// What it does by itself while it runs, for who cannot wait until it does.
    pub fn upkeep(&self) -> Upkeep {
        Upkeep::new(self.reload.clone())
    }

    /// The way to another configuration while it runs.
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Serves until it is told to stop: SIGTERM, SIGINT. Then nobody new gets in, and what has begun is finished; told once more, it
    /// stops at once.
    pub async fn run(self) -> std::io::Result<()> {
        let told = told_to_stop();
        // No task of one thread alone: the end of those leaves a connection of the store without a place to go back to.
        let upkeep = tokio::spawn(self.upkeep().run());
        let ops = actix_web::rt::spawn(self.ops);
        let stop =
            actix_web::rt::spawn(stop_when_told(told, self.public.handle(), self.reload.app(), self.begun));
        let ended = self.public.await;
        stop.abort();
        upkeep.abort();
        ops.abort();
        ended
    }
}

async fn stop_when_told(
    told: impl Future<Output = ()>,
    server: ServerHandle,
    app: web::Data<Shared>,
    begun: web::Data<Begun>,
) {
    told.await;
    tracing::info!("stops when what has begun is finished");
    tell_the_manager(&[NotifyState::Stopping]);
    server.pause().await;
    // Streams have no end of their own: who listens comes again, to another node or to the next start.
    app.notices.close();
    let finished = async {
        // Also what has lost its connection: no worker of the server waits for that.
        if timeout(LONGEST_REQUEST, begun.ended()).await.is_err() {
            tracing::warn!("what has begun is not finished; stops all the same");
        }
        // A logout that was among it tells clients too.
        tokio::join!(app.backchannel.stop(), app.webhooks.stop());
    };
    tokio::select! {
        () = finished => server.stop(true).await,
        () = told_to_stop() => server.stop(false).await,
    }
}

/// SIGTERM, SIGINT; Ctrl+C where there are no signals. From this call on neither ends the process by itself. Never, where the system gives
/// no word of them.
fn told_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut terminate), Ok(mut interrupt)) = signals {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        std::future::pending().await
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BuildError> {
    let refused = |error| BuildError::Listen(address, error);
    let listener = TcpListener::bind(address).map_err(refused)?;
    // The system hands it on to each connection.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&listener, TAKEN_WITHIN);
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}
