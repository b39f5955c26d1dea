//! `weixin-login check`: the whole of what it prints, and what `serve` tries by itself.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use weixin_emulator::{
    App, AppKind, DEFAULT_APPID, DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID,
    DEFAULT_SERVICE_ACCOUNT_SECRET, Emulator, Scenario,
};

use crate::named_store::on_its_file;
use crate::program::{Program, command, write_config};

struct Tried {
    weixin: Emulator,
    data: TempDir,
}

impl Tried {
    async fn new() -> Self {
        Self { weixin: Emulator::start(Default::default()).await.unwrap(), data: TempDir::new().unwrap() }
    }

    fn write(&self, change: impl Fn(String) -> String) -> std::path::PathBuf {
        let file = write_config(&self.weixin, &self.data, |config| on_its_file(change(config)));
        for secret in ["secret", "service-account-secret"] {
            mode(&self.data.path().join(secret), 0o600);
        }
        file
    }

    /// The exit code and every line; the folder is called FOLDER.
    fn check(&self, change: impl Fn(String) -> String) -> (i32, Vec<String>) {
        check(&self.write(change), self.data.path())
    }
}

fn check(config: &Path, folder: &Path) -> (i32, Vec<String>) {
    let output = command(&["check"], config).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    assert!(!said.contains(DEFAULT_SECRET), "{said}");
    let said = said.replace(&folder.display().to_string(), "FOLDER");
    (output.status.code().unwrap(), said.lines().map(str::to_owned).collect())
}

fn mode(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// What a container's keeper asks, and has nothing else to ask with: the image is empty but for the program.
#[tokio::test]
async fn ready_asks_the_running_service() {
    let tried = Tried::new().await;
    let mut program = Program::start(&tried.write(|config| config));
    let (_, ops) = program.addresses().expect("it listens");
    let beside = tried
        .write(|config| config.replace("ops_listen = \"127.0.0.1:0\"", &format!("ops_listen = \"{ops}\"")));
    let asked = || {
        let output = command(&["ready"], &beside).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
        (output.status.code(), said)
    };
    assert_eq!(asked(), (Some(0), "ready\n".into()));
    drop(program);
    let (code, said) = asked();
    assert_eq!(code, Some(1));
    assert!(said.starts_with(&format!("weixin-login: no service answers at ops_listen {ops}: ")), "{said}");
}

const HEAD: [&str; 3] = [
    "good   the configuration is read",
    "       WeChat sends people back to https://shop.example.test/weixin/callback",
    "       the callback domain to register (授权回调域) is shop.example.test, without scheme, port or path",
];
const FREE: [&str; 4] = [
    "good   listen 127.0.0.1:0 is free",
    "good   ops_listen 127.0.0.1:0 is free",
    "good   the store FOLDER/store.db opens",
    MASTER_KEY,
];
const MASTER_KEY: &str = "       the master key is FOLDER/store.master-key: keep a copy of it away from this machine; `weixin-login backup` has it in its file";
const WEBSITE: &str = "good   WeChat accepts appid and secret of weixin.website";
const PAGE: &str =
    "WeChat's page takes the appid of weixin.website and the callback domain shop.example.test";
const SERVICE_ACCOUNT: &str = "good   WeChat accepts appid and secret of weixin.service_account";
/// The last thing that is tried.
const CLOCK: &str = "good   this machine's clock goes with WeChat's";
const ONE: &str = "weixin-login: 1 thing is wrong";

fn lines(parts: &[&[&str]]) -> Vec<String> {
    parts.concat().iter().map(|line| (*line).to_owned()).collect()
}

#[tokio::test]
async fn check_says_that_all_is_well() {
    let tried = Tried::new().await;
    let good = format!("good   {PAGE}");
    assert_eq!(
        tried.check(|text| text),
        (0, lines(&[&HEAD, &FREE, &[WEBSITE, &good, SERVICE_ACCOUNT, CLOCK]]))
    );
}

#[tokio::test]
async fn check_tells_which_kind_of_app_and_which_domain() {
    let tried = Tried::new().await;
    let swap = |text: String| {
        text.replace(DEFAULT_APPID, "SWAPPED")
            .replace(DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_APPID)
            .replace("SWAPPED", DEFAULT_SERVICE_ACCOUNT_APPID)
            .replace("/secret\"", "/SWAPPED\"")
            .replace("/service-account-secret\"", "/secret\"")
            .replace("/SWAPPED\"", "/service-account-secret\"")
    };
    let scope = format!(
        "WRONG  {PAGE}: Scope 参数错误 (10005): it is no website app's (网站应用), or that is not reviewed yet; a service account's (公众号) belongs to [weixin.service_account]"
    );
    let kind = "WRONG  the appid of weixin.service_account is a service account's: it is a website app's, and belongs to [weixin.website]";
    let two = "weixin-login: 2 things are wrong";
    assert_eq!(
        tried.check(swap),
        (1, lines(&[&HEAD, &FREE, &[WEBSITE, &scope, SERVICE_ACCOUNT, kind, CLOCK, two]]))
    );

    let app = |domain: &str| App { callback_domains: vec![domain.into()], ..website() };
    tried.weixin.set_app(app("www.example.test"));
    let domain = format!(
        "WRONG  {PAGE}: redirect_uri 参数错误 (10003): the app's callback domain (授权回调域) at open.weixin.qq.com is not shop.example.test"
    );
    assert_eq!(
        tried.check(|text| text),
        (1, lines(&[&HEAD, &FREE, &[WEBSITE, &domain, SERVICE_ACCOUNT, CLOCK, ONE]]))
    );
    tried.weixin.set_app(app("shop.example.test"));

    let unknown = "WRONG  WeChat accepts appid and secret of weixin.website: the appid is wrong: look at weixin.website.appid";
    let page = format!("WRONG  {PAGE}: no app has it (AppID 参数错误): look at weixin.website.appid");
    assert_eq!(
        tried.check(|text| text.replace(DEFAULT_APPID, "wx0000000000000000")),
        (1, lines(&[&HEAD, &FREE, &[unknown, &page, SERVICE_ACCOUNT, CLOCK, two]]))
    );
    let wrong = "WRONG  WeChat accepts appid and secret of weixin.website: the secret is wrong: look at weixin.website.secret_file";
    let good = format!("good   {PAGE}");
    assert_eq!(
        tried.check(|text| text.replace("/secret\"", "/service-account-secret\"")),
        (1, lines(&[&HEAD, &FREE, &[wrong, &good, SERVICE_ACCOUNT, CLOCK, ONE]]))
    );
}

fn website() -> App {
    Scenario::default().apps.into_iter().find(|app| app.kind == AppKind::Website).unwrap()
}

#[tokio::test]
async fn check_beside_a_running_service_says_that_it_runs() {
    let tried = Tried::new().await;
    let [listen, ops] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let addresses = [&listen, &ops].map(|port| port.local_addr().unwrap().to_string());
    let with_ports = |text: String| {
        text.replacen("127.0.0.1:0", &addresses[0], 1).replacen("127.0.0.1:0", &addresses[1], 1)
    };
    let good = format!("good   {PAGE}");
    let rest = ["good   the store FOLDER/store.db opens", MASTER_KEY, WEBSITE, &good, SERVICE_ACCOUNT, CLOCK];
    // Somebody else, who says nothing.
    drop(ops);
    let taken = [
        format!("WRONG  listen {} is free: Address already in use (os error 98)", addresses[0]),
        format!("good   ops_listen {} is free", addresses[1]),
    ];
    let expected = lines(&[&HEAD, &[&taken[0], &taken[1]], &rest, &[ONE]]);
    assert_eq!(tried.check(with_ports), (1, expected));

    drop(listen);
    let mut program = Program::start(&tried.write(with_ports));
    program.addresses().expect("it listens");
    let runs = [("listen", &addresses[0]), ("ops_listen", &addresses[1])]
        .map(|(key, address)| format!("good   {key} {address} is taken: the service runs already"));
    assert_eq!(tried.check(with_ports), (0, lines(&[&HEAD, &[&runs[0], &runs[1]], &rest])));
}

#[tokio::test]
async fn check_warns_of_secrets_that_others_may_read() {
    let tried = Tried::new().await;
    let config = tried.write(|text| {
        let file = tried.data.path().join("secret").display().to_string();
        text.replace(&format!("secret_file = \"{file}\""), &format!("secret = \"{DEFAULT_SECRET}\""))
    });
    mode(&config, 0o640);
    let service_account = tried.data.path().join("service-account-secret");
    mode(&service_account, 0o644);
    let master_key = tried.data.path().join("store.master-key");
    Program::start(&config).addresses().expect("it starts");
    mode(&master_key, 0o660);
    let (code, said) = check(&config, tried.data.path());
    let warned: Vec<&str> = said.iter().map(|line| &**line).filter(|line| line.starts_with("warn")).collect();
    assert_eq!(
        (code, &*warned),
        (
            0,
            &[
                "warn   FOLDER/service-account-secret holds a secret and may be read by others (mode 0644): chmod 600 FOLDER/service-account-secret",
                "warn   FOLDER/store.master-key holds a secret and may be changed by others (mode 0660): chmod 600 FOLDER/store.master-key",
            ][..]
        )
    );
    mode(&config, 0o644);
    mode(&service_account, 0o600);
    // A start warns too.
    let mut program = Program::start(&config);
    let name = config.display();
    program.logged(&format!("{name} holds a secret and may be read by others (mode 0644): chmod 600 {name}"));
}

#[tokio::test]
async fn a_reader_that_goes_away_breaks_nothing() {
    let tried = Tried::new().await;
    let mut child = command(&["check"], &tried.write(|text| text))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    // As `head -1`: the pipe closes with its first line.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "good   the configuration is read\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn without_a_configuration_the_option_is_named() {
    let folder = TempDir::new().unwrap();
    for word in ["check", "serve"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_weixin-login"))
            .env_remove("WEIXIN_LOGIN_FULL_TESTS")
            .arg(word)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8(output.stderr).unwrap()),
            (
                Some(1),
                "weixin-login: `public_url` is missing: https://your.site/weixin. No configuration was named: --config weixin-login.toml does it; without it every key is a variable, WEIXIN_LOGIN_…\n".into()
            )
        );
    }
}

#[tokio::test]
async fn a_wrong_secret_is_in_the_log_before_the_first_visitor() {
    let tried = Tried::new().await;
    let wrong = "0123456789abcdef0123456789abcdef";
    let config = tried.write(|text| text);
    std::fs::write(tried.data.path().join("secret"), wrong).unwrap();
    let mut program = Program::start(&config);
    program.addresses().expect("it starts all the same");
    let line = program.logged("nobody can log in by weixin.website");
    assert!(
        line.contains("WARN") && line.ends_with(
            "nobody can log in by weixin.website as it is: the secret is wrong: look at weixin.website.secret_file; `weixin-login check` tells more"
        ),
        "{line}"
    );
    program.logged("WeChat accepts appid and secret of weixin.service_account");
    let said = program.stop();
    assert!(said.contains("ready at https://shop.example.test/weixin"), "{said}");
    for secret in [wrong, DEFAULT_SERVICE_ACCOUNT_SECRET] {
        assert!(!said.contains(secret), "{said}");
    }
}
