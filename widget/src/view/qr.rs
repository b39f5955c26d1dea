//! The QR code: WeChat's page in its frame, or the way to it on a page of its own.

use flow::event::Event;
use flow::screen::{Body, Button, Frame, Screen};
use flow::text::Text;
use gloo_events::EventListener;
use web_sys::{Element, MessageEvent, Node};

use super::dom::{Dom, hide, put};
use crate::frame::LoadedFrame;

/// The frame, and the one before it out of sight.
pub struct Qr {
    place: Element,
    skeleton: Element,
    shown: Option<LoadedFrame>,
    former: Option<LoadedFrame>,
    loaded: Option<EventListener>,
}

impl Qr {
    /// Hidden, without a frame.
    pub fn new(dom: &mut Dom, body: &Node) -> Self {
        let place = dom.add(body, "div", "place qr");
        let skeleton = dom.add(&place, "div", "waiting");
        dom.add(&skeleton, "div", "bone square");
        dom.add(&skeleton, "div", "bone line");
        Self { place, skeleton, shown: None, former: None, loaded: None }
    }

    /// Shows the QR code, or takes it away; gives what is to be said aloud.
    pub fn show(&mut self, dom: &Dom, screen: &Screen<'_>) -> Option<String> {
        self.reconcile(dom, screen);
        let Body::Qr { ready, .. } = screen.body else {
            hide(&self.place, true);
            return None;
        };
        hide(&self.place, false);
        if ready {
            hide(&self.skeleton, true);
        }
        Some(dom.say(Text::QrHint).into())
    }

    /// What one of our frames says.
    pub fn heard(&self, message: &MessageEvent) -> Option<Event> {
        self.shown.iter().chain(&self.former).find_map(|frame| frame.heard(message))
    }

    /// Takes both away.
    pub fn remove_frames(&mut self) {
        self.loaded = None;
        self.shown = None;
        self.former = None;
    }

    fn reconcile(&mut self, dom: &Dom, screen: &Screen<'_>) {
        let wanted = |frame: &LoadedFrame, wanted: Option<&Frame>| {
            wanted.is_some_and(|wanted| wanted.number == frame.number())
        };
        // A frame that is moved in the page loads again: it steps back where it is.
        if let Some(frame) = self.shown.take_if(|frame| !wanted(frame, screen.frame)) {
            self.loaded = None;
            if wanted(&frame, screen.former_frame) {
                dom.attribute(frame.element(), "class", "former");
                dom.attribute(frame.element(), "inert", "");
                dom.attribute(frame.element(), "aria-hidden", "true");
                self.former = Some(frame);
            }
        }
        self.former.take_if(|frame| !wanted(frame, screen.former_frame));
        if self.shown.is_some() {
            return;
        }
        hide(&self.skeleton, false);
        let Some(frame) =
            screen.frame.and_then(|frame| LoadedFrame::new(dom.document(), frame, dom.say(Text::QrTitle)))
        else {
            return;
        };
        let skeleton = self.skeleton.clone();
        self.loaded = Some(EventListener::once(frame.element(), "load", move |_| hide(&skeleton, true)));
        self.place.append_child(frame.element()).ok();
        self.shown = Some(frame);
    }
}

/// The way to a page of its own, where nothing is framed here.
pub struct Elsewhere {
    place: Element,
    hint: Element,
}

impl Elsewhere {
    /// Hidden.
    pub fn new(dom: &mut Dom, body: &Node) -> Self {
        let place = dom.add(body, "div", "place");
        let mark = dom.add(&place, "div", "large");
        dom.mark(&mark);
        let hint = dom.add(&place, "p", "hint");
        dom.button(&place, "button primary", Button::OpenPage, Text::LogIn);
        Self { place, hint }
    }

    /// Shows it, or hides it; gives what is to be said aloud.
    pub fn show(&self, dom: &Dom, body: &Body<'_>) -> Option<String> {
        let hint = if let Body::Page { hint, .. } = body { Some(dom.say(*hint)) } else { None };
        hide(&self.place, hint.is_none());
        put(&self.hint, hint.unwrap_or_default());
        hint.map(String::from)
    }
}
