//! WeChat's page in its frame, and the frame before it out of sight.

use flow::event::Event;
use flow::screen::{Body, Frame, Screen};
use flow::text::Text;
use web_sys::MessageEvent;

use super::tree::{Part, Tree, set};
use crate::frame::LoadedFrame;

/// The frames. They leave the page with this value.
#[derive(Default)]
pub struct Frames {
    shown: Option<LoadedFrame>,
    former: Option<LoadedFrame>,
}

impl Frames {
    /// Loads and takes away what the screen has and has not.
    pub fn show(&mut self, tree: &Tree, screen: &Screen<'_>) {
        tree.hide(Part::QrSkeleton, matches!(screen.body, Body::Qr { ready: true, .. }));
        let is = |frame: &LoadedFrame, wanted: Option<&Frame>| {
            wanted.is_some_and(|wanted| wanted.number == frame.number())
        };
        // A frame that is moved in the page loads again: it steps back where it is.
        if let Some(frame) = self.shown.take_if(|frame| !is(frame, screen.frame))
            && is(&frame, screen.former_frame)
        {
            set(frame.element(), "class", "former");
            set(frame.element(), "inert", "");
            set(frame.element(), "aria-hidden", "true");
            self.former = Some(frame);
        }
        self.former.take_if(|frame| !is(frame, screen.former_frame));
        if self.shown.is_none()
            && let Some(frame) = screen.frame
        {
            self.shown =
                LoadedFrame::new(tree.document(), tree.get(Part::Qr), frame, tree.text(Text::QrTitle));
        }
    }

    /// What one of them says.
    pub fn heard(&self, message: &MessageEvent) -> Option<Event> {
        self.shown.iter().chain(&self.former).find_map(|frame| frame.heard(message))
    }
}
