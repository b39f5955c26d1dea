//! An address as a QR code, drawn as the data of one SVG path.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// A QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// A module is a unit; the white around the code is left out.
    pub path: String,
    /// Modules a side.
    pub size: usize,
}

/// Draws an address; `None` for one that no QR code can hold (2,331 bytes).
pub fn draw(address: &str) -> Option<Drawn> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).ok()?;
    let size = code.width();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let run = (x..size).take_while(|x| code[(*x, y)] == Color::Dark).count();
            if run > 0 {
                // Writing to a String does not fail.
                let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
            }
            x += run.max(1);
        }
    }
    Some(Drawn { path, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_by_its_dark_runs() {
        let drawn = draw("https://shop.example.com/weixin/scan/x").expect("a short address");
        assert_eq!(drawn.size, 29);
        // The upper left corner of every QR code: a dark line of seven, and a white one.
        assert!(drawn.path.starts_with("M0 0h7v1h-7z"), "{}", drawn.path);
        assert!(drawn.path.contains("M0 1h1v1h-1zM6 1h1v1h-1z"), "{}", drawn.path);
        assert_eq!(draw(&"a".repeat(3000)), None);
    }
}
