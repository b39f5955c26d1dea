//! One sentence and what to do: expired, refused, failed, logged in, and a phone that cannot scan itself.

use alloc::string::String;

use flow::error::{Code, LoginError};
use flow::screen::Body;
use flow::text::Text;
use protocol::service::ErrorCode;

use super::Said;
use super::tree::{Part, Tree};

/// The notice that the body asks for.
pub fn show(tree: &Tree, body: &Body<'_>) -> Said {
    let phone = matches!(body, Body::Phone { .. });
    let (kind, title, hint, again) = match body {
        Body::Expired => ("expired", Text::ExpiredTitle, Text::ExpiredHint, Text::Refresh),
        Body::Denied => ("denied", Text::DeniedTitle, Text::DeniedHint, Text::TryAgain),
        Body::Phone { copied: true } => ("done", Text::PhoneTitle, Text::Copied, Text::Nothing),
        Body::Phone { .. } => ("phone", Text::PhoneTitle, Text::PhoneHint, Text::Nothing),
        Body::Failed { error, .. } => ("error", Text::ErrorTitle, advice(error), again(error)),
        _ => ("done", Text::DoneTitle, Text::Nothing, Text::Nothing),
    };
    tree.attribute(Part::Notice, "data-kind", kind);
    tree.say(Part::NoticeTitle, title);
    tree.say(Part::NoticeHint, hint);
    tree.say(Part::StartAgain, again);
    tree.hide(Part::StartAgain, again == Text::Nothing);
    tree.hide(Part::CopyLink, !phone);
    tree.hide(Part::ShowQr, !phone);

    let mut code = String::new();
    let mut page = false;
    if let Body::Failed { error, page: has_page } = body {
        page = *has_page;
        code.push_str(tree.text(Text::ErrorCode));
        code.push_str(error.code.as_str());
    }
    tree.put(Part::ErrorCode, &code);
    tree.hide(Part::NoticePage, !page);
    [title, hint]
}

/// What the person can do about it.
fn advice(error: &LoginError) -> Text {
    match error.code {
        Code::Offline => Text::ErrorOffline,
        Code::ServiceUnreachable => Text::ErrorUnreachable,
        Code::Unsupported | Code::Blocked => Text::ErrorUnsupported,
        Code::Service(ErrorCode::TemporarilyUnavailable | ErrorCode::SlowDown) => Text::ErrorBusy,
        Code::Service(
            ErrorCode::InvalidRequest
            | ErrorCode::UnknownClient
            | ErrorCode::UnregisteredOrigin
            | ErrorCode::Misconfigured,
        ) => Text::ErrorSetup,
        Code::Service(ErrorCode::VirtualPerson) => Text::ErrorVirtual,
        Code::Service(_) => Text::ErrorOther,
    }
}

/// A site's own mistake stays one, however often it is tried.
fn again(error: &LoginError) -> Text {
    match error.code {
        Code::Unsupported
        | Code::Service(
            ErrorCode::InvalidRequest | ErrorCode::UnknownClient | ErrorCode::UnregisteredOrigin,
        ) => Text::Nothing,
        _ => Text::TryAgain,
    }
}
