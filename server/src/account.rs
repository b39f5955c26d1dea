//! `/account`: a person's own page. What is kept of them, to see and to take along; other contacts, an identity less; and the end of the
//! account, which a login in the seven days after takes back. What changes any of it wants a login of the last ten minutes: a browser may
//! have been left open.

mod asking;
pub mod contacts;

use actix_web::http::header::{CONTENT_DISPOSITION, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::ids::Product;
use serde_json::{Value, json};

use self::asking::{Asking, answer, back, by_own_form, is_fresh, log_in_first};
use crate::clock::{Seconds, rfc3339};
use crate::http::language;
use crate::pages::{self, Identity};
use crate::session::{listing, take_cookies};
use crate::shared::Shared;
use crate::store::StoreError;
use crate::store::audit::By;
use crate::store::grants::Chosen;
use crate::store::logouts::Ending;

/// For so long a login brings an account back.
pub(crate) const GRACE: Seconds = 7 * 24 * 3600;
/// More are not listed.
const MOST: u32 = 1_000;

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
