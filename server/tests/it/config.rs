//! What a broken configuration is told: the whole sentence, with the line, for one mistake after the other.

use std::ffi::OsStr;

use tempfile::TempDir;
use weixin_login::config::Config;

use crate::program::{Program, command, write_config};

const GOOD: &str = r#"public_url = "https://shop.example.com/weixin"
listen = "127.0.0.1:8080"
ops_listen = "127.0.0.1:9090"
store = "sqlite:weixin-login.db"
trusted_proxies = ["127.0.0.1/32"]

[weixin.website]
appid = "wx0123456789abcdef"
secret_file = "secret"

[[clients]]
id = "shop"
name = "Example Shop"
origins = ["https://shop.example.com"]
redirect_uris = ["https://shop.example.com/callback"]

[[clients]]
id = "forum"
name = "Forum"
origins = ["https://forum.example.com"]
"#;

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// What is said of it; the folder is called FOLDER, and the list of all keys KEYS.
fn said(text: &str, variables: &[(&str, &str)], secret: &[u8]) -> Option<String> {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("secret"), secret).unwrap();
    std::fs::create_dir(folder.path().join("a-folder")).unwrap();
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    let said = Config::parse(text, variables, folder.path()).err()?.to_string();
    assert!(!said.contains(SECRET), "{said}");
    let said = match said.split_once("; there are ") {
        Some((said, keys)) if keys.starts_with("public_url, listen, ") => format!("{said}; there are KEYS"),
        _ => said,
    };
    Some(said.replace(&folder.path().display().to_string(), "FOLDER"))
}

#[test]
fn each_mistake_is_told_with_its_line_and_what_would_be_right() {
    assert_eq!(said(GOOD, &[], SECRET.as_bytes()), None);
    let http = "plain http is for localhost alone";
    const POSTGRES: &str = "postgres://user:password@host:5432/database?sslmode=verify-full";
    for (good, bad, told) in [
        ("https://shop.example.com/weixin", "https://shop.example.com/%77eixin", "line 1: `public_url` must have a path of letters, digits and -._~ between single slashes".to_owned()),
        ("https://shop.example.com/weixin", "http://shop.example.com/weixin", format!("line 1: `public_url` must be https; {http}")),
        ("public_url", "# public_url", "`public_url` is missing: https://your.site/weixin".into()),
        ("\"127.0.0.1:8080\"", "\"8080\"", "line 2: `listen` is `8080`, which is no address with a port: 127.0.0.1:8080".into()),
        ("9090", "8080", "line 3: `ops_listen` is 127.0.0.1:8080, which is `listen` already".into()),
        ("\"127.0.0.1:9090\"", "9090", "line 3: `ops_listen` must be a text: \"…\"".into()),
        ("ops_listen", "op_listen", "line 3: `op_listen` is not a key. Did you mean `ops_listen`?".into()),
        ("sqlite:weixin", "sqlite:data/weixin", "line 4: `store` is FOLDER/data/weixin-login.db, and there is no folder FOLDER/data".into()),
        ("sqlite:weixin-login.db", "sqlite:a-folder", "line 4: `store` is FOLDER/a-folder, which is a folder".into()),
        ("sqlite:weixin-login.db", "postgres://db/weixin", "`master_key_files` is missing: with PostgreSQL each node needs the same; `openssl rand -base64 32` makes one".into()),
        ("sqlite:weixin-login.db", "postgres://us:hunter2@db", format!("line 4: `store` names no database: {POSTGRES}")),
        ("sqlite:weixin-login.db", "postgresql://us:hunter2@db:x/weixin", format!("line 4: `store` is not of the form {POSTGRES}: invalid port number")),
        ("sqlite:weixin-login.db", "postgres://us:hunter2@db/weixin?sslmod=require", "line 4: `store` has the parameter `sslmod`; it can be sslmode, sslrootcert, sslcert, sslkey, host, application_name, options".into()),
        ("sqlite:weixin-login.db", "postgres://us:hunter2@db/weixin?sslmode=yes", "line 4: `store` cannot be read: unknown value \"yes\" for `ssl_mode`".into()),
        ("sqlite:weixin-login.db\"", "postgres://us@db/weixin\"\nstore_connections = 0", "line 5: `store_connections` must be 1 or more".into()),
        ("sqlite:weixin-login.db\"", "postgres://us@db/weixin\"\nstore_timeout_seconds = 0", "line 5: `store_timeout_seconds` must be 1 or more".into()),
        ("sqlite:weixin-login.db\"", "postgres://us@db/weixin\"\nstore_password_file = \"none\"", "line 5: `store_password_file` is FOLDER/none, which cannot be read: No such file or directory (os error 2)".into()),
        ("sqlite:weixin-login.db\"", "sqlite:weixin-login.db\"\nstore_connections = 4", "line 5: `store_connections` is PostgreSQL's, and `store` is a file".into()),
        ("sqlite:weixin-login.db", "postgres://us/hunter2@db/weixin", format!("line 4: `store` has an `@` behind the host; in a password `/`, `?`, `#` and `@` are written as %2F, %3F, %23 and %40: {POSTGRES}")),
        ("sqlite:weixin-login.db", "mysql://us:hunter2@db/weixin", "line 4: `store` must be `sqlite:FILE` or `postgres://user@host/database`".into()),
        ("sqlite:weixin-login.db", "sqlite::memory:", "line 4: `store` must be `sqlite:FILE` or `postgres://user@host/database`".into()),
        ("sqlite:weixin-login.db", "sqlite://a.db?mode=rwc", "line 4: `store` must be `sqlite:FILE` or `postgres://user@host/database`".into()),
        ("[\"127.0.0.1/32\"]", "[\"localhost\"]", "line 5: `trusted_proxies` has `localhost`, which is no network: 10.0.0.0/8".into()),
        ("[\"127.0.0.1/32\"]", "\"127.0.0.1/32\"", "line 5: `trusted_proxies` must be a list: [\"a\", \"b\"]".into()),
        ("[weixin.website]", "[[weixin.website]]", "line 7: `weixin.website` must be a table: its heading has one bracket on each side, […]".into()),
        ("[weixin.website]", "[website]", "line 7: `website` is not a key; there are KEYS".into()),
        ("wx0123456789abcdef", "gh_0123456789ab", "line 8: `weixin.website.appid` is not an appid: wx and 16 characters".into()),
        ("appid =", "#", "line 7: `weixin.website.appid` is missing".into()),
        ("secret_file = \"secret\"", "secret_file = \"a-folder\"", "line 9: `weixin.website.secret_file` is FOLDER/a-folder, which cannot be read: Is a directory (os error 21)".into()),
        ("secret_file = \"secret\"", "secret_file = \"none\"", "line 9: `weixin.website.secret_file` is FOLDER/none, which cannot be read: No such file or directory (os error 2)".into()),
        ("secret_file = \"secret\"", "secret_file = \"run/secrets/weixin\"", "line 9: `weixin.website.secret_file` is FOLDER/run/secrets/weixin, which cannot be read: there is no folder FOLDER/run/secrets".into()),
        ("secret_file = \"secret\"", "secret = \"${WEIXIN SECRET}\"", "line 9: `weixin.website.secret` has white space inside: the AppSecret stands there alone".into()),
        ("secret_file = \"secret\"", "", "line 7: `weixin.website.secret_file` is missing: the file with the AppSecret, or WEIXIN_LOGIN_WEIXIN__WEBSITE__SECRET".into()),
        ("secret_file = \"secret\"", "secret_file = \"secret\"\nsecret = \"x\"", "line 9: `weixin.website.secret_file` and a secret of its own exclude each other".into()),
        ("\n[[clients]]\nid = \"shop\"", "\n[weixin]\napi_url = \"http://api.example.com\"\n\n[[clients]]\nid = \"shop\"", "line 12: `weixin.api_url` has `http://api.example.com`, which must be https; plain http is for an emulator on this machine".into()),
        ("\n[[clients]]\nid = \"shop\"", "\n[weixin]\nopen_url = \"http://10.0.0.1:9001\"\n\n[[clients]]\nid = \"shop\"", "line 12: `weixin.open_url` has `http://10.0.0.1:9001`, which must be https; plain http is for an emulator on this machine".into()),
        ("\n[[clients]]\nid = \"shop\"", "\n[weixin]\navatar_hosts = [\"https://wx.qlogo.cn\"]\n\n[[clients]]\nid = \"shop\"", "line 12: `weixin.avatar_hosts` has `https://wx.qlogo.cn`, which is no host: wx.qlogo.cn".into()),
        ("[[clients]]\nid = \"shop\"", "[clients]\nid = \"shop\"", "line 17: duplicate key".into()),
        ("id = \"forum\"", "id = \"shop\"", "line 18: `clients.id` `shop` is the id of another client already".into()),
        ("id = \"forum\"", "id = \"\"", "line 18: `clients.id` is empty: a short word, like shop".into()),
        ("id = \"forum\"", "id = \"my forum\"", "line 18: `clients.id` `my forum` may have letters, digits and signs of ASCII alone".into()),
        ("id = \"forum\"", "", "line 17: `clients.id` is missing".into()),
        ("https://forum.example.com", "https://forum.example.com/", "line 20: `clients.origins` has `https://forum.example.com/`; as an origin, without a path, that is https://forum.example.com".into()),
        ("https://forum.example.com", "https://forum.example.com:443", "line 20: `clients.origins` has `https://forum.example.com:443`; as an origin, without a path, that is https://forum.example.com".into()),
        ("https://forum.example.com", "forum.example.com", "line 20: `clients.origins` has `forum.example.com`, which is no origin; one is https://shop.example.com".into()),
        ("https://forum.example.com", "*", "line 20: `clients.origins` has `*`, which is no origin; one is https://shop.example.com".into()),
        ("https://forum.example.com", "http://forum.example.com", format!("line 20: `clients.origins` has `http://forum.example.com`, which must be https; {http}")),
        ("https://shop.example.com/callback", "http://shop.example.com/callback", format!("line 15: `clients.redirect_uris` has `http://shop.example.com/callback`, which must be https; {http}")),
        ("https://shop.example.com/callback", "/callback", "line 15: `clients.redirect_uris` has `/callback`, which is no whole address as browsers write it: https://shop.example.com/callback".into()),
        ("redirect_uris =", "post_logout_redirect_uris = [\"http://192.168.0.7/\"]\nredirect_uris =", format!("line 15: `clients.post_logout_redirect_uris` has `http://192.168.0.7/`, which must be https; {http}")),
        ("name = \"Forum\"", "name = \"Forum\"\nsecret_sha256 = \"my own secret\"", "line 20: `clients.secret_sha256` must be 64 hex digits, as `weixin-login clients hash-secret` prints them".into()),
        ("name = \"Forum\"", "name = \"Forum\"\nid_token_alg = \"HS256\"", "line 20: `clients.id_token_alg` is `HS256`; RS256 and ES256 are offered".into()),
        ("name = \"Forum\"", "name = \"Forum\"\nscenes = true", "line 20: `clients.scenes` needs [weixin.service_account]: a scene is confirmed by it".into()),
        ("name = \"Forum\"", "name = Website", "line 19: string values must be quoted, expected literal string".into()),
    ] {
        assert_eq!(said(&GOOD.replacen(good, bad, 1), &[], SECRET.as_bytes()), Some(told), "{bad}");
    }
    let (before, one_client) = GOOD.split_once("[[clients]]").unwrap();
    let one_client = one_client.split_once("[[clients]]").unwrap().0;
    for (text, told) in [
        (
            format!("{before}[clients]{one_client}"),
            "line 11: `clients` must be a list of tables: its heading has two brackets on each side, [[…]]",
        ),
        (before.to_owned(), "`clients` is missing: at least one [[clients]] with id, name and origins"),
    ] {
        assert_eq!(said(&text, &[], SECRET.as_bytes()).as_deref(), Some(told));
    }
    // Beside a service that is tried out, other names of this network may do without a certificate.
    let tried_out = GOOD
        .replace("https://shop.example.com/weixin", "http://localhost:4000/weixin")
        .replace("https://forum.example.com", "http://forum.test:3000")
        .replace("https://shop.example.com/callback", "http://192.168.0.7/callback");
    assert_eq!(said(&tried_out, &[], SECRET.as_bytes()), None);
    let localhost = [
        "https://shop.example.com",
        "http://[::1]:3000",
        "http://127.0.0.1:3000",
        "http://app.localhost:3000",
    ];
    for origin in localhost {
        let text = GOOD.replace("https://forum.example.com", origin);
        let text = text.replace("https://shop.example.com/callback", &format!("{origin}/callback"));
        assert_eq!(said(&text, &[], SECRET.as_bytes()), None);
    }
}

#[test]
fn what_editors_and_shells_put_around_a_secret_is_taken_off_or_told() {
    let is =
        |what: &str| Some(format!("line 9: `weixin.website.secret_file` is FOLDER/secret, which {what}"));
    let [space, character] = [
        "has white space inside: the AppSecret stands there alone",
        "has a character that no AppSecret has: copy it once more from WeChat's page",
    ];
    for (secret, told) in [
        (SECRET.into(), None),
        (format!("{SECRET}\r\n"), None),
        (format!("\u{feff}{SECRET}\r\n"), None),
        (format!("\n  {SECRET}\t\n\n"), None),
        (String::new(), is("is empty")),
        ("\u{feff}\r\n".into(), is("is empty")),
        (format!("AppSecret: {SECRET}"), is(space)),
        (format!("wx0123456789abcdef\n{SECRET}\n"), is(space)),
        (format!("{SECRET}\u{a0}{SECRET}"), is(space)),
        (format!("{SECRET}\u{3000}# 正式"), is(space)),
        (format!("\"{SECRET}\"\n"), is("begins with a quotation mark, which is no part of an AppSecret")),
        (format!("“{SECRET}”"), is(character)),
        (format!("{SECRET}\u{200b}"), is(character)),
        (SECRET.replace('0', "０"), is(character)),
        (format!("{SECRET}\0"), is(character)),
        (format!("\u{feff}\u{feff}{SECRET}"), None),
    ] {
        assert_eq!(said(GOOD, &[], secret.as_bytes()), told, "{secret:?}");
    }
    let utf16: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = [&[0xff, 0xfe], &*utf16].concat();
    assert_eq!(said(GOOD, &[], &utf16), is("cannot be read: it is UTF-16; save it as UTF-8"));
    assert_eq!(said(GOOD, &[], b"\xd5\xc5\xc8\xfd"), is("cannot be read: it is no text; save it as UTF-8"));
    assert_eq!(said(GOOD, &[], &vec![b'0'; 2_000_000]), is("cannot be read: it is longer than 1 MB"));

    // The same by a variable, which has no file.
    let without = GOOD.replace("secret_file = \"secret\"\n", "");
    let name = "WEIXIN_LOGIN_WEIXIN__WEBSITE__SECRET";
    for (secret, told) in [
        (format!("\u{feff}{SECRET} "), None),
        (format!("'{SECRET}'"), Some("begins with a quotation mark, which is no part of an AppSecret")),
        (format!("{SECRET} {SECRET}"), Some(space)),
        (String::new(), Some("is empty")),
    ] {
        let told = told.map(|told| format!("{name}: `weixin.website.secret` {told}"));
        assert_eq!(said(&without, &[(name, &secret)], b""), told);
    }
}

#[test]
fn what_kubernetes_says_of_services_is_left_alone_and_a_mistyped_key_is_not() {
    let of_kubernetes = [
        ("SERVICE_HOST", "10.0.0.1"),
        ("SERVICE_PORT", "8080"),
        ("SERVICE_PORT_HTTP", "8080"),
        ("SERVICE_PORT_HTTP_PUBLIC", "8080"),
        ("PORT", "tcp://10.0.0.1:8080"),
        ("PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("PORT_8080_TCP_PORT", "8080"),
        ("PORT_8080_TCP_PROTO", "tcp"),
        ("PORT_53_UDP", "udp://[fd00::1]:53"),
        ("PORT_53_UDP_PROTO", "udp"),
        // Of a Service that is called weixin-login-ops.
        ("OPS_SERVICE_HOST", "10.0.0.2"),
        ("OPS_SERVICE_PORT_METRICS", "9090"),
        ("OPS_PORT", "tcp://10.0.0.2:9090"),
        ("OPS_PORT_9090_TCP_ADDR", "10.0.0.2"),
    ]
    .map(|(name, value)| (format!("WEIXIN_LOGIN_{name}"), value));
    let all: Vec<(&str, &str)> = of_kubernetes.iter().map(|(name, value)| (&**name, *value)).collect();
    assert_eq!(said(GOOD, &all, SECRET.as_bytes()), None);
    for (name, value, told) in [
        ("LISTNE", "127.0.0.1:1", "`listne` is not a key. Did you mean `listen`?"),
        ("OPS_LISTNE", "127.0.0.1:1", "`ops_listne` is not a key. Did you mean `ops_listen`?"),
        ("PORT", "8080", "`port` is not a key; there are KEYS"),
        ("SERVICE_PORT", "tcp://10.0.0.1", "`service_port` is not a key; there are KEYS"),
        ("PORT_X_TCP", "tcp://10.0.0.1", "`port_x_tcp` is not a key; there are KEYS"),
        (
            "WEIXIN__SERVICE_ACOUNT__APPID",
            "x",
            "`weixin.service_acount` is not a key. Did you mean `service_account`?",
        ),
    ] {
        let name = format!("WEIXIN_LOGIN_{name}");
        let told = Some(format!("{name}: {told}"));
        assert_eq!(said(GOOD, &[(&name, value)], SECRET.as_bytes()), told);
    }
}

#[test]
fn the_readmes_show_configurations() {
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join("secret"), SECRET).unwrap();
    let folder = data.path().display().to_string();
    for readme in [include_str!("../../../README.md"), include_str!("../../../README.zh-CN.md")] {
        let blocks: Vec<&str> =
            readme.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
        let (whole, more): (Vec<&str>, Vec<&str>) =
            blocks.into_iter().partition(|block| block.contains("public_url"));
        for text in [whole[0].to_owned(), format!("{}{}", whole[0], more.concat())] {
            let text = text
                .replace("/var/lib/weixin-login", &folder)
                .replace("/run/secrets/weixin-website", "secret")
                .replace("/run/secrets/weixin-service-account", "secret")
                .replacen("wx…", "wx0123456789abcdef", 1)
                .replacen("wx…", "wxfedcba9876543210", 1);
            let config = Config::parse(&text, std::iter::empty(), data.path()).unwrap();
            assert_eq!(config.public_url.as_str(), "https://shop.example.com/weixin");
        }
    }
}

#[tokio::test]
async fn a_pod_beside_a_service_of_that_name_starts() {
    let weixin = weixin_emulator::Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let config = write_config(&weixin, &data, |config| config);
    let of_kubernetes = [
        ("WEIXIN_LOGIN_PORT", "tcp://10.0.0.1:8080"),
        ("WEIXIN_LOGIN_SERVICE_HOST", "10.0.0.1"),
        ("WEIXIN_LOGIN_SERVICE_PORT", "8080"),
        ("WEIXIN_LOGIN_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ]
    .map(|(name, value)| (name, OsStr::new(value)));
    Program::start_with(&config, &of_kubernetes).addresses().expect("it listens");
    let mut mistyped = command(&["serve"], &config);
    let output = mistyped.envs(of_kubernetes).env("WEIXIN_LOGIN_LISTNE", "127.0.0.1:0").output().unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap()),
        (
            Some(1),
            "weixin-login: WEIXIN_LOGIN_LISTNE: `listne` is not a key. Did you mean `listen`?\n".into()
        )
    );
}

#[test]
fn a_file_that_is_no_text_is_told_by_its_name() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("weixin-login.toml");
    std::fs::write(data.path().join("secret"), SECRET).unwrap();
    let load = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let read = Config::load(Some(&file), std::iter::empty());
        read.err().map(|error| error.to_string().replace(&file.display().to_string(), "FILE"))
    };
    assert_eq!(load(format!("\u{feff}{}", GOOD.replace('\n', "\r\n")).as_bytes()), None);
    let utf16: Vec<u8> = format!("\u{feff}{GOOD}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, told) in [
        (&*utf16, "FILE cannot be read: it is UTF-16; save it as UTF-8"),
        (b"name = \"\xc9\xcc\xb5\xea\"", "FILE cannot be read: it is no text; save it as UTF-8"),
        (b"", "`public_url` is missing: https://your.site/weixin"),
    ] {
        assert_eq!(load(bytes).as_deref(), Some(told));
    }
    let folder = Config::load(Some(data.path()), std::iter::empty()).unwrap_err().to_string();
    assert_eq!(folder, format!("{} cannot be read: Is a directory (os error 21)", data.path().display()));
    let none = Config::load(Some(&data.path().join("none.toml")), std::iter::empty()).unwrap_err();
    assert!(
        none.to_string().ends_with("none.toml cannot be read: No such file or directory (os error 2)"),
        "{none}"
    );
}
