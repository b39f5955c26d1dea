//! Fast login: the person whom the local WeChat named, and WeChat's question to them. All of it hostile text.

use flow::screen::Person;
use flow::text::Text;
use wasm_bindgen::JsCast;
use web_sys::HtmlImageElement;

use super::Said;
use super::tree::{Part, Tree, add};

/// The card.
pub fn show(tree: &Tree, person: &Person<'_>) -> Said {
    tree.put(Part::CardName, person.nickname);
    avatar(tree, Part::CardAvatar, person.avatar);
    go_on(tree, person, [Part::ContinueBefore, Part::ContinueName, Part::ContinueAfter]);
    [Text::CardHint, Text::Nothing]
}

/// The same beside the QR code, or nothing: out of sight is not out of the page, so nobody's name is left behind.
pub fn offer(tree: &Tree, person: Option<&Person<'_>>) {
    tree.hide(Part::Offer, person.is_none());
    let person = person.copied().unwrap_or(Person { nickname: "", avatar: None });
    avatar(tree, Part::OfferAvatar, person.avatar);
    go_on(tree, &person, [Part::OfferBefore, Part::OfferName, Part::OfferAfter]);
}

/// WeChat asks; or, where it has been answered, the service works.
pub fn ask(tree: &Tree, asking: bool) -> Said {
    tree.hide(Part::ConfirmHint, !asking);
    tree.hide(Part::Cancel, !asking);
    let said =
        if asking { [Text::ConfirmTitle, Text::ConfirmHint] } else { [Text::Finishing, Text::Nothing] };
    tree.say(Part::ConfirmTitle, said[0]);
    said
}

/// What stands on the button that logs in as somebody.
fn go_on(tree: &Tree, person: &Person<'_>, [before, name, after]: [Part; 3]) {
    let nickname = person.nickname.trim_ascii();
    let named = !nickname.is_empty();
    tree.say(before, if named { Text::ContinueBefore } else { Text::ContinueUnnamed });
    tree.put(name, nickname);
    tree.say(after, if named { Text::ContinueAfter } else { Text::Nothing });
}

/// A picture over the drawn avatar, which is seen until it has come, and where it never comes.
fn avatar(tree: &Tree, part: Part, address: Option<&str>) {
    let place = tree.get(part);
    let shown = place.first_element_child().map(JsCast::unchecked_into::<HtmlImageElement>);
    if shown.as_ref().map(HtmlImageElement::src).as_deref() == address {
        return;
    }
    place.set_text_content(None);
    if let Some(address) = address {
        let picture: HtmlImageElement = add(tree.document(), place, "img", "picture").unchecked_into();
        picture.set_alt("");
        picture.set_referrer_policy("no-referrer");
        picture.set_src(address);
    }
}
