//! The whole service, put together: [`Application::build`] on any port, and the one table of routes.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, Error, HttpServer, Resource, Route, guard, web};
use protocol::service::SECRET_HEADER;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::backchannel::BackChannel;
use crate::begun::{self, Begun};
use crate::callback::{embedded as embedded_callback, hosted as hosted_callback};
use crate::changes::Changes;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::not_json;
use crate::exchange::Exchange;
use crate::http::headers::{self, Headers};
use crate::http::origin::is_unasked;
use crate::keys::{LoadError, MasterKeyError, SharedKeys};
use crate::limits::{Limit, Limits};
use crate::metrics::Metrics;
use crate::oidc::{authorize, discovery, logout, response, revoke, token, userinfo};
use crate::session::listing;
use crate::shared::Shared;
use crate::start::{embedded, hosted};
use crate::store::keys::Keys;
use crate::store::{SqliteStore, StoreError};
use crate::upkeep::Upkeep;
use crate::{commands, openapi, ops, pages, refuse, scene, session, tls, widget};

/// Slower clients are cut.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
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
    app: web::Data<Shared>,
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
        let store = Arc::new(SqliteStore::open(&config.store).await?);
        let masters = commands::master_keys(&config, store.signing_keys().await?.is_empty())?;
        for exposed in config.exposed_files() {
            tracing::warn!("{exposed}");
        }
        let keys = SharedKeys::open(masters, config.rotate_keys_every, store.as_ref(), clock.now()).await?;
        let config = Arc::new(config);
        let begun = web::Data::new(Begun::new());
        let app = web::Data::new(Shared {
            keys,
            backchannel: BackChannel::new(config.backchannel_private_addresses)?,
            exchange: Exchange::new(&config.weixin)?,
            limits: Limits::new(&config.limits),
            config: config.clone(),
            clock,
            lasting: store.clone(),
            fleeting: store,
            metrics: Metrics::new(),
            finished: Notify::new(),
            changes: Changes::new(),
        });

        let shared = app.clone();
        let parts = (web::Data::from(config.clone()), web::Data::new(Headers::new(&config)), begun.clone());
        let public = HttpServer::new(move || {
            let shared = shared.clone();
            let (config, headers, begun) = parts.clone();
            ActixApp::new()
                .app_data(shared.clone())
                .app_data(config)
                .app_data(headers)
                .app_data(begun)
                .app_data(web::PayloadConfig::new(refuse::LONGEST_BODY))
                .app_data(web::JsonConfig::default().limit(refuse::LONGEST_BODY).error_handler(not_json))
                .wrap(from_fn(refuse::long_addresses))
                .wrap(from_fn(refuse::other_hosts))
                .wrap(from_fn(refuse::slow_bodies))
                .wrap(from_fn(headers::secure))
                .configure(|routes| inserted_paths(routes, shared.config.public_url.path()))
                .service(
                    web::scope(shared.config.public_url.path()).configure(|routes| table(routes, &shared)),
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
        let shared = app.clone();
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
            app,
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
        Upkeep::new(self.app.clone())
    }

    /// Serves until it is told to stop: SIGTERM, SIGINT. Then nobody new gets in, and what has begun is finished; told once more, it
    /// stops at once.
    pub async fn run(self) -> std::io::Result<()> {
        // No task of one thread alone: the end of those leaves a connection of the store without a place to go back to.
        let upkeep = tokio::spawn(self.upkeep().run());
        let ops = actix_web::rt::spawn(self.ops);
        let stop = actix_web::rt::spawn(stop_when_told(self.public.handle(), self.app, self.begun));
        let ended = self.public.await;
        stop.abort();
        upkeep.abort();
        ops.abort();
        ended
    }
}

async fn stop_when_told(server: ServerHandle, app: web::Data<Shared>, begun: web::Data<Begun>) {
    told_to_stop().await;
    tracing::info!("stops when what has begun is finished");
    server.pause().await;
    let finished = async {
        // Also what has lost its connection: no worker of the server waits for that.
        if timeout(LONGEST_REQUEST, begun.ended()).await.is_err() {
            tracing::warn!("what has begun is not finished; stops all the same");
        }
        // A logout that was among it tells clients too.
        app.backchannel.stop().await;
    };
    tokio::select! {
        () = finished => server.stop(true).await,
        () = told_to_stop() => server.stop(false).await,
    }
}

/// SIGTERM, SIGINT; Ctrl+C where there are no signals. Never, where the system gives no word of them.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
            }
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    std::future::pending().await
}

/// The one table of routes, below the path of `public_url`. Each row says what its requests are counted as.
fn table(routes: &mut web::ServiceConfig, app: &web::Data<Shared>) {
    routes
        .service(row("", Limit::None).route(read().to(pages::front)))
        .service(row("/", Limit::None).route(read().to(pages::front)))
        .service(
            row("/login", Limit::Starts)
                .app_data(embedded::bodies(refuse::LONGEST_BODY))
                .wrap(registered_origins(app, false))
                .route(unasked())
                .route(web::get().to(hosted::login))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(embedded::login)),
        )
        .service(
            row("/login/{id}/callback", Limit::Answers)
                .wrap(registered_origins(app, false))
                .route(web::post().to(embedded_callback::by_secret)),
        )
        .service(row("/login/{id}/renew", Limit::Starts).route(web::post().to(hosted::renew)))
        .service(
            // A computer asks about its own scene again and again; that begins and answers nothing.
            row("/login/{id}/events", Limit::None)
                .wrap(registered_origins(app, false))
                .route(web::get().to(scene::events::get)),
        )
        .service(
            row("/login/{id}/finish", Limit::Answers)
                .wrap(registered_origins(app, false))
                .route(web::post().to(scene::finish::post)),
        )
        .service(
            row("/login/{id}/still", Limit::None)
                .route(unasked())
                .route(web::get().to(scene::still::get))
                .route(web::head().to(refuse::looked_at)),
        )
        .service(
            row("/scan/{id}", Limit::Answers)
                .route(unasked())
                .route(read().to(scene::phone::scan))
                .route(web::post().to(scene::phone::tapped)),
        )
        .service(
            row("/scan/{id}/confirm", Limit::Answers)
                .route(unasked())
                .route(read().to(scene::phone::question))
                .route(web::post().to(scene::phone::answered)),
        )
        .service(
            row("/callback", Limit::Answers)
                .route(unasked())
                .route(web::get().to(hosted_callback::get))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(embedded_callback::by_frame)),
        )
        .service(
            row("/session", Limit::None)
                .wrap(registered_origins(app, true))
                .route(read().to(session::get))
                .route(web::post().to(session::post))
                .route(web::delete().to(session::delete)),
        )
        .service(row("/sessions", Limit::None).route(read().to(listing::get)))
        .service(row("/sessions/end", Limit::None).route(web::post().to(listing::post_all)))
        .service(row("/sessions/grants/{id}/end", Limit::None).route(web::post().to(listing::post_grant)))
        .service(row("/sessions/{sid}/end", Limit::None).route(web::post().to(listing::post)))
        .service(
            // Counts by itself, where it begins a login: somebody who is logged in passes through.
            row("/authorize", Limit::None)
                .route(unasked())
                .route(web::get().to(authorize::get))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(authorize::post)),
        )
        .service(
            row("/token", Limit::Tokens)
                .route(web::post().to(token::post))
                .route(web::method(Method::OPTIONS).to(response::preflight)),
        )
        .service(
            row("/userinfo", Limit::Tokens)
                .route(read().to(userinfo::get))
                .route(web::post().to(userinfo::post))
                .route(web::method(Method::OPTIONS).to(response::preflight)),
        )
        .service(
            row("/revoke", Limit::Tokens)
                .route(web::post().to(revoke::post))
                .route(web::method(Method::OPTIONS).to(response::preflight)),
        )
        .service(
            row("/logout", Limit::None)
                .route(unasked())
                .route(web::get().to(logout::get))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(logout::post)),
        )
        .service(
            row("/jwks", Limit::None)
                .route(read().to(discovery::jwks))
                .route(web::method(Method::OPTIONS).to(response::public_preflight)),
        )
        .service(
            row("/.well-known/openid-configuration", Limit::None)
                .route(read().to(discovery::metadata))
                .route(web::method(Method::OPTIONS).to(response::public_preflight)),
        )
        .service(
            row("/.well-known/oauth-authorization-server", Limit::None)
                .route(read().to(discovery::metadata))
                .route(web::method(Method::OPTIONS).to(response::public_preflight)),
        )
        .service(row("/openapi.json", Limit::None).route(read().to(openapi::get)))
        .service(row("/widget/{name}", Limit::None).route(read().to(widget::file)))
        .service(row("/assets/{name}", Limit::None).route(read().to(pages::asset)));
}

/// Where a client looks for the metadata of an issuer that has a path: the path stands behind (RFC 8414 §3.1, and §5 for the older
/// name). Both are outside of `public_url`, and come here where the proxy passes them on.
fn inserted_paths(routes: &mut web::ServiceConfig, path: &str) {
    if path.is_empty() {
        return;
    }
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let inserted = format!("/.well-known/{name}{path}");
        routes.service(
            row(&inserted, Limit::None)
                .route(read().to(discovery::metadata))
                .route(web::method(Method::OPTIONS).to(response::public_preflight)),
        );
    }
}

/// `GET`, and `HEAD` with it (RFC 9110 §9.3.2): for what changes nothing.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Before a route that takes or begins something: a browser that only thinks that the person may go there.
fn unasked() -> Route {
    web::route().guard(guard::fn_guard(|context| is_unasked(context.head()))).to(refuse::unasked)
}

/// A row of the table. What it begins is run to its end. What is counted is what the route has matched: no spelling of its path leads past the limit.
fn row(
    path: &str,
    limit: Limit,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<EitherBody<BoxBody>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    web::resource(path)
        .wrap(from_fn(begun::to_its_end))
        .wrap(from_fn(move |app, request, next| refuse::floods(limit, app, request, next)))
}

/// CORS for the pages that clients have registered, and for nobody else; `null` is nobody.
fn registered_origins(app: &web::Data<Shared>, with_cookies: bool) -> Cors {
    let app = app.clone();
    let cors = Cors::default()
        .allowed_origin_fn(move |origin, _| {
            origin.to_str().is_ok_and(|origin| app.config.client_of_origin(origin).is_some())
        })
        .allowed_methods([Method::GET, Method::POST, Method::DELETE])
        .allowed_headers([header::CONTENT_TYPE.as_str(), SECRET_HEADER, "last-event-id"])
        .max_age(600);
    if with_cookies { cors.supports_credentials() } else { cors }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BuildError> {
    let refused = |error| BuildError::Listen(address, error);
    let listener = TcpListener::bind(address).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}
