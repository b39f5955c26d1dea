//! Who asks on a person's own page: whoever is logged in in this browser, and how lately.

use actix_web::{HttpRequest, HttpResponse};
use protocol::service::ErrorCode;
use url::form_urlencoded;

use crate::authorization::see_other;
use crate::clock::Seconds;
use crate::config::Client;
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::pages::{self, Refusal};
use crate::session::here;
use crate::shared::Shared;
use crate::store::{SessionRow, StoreError};

/// For so long after a login what cannot be undone is a press away.
const FRESH: Seconds = 600;
/// Who asks.
pub(super) struct Asking {
    pub(super) account_id: String,
    /// The first of this browser's.
    pub(super) session: SessionRow,
    /// Of the newest login of that account in this browser.
    auth_time: Seconds,
    /// A client to log in to anew.
    pub(super) client_id: Option<String>,
}

/// Does what wants a fresh login, where a form of that page asks for it.
pub(super) async fn by_own_form(
    app: &Shared,
    request: &HttpRequest,
    work: impl AsyncFnOnce(Asking) -> Result<Option<HttpResponse>, StoreError>,
) -> HttpResponse {
    by_own_page(app, request, async |asking: Asking| match is_fresh(app, &asking) {
        true => work(asking).await,
        false => Ok(Some(log_in_first(app, request, asking.client_id.as_deref()))),
    })
    .await
}

/// Does what a form of that page asks for; by a page of anybody else's nothing is begun.
pub(super) async fn by_own_page(
    app: &Shared,
    request: &HttpRequest,
    work: impl AsyncFnOnce(Asking) -> Result<Option<HttpResponse>, StoreError>,
) -> HttpResponse {
    if !is_own_page(&app.config, request) {
        let language = language::of(request);
        return pages::refusal(app, Refusal::Code(ErrorCode::InvalidRequest), language, None);
    }
    answer(app, request, work).await
}

/// Answers whoever is logged in here. `None`: the account is gone.
pub(super) async fn answer(
    app: &Shared,
    request: &HttpRequest,
    work: impl AsyncFnOnce(Asking) -> Result<Option<HttpResponse>, StoreError>,
) -> HttpResponse {
    let answered = async {
        match asking(app, request).await? {
            Some(asking) => work(asking).await,
            None => Ok(None),
        }
    };
    let language = language::of(request);
    match answered.await {
        Ok(Some(response)) => response,
        Ok(None) => {
            let login = login(app, None);
            pages::refusal(app, Refusal::Code(ErrorCode::LoginRequired), language, login.as_deref())
        }
        Err(error) => pages::store_away(app, request, &error, language),
    }
}

async fn asking(app: &Shared, request: &HttpRequest) -> Result<Option<Asking>, StoreError> {
    let own = here(app, request).await?;
    let Some(session) = own.first().cloned() else { return Ok(None) };
    let account_id = session.account_id.clone();
    let same = own.iter().filter(|session| session.account_id == account_id);
    let auth_time = same.clone().map(|session| session.auth_time).max().unwrap_or_default();
    let client_id = same.filter_map(|session| session.client_id.clone()).next_back();
    Ok(Some(Asking { account_id, session, auth_time, client_id }))
}

pub(super) fn back(app: &Shared) -> HttpResponse {
    see_other(&format!("{}/account", app.config.public_url.as_str()))
}

pub(super) fn is_fresh(app: &Shared, asking: &Asking) -> bool {
    app.clock.now() - asking.auth_time < FRESH
}

pub(super) fn log_in_first(app: &Shared, request: &HttpRequest, client_id: Option<&str>) -> HttpResponse {
    pages::log_in_first(app, login(app, client_id).as_deref(), language::of(request))
}

/// Where a login begins that comes back to this page. It is a login to some client: the one that the person was at, where that is known.
fn login(app: &Shared, client_id: Option<&str>) -> Option<String> {
    let client = client(app, client_id)?;
    let prefix = app.config.public_url.path();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &client.id)
        .append_pair("return_to", &format!("{prefix}/account"))
        .finish();
    Some(format!("{prefix}/login?{query}"))
}

/// The client that the person was at, where that is known and still there; else the first.
pub(super) fn client<'a>(app: &'a Shared, client_id: Option<&str>) -> Option<&'a Client> {
    client_id.and_then(|id| app.config.client(id)).or(app.config.clients.first())
}
