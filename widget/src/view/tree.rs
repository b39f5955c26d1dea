//! The panel's elements, as one table: what is inside of what, what it always says, what a press on it means.
//!
//! A table, because a call for every element would be a third of the widget.

use alloc::vec::Vec;

use flow::screen::Button;
use flow::text::{Language, Text};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Node};

// The browser's own, without the exceptions that it does not throw for names and values of our own.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Document)]
    type Maker;
    #[wasm_bindgen(method, js_name = createElement)]
    fn create(this: &Maker, tag: &str) -> Element;
    #[wasm_bindgen(method, js_name = createElementNS)]
    fn create_in(this: &Maker, namespace: &str, tag: &str) -> Element;

    type Patched;
    #[wasm_bindgen(method, js_name = setAttribute)]
    fn set_attribute(this: &Patched, name: &str, value: &str);
    #[wasm_bindgen(method, js_name = toggleAttribute)]
    fn toggle_attribute(this: &Patched, name: &str, on: bool);
    #[wasm_bindgen(method)]
    fn append(this: &Patched, child: &Element);
}

/// A row of the table: the parent, the tag, the classes, which are its parts too, what it says, what a press means.
type Row = (Part, &'static str, &'static str, Text, Option<Button>);

macro_rules! tree {
    ($($name:ident = $parent:ident, $tag:literal, $classes:literal $(, $text:ident)? $(=> $button:ident)?;)*) => {
        /// An element of the panel.
        #[derive(Clone, Copy, PartialEq)]
        #[allow(missing_docs, dead_code, reason = "the table below says what they are; not each is patched")]
        pub enum Part {
            $($name,)*
        }

        const TREE: &[Row] = &[$((
            Part::$parent,
            $tag,
            $classes,
            [$(Text::$text,)? Text::Nothing][0],
            [$(Some(Button::$button),)? None][0],
        )),*];
    };
}

tree! {
    Panel = Panel, "div", "panel";

    Header = Panel, "header", "header";
    Mark = Header, "span", "mark";
    Titles = Header, "div", "titles";
    Title = Titles, "h2", "title", LogIn;
    Site = Titles, "bdi", "site";

    Body = Panel, "div", "body";

    Waiting = Body, "div", "place waiting";
    WaitingSquare = Waiting, "div", "bone square";
    WaitingLine = Waiting, "div", "bone line";

    Card = Body, "div", "place card";
    CardAvatar = Card, "span", "avatar";
    CardName = Card, "bdi", "nickname";
    CardHint = Card, "p", "hint", CardHint;
    Continue = Card, "button", "button primary" => Continue;
    ContinueBefore = Continue, "span", "";
    ContinueName = Continue, "bdi", "name";
    ContinueAfter = Continue, "span", "";
    Others = Card, "div", "others";
    ScanInstead = Others, "button", "button quiet", ScanInstead => ScanInstead;
    OtherAccount = Others, "button", "button quiet", OtherAccount => OtherAccount;

    Confirming = Body, "div", "place";
    ConfirmSpinner = Confirming, "span", "spinner";
    ConfirmTitle = Confirming, "h3", "subtitle";
    ConfirmHint = Confirming, "p", "hint", ConfirmHint;
    Cancel = Confirming, "button", "button second", Cancel => Cancel;

    Qr = Body, "div", "place qr";
    QrSkeleton = Qr, "div", "waiting";
    QrSquare = QrSkeleton, "div", "bone square";
    QrLine = QrSkeleton, "div", "bone line";

    Scene = Body, "div", "place scene";
    QrImage = Scene, "svg", "code-image";
    QrPath = QrImage, "path", "";
    SceneTitle = Scene, "p", "hint";
    NumberLine = Scene, "p", "digits";
    NumberLabel = NumberLine, "span", "spoken", Number;
    Number = NumberLine, "span", "number";
    TimeLeft = Scene, "p", "time-left";
    CopyScan = Scene, "button", "button quiet" => CopyLink;

    Elsewhere = Body, "div", "place";
    ElsewhereLarge = Elsewhere, "div", "large";
    ElsewhereMark = ElsewhereLarge, "span", "mark";
    ElsewhereHint = Elsewhere, "p", "hint";
    ElsewhereOpen = Elsewhere, "button", "button primary", LogIn => OpenPage;

    Notice = Body, "div", "place notice";
    Sign = Notice, "span", "sign";
    NoticeTitle = Notice, "h3", "subtitle";
    NoticeHint = Notice, "p", "hint";
    StartAgain = Notice, "button", "button primary" => StartAgain;
    NoticePage = Notice, "button", "button second", OpenPage => OpenPage;
    CopyLink = Notice, "button", "button primary", CopyLink => CopyLink;
    ShowQr = Notice, "button", "button quiet", ShowQr => ShowQr;
    ErrorCode = Notice, "p", "code";

    Footer = Panel, "footer", "footer";
    Note = Footer, "p", "note";
    UseThisComputer = Footer, "button", "button second offer", UseThisComputer => UseThisComputer;
    Asking = Footer, "p", "asking";
    AskingSpinner = Asking, "span", "spinner small";
    AskingHint = Asking, "span", "", AskingHint;
    Offer = Footer, "button", "button second offer" => Continue;
    OfferAvatar = Offer, "span", "avatar small";
    OfferBefore = Offer, "span", "";
    OfferName = Offer, "bdi", "name";
    OfferAfter = Offer, "span", "";
    FootPage = Footer, "button", "button quiet", OpenPage => OpenPage;

    Emulator = Panel, "p", "emulator", Emulator;
    Live = Panel, "p", "live";
}

/// The words of `data-press`, by which a press is told.
const BUTTONS: [(Button, &str); 9] = [
    (Button::Continue, "continue"),
    (Button::ScanInstead, "scan"),
    (Button::OtherAccount, "other-account"),
    (Button::UseThisComputer, "use-this-computer"),
    (Button::Cancel, "cancel"),
    (Button::StartAgain, "start-again"),
    (Button::OpenPage, "open-page"),
    (Button::ShowQr, "show-qr"),
    (Button::CopyLink, "copy-link"),
];

/// The button that an event's target is, or is inside of.
pub fn pressed(target: &Element) -> Option<Button> {
    let word = target.closest("[data-press]").ok()??.get_attribute("data-press")?;
    BUTTONS.iter().find(|(_, known)| *known == word).map(|(button, _)| *button)
}

/// A new element at the end of `parent`. Its classes are its parts as well, so that a page can style it.
pub fn add(document: &Document, parent: &Node, tag: &str, classes: &str) -> Element {
    let maker = document.unchecked_ref::<Maker>();
    let element = match tag {
        "svg" | "path" => maker.create_in("http://www.w3.org/2000/svg", tag),
        _ => maker.create(tag),
    };
    if !classes.is_empty() {
        set(&element, "class", classes);
        set(&element, "part", classes);
    }
    if tag == "button" {
        set(&element, "type", "button");
    }
    parent.unchecked_ref::<Patched>().append(&element);
    element
}

/// Sets an attribute.
pub fn set(element: &Element, name: &str, value: &str) {
    element.unchecked_ref::<Patched>().set_attribute(name, value);
}

/// The panel's elements.
pub struct Tree {
    document: Document,
    language: Language,
    panel: Element,
    elements: Vec<Element>,
}

impl Tree {
    /// The whole panel, at the end of `parent`.
    pub fn new(document: &Document, parent: &Node, language: Language) -> Self {
        let mut elements: Vec<Element> = Vec::new();
        for (place, tag, classes, _, button) in TREE {
            // The first row is its own parent: it stands in the page.
            let parent = elements.get(*place as usize).map_or(parent, |element| element);
            let element = add(document, parent, tag, classes);
            if let Some((_, word)) = BUTTONS.iter().find(|(known, _)| Some(*known) == *button) {
                set(&element, "data-press", word);
            }
            elements.push(element);
        }
        // The table has a first row.
        let panel = elements.first().unwrap_throw().clone();
        let tree = Self { document: document.clone(), language, panel, elements };
        tree.attribute(Part::Panel, "role", "group");
        tree.attribute(Part::Panel, "tabindex", "-1");
        tree.attribute(Part::Live, "role", "status");
        tree.attribute(Part::TimeLeft, "role", "timer");
        tree.attribute(Part::QrImage, "role", "img");
        for silent in [Part::Mark, Part::ElsewhereMark, Part::Sign, Part::CardAvatar, Part::OfferAvatar] {
            tree.attribute(silent, "aria-hidden", "true");
        }
        tree.label();
        tree
    }

    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The element.
    pub fn get(&self, part: Part) -> &Element {
        // Each part is in the table.
        self.elements.get(part as usize).unwrap_or(&self.panel)
    }

    /// The sentence in the panel's language.
    pub fn text(&self, text: Text) -> &'static str {
        text.say(self.language)
    }

    /// Sets an attribute.
    pub fn attribute(&self, part: Part, name: &str, value: &str) {
        set(self.get(part), name, value);
    }

    /// Hides it from everybody, or shows it.
    pub fn hide(&self, part: Part, hidden: bool) {
        self.get(part).unchecked_ref::<Patched>().toggle_attribute("hidden", hidden);
    }

    /// Writes text where it is not there already: a live region says what is written, however often.
    pub fn put(&self, part: Part, text: &str) {
        let element = self.get(part);
        if element.text_content().as_deref() != Some(text) {
            element.set_text_content(Some(text));
        }
    }

    /// Writes a sentence.
    pub fn say(&self, part: Part, text: Text) {
        self.put(part, self.text(text));
    }

    /// Says everything that is always said in another language.
    pub fn relabel(&mut self, language: Language) {
        if language != self.language {
            self.language = language;
            self.label();
        }
    }

    fn label(&self) {
        self.attribute(Part::Panel, "aria-label", self.text(Text::LogIn));
        self.attribute(Part::QrImage, "aria-label", self.text(Text::QrTitle));
        for (element, (.., text, _)) in self.elements.iter().zip(TREE) {
            if *text != Text::Nothing {
                element.set_text_content(Some(self.text(*text)));
            }
        }
    }
}
