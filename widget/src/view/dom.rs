//! Making and patching elements. Knows languages and buttons; no phase, no layout.

use flow::screen::Button;
use flow::text::{Language, Text};
use wasm_bindgen::UnwrapThrowExt;
use web_sys::{Document, Element, Node};

/// The words of `data-press`, by which a press is told.
const BUTTONS: [(Button, &str); 8] = [
    (Button::Continue, "continue"),
    (Button::ScanInstead, "scan"),
    (Button::OtherAccount, "other-account"),
    (Button::UseThisComputer, "use-this-computer"),
    (Button::Cancel, "cancel"),
    (Button::StartAgain, "start-again"),
    (Button::OpenPage, "open-page"),
    (Button::ShowQr, "show-qr"),
];

/// The button that an event's target is, or is inside of.
pub fn pressed(target: &Element) -> Option<Button> {
    let word = target.closest("[data-press]").ok()??.get_attribute("data-press")?;
    BUTTONS.iter().find(|(_, known)| *known == word).map(|(button, _)| *button)
}

/// Writes text where it is not there already: a live region says what is written, however often.
pub fn put(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Hides it from everybody, or shows it.
pub fn hide(element: &Element, hidden: bool) {
    element.toggle_attribute_with_force("hidden", hidden).ok();
}

enum Where {
    Content,
    Label,
}

/// Makes elements, and knows which of them say something fixed, for another language.
pub struct Dom {
    document: Document,
    language: Language,
    fixed: Vec<(Element, Where, Text)>,
}

impl Dom {
    /// For one panel.
    pub fn new(document: &Document, language: Language) -> Self {
        Self { document: document.clone(), language, fixed: Vec::new() }
    }

    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The sentence in the panel's language.
    pub fn say(&self, text: Text) -> &'static str {
        text.say(self.language)
    }

    /// A new element at the end of `parent`. Its classes are its parts as well, so that a page can style it.
    pub fn add(&self, parent: &Node, tag: &str, classes: &str) -> Element {
        // Neither throws for a name of our own and a parent that we made.
        let element = self.document.create_element(tag).unwrap_throw();
        if !classes.is_empty() {
            element.set_class_name(classes);
            self.attribute(&element, "part", classes);
        }
        parent.append_child(&element).unwrap_throw();
        element
    }

    /// Sets an attribute.
    pub fn attribute(&self, element: &Element, name: &str, value: &str) {
        element.set_attribute(name, value).ok();
    }

    /// A new element that always says the same.
    pub fn text(&mut self, parent: &Node, tag: &str, classes: &str, text: Text) -> Element {
        let element = self.add(parent, tag, classes);
        put(&element, self.say(text));
        self.fixed.push((element.clone(), Where::Content, text));
        element
    }

    /// Gives an element a name for those who cannot see it.
    pub fn label(&mut self, element: &Element, text: Text) {
        self.attribute(element, "aria-label", self.say(text));
        self.fixed.push((element.clone(), Where::Label, text));
    }

    /// A new button without content.
    pub fn bare_button(&self, parent: &Node, classes: &str, button: Button) -> Element {
        let element = self.add(parent, "button", classes);
        self.attribute(&element, "type", "button");
        if let Some((_, word)) = BUTTONS.iter().find(|(known, _)| *known == button) {
            self.attribute(&element, "data-press", word);
        }
        element
    }

    /// A new button that always says the same.
    pub fn button(&mut self, parent: &Node, classes: &str, button: Button, text: Text) -> Element {
        let element = self.bare_button(parent, classes, button);
        self.text(&element, "span", "", text);
        element
    }

    /// Our mark: a bubble with two eyes. Drawn by CSS, says nothing.
    pub fn mark(&self, parent: &Node) {
        let mark = self.add(parent, "span", "mark");
        self.attribute(&mark, "aria-hidden", "true");
    }

    /// Says everything that is fixed in another language.
    pub fn relabel(&mut self, language: Language) {
        if language == self.language {
            return;
        }
        self.language = language;
        for (element, place, text) in &self.fixed {
            match place {
                Where::Content => put(element, text.say(language)),
                Where::Label => self.attribute(element, "aria-label", text.say(language)),
            }
        }
    }
}
