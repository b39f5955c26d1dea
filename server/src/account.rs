//! `/account`: a person's own page. What is kept of them, to see and to take along; other contacts, an identity less; and the end of the
//! account, which a login in the seven days after takes back. What changes any of it wants a login of the last ten minutes: a browser may
//! have been left open.

pub mod contacts;

use actix_web::http::header::{CONTENT_DISPOSITION, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::ids::Product;
use protocol::service::ErrorCode;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::authorization::see_other;
use crate::clock::{Seconds, rfc3339};
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::pages::{self, Identity, Refusal};
use crate::session::{here, listing, take_cookies};
use crate::shared::Shared;
use crate::store::audit::By;
use crate::store::grants::Chosen;
use crate::store::logouts::Ending;
use crate::store::{SessionRow, StoreError};

/// For so long after a login what cannot be undone is a press away.
const FRESH: Seconds = 600;
/// For so long a login brings an account back.
pub(crate) const GRACE: Seconds = 7 * 24 * 3600;
/// More are not listed.
const MOST: u32 = 1_000;

/// Who asks.
struct Asking {
    account_id: String,
    /// The first of this browser's.
    session: SessionRow,
    /// Of the newest login of that account in this browser.
    auth_time: Seconds,
    /// A client to log in to anew.
    client_id: Option<String>,
}

/// `GET /account`: the page.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let page = async |asking: Asking| {
        let language = language::of(&request);
        let Some(listing) = listing::list(&app, &request, language).await? else { return Ok(None) };
        let known = app.store.lasting.identities_of_account(&asking.account_id).await?;
        let may_go = known.len() > 1;
        let identities = known.into_iter().map(|identity| Identity {
            product: product(&app, &identity.appid),
            appid: identity.appid,
            openid: identity.openid,
            may_go,
        });
        let own = contacts::listed(&app, &asking.account_id, language).await?;
        Ok(Some(pages::account(&app, &listing, own, identities.collect(), language)))
    };
    answer(&app, &request, page).await
}

/// `GET /account/data`: everything that is kept of the person, as a file.
pub async fn data(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let data = async |asking: Asking| {
        let Some(data) = everything(&app, &asking.account_id).await? else { return Ok(None) };
        let text = serde_json::to_string_pretty(&data).unwrap_or_default();
        let mut file = HttpResponse::Ok();
        file.insert_header(ContentType::json());
        file.insert_header((CONTENT_DISPOSITION, "attachment; filename=\"account.json\""));
        Ok(Some(file.body(text)))
    };
    answer(&app, &request, data).await
}

/// `POST /account/identities/{appid}/{openid}/end`, by the form of that page. The last one stays.
pub async fn end_identity(
    app: web::Data<Shared>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (appid, openid) = path.into_inner();
    let end = async |asking: Asking| {
        // Somebody else's is as unknown as one that has gone.
        let store = &app.store.lasting;
        store.unlink_identity(&asking.account_id, &appid, &openid, app.clock.now()).await?;
        Ok(Some(back(&app)))
    };
    by_own_form(&app, &request, end).await
}

/// `GET /account/delete`: the question.
pub async fn ask_delete(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = language::of(&request);
    answer(&app, &request, async |asking: Asking| {
        Ok(Some(match is_fresh(&app, &asking) {
            true => pages::ask_delete(&app, language),
            false => log_in_first(&app, &request, asking.client_id.as_deref()),
        }))
    })
    .await
}

/// `POST /account/delete`, by the form of that page: every session ends now, and the account in seven days.
pub async fn delete(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let delete = async |asking: Asking| {
        let now = app.clock.now();
        let tell = app.config.backchannel_clients();
        let ending = Ending { offline: true, tell: &tell, due_at: now, now };
        let ended =
            app.store.lasting.delete_later(&asking.account_id, now + GRACE, By::Person, ending).await?;
        if ended.is_none() {
            return Ok(None);
        }
        app.backchannel.soon.notify_one();
        app.webhooks.soon();
        let mut response = pages::to_be_deleted(&app, now + GRACE, language::of(&request));
        take_cookies(&app, &request, &mut response);
        Ok(Some(response))
    };
    by_own_form(&app, &request, delete).await
}

/// Does what wants a fresh login, where a form of that page asks for it.
async fn by_own_form(
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
async fn by_own_page(
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
async fn answer(
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

fn back(app: &Shared) -> HttpResponse {
    see_other(&format!("{}/account", app.config.public_url.as_str()))
}

fn is_fresh(app: &Shared, asking: &Asking) -> bool {
    app.clock.now() - asking.auth_time < FRESH
}

fn log_in_first(app: &Shared, request: &HttpRequest, client_id: Option<&str>) -> HttpResponse {
    pages::log_in_first(app, login(app, client_id).as_deref(), language::of(request))
}

/// Where a login begins that comes back to this page. It is a login to some client: the one that the person was at, where that is known.
fn login(app: &Shared, client_id: Option<&str>) -> Option<String> {
    let client = client_id.and_then(|id| app.config.client(id)).or(app.config.clients.first())?;
    let prefix = app.config.public_url.path();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &client.id)
        .append_pair("return_to", &format!("{prefix}/account"))
        .finish();
    Some(format!("{prefix}/login?{query}"))
}

fn product(app: &Shared, appid: &str) -> Option<Product> {
    let products = [Product::Website, Product::ServiceAccount];
    let is_ours =
        |product: &Product| app.config.weixin.app(*product).is_some_and(|app| app.appid.as_str() == appid);
    products.into_iter().find(is_ours)
}

/// All that the store has of a person. Hashes of secrets say nothing to anybody, and are left out.
async fn everything(app: &Shared, account_id: &str) -> Result<Option<Value>, StoreError> {
    let store = &app.store.lasting;
    let now = app.clock.now();
    let Some(account) = store.account(account_id).await? else { return Ok(None) };
    let identities = store.identities_of_account(account_id).await?.into_iter().map(
        |identity| json!({ "appid": identity.appid, "openid": identity.openid, "unionid": identity.unionid }),
    );
    let subjects = store.subjects_of_account(account_id).await?.into_iter();
    let subjects = subjects.map(|(client_id, sub)| json!({ "client_id": client_id, "sub": sub }));
    let older = store.retired_subjects(account_id).await?.into_iter();
    let older = older.map(|(client_id, sub)| json!({ "client_id": client_id, "sub": sub }));
    let contacts = store.contacts_of_account(account_id).await?.into_iter().map(|contact| {
        json!({
            "kind": contact.kind.as_str(),
            "value": contact.value,
            "verified_at": rfc3339(contact.verified_at),
        })
    });
    let sessions = store.sessions(Some(account_id), now, MOST).await?.into_iter().map(|session| {
        json!({
            "sid": session.sid,
            "client_id": session.client_id,
            "device": session.device,
            "logged_in_at": rfc3339(session.auth_time),
            "expires_at": rfc3339(session.expires_at),
        })
    });
    let chosen = Chosen { account_id: Some(account_id), ..Chosen::default() };
    let grants = store.offline_grants(chosen, now, MOST).await?.into_iter().map(|grant| {
        json!({
            "client_id": grant.client_id,
            "scope": grant.scope,
            "granted_at": rfc3339(grant.created_at),
            "expires_at": rfc3339(grant.expires_at),
        })
    });
    let history =
        store.history(account_id).await?.into_iter().map(
            |row| json!({ "what": row.what, "by": row.by, "detail": row.detail, "at": rfc3339(row.at) }),
        );
    Ok(Some(json!({
        "account": account.id,
        "nickname": account.nickname,
        "picture": account.picture,
        "contacts": contacts.collect::<Vec<_>>(),
        "identities": identities.collect::<Vec<_>>(),
        "subjects": subjects.collect::<Vec<_>>(),
        "older_subjects": older.collect::<Vec<_>>(),
        "sessions": sessions.collect::<Vec<_>>(),
        "grants": grants.collect::<Vec<_>>(),
        "history": history.collect::<Vec<_>>(),
    })))
}
