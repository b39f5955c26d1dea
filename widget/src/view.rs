//! What is seen: draws a `Screen`. Decides nothing.
//!
//! The panel is one tree (`tree`), built once, then patched: what stays the same stays the same element, so that nothing
//! jumps and the focus is kept.

mod card;
mod notice;
mod scene;
pub mod tree;

use alloc::string::String;
use core::cell::Cell;

use flow::screen::{Body, Frame, Offer, Screen};
use flow::text::{Language, Text};
use protocol::qrconnect::ColorScheme;

use crate::browser::Browser;
use tree::Part;

/// What may change while a login goes on.
pub type Dress = (Language, ColorScheme);

/// What is seen of an element.
pub struct View {
    pub browser: Browser,
    dress: Cell<Dress>,
    /// The frame that is seen, and the one before it.
    frames: Cell<[i32; 2]>,
}

/// What is said aloud when it comes to be seen: a heading and a sentence.
type Said = [Text; 2];

/// The places of the middle, one of which is seen.
const PLACES: [Part; 7] =
    [Part::Waiting, Part::Card, Part::Confirming, Part::Qr, Part::Scene, Part::Elsewhere, Part::Notice];

/// A frame's part, behind those of the tables; the first of them is none.
pub fn frame_part(frame: Option<&Frame>) -> i32 {
    tree::FRAMES + frame.map_or(0, |frame| frame.number as i32)
}

impl View {
    /// Nothing is seen yet.
    pub fn new(browser: Browser, dress: Dress) -> Self {
        Self { browser, dress: Cell::new(dress), frames: Cell::new([tree::FRAMES; 2]) }
    }

    /// Puts the elements of a table at the end of `parent`.
    pub fn build(&self, first: Part, parent: Part, table: &str) {
        self.browser.build(first as i32, parent as i32, table);
        self.dress(self.dress.get());
    }

    /// Takes the panel out of the page.
    pub fn clear(&self) {
        for part in &self.frames.replace([tree::FRAMES; 2]) {
            self.browser.remove(*part);
        }
        self.browser.remove(Part::Panel as i32);
    }

    /// Takes another language and theme. What [`View::show`] wrote last stays until it is called again.
    pub fn dress(&self, dress: Dress) {
        self.dress.set(dress);
        let (language, theme) = dress;
        for part in &[Part::Trigger, Part::Dialog, Part::Panel] {
            self.set(*part, "lang", language.tag());
            self.set(*part, "data-theme", theme.as_str());
        }
        for (part, text) in &tree::NAMES {
            self.set(*part, "aria-label", self.text(*text));
        }
        for (part, text) in tree::LABELS {
            self.say(*part, *text);
        }
    }

    /// Shows it.
    pub fn show(&self, screen: &Screen<'_>) {
        self.browser.before(Part::Panel as i32);
        self.set(Part::Panel, "data-phase", screen.phase.as_str());
        self.put(Part::Site, screen.client_name);
        self.hide(Part::Emulator, !screen.emulator);

        let (place, said) = match &screen.body {
            Body::Waiting => (Part::Waiting, [Text::Loading, Text::Nothing]),
            Body::Card(person) => (Part::Card, card::show(self, person)),
            Body::Confirming { .. } => (Part::Confirming, card::ask(self, true)),
            Body::Finishing => (Part::Confirming, card::ask(self, false)),
            Body::Qr { .. } => (Part::Qr, [Text::QrHint, Text::Nothing]),
            Body::Scene(code) => (Part::Scene, scene::show(self, code)),
            Body::Page { hint, .. } => {
                self.say(Part::ElsewhereHint, *hint);
                (Part::Elsewhere, [*hint, Text::Nothing])
            }
            body => (Part::Notice, notice::show(self, body)),
        };
        for part in &PLACES {
            self.hide(*part, *part != place);
        }
        self.show_frames(screen);
        let note = self.foot(&screen.body);

        let mut aloud = String::new();
        for text in &[said[0], said[1], note] {
            if *text != Text::Nothing {
                aloud.push_str(self.text(*text));
                aloud.push(' ');
            }
        }
        self.put(Part::Live, &aloud);
        self.browser.after(Part::Panel as i32);
    }

    /// Below the middle: a word about what happened before, and one more thing to press. Its place is always kept.
    fn foot(&self, body: &Body<'_>) -> Text {
        let (offer, note, page) = match body {
            Body::Qr { offer, note, page, .. } => (*offer, *note, *page),
            Body::Page { offer, note, .. } => (*offer, *note, false),
            Body::Confirming { browser_asks: true } => (Offer::Asking, None, false),
            _ => (Offer::None, None, false),
        };
        let note = note.unwrap_or(Text::Nothing);
        self.say(Part::Note, note);
        self.hide(Part::UseThisComputer, offer != Offer::UseThisComputer);
        self.hide(Part::Asking, offer != Offer::Asking);
        self.hide(Part::FootPage, !page || offer != Offer::None);
        card::offer(self, if let Offer::Continue(person) = &offer { Some(person) } else { None });
        if offer == Offer::Asking { Text::AskingHint } else { note }
    }

    /// Loads and takes away the frames that the screen has and has not.
    fn show_frames(&self, screen: &Screen<'_>) {
        self.hide(Part::QrSkeleton, matches!(screen.body, Body::Qr { ready: true, .. }));
        let browser = &self.browser;
        let wanted = [frame_part(screen.frame), frame_part(screen.former_frame)];
        let [shown, former] = self.frames.replace(wanted);
        for part in &[shown, former] {
            if !wanted.contains(part) {
                browser.remove(*part);
            }
        }
        if shown == wanted[0] {
            return;
        }
        if shown == wanted[1] {
            // A frame that is moved in the page loads again: it steps back where it is.
            browser.set(shown, "class", "former");
            browser.set(shown, "inert", "");
            browser.set(shown, "aria-hidden", "true");
        }
        if let Some(frame) = screen.frame {
            self.load(frame);
        }
    }

    fn load(&self, frame: &Frame) {
        let part = frame_part(Some(frame));
        self.browser.make(part, "iframe");
        let set = |name, value| self.browser.set(part, name, value);
        set("title", self.text(Text::QrTitle));
        set("part", "frame");
        // Top navigation is for the hosted page alone: without a gesture a phone's scan could not move it.
        set(
            "sandbox",
            if frame.top_navigation {
                "allow-scripts allow-same-origin allow-top-navigation"
            } else {
                "allow-scripts allow-same-origin"
            },
        );
        set("allow", if frame.fast_login { "loopback-network; local-network-access" } else { "" });
        set("src", &frame.address);
        self.browser.append(part, Part::Qr as i32);
    }

    fn text(&self, text: Text) -> &'static str {
        text.say(self.dress.get().0)
    }

    fn set(&self, part: Part, name: &str, value: &str) {
        self.browser.set(part as i32, name, value);
    }

    fn hide(&self, part: Part, hidden: bool) {
        self.browser.hide(part as i32, hidden);
    }

    fn put(&self, part: Part, text: &str) {
        self.browser.put(part as i32, text);
    }

    fn say(&self, part: Part, text: Text) {
        self.put(part, self.text(text));
    }
}
