//! `GET /widget/weixin-login.js`: the one file of the widget, as browsers ask for it, and nothing else of its folder.

use reqwest::Method;
use tempfile::TempDir;

use crate::harness::{Answer, House, PUBLIC_URL};

const SCRIPT: &str = "/widget/weixin-login.js";

/// A service whose widget is these three files, with the folder that they are in.
async fn house() -> (House, TempDir) {
    let folder = TempDir::new().unwrap();
    let house = House::with(|config| with_folder(&config, &folder)).await;
    for (name, text) in [("", "plain"), (".br", "by brotli"), (".gz", "by gzip")] {
        std::fs::write(folder.path().join(format!("weixin-login.js{name}")), text).unwrap();
    }
    std::fs::write(folder.path().join("weixin-login.wasm"), "no script").unwrap();
    (house, folder)
}

fn with_folder(config: &str, folder: &TempDir) -> String {
    format!("widget_dir = \"{}\"\n{config}", folder.path().display())
}

/// All headers that are about the file, in the order of their names.
fn about_the_file(answer: &Answer) -> Vec<(&str, &str)> {
    let on_every_answer = [
        "content-security-policy",
        "cross-origin-opener-policy",
        "date",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
    ];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .filter(|(name, _)| !on_every_answer.contains(name))
        .collect();
    headers.sort_unstable();
    headers
}

async fn ask(house: &House, headers: &[(&str, &str)]) -> Answer {
    let mut visitor = house.visitor();
    let request = visitor.request(Method::GET, SCRIPT).header("origin", "https://elsewhere.example");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    visitor.send(request).await
}

#[tokio::test]
async fn any_page_may_have_the_script_and_later_visits_wait_for_nothing() {
    let (house, _folder) = house().await;
    for (accepted, encoding, body) in [
        ("gzip, deflate, br, zstd", Some("br"), "by brotli"),
        ("gzip", Some("gzip"), "by gzip"),
        ("identity", None, "plain"),
    ] {
        let answer = ask(&house, &[("accept-encoding", accepted)]).await;
        let etag = format!("\"{}\"", sha256(body));
        let length = body.len().to_string();
        let mut expected = vec![
            ("access-control-allow-origin", "*"),
            ("cache-control", "public, max-age=300, stale-while-revalidate=86400"),
            ("content-length", &length),
            ("content-type", "text/javascript; charset=utf-8"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("etag", &etag),
            ("timing-allow-origin", "*"),
            ("vary", "Accept-Encoding"),
        ];
        expected.extend(encoding.map(|encoding| ("content-encoding", encoding)));
        expected.sort_unstable();
        assert_eq!(answer.status, 200, "{accepted}");
        assert_eq!(about_the_file(&answer), expected, "{accepted}");
        assert_eq!(answer.body, body);
    }
}

#[tokio::test]
async fn an_encoding_that_a_browser_refuses_or_likes_less_is_not_sent() {
    let (house, folder) = house().await;
    for (accepted, body) in [
        ("br;q=0, gzip", "by gzip"),
        ("br;q=0.0,gzip;q=0", "plain"),
        ("gzip;q=1, br;q=0.5", "by gzip"),
        ("gzip;q=0.1, BR", "by brotli"),
        ("xbr, brotli, gzipped", "plain"),
        ("*;q=0, gzip;q=0.5", "by gzip"),
        ("*;q=0", "plain"),
        ("identity;q=0.5, br;q=0.2", "plain"),
        ("", "plain"),
        ("br;;q", "plain"),
    ] {
        assert_eq!(ask(&house, &[("accept-encoding", accepted)]).await.body, body, "{accepted}");
    }
    // What was never compressed is sent as it is.
    std::fs::remove_file(folder.path().join("weixin-login.js.br")).unwrap();
    assert_eq!(ask(&house, &[("accept-encoding", "gzip, br")]).await.body, "by gzip");
    std::fs::remove_file(folder.path().join("weixin-login.js.gz")).unwrap();
    assert_eq!(ask(&house, &[("accept-encoding", "gzip, br")]).await.body, "plain");
}

#[tokio::test]
async fn a_tag_that_a_proxy_has_weakened_or_put_in_a_list_is_known_and_a_new_file_is_not() {
    let (house, folder) = house().await;
    let etag = ask(&house, &[("accept-encoding", "br")]).await.header("etag").to_owned();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", W/{etag}"), "*".into()] {
        let answer = ask(&house, &[("accept-encoding", "br"), ("if-none-match", &known)]).await;
        assert_eq!(answer.status, 304, "{known}");
    }
    std::fs::write(folder.path().join("weixin-login.js.br"), "by brotli, again").unwrap();
    let answer = ask(&house, &[("accept-encoding", "br"), ("if-none-match", &etag)]).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "by brotli, again"));
}

/// Of a file that has not changed the tag is made once, and not from all of its bytes at each request.
#[tokio::test]
async fn a_tag_is_made_once_for_a_file_that_has_not_changed() {
    let (house, folder) = house().await;
    let path = folder.path().join("weixin-login.js.br");
    let changed = std::fs::metadata(&path).unwrap().modified().unwrap();
    let first = ask(&house, &[("accept-encoding", "br")]).await;
    // Other bytes: who asked them for a tag again would have another one.
    std::fs::write(&path, "BY BROTLI").unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
    let again = ask(&house, &[("accept-encoding", "br")]).await;
    assert_eq!((first.body.as_str(), again.body.as_str()), ("by brotli", "BY BROTLI"));
    assert_eq!(first.header("etag"), again.header("etag"));
}

#[tokio::test]
async fn who_has_the_script_is_told_so_and_for_how_long() {
    let (house, _folder) = house().await;
    let etag = format!("\"{}\"", sha256("by brotli"));
    let answer = ask(&house, &[("accept-encoding", "br"), ("if-none-match", &etag)]).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (304, ""));
    let expected = [
        ("access-control-allow-origin", "*"),
        ("cache-control", "public, max-age=300, stale-while-revalidate=86400"),
        ("content-type", "text/javascript; charset=utf-8"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("etag", &etag),
        ("timing-allow-origin", "*"),
        ("vary", "Accept-Encoding"),
    ];
    assert_eq!(about_the_file(&answer), expected);
    // What is known is another version: the new one comes.
    let answer = ask(&house, &[("accept-encoding", "br"), ("if-none-match", "\"0\"")]).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "by brotli"));
}

#[tokio::test]
async fn the_script_is_told_what_every_qr_code_has_in_its_address() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("weixin-login.js"), "plain").unwrap();
    let house =
        House::with(|config| with_folder(&config, &folder).replace("scenes = true", "scenes = false")).await;
    let appid = weixin_emulator::DEFAULT_APPID;
    let (open_url, desktop_url) = (house.weixin.open_url(), house.weixin.desktop_url());
    let answer = ask(&house, &[]).await;
    let told = answer.header("server-timing").strip_prefix("weixin-attempt;desc=");
    // The rules of a quoted string (RFC 9110 §5.6.4) are JSON's where a text has no more than quotation marks in it.
    let told: String = serde_json::from_str(told.unwrap()).unwrap();
    let expected = serde_json::json!({
        "id": "", "kind": "embedded", "state": "", "iss": PUBLIC_URL, "appid": appid,
        "redirect_uri": format!("{PUBLIC_URL}/callback"), "open_url": open_url, "desktop_urls": [desktop_url],
        "expires_in": 0, "renew_in": 0, "client_name": "", "emulator": true,
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&told).unwrap(), expected);
}

#[tokio::test]
async fn on_localhost_a_new_build_is_seen_at_once() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("weixin-login.js"), "plain").unwrap();
    let house = House::with(|config| {
        with_folder(
            &config.replace("https://shop.example.test/weixin", "http://localhost:4000/weixin"),
            &folder,
        )
    })
    .await;
    let address = format!("http://{}/weixin{SCRIPT}", house.address);
    let answer = reqwest::Client::new().get(address).header("host", "localhost:4000").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (200, &"no-cache".parse().unwrap())
    );
}

#[tokio::test]
async fn nothing_else_of_the_folder_is_served() {
    let (house, _folder) = house().await;
    for name in [
        "weixin-login.wasm",
        "weixin-login.js.br",
        ".js",
        "..%2Fstore.db",
        "..%2F..%2Fx.js",
        "other.js",
        "a%00.js",
    ] {
        let answer = house.visitor().open(&format!("/widget/{name}")).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (404, ""), "{name}");
    }
}

#[tokio::test]
async fn a_widget_that_was_never_built_is_said() {
    let folder = TempDir::new().unwrap();
    let house = House::with(|config| with_folder(&config, &folder)).await;
    let answer = house.visitor().open(SCRIPT).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_str()),
        (503, "the widget was never built: cargo xtask widget\n")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_hosted_page_has_its_script_and_the_way_to_weixin_ahead() {
    let (house, _folder) = house().await;
    let page = house.visitor().open("/login").await.body;
    let (head, _) = page.split_once("</head>").unwrap();
    let links: Vec<&str> = head
        .lines()
        .map(str::trim)
        .filter(|line| line.contains("<script") || line.contains("rel=\"pre"))
        .collect();
    let way = format!("<link rel=\"preconnect\" href=\"{}\">", house.weixin.open_url());
    let phases = "<script src=\"/weixin/assets/phases.js\" defer></script>";
    let element = "<script type=\"module\" src=\"/weixin/widget/weixin-login.js\"></script>";
    assert_eq!(links, [phases, element, &way]);
}

fn sha256(text: &str) -> String {
    weixin_login::secret::SecretHash::of_bytes(text.as_bytes()).hex()
}
