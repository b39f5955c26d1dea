//! Which language a person is spoken to in. What a tag means is [`protocol::language`]'s.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;
use protocol::language::Language;
use url::form_urlencoded;

/// `?lang=` first, then what the browser prefers, in its order; English where it speaks none of ours.
pub(crate) fn of(request: &HttpRequest) -> Language {
    let asked = form_urlencoded::parse(request.query_string().as_bytes())
        .filter(|(name, _)| name == "lang")
        .find_map(|(_, tag)| Language::parse(&tag));
    let lines = request.headers().get_all(ACCEPT_LANGUAGE).map(|line| line.as_bytes());
    asked.or_else(|| preferred(lines)).unwrap_or(Language::En)
}

/// The first of a list that we speak: `ui_locales`, with spaces between (OpenID Connect Core §3.1.2.1), or with commas, as some write.
pub(crate) fn listed(tags: &str) -> Option<Language> {
    tags.split([' ', ',']).find_map(Language::parse)
}

/// The best of Accept-Language (RFC 9110 §12.5.4), over all its lines. What is no range is passed over.
fn preferred<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Language> {
    let mut best = None;
    for range in lines.flat_map(|line| line.split(|byte| *byte == b',')) {
        let Ok(range) = std::str::from_utf8(range) else { continue };
        let mut parts = range.split(';');
        let Some(language) = parts.next().and_then(Language::parse) else { continue };
        let weight = parts.find_map(weight).unwrap_or(1.0);
        if weight > 0.0 && best.is_none_or(|(_, heaviest)| weight > heaviest) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

/// The value of `q=`, from nothing to one.
fn weight(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    let weight = value.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    name.trim().eq_ignore_ascii_case("q").then_some(weight)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AcceptLanguage, Header, HeaderValue, Preference, Quality};
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    fn preferred_in(header: &str) -> Option<Language> {
        preferred([header.as_bytes()].into_iter())
    }

    #[test]
    fn the_browsers_first_language_that_we_speak_is_taken() {
        for (header, language) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Language::ZhCn)),
            ("zh_CN", Some(Language::ZhCn)),
            ("zh_TW,en;q=0.5", Some(Language::ZhTw)),
            ("de, en;q=0.5, zh-TW;q=0.7", Some(Language::ZhTw)),
            ("zh-Hant-HK", Some(Language::ZhTw)),
            ("en-GB", Some(Language::En)),
            ("en;q=0, zh;q=0.1", Some(Language::ZhCn)),
            ("en;Q=0.2 , zh ; q = 0.3", Some(Language::ZhCn)),
            ("en;q=nan, zh;q=0.3", Some(Language::En)),
            ("fr;q=1, *;q=0.5, zh;q=0.2", Some(Language::ZhCn)),
            ("de,fr", None),
            ("", None),
            (";;;q=x,,", None),
        ] {
            assert_eq!(preferred_in(header), language, "{header}");
        }
        let lines = [b"\xd5\xc5, de".as_slice(), b"zh_TW;q=0.9, \xff", b"en;q=0.1"];
        assert_eq!(preferred(lines.into_iter()), Some(Language::ZhTw));
    }

    #[test]
    fn a_query_and_a_list_are_read_as_they_are_written() {
        for (query, language) in [
            ("lang=zh_CN", Language::ZhCn),
            ("a=1&lang=zh%2DTW", Language::ZhTw),
            ("lang=zh%5FTW", Language::ZhTw),
            ("lang=&lang=zh", Language::ZhCn),
            ("lang=de&lang=zh", Language::ZhCn),
            ("lang=de", Language::En),
            ("xlang=zh", Language::En),
        ] {
            let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
            assert_eq!(of(&request), language, "{query}");
        }
        assert_eq!(listed("fr-CA  se zh_TW en"), Some(Language::ZhTw));
        assert_eq!(listed("fr,en"), Some(Language::En));
        assert_eq!(listed("fr"), None);
    }

    proptest! {
        #[test]
        fn what_a_strict_reader_prefers_is_preferred(
            header in "((zh|en|de|zh-TW|zh-Hant-HK|en-GB|fr-CA|\\*)(;q=(0|1|0\\.[0-9]{1,3}))?, ?){0,5}(zh-CN|en|es)(;q=0\\.[0-9])?"
        ) {
            let request = TestRequest::default()
                .insert_header((ACCEPT_LANGUAGE, HeaderValue::from_str(&header).expect("ASCII")))
                .to_http_request();
            let strict = AcceptLanguage::parse(&request).expect("a good header");
            let strict = strict.iter().filter(|item| item.quality != Quality::ZERO);
            let mut strict: Vec<_> = strict.collect();
            strict.sort_by_key(|item| std::cmp::Reverse(item.quality));
            let spoken = strict.iter().find_map(|item| match &item.item {
                Preference::Specific(tag) => Language::parse(tag.as_str()),
                Preference::Any => None,
            });
            prop_assert_eq!(preferred_in(&header), spoken, "{}", header);
        }

        #[test]
        fn nothing_beside_it_hides_a_language(
            before in prop::collection::vec(prop::collection::vec(prop_oneof![0x20..=0x2b_u8, 0x2d..=0x7e_u8, 0x80..=0xff_u8], 0..8), 0..4),
        ) {
            prop_assume!(!before.iter().any(|range| range.iter().any(u8::is_ascii_alphabetic)));
            let header = [before.join(&b','), b"zh_TW;q=0.001".to_vec()].join(&b',');
            prop_assert_eq!(preferred([header.as_slice()].into_iter()), Some(Language::ZhTw));
        }
    }
}
