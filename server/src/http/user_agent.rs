//! What the `User-Agent` header says, read once and in one way. What the person holds is [`Device`]'s to tell.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;
use protocol::device::Device;

/// The header's text; empty where there is none.
///
/// Phones write their model's name into it, in Chinese as UTF-8 or GBK, or with a ®: what is no text is replaced, and the words
/// that count are read all the same.
pub fn user_agent(request: &HttpRequest) -> Cow<'_, str> {
    let header = request.headers().get(USER_AGENT);
    header.map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default()
}

/// What the person holds who sent this request.
pub fn device(request: &HttpRequest) -> Device {
    Device::of(&user_agent(request))
}

/// The browser and the system that sent a request: `Chrome, Windows`; what is not known is left out. Names of our own alone: whatever
/// else the header says is not shown to anybody.
pub(crate) fn browser_and_system(request: &HttpRequest) -> String {
    let user_agent = user_agent(request);
    // Most browsers claim to be others too: the rarest word decides.
    const BROWSERS: [(&str, &str); 20] = [
        ("wxwork/", "WeCom"),
        ("MicroMessenger/", "WeChat"),
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("EdgiOS/", "Edge"),
        ("OPR/", "Opera"),
        ("QQBrowser/", "QQ"),
        ("UCBrowser/", "UC"),
        ("Quark/", "Quark"),
        ("MiuiBrowser/", "Mi Browser"),
        ("HuaweiBrowser/", "Huawei Browser"),
        ("ArkWeb/", "Huawei Browser"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Vivaldi/", "Vivaldi"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Trident/", "Internet Explorer"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 9] = [
        ("HarmonyOS", "HarmonyOS"),
        ("OpenHarmony", "HarmonyOS"),
        ("Windows", "Windows"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Mac OS X", "macOS"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let name = |table: &[(&str, &'static str)]| {
        table.iter().find(|(word, _)| user_agent.contains(word)).map(|(_, name)| *name)
    };
    let names: Vec<&str> = name(&BROWSERS).into_iter().chain(name(&SYSTEMS)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_rarest_word_names_the_browser() {
        for (header, said) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
                "Chrome, Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15",
                "Safari, macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) CriOS/156.0 Mobile/15E148 Safari/604.1",
                "Chrome, iOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) EdgiOS/156.0 Mobile/15E148 Safari/605.1.15",
                "Edge, iOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) FxiOS/156.0 Mobile/15E148 Safari/605.1.15",
                "Firefox, iPadOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; 22041) Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.49",
                "WeChat, Android",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox, Linux"),
            (
                "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0 Mobile",
                "Huawei Browser, HarmonyOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16) Chrome/130.0 Mobile Safari/537.36 SamsungBrowser/28.0",
                "Samsung Internet, Android",
            ),
            ("curl/8.0", ""),
            ("<script>Windows</script>", "Windows"),
            ("", ""),
        ] {
            let request = TestRequest::default().insert_header((USER_AGENT, header)).to_http_request();
            assert_eq!(browser_and_system(&request), said, "{header}");
        }
    }
}
