//! The one table of routes: which path leads to which room, what its requests are counted as, and whose pages may read the answers.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{Error, Resource, Route, guard, web};

use crate::binding::{frame as binding_frame, page as binding_page, widget as binding_steps};
use crate::callback::{embedded as embedded_callback, hosted as hosted_callback};
use crate::config::Config;
use crate::current::Current;
use crate::http::cors::{self, Cors};
use crate::http::origin::is_unasked;
use crate::limits::Limit;
use crate::oidc::{authorize, discovery, logout, revoke, token, userinfo};
use crate::session::listing;
use crate::start::{embedded, hosted};
use crate::{account, begun, openapi, pages, phases, refuse, scene, session, widget};

/// The one table of routes, below the path of `public_url`. Each row says what its requests are counted as, and whose pages may read what
/// it answers.
pub(crate) fn table(routes: &mut web::ServiceConfig, config: &Current<Config>) {
    let row = |path, limit, cors| row(config, path, limit, cors);
    routes
        .service(row("", Limit::None, Cors::Own).route(read().to(pages::front)))
        .service(row("/", Limit::None, Cors::Own).route(read().to(pages::front)))
        .service(
            row("/login", Limit::Starts, Cors::Widgets)
                .app_data(embedded::bodies(refuse::LONGEST_BODY))
                .route(unasked())
                .route(web::get().to(hosted::login))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(embedded::login)),
        )
        .service(
            row("/login/{id}/callback", Limit::Answers, Cors::Widgets)
                .route(web::post().to(embedded_callback::by_secret)),
        )
        .service(row("/login/{id}/renew", Limit::Starts, Cors::Own).route(web::post().to(hosted::renew)))
        .service(
            // A computer asks about its own scene again and again; that begins and answers nothing.
            row("/login/{id}/events", Limit::None, Cors::Widgets).route(web::get().to(scene::events::get)),
        )
        .service(
            row("/login/{id}/finish", Limit::Answers, Cors::Widgets)
                .route(web::post().to(scene::finish::post)),
        )
        .service(
            row("/login/{id}/still", Limit::None, Cors::Own)
                .route(unasked())
                .route(web::get().to(scene::still::get))
                .route(web::head().to(refuse::looked_at)),
        )
        .service(
            row("/scan/{id}", Limit::Answers, Cors::Own)
                .route(unasked())
                .route(read().to(scene::phone::scan))
                .route(web::post().to(scene::phone::tapped)),
        )
        .service(
            row("/scan/{id}/confirm", Limit::Answers, Cors::Own)
                .route(unasked())
                .route(read().to(scene::phone::question))
                .route(web::post().to(scene::phone::answered)),
        )
        .service(
            row("/binding/contact", Limit::Answers, Cors::Widgets)
                .route(web::post().to(binding_steps::contact)),
        )
        .service(
            row("/binding/code", Limit::Answers, Cors::Widgets).route(web::post().to(binding_steps::code)),
        )
        .service(
            row("/binding/join", Limit::Answers, Cors::Widgets).route(web::post().to(binding_steps::join)),
        )
        .service(row("/binding/{id}", Limit::Answers, Cors::Own).route(read().to(binding_page::get)))
        .service(
            row("/binding/{id}/frame", Limit::Answers, Cors::Own)
                .route(read().to(binding_frame::get))
                .route(web::post().to(binding_frame::post)),
        )
        .service(
            row("/binding/{id}/contact", Limit::Answers, Cors::Own)
                .route(web::post().to(binding_page::contact)),
        )
        .service(
            row("/binding/{id}/code", Limit::Answers, Cors::Own).route(web::post().to(binding_page::code)),
        )
        .service(
            row("/binding/{id}/join", Limit::Answers, Cors::Own).route(web::post().to(binding_page::join)),
        )
        .service(
            row("/callback", Limit::Answers, Cors::Own)
                .route(unasked())
                .route(web::get().to(hosted_callback::get))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(embedded_callback::by_frame)),
        )
        .service(row("/phases", Limit::Answers, Cors::Own).route(web::post().to(phases::post)))
        .service(
            row("/session", Limit::None, Cors::WidgetsWithCookies)
                .route(read().to(session::get))
                .route(web::post().to(session::post))
                .route(web::delete().to(session::delete)),
        )
        .service(row("/account", Limit::None, Cors::Own).route(read().to(account::get)))
        .service(row("/account/data", Limit::None, Cors::Own).route(read().to(account::data)))
        .service(
            row("/account/identities/{appid}/{openid}/end", Limit::None, Cors::Own)
                .route(web::post().to(account::end_identity)),
        )
        .service(
            row("/account/contacts", Limit::Answers, Cors::Own)
                .route(web::post().to(account::contacts::begin)),
        )
        .service(
            row("/account/contacts/end", Limit::None, Cors::Own)
                .route(web::post().to(account::contacts::end)),
        )
        .service(
            row("/account/contacts/{id}", Limit::Answers, Cors::Own).route(read().to(account::contacts::get)),
        )
        .service(
            row("/account/contacts/{id}/contact", Limit::Answers, Cors::Own)
                .route(web::post().to(account::contacts::contact)),
        )
        .service(
            row("/account/contacts/{id}/code", Limit::Answers, Cors::Own)
                .route(web::post().to(account::contacts::code)),
        )
        .service(
            row("/account/contacts/{id}/join", Limit::Answers, Cors::Own)
                .route(web::post().to(account::contacts::decide)),
        )
        .service(
            row("/account/delete", Limit::None, Cors::Own)
                .route(read().to(account::ask_delete))
                .route(web::post().to(account::delete)),
        )
        .service(row("/sessions", Limit::None, Cors::Own).route(read().to(listing::get)))
        .service(row("/sessions/end", Limit::None, Cors::Own).route(web::post().to(listing::post_all)))
        .service(
            row("/sessions/grants/{id}/end", Limit::None, Cors::Own)
                .route(web::post().to(listing::post_grant)),
        )
        .service(row("/sessions/{sid}/end", Limit::None, Cors::Own).route(web::post().to(listing::post)))
        .service(
            // Counts by itself, where it begins a login: somebody who is logged in passes through.
            row("/authorize", Limit::None, Cors::Own)
                .route(unasked())
                .route(web::get().to(authorize::get))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(authorize::post)),
        )
        .service(row("/token", Limit::Tokens, Cors::Clients).route(web::post().to(token::post)))
        .service(
            row("/userinfo", Limit::Tokens, Cors::Clients)
                .route(read().to(userinfo::get))
                .route(web::post().to(userinfo::post)),
        )
        .service(row("/revoke", Limit::Tokens, Cors::Clients).route(web::post().to(revoke::post)))
        .service(
            row("/logout", Limit::None, Cors::Own)
                .route(unasked())
                .route(web::get().to(logout::get))
                .route(web::head().to(refuse::looked_at))
                .route(web::post().to(logout::post)),
        )
        .service(row("/jwks", Limit::None, Cors::Everybody).route(read().to(discovery::jwks)))
        .service(
            row("/.well-known/openid-configuration", Limit::None, Cors::Everybody)
                .route(read().to(discovery::metadata)),
        )
        .service(
            row("/.well-known/oauth-authorization-server", Limit::None, Cors::Everybody)
                .route(read().to(discovery::metadata)),
        )
        .service(row("/openapi.json", Limit::None, Cors::Own).route(read().to(openapi::get)))
        .service(row("/widget/{name}", Limit::None, Cors::Everybody).route(read().to(widget::file)))
        .service(
            row("/avatars/{signature}/{address}", Limit::None, Cors::Own).route(read().to(pages::avatar)),
        )
        .service(row("/assets/{name}", Limit::None, Cors::Own).route(read().to(pages::asset)));
}

/// Where a client looks for the metadata of an issuer that has a path: the path stands behind (RFC 8414 §3.1, and §5 for the older
/// name). Both are outside of `public_url`, and come here where the proxy passes them on.
pub(crate) fn inserted_paths(routes: &mut web::ServiceConfig, config: &Current<Config>) {
    let now = config.get();
    let path = now.public_url.path();
    if path.is_empty() {
        return;
    }
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let inserted = format!("/.well-known/{name}{path}");
        routes.service(
            row(config, &inserted, Limit::None, Cors::Everybody).route(read().to(discovery::metadata)),
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
    config: &Current<Config>,
    path: &str,
    limit: Limit,
    cors: Cors,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let mut resource = web::resource(path);
    if let Some(preflight) = cors::preflight(cors) {
        resource = resource.route(preflight);
    }
    resource
        .wrap(from_fn(begun::to_its_end))
        .wrap(from_fn(move |app, request, next| refuse::floods(limit, app, request, next)))
        .wrap(from_fn(move |config, request, next| cors::readable(cors, config, request, next)))
        .wrap(cors::widgets(cors, config))
}
