//! Fast login: the person whom the local WeChat named, and WeChat's question to them. All of it hostile text.

use super::tree::Part;
use super::{Said, View};
use flow::screen::Person;
use flow::text::Text;

/// The card.
pub fn show(view: &View, person: &Person<'_>) -> Said {
    view.put(Part::CardName, person.nickname);
    view.browser.picture(Part::CardAvatar as i32, person.avatar);
    go_on(view, person, [Part::ContinueBefore, Part::ContinueName, Part::ContinueAfter]);
    [Text::CardHint, Text::Nothing]
}

/// The same beside the QR code, or nothing: out of sight is not out of the page, so nobody's name is left behind.
pub fn offer(view: &View, person: Option<&Person<'_>>) {
    view.hide(Part::Offer, person.is_none());
    let person = person.copied().unwrap_or(Person { nickname: "", avatar: None });
    view.browser.picture(Part::OfferAvatar as i32, person.avatar);
    go_on(view, &person, [Part::OfferBefore, Part::OfferName, Part::OfferAfter]);
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
