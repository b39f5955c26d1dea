//! The elements, as one table: what is inside of what, what it always says, what a press on it means.
//!
//! A table, because a call for every element would be a third of what is drawn.

use flow::screen::Button;
use flow::text::Text;
use protocol::cut;
use web_sys::{Document, Element};

use crate::dom;

macro_rules! tree {
    ($($depth:literal $name:ident = $tag:literal, $classes:literal $([$attributes:literal])? $(, $text:ident)?
        $(=> $press:ident)?;)*) => {
        /// An element of ours: a row of the table, in its order.
        #[derive(Clone, Copy, PartialEq)]
        #[allow(missing_docs, dead_code, reason = "the table below says what they are; not each is patched")]
        pub enum Part {
            $($name,)*
        }

        /// `depth tag|classes|attributes`, a line each: as text it has no pointers.
        const ROWS: &str = concat!($(
            $depth, $tag, "|", $classes, "|", $($attributes,)? "\n",
        )*);

        /// What is always said.
        pub const LABELS: &[(Part, Text)] = &[$($((Part::$name, Text::$text),)?)*];

        /// What a press on it means.
        const PRESSES: &[(Part, Button)] = &[$($((Part::$name, Button::$press),)?)*];
    };
}

// How deep, which element, its classes, which are its parts too, its attributes, its text, its press.
tree! {
    // With display="button": the button.
    0 Trigger = "button", "button primary trigger" ["aria-haspopup=dialog data-press=open"];
    1 TriggerMark = "span", "mark" ["aria-hidden=true"];
    1 TriggerLabel = "span", "", LogIn;

    // And what it opens, around the panel.
    0 Dialog = "dialog", "dialog";
    1 Close = "button", "close" ["data-press=close"];

    // Around the panel where it stands in the page: what floats in it is drawn without the page's underlines.
    0 Room = "div", "room";

    0 Panel = "div", "panel" ["role=group tabindex=-1"];

    1 Header = "header", "header";
    2 Mark = "span", "mark" ["aria-hidden=true"];
    2 Titles = "div", "titles";
    3 Title = "h2", "title", LogIn;
    3 Site = "bdi", "site";

    1 Body = "div", "body";

    2 Waiting = "div", "place waiting";
    3 WaitingSquare = "div", "bone square";
    3 WaitingLine = "div", "bone line";

    2 Card = "div", "place card";
    3 CardAvatar = "span", "avatar" ["aria-hidden=true"];
    3 CardName = "bdi", "nickname";
    3 CardHint = "p", "hint", CardHint;
    3 Continue = "button", "button primary" => Continue;
    4 ContinueBefore = "span", "";
    4 ContinueName = "bdi", "name";
    4 ContinueAfter = "span", "";
    3 Others = "div", "others";
    4 ScanInstead = "button", "button quiet", ScanInstead => ScanInstead;
    4 OtherAccount = "button", "button quiet", OtherAccount => OtherAccount;

    2 Confirming = "div", "place confirming";
    3 ConfirmSpinner = "span", "spinner";
    3 ConfirmTitle = "h3", "subtitle";
    3 ConfirmHint = "p", "hint", ConfirmHint;
    3 Cancel = "button", "button second", Cancel => Cancel;

    // The frames come here, below what covers them.
    2 Qr = "div", "place qr";
    3 QrSkeleton = "div", "waiting";
    4 QrSquare = "div", "bone square";
    4 QrLine = "div", "bone line";
    3 Silent = "div", "silent";
    4 SilentSign = "span", "sign" ["aria-hidden=true"];
    4 SilentTitle = "h3", "subtitle", FrameSilentTitle;
    4 SilentHint = "p", "hint", FrameSilentHint;
    4 Reload = "button", "button primary", ReloadFrame => ReloadFrame;
    4 SilentPage = "button", "button second", OpenPage => OpenPage;

    2 Scene = "div", "place scene";
    3 QrImage = "svg", "code-image" ["role=img"];
    4 QrPath = "path", "";
    3 SceneTitle = "p", "hint";
    3 NumberLine = "p", "digits";
    4 NumberLabel = "span", "spoken", Number;
    4 Number = "span", "number";
    3 TimeLeft = "p", "time-left" ["role=timer"];
    3 CopyScan = "button", "button quiet" => CopyLink;
    3 SceneByHand = "label", "by-hand";
    4 SceneByHandHint = "span", "", CopyByHand;
    4 SceneAddress = "input", "address" ["readonly="];

    2 Elsewhere = "div", "place elsewhere";
    3 ElsewhereLarge = "div", "large";
    4 ElsewhereMark = "span", "mark" ["aria-hidden=true"];
    3 ElsewhereHint = "p", "hint";
    3 ElsewhereOpen = "button", "button primary", LogIn => OpenPage;

    2 Notice = "div", "place notice";
    3 Sign = "span", "sign" ["aria-hidden=true"];
    3 NoticeTitle = "h3", "subtitle";
    3 NoticeHint = "p", "hint";
    3 StartAgain = "button", "button primary" => StartAgain;
    3 NoticePage = "button", "button second", OpenPage => OpenPage;
    3 CopyLink = "button", "button primary", CopyLink => CopyLink;
    3 NoticeByHand = "label", "by-hand";
    4 NoticeByHandHint = "span", "", CopyByHand;
    4 NoticeAddress = "input", "address" ["readonly="];
    3 ShowQr = "button", "button quiet", ShowQr => ShowQr;
    3 ErrorCode = "p", "code";

    1 Footer = "footer", "footer";
    2 Note = "p", "note";
    2 UseThisComputer = "button", "button second offer", UseThisComputer => UseThisComputer;
    2 Asking = "p", "asking";
    3 AskingSpinner = "span", "spinner small";
    3 AskingHint = "span", "", AskingHint;
    2 Offer = "button", "button second offer" => Continue;
    3 OfferAvatar = "span", "avatar small" ["aria-hidden=true"];
    3 OfferBefore = "span", "";
    3 OfferName = "bdi", "name";
    3 OfferAfter = "span", "";
    2 FootPage = "button", "button quiet", OpenPage => OpenPage;

    1 Emulator = "p", "emulator", Emulator;
    1 Live = "p", "live" ["role=status"];
}

/// The names of what says nothing itself.
pub const NAMES: [(Part, Text); 4] = [
    (Part::Panel, Text::LogIn),
    (Part::QrImage, Text::QrTitle),
    (Part::Dialog, Text::LogIn),
    (Part::Close, Text::Close),
];

/// The deepest row, and one.
const DEPTHS: usize = 5;

/// Makes all of them, in no page yet: each by its [`Part`].
pub fn build(document: &Document) -> Vec<Option<Element>> {
    let mut parts: Vec<Option<Element>> = Vec::new();
    // The last row of each depth.
    let mut above = [0; DEPTHS];
    let mut rows = ROWS;
    while !rows.is_empty() {
        let (row, rest) = cut(rows, b'\n');
        rows = rest;
        let depth = usize::from(row.as_bytes().first().map_or(0, |digit| digit - b'0'));
        let (tag, row) = cut(row.get(1..).unwrap_or_default(), b'|');
        let (classes, mut attributes) = cut(row, b'|');
        let element = dom::make(document, tag, classes);
        if let Some(element) = &element {
            if tag == "button" {
                dom::set(element, "type", tag);
            }
            while !attributes.is_empty() {
                let (attribute, rest) = cut(attributes, b' ');
                attributes = rest;
                let (name, value) = cut(attribute, b'=');
                dom::set(element, name, value);
            }
            let parent = depth.checked_sub(1).and_then(|depth| above.get(depth));
            if let Some(Some(parent)) = parent.and_then(|parent| parts.get(*parent)) {
                dom::append(parent, element);
            }
        }
        if let Some(last) = above.get_mut(depth) {
            *last = parts.len();
        }
        parts.push(element);
    }
    for (part, button) in PRESSES {
        if let Some(Some(element)) = parts.get(*part as usize) {
            dom::set(element, "data-press", button.as_str());
        }
    }
    parts
}
