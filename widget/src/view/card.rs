//! Fast login: the person whom the local WeChat named, and WeChat's question to them. All of it hostile text.

use flow::screen::{Body, Button, Person};
use flow::text::Text;
use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlImageElement, Node};

use super::dom::{Dom, hide, put};

/// An avatar, drawn until the picture is there, and where it never comes.
struct Avatar {
    element: Element,
    picture: Option<(HtmlImageElement, EventListener)>,
}

impl Avatar {
    fn new(dom: &Dom, parent: &Node, classes: &str) -> Self {
        let element = dom.add(parent, "span", classes);
        dom.attribute(&element, "aria-hidden", "true");
        Self { element, picture: None }
    }

    fn show(&mut self, dom: &Dom, address: Option<&str>) {
        if self.picture.as_ref().map(|(picture, _)| picture.src()).as_deref() == address {
            return;
        }
        if let Some((picture, _)) = self.picture.take() {
            picture.remove();
        }
        let Some(address) = address else { return };
        let Ok(picture) = dom.add(&self.element, "img", "picture").dyn_into::<HtmlImageElement>() else {
            return;
        };
        picture.set_alt("");
        picture.set_referrer_policy("no-referrer");
        picture.set_decoding("async");
        let broken = picture.clone();
        let listener = EventListener::once(&picture, "error", move |_| broken.remove());
        picture.set_src(address);
        self.picture = Some((picture, listener));
    }
}

/// The button that logs in as the person it names.
pub struct Continue {
    button: Element,
    avatar: Option<Avatar>,
    before: Element,
    name: Element,
    after: Element,
}

impl Continue {
    /// With a small avatar inside, or without.
    pub fn new(dom: &Dom, parent: &Node, classes: &str, with_avatar: bool) -> Self {
        let button = dom.bare_button(parent, classes, Button::Continue);
        let avatar = with_avatar.then(|| Avatar::new(dom, &button, "avatar small"));
        let before = dom.add(&button, "span", "");
        let name = dom.add(&button, "bdi", "name");
        let after = dom.add(&button, "span", "");
        Self { button, avatar, before, name, after }
    }

    /// Shows whom, or nothing.
    pub fn show(&mut self, dom: &Dom, person: Option<&Person<'_>>) {
        hide(&self.button, person.is_none());
        let Some(person) = person else {
            // Out of sight is not out of the page: nobody's name is left behind.
            put(&self.name, "");
            return;
        };
        let nickname = person.nickname.trim();
        let (before, after) = if nickname.is_empty() {
            (Text::ContinueUnnamed, Text::ContinueAfter)
        } else {
            (Text::ContinueBefore, Text::ContinueAfter)
        };
        put(&self.before, dom.say(before));
        put(&self.name, nickname);
        put(&self.after, if nickname.is_empty() { "" } else { dom.say(after) });
        if let Some(avatar) = &mut self.avatar {
            avatar.show(dom, person.avatar);
        }
    }
}

/// The card.
pub struct Card {
    place: Element,
    avatar: Avatar,
    name: Element,
    go_on: Continue,
}

impl Card {
    /// Hidden.
    pub fn new(dom: &mut Dom, body: &Node) -> Self {
        let place = dom.add(body, "div", "place card");
        let avatar = Avatar::new(dom, &place, "avatar");
        let name = dom.add(&place, "bdi", "nickname");
        dom.text(&place, "p", "hint", Text::CardHint);
        let go_on = Continue::new(dom, &place, "button primary", false);
        let others = dom.add(&place, "div", "others");
        dom.button(&others, "button quiet", Button::ScanInstead, Text::ScanInstead);
        dom.button(&others, "button quiet", Button::OtherAccount, Text::OtherAccount);
        Self { place, avatar, name, go_on }
    }

    /// Shows the card, or hides it; gives what is to be said aloud.
    pub fn show(&mut self, dom: &Dom, body: &Body<'_>) -> Option<String> {
        let person = if let Body::Card(person) = body { Some(person) } else { None };
        hide(&self.place, person.is_none());
        self.go_on.show(dom, person);
        put(&self.name, person.map_or("", |person| person.nickname));
        self.avatar.show(dom, person.and_then(|person| person.avatar));
        person.map(|_| dom.say(Text::CardHint).into())
    }
}

/// WeChat asks; or the service works.
pub struct Confirming {
    place: Element,
    title: Element,
    hint: Element,
    cancel: Element,
}

impl Confirming {
    /// Hidden.
    pub fn new(dom: &mut Dom, body: &Node) -> Self {
        let place = dom.add(body, "div", "place");
        dom.add(&place, "span", "spinner");
        let title = dom.add(&place, "h3", "subtitle");
        let hint = dom.text(&place, "p", "hint", Text::ConfirmHint);
        let cancel = dom.button(&place, "button second", Button::Cancel, Text::Cancel);
        Self { place, title, hint, cancel }
    }

    /// Shows it, or hides it; gives what is to be said aloud.
    pub fn show(&self, dom: &Dom, body: &Body<'_>) -> Option<String> {
        let asking = *body == Body::Confirming;
        let seen = asking || *body == Body::Finishing;
        hide(&self.place, !seen);
        hide(&self.hint, !asking);
        hide(&self.cancel, !asking);
        let title = dom.say(if asking { Text::ConfirmTitle } else { Text::Finishing });
        put(&self.title, title);
        seen.then(|| {
            let mut said = String::from(title);
            if asking {
                said.push(' ');
                said.push_str(dom.say(Text::ConfirmHint));
            }
            said
        })
    }
}
