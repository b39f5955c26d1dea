//! One sentence and what to do: expired, refused, failed, logged in, and a phone that cannot scan itself.

use flow::error::Code;
use flow::screen::{Body, Copying};
use flow::text::Text;
use protocol::service::ErrorCode;

use super::tree::Part;
use super::{Said, View, copying};

/// The notice that the body asks for.
pub fn show(view: &View, body: &Body<'_>) -> Said {
    let (kind, title, hint, again) = match body {
        Body::Expired => ("expired", Text::ExpiredTitle, Text::ExpiredHint, Text::Refresh),
        Body::Denied => ("denied", Text::DeniedTitle, Text::DeniedHint, Text::TryAgain),
        Body::Phone { copying: Copying::Copied } => ("done", Text::PhoneTitle, Text::Copied, Text::Nothing),
        Body::Phone { .. } => ("phone", Text::PhoneTitle, Text::PhoneHint, Text::Nothing),
        Body::Failed { code, .. } => ("error", Text::ErrorTitle, advice(*code), again(*code)),
        _ => ("done", Text::DoneTitle, Text::Nothing, Text::Nothing),
    };
    view.set(Part::Notice, "data-kind", kind);
    view.say(Part::NoticeTitle, title);
    view.say(Part::NoticeHint, hint);
    view.say(Part::StartAgain, again);
    view.hide(Part::StartAgain, again == Text::Nothing);

    let mut said = hint;
    if let Body::Phone { copying } = body {
        copying::show(view, *copying, [Part::CopyLink, Part::NoticeByHand, Part::NoticeAddress]);
        if let Copying::ByHand(_) = copying {
            said = Text::CopyByHand;
        }
        view.hide(Part::ShowQr, false);
    } else {
        for part in &[Part::CopyLink, Part::NoticeByHand, Part::ShowQr] {
            view.hide(*part, true);
        }
    }

    let mut line = String::new();
    let mut page = false;
    if let Body::Failed { code, page: has_page } = body {
        page = *has_page;
        line.push_str(view.text(Text::ErrorCode));
        line.push_str(code.as_str());
    }
    view.put(Part::ErrorCode, &line);
    view.hide(Part::NoticePage, !page);
    [title, said]
}

/// What the person can do about it.
fn advice(code: Code) -> Text {
    match code {
        Code::Offline => Text::ErrorOffline,
        Code::ServiceUnreachable => Text::ErrorUnreachable,
        Code::Unsupported | Code::Blocked => Text::ErrorUnsupported,
        Code::Service(ErrorCode::TemporarilyUnavailable | ErrorCode::SlowDown) => Text::ErrorBusy,
        Code::Service(
            ErrorCode::InvalidRequest
            | ErrorCode::UnknownClient
            | ErrorCode::UnregisteredOrigin
            | ErrorCode::Misconfigured,
        )
        | Code::WrongAddress
        | Code::CallbackIntercepted => Text::ErrorSetup,
        Code::Service(ErrorCode::VirtualPerson) => Text::ErrorVirtual,
        Code::Service(_) => Text::ErrorOther,
    }
}

/// A site's own mistake stays one, however often it is tried.
fn again(code: Code) -> Text {
    match code {
        Code::Unsupported
        | Code::Service(
            ErrorCode::InvalidRequest | ErrorCode::UnknownClient | ErrorCode::UnregisteredOrigin,
        ) => Text::Nothing,
        _ => Text::TryAgain,
    }
}
