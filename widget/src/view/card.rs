//! Fast login: the person whom the local WeChat named, and WeChat's question to them. All of it hostile text.
//!
//! Out of sight is not out of the page, so nobody's name is left behind.

use flow::screen::Person;
use flow::text::Text;

use super::tree::Part;
use super::{Said, View};
use crate::dom;

const NOBODY: Person<'_> = Person { nickname: "", avatar: None };

/// The card.
pub fn show(view: &View, person: Option<&Person<'_>>) {
    let person = person.unwrap_or(&NOBODY);
    view.put(Part::CardName, person.nickname);
    picture(view, Part::CardAvatar, person.avatar);
    go_on(view, person, [Part::ContinueBefore, Part::ContinueName, Part::ContinueAfter]);
}

/// The same beside the QR code, or nothing.
pub fn offer(view: &View, person: Option<&Person<'_>>) {
    view.hide(Part::Offer, person.is_none());
    let person = person.unwrap_or(&NOBODY);
    picture(view, Part::OfferAvatar, person.avatar);
    go_on(view, person, [Part::OfferBefore, Part::OfferName, Part::OfferAfter]);
}

/// WeChat asks; or, where it has been answered, the service works.
pub fn ask(view: &View, asking: bool) -> Said {
    view.hide(Part::ConfirmHint, !asking);
    view.hide(Part::Cancel, !asking);
    let said =
        if asking { [Text::ConfirmTitle, Text::ConfirmHint] } else { [Text::Finishing, Text::Nothing] };
    view.say(Part::ConfirmTitle, said[0]);
    said
}

/// What stands on the button that logs in as somebody.
fn go_on(view: &View, person: &Person<'_>, [before, name, after]: [Part; 3]) {
    let nickname = person.nickname.trim_ascii();
    let named = !nickname.is_empty();
    view.say(before, if named { Text::ContinueBefore } else { Text::ContinueUnnamed });
    view.put(name, nickname);
    view.say(after, if named { Text::ContinueAfter } else { Text::Nothing });
}

/// A picture over the drawn one, which is seen until it has come, and where it never comes.
fn picture(view: &View, part: Part, address: Option<&str>) {
    let Some(place) = view.at(part) else { return };
    let shown = place.first_element_child();
    if shown.as_ref().and_then(|picture| picture.get_attribute("src")).as_deref() == address {
        return;
    }
    if let Some(shown) = shown {
        shown.remove();
    }
    let Some(address) = address else { return };
    let document = view.root.owner_document();
    let Some(picture) = document.and_then(|document| dom::make(&document, "img", "picture")) else { return };
    dom::set(&picture, "alt", "");
    dom::set(&picture, "referrerpolicy", "no-referrer");
    dom::set(&picture, "src", address);
    dom::append(place, &picture);
}
