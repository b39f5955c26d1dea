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
        let (language, mut rest) = first_part(tag.trim_ascii_start());
        if is_among("en", language) {
            return Some(Self::En);
        }
        let cantonese = is_among("yue", language);
        if !cantonese && !is_among("zh cmn", language) {
            return None;
        }
        // The script tells more than the place, and stands before it.
        while !rest.is_empty() {
            let (part, others) = first_part(rest);
            if is_among("hans chs cn", part) {
                return Some(Self::ZhCn);
            }
            if is_among("hant cht tw hk mo", part) {
                return Some(Self::ZhTw);
            }
            rest = others;
        }
        Some(if cantonese { Self::ZhTw } else { Self::ZhCn })
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

/// Whether a part of a tag is one of these words, in letters of any case. Words in one text weigh less in the widget than a table.
#[inline(never)]
fn is_among(mut words: &str, part: &str) -> bool {
    while !words.is_empty() {
        let (word, others) = first_part(words);
        if word.eq_ignore_ascii_case(part) {
            return true;
        }
        words = others;
    }
    false
}

/// Letters and digits, and what stands behind the sign that ends them.
fn first_part(tag: &str) -> (&str, &str) {
    crate::cut_where(tag, &|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
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
