//! Below the QR code: a word about what happened, and one more thing to press. Its place is always kept.

use flow::screen::{Body, Button, Offer};
use flow::text::Text;
use web_sys::{Element, Node};

use super::card::Continue;
use super::dom::{Dom, hide, put};

/// The foot.
pub struct Foot {
    note: Element,
    ask: Element,
    asking: Element,
    go_on: Continue,
    open_page: Element,
}

impl Foot {
    /// Empty.
    pub fn new(dom: &mut Dom, panel: &Node) -> Self {
        let foot = dom.add(panel, "footer", "footer");
        let note = dom.add(&foot, "p", "note");
        let ask = dom.button(&foot, "button second offer", Button::UseThisComputer, Text::UseThisComputer);
        let asking = dom.add(&foot, "p", "asking");
        dom.add(&asking, "span", "spinner small");
        dom.text(&asking, "span", "", Text::AskingHint);
        let go_on = Continue::new(dom, &foot, "button second offer", true);
        let open_page = dom.button(&foot, "button quiet", Button::OpenPage, Text::OpenPage);
        Self { note, ask, asking, go_on, open_page }
    }

    /// Shows what belongs to the body; gives what is to be said aloud.
    pub fn show(&mut self, dom: &Dom, body: &Body<'_>) -> Option<String> {
        let (offer, note, page) = match body {
            Body::Qr { offer, note, page, .. } => (*offer, *note, *page),
            Body::Page { offer, note, .. } => (*offer, *note, false),
            _ => (Offer::None, None, false),
        };
        put(&self.note, note.map_or("", |note| dom.say(note)));
        hide(&self.ask, offer != Offer::UseThisComputer);
        hide(&self.asking, offer != Offer::Asking);
        self.go_on.show(dom, if let Offer::Continue(person) = &offer { Some(person) } else { None });
        hide(&self.open_page, !page || offer != Offer::None);

        let note = note.or((offer == Offer::Asking).then_some(Text::AskingHint))?;
        let mut said = String::from(" ");
        said.push_str(dom.say(note));
        Some(said)
    }
}
