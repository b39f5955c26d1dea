//! An address that is to be opened in WeChat: a button that copies it, and the address itself where that did not work.

use flow::screen::Copying;

use super::View;
use super::tree::Part;
use crate::dom;

/// Shows `button`, or in its place the label `by_hand` with the field `address`.
pub fn show(view: &View, copying: Copying<'_>, [button, by_hand, address]: [Part; 3]) {
    let by_hand_now = if let Copying::ByHand(address) = copying { Some(address) } else { None };
    // Asked first: what is hidden has the focus no longer.
    let is_with_us = view.focused().is_some();
    view.hide(button, by_hand_now.is_some());
    view.hide(by_hand, by_hand_now.is_none());
    let Some(field) = view.at(address) else { return };
    let value = by_hand_now.unwrap_or_default();
    // It was pressed a moment ago, or has another address; else the choice is the person's.
    let is_news = field.get_attribute("value").unwrap_or_default() != value;
    dom::set(field, "value", value);
    if is_news && by_hand_now.is_some() && is_with_us {
        dom::choose(field);
    }
}
