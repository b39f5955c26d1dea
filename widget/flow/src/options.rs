//! The element's attributes, read once into types. Where there is none, the page decides: its language, its origin.

use alloc::string::String;
pub use protocol::device::Device;
use protocol::qrconnect::ColorScheme;
use protocol::service::LoginResult;

use crate::text::Language;

/// Where the element stands.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `https://shop.example.com`
    pub page_origin: String,
    /// The page's path and query: where a login on a page of its own comes back to.
    pub page_path: String,
    /// The page's language where the element stands, else the browser's: a BCP 47 tag.
    pub page_language: Option<String>,
    /// Where the widget's script came from.
    pub script: String,
    /// What the person holds.
    pub device: Device,
    /// Whether the page is a secure context: nothing else may ask the local service.
    pub secure: bool,
    /// Whether the page itself came from this computer.
    pub loopback_page: bool,
    /// Where the link inside the element leads: the way to log in on a page of its own.
    pub link: Option<String>,
}

/// How the widget stands in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Display {
    /// The whole panel.
    #[default]
    Panel,
    /// A button that opens the panel in a dialog.
    Button,
}

/// The element's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The service's `public_url`, absolute, without a trailing slash.
    pub service: String,
    /// `client-id`
    pub client_id: String,
    /// `display`
    pub display: Display,
    /// `result`; by default a session on the site's own origin, a code elsewhere.
    pub result: LoginResult,
    /// The page's own address, to be copied on a phone.
    pub here: String,
    /// Where the login goes on as a page of its own, when it cannot go on here: `page`; else, on the service's own origin,
    /// the login that comes back to `return-to`; else the link inside the element.
    pub page: Option<String>,
    /// `lang`
    pub language: Language,
    /// `theme`
    pub theme: ColorScheme,
    /// False with `no-fast-login`.
    pub fast_login: bool,
    /// False with `no-frame`.
    pub frame: bool,
    /// `code-challenge`, of the verifier that the site's backend made: 43 characters of base64url.
    pub code_challenge: Option<String>,
    /// `nonce`
    pub nonce: Option<String>,
    /// `state`: the site's own, given back with the code. Not the attempt's.
    pub state: Option<String>,
    /// `attempt`, on the service's own page: the attempt that is already started, as JSON.
    pub attempt: Option<String>,
    /// What the person holds.
    pub device: Device,
    /// Whether the page is a secure context.
    pub secure: bool,
    /// Whether the page itself came from this computer.
    pub loopback_page: bool,
    /// What is wrong with the attributes: `invalid_request`, with a sentence that names one. There is no login then.
    pub wrong: Option<&'static str>,
}

/// The script's place below the service's address.
const SCRIPT_PLACE: &str = "/widget/";

impl Options {
    /// Reads the attributes that `attribute` gives.
    pub fn read(attribute: &dyn Fn(&str) -> Option<String>, surroundings: &Surroundings) -> Self {
        let given = |name: &str| attribute(name).filter(|value| !value.is_empty());
        let (language, theme) = dress(attribute, surroundings.page_language.as_deref());
        let mut wrong = None;

        let mut service = String::new();
        if let Err(why) = find_service(given("service"), surroundings, &mut service) {
            wrong = Some(why);
        }
        // Frameworks write a boolean that is false as this word.
        let on = |name: &str| attribute(name).is_some_and(|value| value != "false");
        let own_origin = service
            .strip_prefix(surroundings.page_origin.as_str())
            .is_some_and(|path| path.is_empty() || path.starts_with("/"));
        let result = match given("result").as_deref() {
            Some("session") => LoginResult::Session,
            None if own_origin => LoginResult::Session,
            Some("code") | None => LoginResult::Code,
            Some(_) => {
                wrong = Some("result must be session or code");
                LoginResult::Code
            }
        };
        let mut options = Self {
            display: match given("display").as_deref() {
                Some("button") => Display::Button,
                _ => Display::Panel,
            },
            fast_login: !on("no-fast-login"),
            frame: !on("no-frame"),
            here: here(surroundings),
            nonce: given("nonce"),
            state: given("state"),
            service,
            client_id: given("client-id").unwrap_or_default(),
            result,
            page: given("page"),
            language,
            theme,
            code_challenge: given("code-challenge"),
            attempt: given("attempt"),
            device: surroundings.device,
            secure: surroundings.secure,
            loopback_page: surroundings.loopback_page,
            wrong,
        };
        if options.page.is_none() {
            let login = |return_to: &str| login_page(&options.service, &options.client_id, return_to);
            // Elsewhere a login that leaves the page is the site's own to start, and the service has nowhere to return to.
            options.page = match given("return-to").filter(|_| own_origin) {
                Some(return_to) => Some(login(&return_to)),
                None if surroundings.link.is_some() => surroundings.link.clone(),
                // Such a login ends in a session: for a code the site itself must say where it goes on.
                None => {
                    (own_origin && result == LoginResult::Session).then(|| login(&surroundings.page_path))
                }
            };
        }
        if options.attempt.is_none() && options.wrong.is_none() {
            let challenged = options.code_challenge.as_ref().is_some_and(|challenge| challenge.len() == 43);
            if options.client_id.is_empty() {
                options.wrong = Some("client-id is missing");
            } else if result == LoginResult::Code && !challenged {
                options.wrong = Some(
                    "code-challenge is missing or malformed: the S256 challenge of the backend's verifier, 43 characters",
                );
            }
        }
        options
    }
}

/// The two attributes that are good whatever they say: the language and the theme.
pub fn dress(
    attribute: &dyn Fn(&str) -> Option<String>,
    page_language: Option<&str>,
) -> (Language, ColorScheme) {
    let lang = attribute("lang").filter(|tag| !tag.is_empty());
    let language = lang.as_deref().or(page_language).unwrap_or("zh-CN");
    let theme = match attribute("theme").as_deref() {
        Some("light") => ColorScheme::Light,
        Some("dark") => ColorScheme::Dark,
        _ => ColorScheme::Auto,
    };
    (Language::parse(language).unwrap_or(Language::En), theme)
}

fn find_service(
    given: Option<String>,
    surroundings: &Surroundings,
    absolute: &mut String,
) -> Result<(), &'static str> {
    let given = given.as_deref().or_else(|| below(&surroundings.script));
    let Some(mut service) = given else {
        return Err("service is missing: the login service's address, such as /weixin");
    };
    while let Some(shorter) = service.strip_suffix("/") {
        service = shorter;
    }
    if service.is_empty() || service.starts_with("/") && !service.starts_with("//") {
        absolute.push_str(&surroundings.page_origin);
    } else if !service.starts_with("https://") && !service.starts_with("http://") {
        return Err("service must be a path such as /weixin or an https address");
    }
    absolute.push_str(service);
    Ok(())
}

/// What a script's address has before its last `/widget/`.
fn below(script: &str) -> Option<&str> {
    let at =
        script.as_bytes().windows(SCRIPT_PLACE.len()).rposition(|found| found == SCRIPT_PLACE.as_bytes())?;
    script.get(..at)
}

fn here(surroundings: &Surroundings) -> String {
    let mut here = surroundings.page_origin.clone();
    here.push_str(&surroundings.page_path);
    here
}

fn login_page(service: &str, client_id: &str, return_to: &str) -> String {
    let mut base = String::from(service);
    base.push_str("/login");
    protocol::address(&base, &[("return_to", return_to), ("client_id", client_id)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn surroundings() -> Surroundings {
        Surroundings {
            page_origin: "https://shop.example.com".into(),
            page_path: "/cart?full=1".into(),
            page_language: Some("zh-Hant-TW".into()),
            script: "https://shop.example.com/weixin/widget/weixin-login.js".into(),
            secure: true,
            ..Surroundings::default()
        }
    }

    fn read(attributes: &[(&str, &str)], surroundings: &Surroundings) -> Options {
        Options::read(
            &|name| attributes.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).into()),
            surroundings,
        )
    }

    #[test]
    fn the_pages_language_is_understood_however_it_is_written() {
        for (page, language) in [
            ("zh_CN", Language::ZhCn),
            ("zh_TW", Language::ZhTw),
            ("en_US", Language::En),
            ("fr", Language::En),
        ] {
            let surroundings = Surroundings { page_language: Some(page.into()), ..surroundings() };
            assert_eq!(read(&[("client-id", "shop")], &surroundings).language, language, "{page}");
            assert_eq!(
                dress(&|name| (name == "lang").then(|| page.into()), Some("fr")).0,
                language,
                "{page}"
            );
        }
        assert_eq!(dress(&|_| None, None).0, Language::ZhCn);
    }

    #[test]
    fn the_five_line_embed_gets_its_service_from_the_script_and_a_session() {
        assert_eq!(
            read(&[("client-id", "shop")], &surroundings()),
            Options {
                service: "https://shop.example.com/weixin".into(),
                client_id: "shop".into(),
                display: Display::Panel,
                result: LoginResult::Session,
                page: Some(
                    "https://shop.example.com/weixin/login?return_to=%2Fcart%3Ffull%3D1&client_id=shop"
                        .into()
                ),
                language: Language::ZhTw,
                here: "https://shop.example.com/cart?full=1".into(),
                theme: ColorScheme::Auto,
                fast_login: true,
                frame: true,
                code_challenge: None,
                nonce: None,
                state: None,
                attempt: None,
                device: Device::Computer,
                secure: true,
                loopback_page: false,
                wrong: None,
            }
        );
    }

    #[test]
    fn a_service_elsewhere_gives_a_code_and_needs_the_backends_challenge() {
        let service = ("service", "https://login.example.com/");
        let wrong = read(&[("client-id", "shop"), service], &surroundings()).wrong.unwrap();
        assert!(wrong.starts_with("code-challenge is missing"), "{wrong}");

        let challenge = ("code-challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let options = read(&[("client-id", "shop"), service, challenge], &surroundings());
        assert_eq!(options.result, LoginResult::Code);
        assert_eq!(options.service, "https://login.example.com");
        assert_eq!(options.page, None, "the site's own start of a login is not ours to guess");
    }

    #[test]
    fn a_code_for_the_sites_backend_has_no_page_of_the_services_own() {
        let challenge = ("code-challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let options = read(&[("client-id", "shop"), ("result", "code"), challenge], &surroundings());
        assert_eq!(options.page, None, "that page ends in a session");
    }

    #[test]
    fn an_origin_that_only_begins_like_the_pages_is_another_one() {
        let service = ("service", "https://shop.example.com.evil.example");
        let challenge = ("code-challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let options = read(&[("client-id", "shop"), service, challenge], &surroundings());
        assert_eq!(options.result, LoginResult::Code);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let elsewhere = Surroundings { script: "https://cdn.example.net/app.js".into(), ..surroundings() };
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a Surroundings, &'a str);
        let table: [Row<'_>; 5] = [
            (&[], &surroundings(), "client-id is missing"),
            (&[("client-id", "shop")], &elsewhere, "service is missing"),
            (&[("client-id", "shop"), ("service", "javascript:alert(1)")], &elsewhere, "service must be"),
            (&[("client-id", "shop"), ("service", "//evil.example")], &elsewhere, "service must be"),
            (&[("client-id", "shop"), ("result", "token")], &surroundings(), "result must be"),
        ];
        for (attributes, surroundings, word) in table {
            let wrong = read(attributes, surroundings).wrong.unwrap();
            assert!(wrong.starts_with(word), "{wrong}");
        }
    }

    #[test]
    fn a_boolean_attribute_that_says_false_is_off() {
        for (value, off) in [("", true), ("no-frame", true), ("true", true), ("false", false)] {
            let shop = ("client-id", "shop");
            let options = read(&[shop, ("no-frame", value), ("no-fast-login", value)], &surroundings());
            assert_eq!((options.frame, options.fast_login), (!off, !off), "{value}");
        }
    }

    #[test]
    fn the_page_of_its_own_is_what_was_said_most_plainly() {
        let linked = Surroundings { link: Some("/link".into()), ..surroundings() };
        let own = |return_to: &str| {
            Some(format!("https://shop.example.com/weixin/login?return_to={return_to}&client_id=shop"))
        };
        let (shop, return_to, page) = (("client-id", "shop"), ("return-to", "/menu"), ("page", "/my/login"));
        let elsewhere = ("service", "https://login.example.com");
        type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a Surroundings, Option<String>);
        let table: [Row<'_>; 7] = [
            ("page wins", &[shop, return_to, page], &linked, Some("/my/login".into())),
            ("then return-to", &[shop, return_to], &linked, own("%2Fmenu")),
            ("then the link", &[shop], &linked, Some("/link".into())),
            ("then the page itself", &[shop], &surroundings(), own("%2Fcart%3Ffull%3D1")),
            ("page, on another origin", &[shop, elsewhere, page], &surroundings(), Some("/my/login".into())),
            ("the link, on another origin", &[shop, elsewhere, return_to], &linked, Some("/link".into())),
            ("nothing, on another origin", &[shop, elsewhere, return_to], &surroundings(), None),
        ];
        for (what, attributes, surroundings, page) in table {
            assert_eq!(read(attributes, surroundings).page, page, "{what}");
        }
    }

    #[test]
    fn the_hosted_page_gives_the_attempt_and_nothing_else() {
        let options = read(&[("attempt", "{}"), ("service", "/weixin"), ("lang", "en")], &surroundings());
        assert_eq!(options.attempt.as_deref(), Some("{}"));
        assert_eq!(options.language, Language::En);
    }

    #[test]
    fn phones_and_weixin_are_told_by_their_user_agents() {
        let table = [
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36", Device::Computer),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", Device::Phone),
            ("Mozilla/5.0 (Linux; Android 16; K) Chrome/156.0.0.0 Mobile Safari/537.36", Device::Phone),
            ("Mozilla/5.0 (Linux; Android 16; Tab) Chrome/156.0.0.0 Safari/537.36", Device::Computer),
            ("Mozilla/5.0 (iPhone) Mobile/15E148 MicroMessenger/8.0.60(0x1800)", Device::InsideWeixin),
        ];
        for (user_agent, device) in table {
            assert_eq!(Device::of(user_agent), device, "{user_agent}");
        }
    }
}
