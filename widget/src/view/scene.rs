//! The site's own QR code, the number that belongs to it, and how long both are good.

use flow::screen::{Copying, SceneCode};
use flow::text::Text;

use super::tree::Part;
use super::{Said, View, copying};

/// Shows it.
pub fn show(view: &View, code: &SceneCode<'_>) -> Said {
    draw(view, code);
    let title = if code.scanned { Text::ScannedTitle } else { Text::SceneHint };
    view.set(Part::Scene, "data-scanned", if code.scanned { "true" } else { "false" });
    view.say(Part::SceneTitle, title);
    view.put(Part::Number, code.number);
    let (label, said) = match code.copying {
        Copying::NotYet => (Text::CopyScanLink, Text::Nothing),
        Copying::Copied => (Text::Copied, Text::Copied),
        Copying::ByHand(_) => (Text::CopyScanLink, Text::CopyByHand),
    };
    view.say(Part::CopyScan, label);
    copying::show(view, code.copying, [Part::CopyScan, Part::SceneByHand, Part::SceneAddress]);
    let mut left = String::from(view.text(Text::TimeLeft));
    number(&mut left, code.seconds_left / 60, false);
    left.push_str(":");
    number(&mut left, code.seconds_left % 60, true);
    view.put(Part::TimeLeft, &left);
    [title, said]
}

/// At most two digits.
fn number(to: &mut String, number: u32, both: bool) {
    let digit = |number: u32| char::from(b'0' + (number % 10) as u8);
    if both || number > 9 {
        to.push(digit(number / 10));
    }
    to.push(digit(number));
}

/// Draws the code, where another one stands.
fn draw(view: &View, code: &SceneCode<'_>) {
    // The white around it is the style's.
    let mut frame = String::from("0 0 ");
    number(&mut frame, code.qr_size, true);
    frame.push_str(" ");
    number(&mut frame, code.qr_size, true);
    view.set(Part::QrImage, "viewBox", &frame);
    view.set(Part::QrPath, "d", code.qr_path);
}
