//! The languages that people are spoken to in, and the one reader of the tags that name them, in the widget and in the service.

/// A language of the widget and of the service's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    ZhCn,
    /// Traditional Chinese.
    ZhTw,
    /// English.
    En,
}

impl Language {
    /// The nearest to a BCP 47 tag, or to what others write for one: `zh_CN`, `zh_TW.UTF-8`, `zh-CHT`, `yue`. `None` for a language
    /// that we do not speak.
    pub fn parse(tag: &str) -> Option<Self> {
        let (language, mut rest) = first_part(tag.trim_ascii());
        let mut found = named(&LANGUAGES, language)?;
        // The script tells more than the place, and stands before it.
        while found != Self::En && !rest.is_empty() {
            let (part, others) = first_part(rest);
            if let Some(kind) = named(&KINDS, part) {
                found = kind;
                break;
            }
            rest = others;
        }
        Some(found)
    }

    /// The tag for `lang` and for the service.
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::ZhTw => "zh-TW",
            Self::En => "en",
        }
    }
}

const LANGUAGES: [(&str, Language); 4] =
    [("zh", Language::ZhCn), ("en", Language::En), ("yue", Language::ZhTw), ("cmn", Language::ZhCn)];

/// Scripts and places that tell which Chinese it is.
const KINDS: [(&str, Language); 8] = [
    ("hans", Language::ZhCn),
    ("chs", Language::ZhCn),
    ("cn", Language::ZhCn),
    ("hant", Language::ZhTw),
    ("cht", Language::ZhTw),
    ("tw", Language::ZhTw),
    ("hk", Language::ZhTw),
    ("mo", Language::ZhTw),
];

#[inline(never)]
fn named(table: &[(&str, Language)], part: &str) -> Option<Language> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(part)).map(|(_, language)| *language)
}

/// Letters and digits, and what stands behind the sign that ends them.
#[inline(never)]
fn first_part(tag: &str) -> (&str, &str) {
    let end = tag.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(tag.len());
    let (part, rest) = tag.split_at_checked(end).unwrap_or((tag, ""));
    (part, rest.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::Language::{self, En, ZhCn, ZhTw};

    #[test]
    fn a_tag_is_read_however_it_is_written() {
        for (tag, language) in [
            ("zh", Some(ZhCn)),
            ("zh-CN", Some(ZhCn)),
            ("zh_CN", Some(ZhCn)),
            (" ZH_cn ", Some(ZhCn)),
            ("zh_CN.UTF-8", Some(ZhCn)),
            ("zh-Hans-HK", Some(ZhCn)),
            ("zh_Hans_TW", Some(ZhCn)),
            ("zh-SG", Some(ZhCn)),
            ("zh-CHS", Some(ZhCn)),
            ("cmn-Hans-CN", Some(ZhCn)),
            ("yue-CN", Some(ZhCn)),
            ("ZH-hant", Some(ZhTw)),
            ("zh-TW", Some(ZhTw)),
            ("zh_TW", Some(ZhTw)),
            ("zh_TW.UTF-8", Some(ZhTw)),
            ("zh-HK", Some(ZhTw)),
            ("zh-MO", Some(ZhTw)),
            ("zh-CHT", Some(ZhTw)),
            ("zh-Hant-CN", Some(ZhTw)),
            ("yue", Some(ZhTw)),
            ("en", Some(En)),
            ("en_US", Some(En)),
            ("en-GB", Some(En)),
            ("de-AT", None),
            ("zhx", None),
            ("tw", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(Language::parse(tag), language, "{tag}");
        }
    }
}
