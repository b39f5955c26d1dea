//! With `display="button"`: the button, and the browser's own dialog around the panel, which keeps the focus inside.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement};

use super::tree::Part;
use super::{View, now};
use crate::dom;

impl View {
    /// Shows the button.
    pub fn show_trigger(&self) {
        self.enter(Part::Trigger);
    }

    /// Shows the panel in a dialog, over everything else.
    pub fn open_dialog(&self) {
        let Some(dialog) = self.enter(Part::Dialog) else { return };
        if let Some(panel) = self.at(Part::Panel) {
            // The close button comes after it: a dialog gives the focus to what comes first.
            let close = self.at(Part::Close).map(|close| -> &web_sys::Node { close });
            let _ = dialog.insert_before(panel, close);
        }
        self.hearing.opened.set(now(&self.root));
        if dialog.unchecked_ref::<HtmlDialogElement>().show_modal().is_err() {
            // Without a modal dialog the panel still stands in the page.
            dom::toggle(dialog, "open", true);
        }
        self.focus(Part::Panel);
    }

    /// Takes the dialog away, and the panel in it. Nobody is told.
    pub fn close_dialog(&self) {
        // In our root: that may be in no page any more.
        let Some(dialog) = self.at(Part::Dialog).filter(|dialog| dialog.parent_node().is_some()) else {
            return;
        };
        // While the panel is still there: the browser gives the focus back to what had it.
        dialog.unchecked_ref::<HtmlDialogElement>().close();
        self.clear();
        dialog.remove();
        // A press gives the focus to no button everywhere, and so it may have come from nowhere.
        let document = self.root.owner_document();
        let active = document.as_ref().and_then(web_sys::Document::active_element);
        if active.is_none_or(|active: Element| active.local_name() == "body") {
            self.focus(Part::Trigger);
        }
    }
}
