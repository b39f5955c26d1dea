//! One sentence and what to do: expired, refused, failed, logged in, and a phone that cannot scan itself.

use flow::error::{Code, LoginError};
use flow::screen::{Body, Button};
use flow::text::Text;
use gloo_events::EventListener;
use protocol::service::ErrorCode;
use web_sys::{Element, Node};

use super::dom::{Dom, hide, put};

/// The notice.
pub struct Notice {
    place: Element,
    title: Element,
    hint: Element,
    code: Element,
    again: Element,
    again_label: Element,
    open_page: Element,
    copy: Element,
    copied: Element,
    show_qr: Element,
    _copy: EventListener,
}

struct Content {
    kind: &'static str,
    title: Text,
    hint: Option<Text>,
    again: Option<Text>,
}

impl Notice {
    /// Hidden.
    pub fn new(dom: &mut Dom, body: &Node) -> Self {
        let place = dom.add(body, "div", "place notice");
        let sign = dom.add(&place, "span", "sign");
        dom.attribute(&sign, "aria-hidden", "true");
        let title = dom.add(&place, "h3", "subtitle");
        let hint = dom.add(&place, "p", "hint");
        let again = dom.bare_button(&place, "button primary", Button::StartAgain);
        let again_label = dom.add(&again, "span", "");
        let open_page = dom.button(&place, "button second", Button::OpenPage, Text::OpenPage);
        let copy = dom.add(&place, "button", "button primary");
        dom.attribute(&copy, "type", "button");
        dom.text(&copy, "span", "", Text::CopyLink);
        let copied = dom.text(&place, "p", "hint", Text::Copied);
        dom.attribute(&copied, "role", "status");
        hide(&copied, true);
        let show_qr = dom.button(&place, "button quiet", Button::ShowQr, Text::ShowQr);
        let code = dom.add(&place, "p", "code");
        let shown = copied.clone();
        let copy_listener = EventListener::new(&copy, "click", move |_| {
            if copy_address().is_some() {
                hide(&shown, false);
            }
        });
        Self {
            place,
            title,
            hint,
            code,
            again,
            again_label,
            open_page,
            copy,
            copied,
            show_qr,
            _copy: copy_listener,
        }
    }

    /// Shows it, or hides it; gives what is to be said aloud.
    pub fn show(&self, dom: &Dom, body: &Body<'_>) -> Option<String> {
        let content = content(body);
        hide(&self.place, content.is_none());
        let phone = *body == Body::Phone;
        hide(&self.copy, !phone);
        hide(&self.show_qr, !phone);
        // It is shown by the press alone, and goes with the phone's page.
        if !phone {
            hide(&self.copied, true);
        }
        let content = content?;
        let hint = content.hint.map_or("", |hint| dom.say(hint));
        dom.attribute(&self.place, "data-kind", content.kind);
        put(&self.title, dom.say(content.title));
        put(&self.hint, hint);
        hide(&self.again, content.again.is_none());
        put(&self.again_label, content.again.map_or("", |again| dom.say(again)));

        let (code, page) = match body {
            Body::Failed { error, page } => (Some(error.code.as_str()), *page),
            _ => (None, false),
        };
        hide(&self.open_page, !page);
        hide(&self.code, code.is_none());
        let mut text = String::from(dom.say(Text::ErrorCode));
        text.push_str(code.unwrap_or_default());
        put(&self.code, &text);

        let mut said = String::from(dom.say(content.title));
        said.push(' ');
        said.push_str(hint);
        Some(said)
    }
}

fn content(body: &Body<'_>) -> Option<Content> {
    Some(match body {
        Body::Expired => Content {
            kind: "expired",
            title: Text::ExpiredTitle,
            hint: Some(Text::ExpiredHint),
            again: Some(Text::Refresh),
        },
        Body::Denied => Content {
            kind: "denied",
            title: Text::DeniedTitle,
            hint: Some(Text::DeniedHint),
            again: Some(Text::TryAgain),
        },
        Body::Done => Content { kind: "done", title: Text::DoneTitle, hint: None, again: None },
        Body::Phone => {
            Content { kind: "phone", title: Text::PhoneTitle, hint: Some(Text::PhoneHint), again: None }
        }
        Body::Failed { error, .. } => Content {
            kind: "error",
            title: Text::ErrorTitle,
            hint: Some(advice(error)),
            again: can_try_again(error).then_some(Text::TryAgain),
        },
        _ => return None,
    })
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
fn can_try_again(error: &LoginError) -> bool {
    !matches!(
        error.code,
        Code::Unsupported
            | Code::Service(
                ErrorCode::InvalidRequest | ErrorCode::UnknownClient | ErrorCode::UnregisteredOrigin
            )
    )
}

/// Copies the page's address, where the browser lets us.
fn copy_address() -> Option<()> {
    let window = web_sys::window()?;
    let clipboard = window.navigator().clipboard();
    if clipboard.is_undefined() {
        return None;
    }
    // A refusal has nowhere to go: the address bar still has the address.
    drop(clipboard.write_text(&window.location().href().ok()?));
    Some(())
}
