//! A proxy that changes what it passes on: people get a plain page, and the operator is told once what to set.

use reqwest::Method;
use tempfile::TempDir;
use weixin_emulator::Emulator;

use crate::harness::{Answer, Visitor};
use crate::program::{Program, write_config};

/// A page as a browser opens it through a proxy that passes on this Host and path.
async fn open(visitor: &mut Visitor, address: std::net::SocketAddr, host: &str, path: &str) -> Answer {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = http.request(Method::GET, format!("http://{address}{path}")).header("host", host);
    visitor.send(request.header("sec-fetch-dest", "document").header("accept-language", "en")).await
}

/// What an operator finds when looking for what the log has said.
const OPERATIONS: &str = include_str!("../../../docs/operations.md");

fn is_documented(told: &str) -> bool {
    let beginning = told.split_once(": a proxy").or_else(|| told.split_once(": such requests")).unwrap().0;
    OPERATIONS.contains(beginning)
}

#[tokio::test]
async fn a_proxy_that_takes_the_path_away_is_told_of_once() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let mut program = Program::start(&write_config(&weixin, &data, |config| config));
    let (address, _) = program.addresses().unwrap();
    let mut visitor = Visitor::at(address);
    let host = "shop.example.test";
    // What is nobody's is not told: scanners and mistyped addresses.
    let others = ["/", "/wp-login.php", "/weixin/nowhere", "/login/x/y/z", "/.well-known/security.txt"];
    let stripped = ["/login?return_to=%2Forders", "/session", "/widget/weixin-login.js", "/login/abc/events"];
    let doubled = ["/weixin/weixin/login", "/weixin/weixin/session"];
    for path in others.iter().chain(&stripped).chain(&doubled) {
        let answer = open(&mut visitor, address, host, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("Page not found"), "{}", answer.body);
        assert!(!answer.body.contains("proxy"), "{}", answer.body);
    }
    program.logged("twice");
    let said = program.stop();
    let told = told(&said);
    assert_eq!(
        told,
        [
            "a request for \"/login\" came without /weixin, the path of public_url: a proxy in front must pass the path on as it is (nginx: proxy_pass with no path behind the port); this is said once",
            "a request for \"/weixin/weixin/login\" came with /weixin, the path of public_url, twice: a proxy in front must pass the path on as it is; this is said once",
        ]
    );
    assert!(told.iter().all(|told| is_documented(told)), "{told:?}");
}

#[tokio::test]
async fn a_proxy_that_writes_another_host_is_told_of_once_and_people_get_the_way_there() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let config = write_config(&weixin, &data, |config| {
        config
            .replace("https://shop.example.test/weixin", "http://localhost:5173/weixin")
            .replace("\"https://shop.example.test\"", "\"http://localhost:5173\"")
    });
    let mut program = Program::start(&config);
    let (address, _) = program.addresses().unwrap();
    let mut visitor = Visitor::at(address);
    for host in ["localhost:5173", "LOCALHOST:5173"] {
        let answer = open(&mut visitor, address, host, "/weixin/login?return_to=%2F").await;
        assert_eq!(answer.status, 200, "{host}: {}", answer.body);
    }
    for host in [
        "127.0.0.1:8080",
        "localhost",
        "localhost:5174",
        "localhost.evil.example:5173",
        "evil@localhost:5173",
        "localhost:5173/",
        "",
        "<script>alert(1)</script>",
    ] {
        let answer = open(&mut visitor, address, host, "/weixin/login?return_to=%2Forders").await;
        let shown = host.replace('<', "&#60;").replace('>', "&#62;");
        assert_eq!(answer.status, 421, "{host}");
        for part in [
            &*format!("You opened {shown}. The login service is at localhost:5173."),
            "href=\"http://localhost:5173/weixin/login?return_to=%2Forders\"",
            "wrong_address",
        ] {
            assert!(answer.body.contains(part), "{part}: {}", answer.body);
        }
    }
    // The page has its looks there too.
    let style = open(&mut visitor, address, "127.0.0.1:8080", "/weixin/assets/pages.css").await;
    assert_eq!((style.status.as_u16(), style.header("content-type")), (200, "text/css; charset=utf-8"));
    program.logged("came for the host");
    let said = program.stop();
    let told = told(&said);
    assert_eq!(
        told,
        [
            "a request came for the host \"127.0.0.1:8080\", and public_url is http://localhost:5173/weixin: such requests get 421. A proxy in front must pass on the Host that the browser asked for (nginx: proxy_set_header Host $http_host); this is said once"
        ]
    );
    assert!(told.iter().all(|told| is_documented(told)), "{told:?}");
}

#[test]
fn the_documentation_quotes_the_pages_as_they_are() {
    let text = include_str!("../../src/text.rs");
    for title in [
        "Page not found",
        "This page is at another address",
        "Too many attempts",
        "WeChat login isn’t set up correctly on this site",
        "Continue in the browser where you started",
    ] {
        let quoted = format!("\"{title}\"");
        assert!(OPERATIONS.contains(&quoted) && text.contains(&quoted), "{title}");
    }
}

/// What the operator is told in a log.
fn told(log: &str) -> Vec<&str> {
    let lines = log.lines().filter_map(|line| line.split_once("WARN weixin_login::misrouted: "));
    lines.map(|(_, said)| said).collect()
}
