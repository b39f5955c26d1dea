//! `weixin-login check` as a doctor: what is planted is found, and its mend is named. The table in docs/operations.md has these too.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rcgen::generate_simple_self_signed;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpSocket;
use weixin_emulator::{
    App, AppKind, DEFAULT_APPID, DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID, Emulator, Scenario,
};

use crate::front::{Faults, Front, GOOD};
use crate::harness::KIOSK;
use crate::program::{Program, command, write_config};

/// What operators read.
const OPERATIONS: &str = include_str!("../../../docs/operations.md");

struct House {
    weixin: Emulator,
    data: TempDir,
}

/// What a check has found wrong, or warns of: its stable word, and the text.
type Found = Vec<(String, String)>;

impl House {
    async fn new() -> Self {
        Self { weixin: Emulator::start(Default::default()).await.unwrap(), data: TempDir::new().unwrap() }
    }

    fn write(&self, change: impl FnOnce(String) -> String) -> PathBuf {
        let file = write_config(&self.weixin, &self.data, change);
        // The configuration too: on another store than the file it has that one's password.
        let secrets = ["secret", "service-account-secret"].map(|secret| self.data.path().join(secret));
        for file in secrets.iter().chain([&file]) {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        file
    }

    /// Whatever is not good in the document that programs read.
    fn check(&self, words: &[&str], change: impl FnOnce(String) -> String) -> Found {
        found(&self.write(change), words)
    }
}

fn found(config: &std::path::Path, words: &[&str]) -> Found {
    let output = command(&[&["check", "--json"], words].concat(), config).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.contains(DEFAULT_SECRET), "{said}");
    let document: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let all = document["found"].as_array().unwrap();
    let wrong = all.iter().filter(|finding| finding["status"] == "wrong").count();
    assert_eq!(document["wrong"], wrong);
    assert_eq!(output.status.code(), Some(i32::from(wrong > 0)), "{said}");
    let bad = all.iter().filter(|finding| finding["status"] == "wrong" || finding["status"] == "warn");
    bad.map(|finding| (text(finding, "check"), text(finding, "text"))).collect()
}

/// An address where nobody listens, and nobody else will while this lives: a port that was let go of is dealt to another test.
struct Nobody(TcpSocket);

impl Nobody {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}

/// One thing was planted: it is found, by this word, with this mend, and nothing else is; and people find the mend in the documentation.
fn is_found(planted: &str, found: &Found, check: &str, mend: &str) {
    assert_eq!(found.len(), 1, "{planted}: {found:#?}");
    assert_eq!(found[0].0, check, "{planted}: {found:#?}");
    assert!(found[0].1.contains(mend), "{planted}: {found:#?}");
    assert!(OPERATIONS.contains(&format!("| {planted} |")), "docs/operations.md has no row for: {planted}");
}

#[tokio::test]
async fn mistakes_in_the_configuration_are_found() {
    let house = House::new().await;
    assert_eq!(house.check(&[], |config| config), []);
    let listen = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listen.local_addr().unwrap();
    let nobody = Nobody::new();
    let dead = nobody.address();
    let api = house.weixin.api_url();
    let in_front = |config: String, line: &str| format!("{line}\n{config}");
    type Planted<'a> = (&'a str, Box<dyn FnOnce(String) -> String + 'a>, &'a str, &'a str);
    let planted: Vec<Planted<'_>> = vec![
        (
            "a key that is misspelt",
            Box::new(|config| in_front(config, "lsiten = \"127.0.0.1:1\"")),
            "configuration",
            "Did you mean `listen`?",
        ),
        (
            "an original id in the place of the appid",
            Box::new(|config| config.replacen(DEFAULT_APPID, "gh_0123456789abcde", 1)),
            "configuration",
            "wx and 16 characters",
        ),
        (
            "`public_url` without https",
            Box::new(|config| config.replacen("https://shop", "http://shop", 1)),
            "configuration",
            "`public_url`",
        ),
        (
            "the AppSecret in the place of its file",
            Box::new(|config| {
                config.replacen(&house.data.path().join("secret").display().to_string(), DEFAULT_SECRET, 1)
            }),
            "configuration",
            "put that into a file",
        ),
        (
            "a port that is taken",
            Box::new(move |config| config.replacen("127.0.0.1:0", &taken.to_string(), 1)),
            "ports",
            "Address already in use",
        ),
        (
            "another app's secret",
            Box::new(|config| config.replacen("/secret\"", "/service-account-secret\"", 1)),
            "weixin_secret",
            "look at weixin.website.secret_file",
        ),
        (
            "a store that is none",
            Box::new(|config| {
                std::fs::write(
                    house.data.path().join("text.db"),
                    "not a database at all, and long enough to be read as one",
                )
                .unwrap();
                config.replacen("store.db", "text.db", 1)
            }),
            "store",
            "text.db",
        ),
        (
            "a cache that is away",
            Box::new(move |config| in_front(config, &format!("cache = \"redis://{dead}\""))),
            "cache",
            "the cache redis://",
        ),
        (
            "a back-channel address where nobody is",
            Box::new(move |config| {
                in_front(
                    config.replacen(
                        "redirect_uris = []",
                        &format!("redirect_uris = []\nbackchannel_logout_uri = \"http://{dead}/\""),
                        1,
                    ),
                    "backchannel_private_addresses = true",
                )
            }),
            "backchannel",
            "is the site up, and the address right?",
        ),
    ];
    for (name, change, check, mend) in planted {
        let found = house.check(&[], change);
        is_found(name, &found, check, mend);
    }

    let apart = house.check(&[], |config| {
        config.replacen(KIOSK, "https://kiosk.example.test\", \"https://kiosk.example.org", 1)
    });
    is_found(
        "a site that is another one for browsers",
        &apart,
        "cookies",
        "https://kiosk.example.org of the client kiosk",
    );

    let swap = |config: String| {
        config
            .replacen(DEFAULT_APPID, "SWAPPED", 1)
            .replacen(DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_APPID, 1)
            .replacen("SWAPPED", DEFAULT_SERVICE_ACCOUNT_APPID, 1)
            .replacen("/secret\"", "/SWAPPED\"", 1)
            .replacen("/service-account-secret\"", "/secret\"", 1)
            .replacen("/SWAPPED\"", "/service-account-secret\"", 1)
    };
    let swapped = house.check(&[], swap);
    assert_eq!(swapped.len(), 2, "each of the two is in the other's place: {swapped:#?}");
    is_found(
        "website app and service account swapped",
        &swapped[..1].to_vec(),
        "weixin_page",
        "belongs to [weixin.service_account]",
    );

    let away = |config: String| {
        config.replacen(&format!("api_url = \"{api}\""), &format!("api_url = \"http://{dead}\""), 1)
    };
    let away = house.check(&[], away);
    assert_eq!(away.len(), 2, "each of the two apps: {away:#?}");
    is_found("WeChat out of reach", &away[..1].to_vec(), "weixin_secret", "WeChat cannot be reached");

    let unknown = house.check(&[], |config| config.replacen(DEFAULT_APPID, "wx0000000000000000", 1));
    assert_eq!(unknown.len(), 2, "the API and the page say it: {unknown:#?}");
    is_found(
        "an appid that nobody has",
        &unknown[..1].to_vec(),
        "weixin_secret",
        "look at weixin.website.appid",
    );

    let website = Scenario::default().apps.into_iter().find(|app| app.kind == AppKind::Website).unwrap();
    house.weixin.set_app(App { callback_domains: vec!["www.example.test".into()], ..website.clone() });
    let found_domain = house.check(&[], |config| config);
    is_found(
        "another callback domain at WeChat",
        &found_domain,
        "weixin_page",
        "(授权回调域) at open.weixin.qq.com is not shop.example.test",
    );
    house.weixin.set_app(website);

    let config = house.write(|config| config);
    let secret = house.data.path().join("secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    is_found("a secret that everybody may read", &found(&config, &[]), "files", "chmod 600");

    // Another master key than the one that sealed the keys.
    let config = house.write(|config| config);
    Program::start(&config).addresses().expect("it starts");
    std::fs::write(
        house.data.path().join("store.master-key"),
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n",
    )
    .unwrap();
    is_found(
        "a master key that is not the store's",
        &found(&config, &[]),
        "store",
        "none of the master keys opens",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_and_a_proxy_to_weixin_that_is_away_are_found() {
    let house = House::new().await;
    let wrong = Faults {
        answer: |line| {
            let is_date = line.to_ascii_lowercase().starts_with("date:");
            Some(if is_date { "date: Sat, 01 Jan 2022 00:00:00 GMT".into() } else { line.into() })
        },
        ..GOOD
    };
    let front = Front::start(None, wrong).await;
    let through = |address: SocketAddr| {
        move |config: String| {
            config.replacen("[weixin]", &format!("[weixin]\nproxy = \"http://{address}\""), 1)
        }
    };
    let address = front.address;
    let found_clock = tokio::task::block_in_place(|| house.check(&[], through(address)));
    is_found("a clock that is wrong", &found_clock, "clock", "let NTP run");
    drop(front);
    let away = house.check(&[], through(address));
    let beginning = away.iter().take(1).cloned().collect();
    is_found(
        "a proxy to WeChat that is away",
        &beginning,
        "weixin_secret",
        "weixin.proxy is http://127.0.0.1:",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_front_of_the_service_is_found_from_outside() {
    let house = House::new().await;
    let config = house.write(|config| config);
    let mut program = Program::start(&config);
    let (service, _) = program.addresses().expect("it listens");
    let look = async |faults: Faults, config: &std::path::Path| {
        let front = Front::start(Some(service), faults).await;
        let address = format!("--from-outside=http://{}/weixin", front.address);
        tokio::task::block_in_place(|| found(config, &[&address]))
    };
    assert_eq!(look(GOOD, &config).await, []);
    let planted: [(&str, Faults, &str, &str); 9] = [
        (
            "a proxy that takes the path off",
            Faults { request: |line| Some(line.replacen(" /weixin/", " /", 1)), ..GOOD },
            "outside_path",
            "no path behind the port in nginx's proxy_pass",
        ),
        (
            "a proxy that writes another Host",
            Faults {
                request: |line| {
                    Some(if line.starts_with("host:") { "host: 127.0.0.1:8080".into() } else { line.into() })
                },
                ..GOOD
            },
            "outside_host",
            "proxy_set_header Host $http_host",
        ),
        (
            "a proxy that does not say whom it saw",
            Faults { adds: "", ..GOOD },
            "outside_address",
            "proxy_set_header X-Forwarded-For $remote_addr",
        ),
        (
            "a proxy that says it by the other header",
            Faults { adds: "forwarded: for=203.0.113.7\r\n", ..GOOD },
            "outside_address",
            "forwarded_header = \"Forwarded\"",
        ),
        (
            "a proxy that holds event streams back",
            Faults { holds_back: true, ..GOOD },
            "outside_streams",
            "proxy_buffering off",
        ),
        (
            "a proxy that takes HSTS off",
            Faults {
                answer: |line| (!line.starts_with("strict-transport-security:")).then(|| line.into()),
                ..GOOD
            },
            "outside_hsts",
            "proxy_hide_header",
        ),
        (
            "a proxy that changes cookies",
            Faults { answer: |line| Some(line.replace("Path=/;", "Path=/weixin;")), ..GOOD },
            "outside_cookies",
            "proxy_cookie_path",
        ),
        (
            "a proxy that keeps browsers' cookies to itself",
            Faults { request: |line| (!line.starts_with("cookie:")).then(|| line.into()), ..GOOD },
            "outside_cookies",
            "no proxy_set_header Cookie",
        ),
        (
            "a proxy with little room for cookies",
            Faults { longest_head: 4096, ..GOOD },
            "outside_cookies",
            "large_client_header_buffers 4 32k",
        ),
    ];
    for (name, faults, check, mend) in planted {
        is_found(name, &look(faults, &config).await, check, mend);
    }

    // Who stands in front is not believed.
    let mut program = Program::start(&house.write(|config| config.replacen("[\"127.0.0.1/32\"]", "[]", 1)));
    let (service, _) = program.addresses().expect("it listens");
    let front = Front::start(Some(service), GOOD).await;
    let address = format!("--from-outside=http://{}/weixin", front.address);
    let config = house.data.path().join("weixin-login.toml");
    let found_proxy = tokio::task::block_in_place(|| found(&config, &[&address]));
    is_found(
        "a proxy that is missing in `trusted_proxies`",
        &found_proxy,
        "outside_address",
        "trusted_proxies = [\"127.0.0.1/32\"]",
    );

    // Nobody is there, and somebody else is.
    drop(program);
    let found_else = found(&config, &[&format!("--from-outside={}", house.weixin.open_url())]);
    is_found("a proxy that leads elsewhere", &found_else, "outside", "somebody else answers there");
}

#[tokio::test]
async fn a_certificate_that_browsers_do_not_believe_is_found() {
    let house = House::new().await;
    let made = generate_simple_self_signed(["shop.example.test".to_owned(), "localhost".to_owned()]).unwrap();
    let (cert, key) = (house.data.path().join("cert.pem"), house.data.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config =
        house.write(|config| format!("tls_cert_file = \"cert.pem\"\ntls_key_file = \"key.pem\"\n{config}"));
    let mut program = Program::start(&config);
    let (service, _) = program.addresses().expect("it listens");
    let address = format!("--from-outside=https://localhost:{}/weixin", service.port());
    is_found(
        "a certificate that browsers do not believe",
        &found(&config, &[&address]),
        "outside",
        "serve the whole chain",
    );
    drop(program);
    std::fs::write(
        &key,
        generate_simple_self_signed(["localhost".to_owned()]).unwrap().signing_key.serialize_pem(),
    )
    .unwrap();
    is_found("a certificate with another's key", &found(&config, &[]), "tls", "do not go together");
}

/// Somebody whom the service calls: reads a line at a time, and says what it is told to say to it.
struct Somebody {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Somebody {
    /// `first` is said before anything was heard; `answer` to each line, nothing where it is none.
    async fn start(first: &'static str, answer: impl Fn(&str) -> Option<String> + Send + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let _ = stream.write_all(first.as_bytes()).await;
                let mut line = String::new();
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    if let Some(said) = answer(&line) {
                        let _ = stream.write_all(said.as_bytes()).await;
                    }
                    line.clear();
                }
            }
        });
        Self { address, task }
    }

    /// A site that answers this, whatever it is asked.
    async fn site(status: &'static str) -> Self {
        Self::start("", move |line| {
            let answer = format!("HTTP/1.1 {status}\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
            (line == "\r\n").then_some(answer)
        })
        .await
    }

    /// A mail server that answers this to user and password.
    async fn mail(to_password: &'static str) -> Self {
        Self::start("220 mail.example.test\r\n", move |line| {
            let said = match line.split_whitespace().next().unwrap_or_default() {
                "EHLO" => "250-mail.example.test\r\n250 AUTH PLAIN",
                "AUTH" => to_password,
                "QUIT" => "221 bye",
                _ => "250 good",
            };
            Some(format!("{said}\r\n"))
        })
        .await
    }
}

impl Drop for Somebody {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the service calls by itself is asked, and the answer tells whether somebody is there who understands.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_the_service_calls_are_asked() {
    let house = House::new().await;
    for secret in ["webhook-secret", "mail-password"] {
        let file = house.data.path().join(secret);
        std::fs::write(&file, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let (good, open) = (Somebody::site("401 Unauthorized").await, Somebody::site("200 OK").await);
    let (gone, moved) =
        (Somebody::site("404 Not Found").await, Somebody::site("301 Moved Permanently").await);
    let broken = Somebody::site("502 Bad Gateway").await;
    let (mail, no_mail) = (Somebody::mail("235 welcome").await, Somebody::mail("535 not you").await);
    let nobody = Nobody::new();
    let nowhere = nobody.address();
    // All of them, and one of them elsewhere.
    let with = |backchannel: SocketAddr, webhook: SocketAddr, sms: SocketAddr, mail: SocketAddr| {
        move |config: String| {
            let client = format!(
                "backchannel_logout_uri = \"http://{backchannel}/\"\nwebhook_url = \"http://{webhook}/\"\nwebhook_secret_file = \"webhook-secret\"\nredirect_uris = []"
            );
            let tables = format!(
                "[sms]\nurl = \"http://{sms}/\"\nsecret_file = \"webhook-secret\"\n\n[email]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"us\"\npassword_file = \"mail-password\"\nfrom = \"Shop <login@shop.example.test>\"\n\n[weixin]",
                mail.port()
            );
            let config = config.replacen("redirect_uris = []", &client, 1).replacen("[weixin]", &tables, 1);
            format!("webhook_private_addresses = true\nbackchannel_private_addresses = true\n{config}")
        }
    };
    let (good, mail) = (good.address, mail.address);
    let check = |config| tokio::task::block_in_place(|| house.check(&[], config));
    assert_eq!(check(with(good, good, good, mail)), []);
    let planted = [
        (
            "a back-channel address that leads elsewhere",
            with(moved.address, good, good, mail),
            "backchannel",
            "no redirect is followed",
        ),
        (
            "a webhook where nobody is",
            with(good, nowhere, good, mail),
            "webhook",
            "is the site up, and the address right?",
        ),
        (
            "a webhook that leads elsewhere",
            with(good, moved.address, good, mail),
            "webhook",
            "write the address that it leads to",
        ),
        (
            "a webhook without a page",
            with(good, gone.address, good, mail),
            "webhook",
            "has no page for that there",
        ),
        (
            "a webhook that believes everybody",
            with(good, open.address, good, mail),
            "webhook",
            "does it compare webhook-signature?",
        ),
        (
            "a webhook whose site is broken",
            with(good, broken.address, good, mail),
            "webhook",
            "look at the log of that site",
        ),
        (
            "a webhook for short messages where nobody is",
            with(good, good, nowhere, mail),
            "sms",
            "is the site up, and the address right?",
        ),
        (
            "a mail server that does not take the password",
            with(good, good, good, no_mail.address),
            "email",
            "user and password_file of [email]",
        ),
        ("a mail server that is away", with(good, good, good, nowhere), "email", "look at host, port, tls"),
    ];
    for (name, config, check_word, mend) in planted {
        is_found(name, &check(config), check_word, mend);
    }
}

/// Everybody else hears nothing: how a request arrives is the operator's matter.
#[tokio::test]
async fn without_a_master_key_nothing_is_told() {
    let house = crate::harness::House::new().await;
    for word in ["", "1.x", "99999999999.AAAA", "1790000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = reqwest::Client::new()
            .get(format!("http://{}/weixin/.well-known/openid-configuration", house.address))
            .header("weixin-login-probe", word)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers().get("weixin-login-seen"), None);
        assert_eq!(answer.headers().get("set-cookie"), None);
    }
}
