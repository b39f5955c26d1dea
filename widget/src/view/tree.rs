//! The elements, as tables: what is inside of what, what it always says, what a press on it means.
//!
//! Tables, because a call for every element would be a third of the widget.

use flow::screen::Button;
use flow::text::Text;

macro_rules! tree {
    ($($(#[$doc:meta])* $table:ident {
        $($depth:literal $name:ident = $tag:literal, $classes:literal $([$attributes:literal])? $(, $text:ident)?
            $(=> $press:literal)?;)*
    })*) => {
        /// An element of ours: a row of the tables, in their order.
        #[derive(Clone, Copy, PartialEq)]
        #[allow(missing_docs, dead_code, reason = "the tables below say what they are; not each is patched")]
        pub enum Part {
            /// What the element's class gives us to stand in.
            Root,
            $($($name,)*)*
        }

        $($(#[$doc])* pub const $table: &str = concat!($(
            $depth, "|", $tag, "|", $classes, "|", $($press,)? "|", $($attributes,)? "\n",
        )*);)*

        /// What is always said.
        pub const LABELS: &[(Part, Text)] = &[$($($((Part::$name, Text::$text),)?)*)*];
    };
}

tree! {
    /// With `display="button"`: the button.
    TRIGGER {
        0 Trigger = "button", "button primary trigger" ["aria-haspopup=dialog"] => "open";
        1 TriggerMark = "span", "mark" ["aria-hidden=true"];
        1 TriggerLabel = "span", "", LogIn;
    }
    /// And what it opens, around the panel.
    DIALOG {
        0 Dialog = "dialog", "dialog" => "close";
    }
    /// The panel: how deep, which element, its classes, which are its parts too, its attributes, its text, its press.
    PANEL {
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
        3 Continue = "button", "button primary" => "continue";
        4 ContinueBefore = "span", "";
        4 ContinueName = "bdi", "name";
        4 ContinueAfter = "span", "";
        3 Others = "div", "others";
        4 ScanInstead = "button", "button quiet", ScanInstead => "scan";
        4 OtherAccount = "button", "button quiet", OtherAccount => "other-account";

        2 Confirming = "div", "place";
        3 ConfirmSpinner = "span", "spinner";
        3 ConfirmTitle = "h3", "subtitle";
        3 ConfirmHint = "p", "hint", ConfirmHint;
        3 Cancel = "button", "button second", Cancel => "cancel";

        2 Qr = "div", "place qr";
        3 QrSkeleton = "div", "waiting";
        4 QrSquare = "div", "bone square";
        4 QrLine = "div", "bone line";

        2 Scene = "div", "place scene";
        3 QrImage = "svg", "code-image" ["role=img"];
        4 QrPath = "path", "";
        3 SceneTitle = "p", "hint";
        3 NumberLine = "p", "digits";
        4 NumberLabel = "span", "spoken", Number;
        4 Number = "span", "number";
        3 TimeLeft = "p", "time-left" ["role=timer"];
        3 CopyScan = "button", "button quiet" => "copy-link";

        2 Elsewhere = "div", "place";
        3 ElsewhereLarge = "div", "large";
        4 ElsewhereMark = "span", "mark" ["aria-hidden=true"];
        3 ElsewhereHint = "p", "hint";
        3 ElsewhereOpen = "button", "button primary", LogIn => "open-page";

        2 Notice = "div", "place notice";
        3 Sign = "span", "sign" ["aria-hidden=true"];
        3 NoticeTitle = "h3", "subtitle";
        3 NoticeHint = "p", "hint";
        3 StartAgain = "button", "button primary" => "start-again";
        3 NoticePage = "button", "button second", OpenPage => "open-page";
        3 CopyLink = "button", "button primary", CopyLink => "copy-link";
        3 ShowQr = "button", "button quiet", ShowQr => "show-qr";
        3 ErrorCode = "p", "code";

        1 Footer = "footer", "footer";
        2 Note = "p", "note";
        2 UseThisComputer = "button", "button second offer", UseThisComputer => "use-this-computer";
        2 Asking = "p", "asking";
        3 AskingSpinner = "span", "spinner small";
        3 AskingHint = "span", "", AskingHint;
        2 Offer = "button", "button second offer" => "continue";
        3 OfferAvatar = "span", "avatar small" ["aria-hidden=true"];
        3 OfferBefore = "span", "";
        3 OfferName = "bdi", "name";
        3 OfferAfter = "span", "";
        2 FootPage = "button", "button quiet", OpenPage => "open-page";

        1 Emulator = "p", "emulator", Emulator;
        1 Live = "p", "live" ["role=status"];
    }
    /// The dialog's close button. After the panel: a dialog gives the focus to what comes first in it.
    CLOSE {
        0 Close = "button", "close" => "close";
    }
}

/// Every part is before it.
pub const FRAMES: i32 = Part::Close as i32 + 1;

/// The names of what says nothing itself.
pub const NAMES: [(Part, Text); 4] = [
    (Part::Panel, Text::LogIn),
    (Part::QrImage, Text::QrTitle),
    (Part::Dialog, Text::LogIn),
    (Part::Close, Text::Close),
];

/// The panel's button with this word.
pub fn button(word: &str) -> Option<Button> {
    BUTTONS.iter().find(|(_, known)| *known == word).map(|(button, _)| *button)
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
