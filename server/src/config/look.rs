//! How a client looks on our pages: its name in each language, its logo, its colour.

use std::fmt;
use std::path::Path;

use actix_web::web::Bytes;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::picture;
use crate::secret::SecretHash;
use protocol::language::Language;

/// A larger logo is a photograph: every page that shows it would wait for it.
const LARGEST_LOGO: usize = 128 * 1024;
/// The grounds that the colour is read on, as `pages.css` has them.
const LIGHT_GROUND: [u8; 3] = [0xf2, 0xf4, 0xf2];
const DARK_CARD: [u8; 3] = [0x1d, 0x21, 0x1e];
/// Of text to its ground (WCAG 2.2, 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

/// `name`: one text for everybody, or a table with one for each language: `{ zh-CN = "…", en = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name([String; 3]);

impl Name {
    /// The name in this language, or else in the nearest one that there is.
    pub fn say(&self, language: Language) -> &str {
        let [zh_cn, zh_tw, en] = &self.0;
        let nearest = match language {
            Language::ZhCn => [zh_cn, zh_tw, en],
            Language::ZhTw => [zh_tw, zh_cn, en],
            Language::En => [en, zh_cn, zh_tw],
        };
        nearest.into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }

    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|name| name.trim().is_empty())
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(std::array::from_fn(|_| name.to_owned()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    #[serde(rename = "zh-CN", default)]
    zh_cn: String,
    #[serde(rename = "zh-TW", default)]
    zh_tw: String,
    #[serde(default)]
    en: String,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table of languages: { zh-CN = \"…\", en = \"…\" }")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name::from(name))
            }

            fn visit_map<A: MapAccess<'de>>(self, names: A) -> Result<Name, A::Error> {
                let Names { zh_cn, zh_tw, en } = Names::deserialize(MapAccessDeserializer::new(names))?;
                Ok(Name([zh_cn, zh_tw, en]))
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

/// `logo`: a picture beside the name, read once at the start.
#[derive(Clone)]
pub struct Logo {
    /// Under which it is served: with its hash, so that a new one is another.
    pub file_name: String,
    /// As its first bytes say, whatever the file is called.
    pub content_type: &'static str,
    /// The picture.
    pub content: Bytes,
}

impl Logo {
    /// Reads and checks it.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let content = std::fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
        if content.len() > LARGEST_LOGO {
            return Err(format!("has {} kB; {} kB are enough", content.len() / 1024, LARGEST_LOGO / 1024));
        }
        let (ending, content_type) =
            kind_of(&content).ok_or("is no picture that browsers show: PNG, JPEG, WebP or SVG")?;
        let hash = SecretHash::of_bytes(&content).hex();
        let file_name = format!("logo-{}.{ending}", &hash[..16]);
        Ok(Self { file_name, content_type, content: content.into() })
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Logo").field(&self.file_name).finish()
    }
}

fn kind_of(content: &[u8]) -> Option<(&'static str, &'static str)> {
    match picture::kind_of(content) {
        // Nobody's logo moves.
        Some(("gif", _)) => None,
        Some(kind) => Some(kind),
        None => {
            let text = std::str::from_utf8(content).ok()?.trim_start_matches('\u{feff}').trim_start();
            let is_xml =
                ["<svg", "<?xml", "<!--", "<!DOCTYPE svg"].iter().any(|start| text.starts_with(start));
            (is_xml && text.contains("<svg")).then_some(("svg", "image/svg+xml"))
        }
    }
}

/// `accent`: the colour of buttons and links. What is shown is derived from it, so that everybody can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent([u8; 3]);

impl Accent {
    /// `#1a73e8`
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        // `from_str_radix` takes a sign, too.
        let number = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)?;
        let [_, red, green, blue] = u32::from_str_radix(number, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// Under which its style sheet is served.
    pub fn file_name(self) -> String {
        let [red, green, blue] = self.0;
        format!("accent-{red:02x}{green:02x}{blue:02x}.css")
    }

    /// The style sheet: the colours of `pages.css`, and the widget's, in light and dark.
    pub fn style_sheet(self) -> String {
        let light = hex(self.until_read_on(LIGHT_GROUND, 0));
        let dark = hex(self.until_read_on(DARK_CARD, 255));
        let (accent, on_accent) = (format!("light-dark({light}, {dark})"), "light-dark(#ffffff, #131614)");
        format!(
            ":root {{ --accent: {accent}; --on-accent: {on_accent}; \
             --weixin-login-accent: {accent}; --weixin-login-on-accent: {on_accent}; }}\n"
        )
    }

    /// The colour, mixed with black (0) or white (255) until it can be read on this ground.
    fn until_read_on(self, ground: [u8; 3], towards: u8) -> [u8; 3] {
        let mixed = |percent: u32| {
            self.0.map(|part| {
                let sum = u32::from(part) * (100 - percent) + u32::from(towards) * percent;
                u8::try_from(sum / 100).unwrap_or(towards)
            })
        };
        let read = (0..=100).map(mixed).find(|colour| contrast(*colour, ground) >= LEAST_CONTRAST);
        read.unwrap_or([towards; 3])
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// WCAG 2.2's contrast ratio.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_read_in_light_and_in_dark() {
        for text in ["#000000", "#ffffff", "#07c160", "#ffff00", "#0000ff", "#1a73e8", "#808080", "#ff0000"] {
            let accent = Accent::parse(text).expect(text);
            let (light, dark) = (accent.until_read_on(LIGHT_GROUND, 0), accent.until_read_on(DARK_CARD, 255));
            for (colour, ground) in
                [(light, LIGHT_GROUND), (light, [0xff; 3]), (dark, DARK_CARD), (dark, [0x13, 0x16, 0x14])]
            {
                assert!(contrast(colour, ground) >= LEAST_CONTRAST, "{text}: {colour:?} on {ground:?}");
            }
        }
        // What can be read already stays as it is.
        assert_eq!(hex(Accent([0x1a, 0x4f, 0xa8]).until_read_on(LIGHT_GROUND, 0)), "#1a4fa8");
    }

    #[test]
    fn a_colour_is_six_hex_digits() {
        for text in ["", "#", "#fff", "red", "1a73e8", "#1a73e", "#1a73e80", "#+a73e8", "#ééé", "#1a73eg"]
        {
            assert_eq!(Accent::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_is_said_in_the_nearest_language() {
        let name = |zh_cn: &str, zh_tw: &str, en: &str| Name([zh_cn.into(), zh_tw.into(), en.into()]);
        for (name, said) in [
            (name("山茶", "山茶館", "Camellia"), ["山茶", "山茶館", "Camellia"]),
            (name("山茶", "", "Camellia"), ["山茶", "山茶", "Camellia"]),
            (name("", "", "Camellia"), ["Camellia", "Camellia", "Camellia"]),
            (name("", "山茶館", ""), ["山茶館", "山茶館", "山茶館"]),
            (Name::from("Shop"), ["Shop", "Shop", "Shop"]),
        ] {
            assert_eq!(
                [Language::ZhCn, Language::ZhTw, Language::En].map(|language| name.say(language)),
                said
            );
        }
    }
}
