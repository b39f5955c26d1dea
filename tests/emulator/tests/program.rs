//! The program as a person starts it: its help, its words about what cannot be, its certificate authority, and programs of others
//! that have WeChat's addresses built in and reach it without root.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_weixin-emulator"))
}

/// What it prints, and whether it ended well.
fn said(arguments: &[&str]) -> (bool, String, String) {
    let output = program().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// What it says when it will not start.
fn complaint(arguments: &[&str]) -> String {
    let (well, out, error) = said(arguments);
    assert!(!well && out.is_empty(), "{out}");
    error
}

/// A running program, and its line.
struct Running(Child, Value);

impl Running {
    fn start(arguments: &[&str]) -> Running {
        let mut child =
            program().args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Running(child, serde_json::from_str(&line).unwrap())
    }

    fn text(&self, name: &str) -> &str {
        self.1[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.1))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_help_tells_all_that_is_needed_to_begin() {
    let (well, help, _) = said(&["--help"]);
    assert!(well);
    for word in [
        "one line of JSON",
        "--listen",
        "--public-url",
        "--desktop-public-url",
        "--callback-domain",
        "--tls-port",
        "--ca-dir",
        "--scenario",
        "--cors",
        "/control/wait/qr",
        "/control/scan",
        "/control/code",
        "/control/openapi.json",
        "/control/scenario.schema.json",
        "/control/reset",
        "/control/namespaces",
        "wx0123456789abcdef",
        "env --for node",
        "\"people\"",
    ] {
        assert!(help.contains(word), "{word} is not in:\n{help}");
    }
}

#[test]
fn what_cannot_be_is_said_in_clear_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let port = taken.port().to_string();
    let word = format!(
        "weixin-emulator: port {port} of 127.0.0.1 is taken by another program: choose another one, or 0 for a free one\n"
    );
    assert_eq!(complaint(&["--listen", &taken.to_string()]), word);
    assert_eq!(complaint(&["--port", &port]), word);
    assert_eq!(complaint(&["--desktop-port", &port]), word);
    assert_eq!(complaint(&["--desktop-port", &format!("0,0,{port}")]), word);
    assert_eq!(complaint(&["--tls-port", &port]), word);
    assert_eq!(
        complaint(&["--listen", "203.0.113.7:0"]),
        "weixin-emulator: no interface of this machine has the address 203.0.113.7: 127.0.0.1 is this machine alone, 0.0.0.0 all its interfaces\n"
    );
    assert_eq!(
        complaint(&["--public-url", "weixin:8080/"]),
        "weixin-emulator: public-url is \"weixin:8080/\": it must be an http or https address without query, fragment and trailing slash\n"
    );
    assert!(complaint(&["--listen", "everywhere"]).contains("invalid value 'everywhere' for '--listen"));
    assert!(complaint(&["--desktop-port", "1,2,3,4,5,6,7"]).contains("more than the six ports"));
}

#[test]
fn a_scenario_with_a_mistake_is_refused_with_the_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("scenario.json");
    let path = file.display().to_string();
    for (text, word) in [
        ("{\n  \"people\": [],\n  \"poeple\": []\n}", "unknown field `poeple`, expected one of"),
        ("{\n\n  \"apps\": [{ \"appid\": \"wx1\", \"name\": \"n\" }]}", "missing field `secret`"),
        ("{\n\n  \"cors\": \"none\"}", "unknown variant `none`"),
        ("{\n\n  \"auto\": { \"phone\": { \"answer\": \"yes\" } } }", "unknown variant `yes`"),
        ("{\n\n  \"people\" }", "expected `:`"),
    ] {
        std::fs::write(&file, text).unwrap();
        let complaint = complaint(&["--scenario", &path]);
        assert!(
            complaint.contains(&path) && complaint.contains(word) && complaint.contains("at line 3"),
            "{complaint}"
        );
    }
    for (text, word) in [
        ("{\"phones\": {\"second\": \"nobody\"}}", "`phones` names \"nobody\", who is not among `people`"),
        (
            "{\"pushes\": [{\"appid\": \"wx0\", \"url\": \"ftp://a\", \"token\": \"t\"}]}",
            "http or https address",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let complaint = complaint(&["--scenario", &path]);
        assert!(complaint.contains(word), "{complaint}");
    }
    assert!(complaint(&["--scenario", "/nowhere/scenario.json"]).contains("/nowhere/scenario.json: "));
}

#[test]
fn other_machines_are_told_public_addresses() {
    let running = Running::start(&[
        "--listen",
        "0.0.0.0:0",
        "--public-url",
        "http://weixin:8080",
        "--desktop-public-url",
        "http://desktop:14013",
        "--callback-domain",
        "127.0.0.1,app.test",
        "--desktop-port",
        "0,0",
    ]);
    assert_eq!(running.text("open_url"), "http://weixin:8080");
    assert_eq!(running.text("api_url"), "http://weixin:8080");
    assert_eq!(running.text("control_url"), "http://weixin:8080");
    assert_eq!(running.text("desktop_url"), "http://desktop:14013");
    assert_eq!(running.1["desktop_urls"].as_array().unwrap().len(), 2);
    let running = Running::start(&["--callback-domain", "127.0.0.1,app.test"]);
    let page = |host: &str| {
        let address = format!(
            "{}/connect/qrconnect?appid={}&redirect_uri=http%3A%2F%2F{host}%3A5000%2Fcallback&response_type=code&scope=snsapi_login",
            running.text("open_url"),
            running.text("appid")
        );
        String::from_utf8(Command::new("curl").args(["-s", &address]).output().unwrap().stdout).unwrap()
    };
    for host in ["127.0.0.1", "app.test", "localhost"] {
        assert!(page(host).contains("示例商店"), "{host}");
    }
    assert!(page("elsewhere.test").contains("10003"));
}

#[test]
fn the_certificate_authority_is_kept_between_runs() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("ca");
    let path = kept.display().to_string();
    let (well, first, _) = said(&["ca", "--ca-dir", &path]);
    assert!(well && first.starts_with("-----BEGIN CERTIFICATE-----"), "{first}");
    for _ in 0..2 {
        let running = Running::start(&["--tls", "--ca-dir", &path]);
        assert_eq!(running.text("ca_pem"), first);
        assert!(over_tls(&kept, running.text("open_address")).contains("access_token missing"));
    }
    assert_eq!(said(&["ca", "--ca-dir", &path]).1, first);
    #[cfg(unix)]
    {
        let key = std::fs::metadata(kept.join("ca.key.pem")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    }
    std::fs::write(kept.join("ca.key.pem"), "no key").unwrap();
    assert!(complaint(&["--tls", "--ca-dir", &path]).contains("ca.key.pem"));
}

/// The first line of `curl` that `env --for curl` prints, run.
fn over_tls(kept: &Path, address: &str) -> String {
    let folder = kept.display().to_string();
    let (_, text, _) = said(&["env", "--for", "curl", "--ca-dir", &folder, "--tls", address]);
    let line = text.lines().find(|line| line.starts_with("curl ")).unwrap();
    let output = Command::new("sh").args(["-c", &line.replace("t&openid=o", "&openid=o")]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a shell's lines with what `env` printed before them.
fn run_with(program: &str, folder: &Path, running: &Running, lines: &str) -> String {
    let (well, set, error) = said(&[
        "env",
        "--for",
        program,
        "--ca-dir",
        &folder.display().to_string(),
        "--tls",
        running.text("open_address"),
        "--desktop",
        running.text("desktop_address"),
    ]);
    assert!(well, "{error}");
    let output = Command::new("sh").args(["-ec", &format!("{set}\n{lines}")]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_node_program_with_the_names_built_in_reaches_it() {
    let folder = TempDir::new().unwrap();
    let running = Running::start(&["--tls", "--ca-dir", &folder.path().display().to_string()]);
    let said = run_with(
        "node",
        folder.path(),
        &running,
        r#"node --input-type=module -e '
            import https from "node:https";
            const fetched = await (await fetch("https://api.weixin.qq.com/sns/auth?openid=o")).json();
            const got = await new Promise((done, fail) => https.get("https://api.weixin.qq.com/sns/auth?openid=o", (answer) => {
              let text = ""; answer.on("data", (piece) => { text += piece; }).on("end", () => done(JSON.parse(text)));
            }).on("error", fail));
            const desktop = await (await fetch("https://localhost.weixin.qq.com:14013/api/check-login", { method: "POST", body: "{}" })).json();
            console.log(fetched.errcode, got.errcode, desktop.errcode);
            // Everything else goes where it went.
            const { createServer } = await import("node:http");
            const own = createServer((_, answer) => answer.end("own")).listen(0, "127.0.0.1", async () => {
              console.log(await (await fetch("http://127.0.0.1:" + own.address().port)).text());
              own.close();
            });
        '"#,
    );
    assert_eq!(said, "41001 41001 -11028\nown\n");
}

#[test]
fn a_python_program_with_the_names_built_in_reaches_it() {
    let folder = TempDir::new().unwrap();
    let running = Running::start(&["--tls", "--ca-dir", &folder.path().display().to_string()]);
    let said = run_with(
        "python",
        folder.path(),
        &running,
        r#"python3 -c '
import asyncio, http.client, json, ssl, urllib.request
print(json.load(urllib.request.urlopen("https://api.weixin.qq.com/sns/auth?openid=o"))["errcode"])
connection = http.client.HTTPSConnection("open.weixin.qq.com", context=ssl.create_default_context())
connection.request("GET", "/sns/auth?openid=o")
print(json.load(connection.getresponse())["errcode"])
async def over_asyncio():
    reader, writer = await asyncio.open_connection("api.weixin.qq.com", 443, ssl=ssl.create_default_context())
    writer.write(b"GET /sns/auth?openid=o HTTP/1.1\r\nHost: api.weixin.qq.com\r\nConnection: close\r\n\r\n")
    print(json.loads((await reader.read()).partition(b"\r\n\r\n")[2])["errcode"])
asyncio.run(over_asyncio())
'"#,
    );
    assert_eq!(said, "41001\n41001\n41001\n");
}

/// What the program holds, in kilobytes.
#[cfg(target_os = "linux")]
fn memory(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.0.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Each request of a megabyte is cut before it is kept, in the log and in what was asked.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_bounded_whatever_is_sent() {
    use std::io::{Read, Write};
    let running = Running::start(&[]);
    let address = running.text("control_url").strip_prefix("http://").unwrap();
    let form = format!("access_token={}", "a".repeat(1_000_000));
    let head = format!(
        "POST /sns/auth HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        form.len()
    );
    let send = || {
        let mut wire = std::net::TcpStream::connect(address).unwrap();
        wire.write_all(head.as_bytes()).unwrap();
        wire.write_all(form.as_bytes()).unwrap();
        let mut answer = String::new();
        wire.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("41009"), "{answer}");
    };
    send();
    let before = memory(&running);
    for _ in 0..300 {
        send();
    }
    let grown = memory(&running).saturating_sub(before);
    assert!(grown < 60_000, "300 MB were sent, and {grown} kB are kept");
}

#[test]
fn java_go_and_curl_are_told_what_to_set() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().display().to_string();
    let (_, java, _) = said(&["env", "--for", "java", "--ca-dir", &path, "--tls", "127.0.0.1:8443"]);
    for word in ["keytool -importcert", "jdk.net.hosts.file", "trustStore=", "Java will not find it there"] {
        assert!(java.contains(word), "{word}: {java}");
    }
    let hosts = std::fs::read_to_string(folder.path().join("hosts")).unwrap();
    assert!(
        hosts.starts_with("127.0.0.1 open.weixin.qq.com ") && hosts.contains(" api.weixin.qq.com "),
        "{hosts}"
    );
    let (_, go, _) = said(&["env", "--for", "go", "--ca-dir", &path, "--tls", "127.0.0.1:8443"]);
    assert!(go.contains("export SSL_CERT_FILE='") && go.contains("address = \"127.0.0.1:8443\""), "{go}");
    let (_, curl, _) = said(&["env", "--for", "curl", "--ca-dir", &path]);
    assert!(curl.contains("--connect-to api.weixin.qq.com:443:127.0.0.1:443"), "{curl}");
    assert!(
        complaint(&["env", "--for", "ruby", "--ca-dir", &path])
            .contains("[possible values: node, python, java, go, curl]")
    );
}
