//! The form that a page shows of a row, for a login that waits and on a person's own page alike; and which mistakes stand on it. What the page
//! around it is, and where its forms go, is not known here.

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use protocol::service::ErrorCode;
use serde::Deserialize;

use crate::clock::Seconds;
use crate::contact::Contact;
use crate::error::ApiError;
use crate::pages::BindingForm;
use crate::store::bindings::BindingRow;

#[derive(Deserialize)]
struct Shown {
    change: Option<String>,
}

/// Whether another contact than the one that was named is asked for.
pub(crate) fn is_change(request: &HttpRequest) -> bool {
    let shown = web::Query::<Shown>::from_query(request.query_string());
    shown.is_ok_and(|shown| shown.change.is_some())
}

/// What is asked now, with what was written where that was wrong; `None` where nothing is. A `change` passes over the code that was sent.
pub(crate) fn of(row: &BindingRow, change: bool, written: &str, now: Seconds) -> Option<BindingForm> {
    let shown = |kind, value: &str| Contact::kept(kind, value.to_owned()).shown();
    if let Some(exists) = &row.exists {
        let contact = shown(exists.contact.kind, &exists.contact.value);
        return Some(BindingForm::Question { contact, may_join: exists.may_join });
    }
    let asked = row.asked.as_ref().filter(|asked| !change && asked.expires_at > now && asked.tries_left > 0);
    if let Some(asked) = asked {
        return Some(BindingForm::Code { kind: asked.kind, contact: shown(asked.kind, &asked.value) });
    }
    let kind = row.missing.first()?;
    Some(BindingForm::Contact { kind: *kind, written: written.to_owned() })
}

/// Whether a person can mend it on the form; all else ends in a page of its own.
pub(crate) fn can_be_mended(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::ContactInvalid
            | ErrorCode::ContactCodeWrong
            | ErrorCode::ContactCodeExpired
            | ErrorCode::SenderUnavailable
            | ErrorCode::SlowDown
    )
}

/// The page with the status of what is wrong on it, and when to come again.
pub(crate) fn with_status_of(mut page: HttpResponse, error: Option<&ApiError>) -> HttpResponse {
    if let Some(error) = error {
        *page.status_mut() = error.status_code();
        if let Some(seconds) = error.retry_after {
            page.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
    }
    page
}
