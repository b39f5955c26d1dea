//! What stands on every answer, and what a page may show.

use reqwest::Method;
use serde_json::json;

use crate::harness::{CHALLENGE, House, SHOP, allowed, start_login};

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let callback = allowed(&house, &attempt);
    let mut answers = Vec::new();
    for path in [
        "/",
        "/login",
        "/logout",
        "/callback?state=unknown",
        "/session",
        "/nowhere",
        "/login?return_to=//evil",
        &callback,
    ] {
        answers.push((path.to_owned(), visitor.open(path).await));
    }
    answers.push(("POST /login".into(), visitor.post(SHOP, "/login", &start_login()).await));
    answers.push((
        "POST /login, refused".into(),
        visitor.post("https://evil.example", "/login", &start_login()).await,
    ));
    answers.push(("POST /session".into(), visitor.post(SHOP, "/session", &json!({})).await));
    let put = visitor.request(Method::PUT, "/login");
    answers.push(("PUT /login".into(), visitor.send(put).await));
    for (path, answer) in answers {
        let csp = answer.header("content-security-policy");
        assert!(
            csp.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"),
            "{path}: {csp}"
        );
        assert!(csp.ends_with("; frame-ancestors 'none'"), "{path}: {csp}");
        assert!(!csp.contains("unsafe-inline") && !csp.contains("'unsafe-eval'"), "{path}: {csp}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(["no-referrer", "same-origin"].contains(&answer.header("referrer-policy")), "{path}");
        let opener = if path.starts_with("/login")
            || path.starts_with("/callback")
            || path.ends_with("/login")
            || path == "POST /login, refused"
        {
            "unsafe-none"
        } else {
            "same-origin"
        };
        assert_eq!(answer.header("cross-origin-opener-policy"), opener, "{path}");
    }
}

#[tokio::test]
async fn cors_names_registered_origins_only() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    for (origin, named) in [
        (SHOP, SHOP),
        ("https://forum.example.test", "https://forum.example.test"),
        ("https://evil.example", ""),
        ("null", ""),
    ] {
        for path in ["/login", "/login/some-id/callback"] {
            let request = visitor
                .request(Method::OPTIONS, path)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type,weixin-login-secret");
            let answer = visitor.send(request).await;
            assert_eq!(answer.header("access-control-allow-origin"), named, "{origin} {path}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{origin} {path}");
        }
        for path in ["/callback", "/logout", "/login/some-id/renew"] {
            let request = visitor
                .request(Method::OPTIONS, path)
                .header("origin", origin)
                .header("access-control-request-method", "POST");
            assert_eq!(
                visitor.send(request).await.header("access-control-allow-origin"),
                "",
                "{origin} {path}"
            );
        }
    }
}

#[tokio::test]
async fn names_are_shown_as_text() {
    let house = House::new().await;
    let page = house.visitor().open("/login").await.body;
    assert!(!page.contains("<b>Shop</b>"), "{page}");
}

/// One site alone, with these keys.
async fn one_site(keys: &str) -> House {
    House::with(|config| {
        let (before, _) = config.split_once("[[clients]]").unwrap();
        format!("{before}[[clients]]\nid = \"tea\"\norigins = [\"{SHOP}\"]\n{keys}\n")
    })
    .await
}

#[tokio::test]
async fn a_site_is_called_by_its_name_in_the_pages_language() {
    let house = one_site("name = { zh-CN = \"山茶\", en = \"Camellia\" }").await;
    let mut visitor = house.visitor();
    for (lang, heading) in [
        ("zh-CN", "<h1>登录 <bdi>山茶</bdi></h1>"),
        ("zh-TW", "<h1>登入 <bdi>山茶</bdi></h1>"),
        ("en", "<h1>Log in to <bdi>Camellia</bdi></h1>"),
    ] {
        let page = visitor.open(&format!("/login?lang={lang}")).await.body;
        assert!(page.contains(heading), "{lang}: {page}");
    }
    let login = json!({"client_id": "tea", "result": "code", "code_challenge": CHALLENGE, "lang": "en"});
    assert_eq!(visitor.post(SHOP, "/login", &login).await.json()["client_name"], "Camellia");
}

#[tokio::test]
async fn a_sites_logo_and_colour_are_on_its_pages() {
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("logo");
    std::fs::write(&file, svg).unwrap();
    let keys = format!("name = \"Tea\"\nlogo = \"{}\"\naccent = \"#FFD000\"", file.to_str().unwrap());
    let house = one_site(&keys).await;
    let mut visitor = house.visitor();
    let page = visitor.open("/login").await.body;
    let (_, logo) = page.split_once("class=\"logo\" src=\"/weixin").unwrap();
    let logo = visitor.open(logo.split_once('"').unwrap().0).await;
    assert_eq!((logo.header("content-type"), &*logo.body), ("image/svg+xml", svg));
    assert_eq!(
        logo.header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'; sandbox",
        "opened by itself it runs nothing"
    );
    assert_eq!(logo.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(page.contains("href=\"/weixin/assets/accent-ffd000.css\""), "{page}");
    let colours = visitor.open("/assets/accent-ffd000.css").await;
    assert_eq!(colours.header("content-type"), "text/css; charset=utf-8");
    assert!(colours.body.contains("--accent: light-dark(#846c00, #ffd000)"), "{}", colours.body);
    assert_eq!(visitor.open("/assets/accent-123456.css").await.status, 404, "a colour of nobody");
}

#[tokio::test]
async fn a_page_that_says_no_names_the_site_and_leads_back_to_it() {
    let house = one_site("name = \"Tea & <i>more</i>\"").await;
    let back = "<a class=\"button\" href=\"https://shop.example.test/\">Back to <bdi>Tea &#38; &#60;i&#62;more&#60;/i&#62;</bdi></a>";
    for path in ["/nowhere", "/callback?state=unknown", "/login?return_to=//evil", "/sessions", "/logout"] {
        let page = house.visitor().open(path).await.body;
        assert!(page.contains(back), "{path}: {page}");
    }
    // Of several sites nobody knows which: all of them are a press away.
    let house = House::new().await;
    let page = house.visitor().open("/nowhere").await.body;
    assert!(page.contains("<a href=\"/weixin/\">See the sites you can log in to</a>"), "{page}");
    // Where the login tells which it is, that one.
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let answer = house.visitor().open(&allowed(&house, &attempt)).await;
    assert!(answer.body.contains("href=\"https://shop.example.test/\">Back to <bdi>"), "{}", answer.body);
    assert!(answer.body.contains("<a class=\"button\" href=\"/weixin/login?return_to="), "{}", answer.body);
}

#[tokio::test]
async fn an_emulator_is_named_on_every_page() {
    let house = House::new().await;
    for path in ["/", "/login", "/logout", "/callback?state=unknown"] {
        let page = house.visitor().open(path).await.body;
        assert!(page.contains("Not WeChat"), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_hostile_nickname_comes_through_without_control_characters_and_the_avatar_only_from_weixin() {
    let house = House::new().await;
    let nickname = format!("<img src=x onerror=alert(1)>\u{202e}\n\u{1b}[31m{}", "😀".repeat(1000));
    let mut person = weixin_emulator::Scenario::default().people[0].clone();
    person.nickname = nickname.clone();
    for (headimgurl, picture) in [
        ("https://thirdwx.qlogo.cn/a/132", json!("https://thirdwx.qlogo.cn/a/132")),
        ("http://wx.qlogo.cn/a/132", json!("https://wx.qlogo.cn/a/132")),
        ("https://evil.example/a", json!(null)),
        ("https://thirdwx.qlogo.cn.evil.example/a", json!(null)),
        ("https://thirdwx.qlogo.cn@evil.example/a", json!(null)),
        ("javascript:alert(1)", json!(null)),
        ("", json!(null)),
    ] {
        person.headimgurl = Some(headimgurl.into());
        house.weixin.set_person(person.clone());
        let mut visitor = house.visitor();
        let attempt = visitor.start_hosted().await;
        visitor.open(&allowed(&house, &attempt)).await;
        let session = visitor.session().await.json();
        assert_eq!(session["nickname"], nickname.replace(['\n', '\u{1b}'], ""));
        assert_eq!(session.get("picture").cloned().unwrap_or_default(), picture, "{headimgurl}");
    }
}

#[tokio::test]
async fn a_popup_keeps_its_opener_however_the_path_is_spelt() {
    let house = House::new().await;
    for path in ["/login", "/%6cogin", "/callback", "/callbac%6b", "/%61uthorize"] {
        let answer = house.visitor().open(path).await;
        assert_eq!(answer.header("cross-origin-opener-policy"), "unsafe-none", "{path}");
    }
}

#[tokio::test]
async fn a_language_is_understood_however_it_is_written() {
    let house = House::new().await;
    for (query, header, lang) in [
        ("?lang=zh_CN", "en", "zh-CN"),
        ("?lang=zh%5FTW", "en", "zh-TW"),
        ("?lang=de", "zh_HK", "zh-TW"),
        ("", "zh_CN", "zh-CN"),
        ("", "de, zh_CN;q=0.8, en;q=0.7", "zh-CN"),
        ("", "yue-Hant-HK", "zh-TW"),
        ("", "fr", "en"),
    ] {
        for path in ["/", "/login", "/no-such-page"] {
            let mut visitor = house.visitor();
            let request = visitor.request(Method::GET, &format!("{path}{query}"));
            let page = visitor.send(request.header("accept-language", header)).await.body;
            assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{path}{query} {header}: {page}");
        }
    }
    let bytes = reqwest::header::HeaderValue::from_bytes(b"\xd5\xc5;q=1, zh_TW").unwrap();
    let mut visitor = house.visitor();
    let request = visitor.request(Method::GET, "/").header("accept-language", bytes);
    assert!(visitor.send(request).await.body.contains("<html lang=\"zh-TW\">"));
}
