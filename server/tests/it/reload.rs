//! SIGHUP: the configuration is read again, and nobody who is logging in meanwhile notices.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use weixin_emulator::{DEFAULT_SERVICE_ACCOUNT_SECRET, Emulator};

use crate::harness::{Visitor, allowed_by, attempt_of, config};
use crate::named_store::on_its_file;
use crate::program::{Program, write_config};

const NEW: &str = r#"
[[clients]]
id = "cellar"
name = "Cellar"
origins = ["https://cellar.example.test"]
"#;

/// A whole hosted login, to this page of a client.
async fn logs_in(weixin: &Emulator, visitor: &mut Visitor, return_to: &str) -> (u16, String) {
    let page = visitor.open(&format!("/login?return_to={}", urlencoded(return_to))).await;
    if page.status != 200 {
        return (page.status.as_u16(), page.body);
    }
    let answer = visitor.open(&allowed_by(weixin, &attempt_of(&page.body))).await;
    (answer.status.as_u16(), answer.location().to_owned())
}

fn urlencoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn rewrite(file: &Path, weixin: &Emulator, data: &TempDir, change: impl FnOnce(String) -> String) {
    std::fs::write(file, change(config(weixin, data))).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_logs_in_and_no_login_under_load_is_lost() {
    let weixin = Arc::new(Emulator::start(Default::default()).await.unwrap());
    let data = TempDir::new().unwrap();
    let file = write_config(&weixin, &data, |config| config);
    let mut program = Program::start(&file);
    let address = program.visitor().address;
    let cellar = "https://cellar.example.test/shelf";
    let (status, _) = logs_in(&weixin, &mut Visitor::at(address), cellar).await;
    assert_eq!(status, 400, "nobody knows that site yet");

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (begin, mut begun) = tokio::sync::mpsc::channel(64);
    let people = (0..4).map(|_| {
        let (weixin, stopped, begin) = (weixin.clone(), stopped.clone(), begin.clone());
        tokio::spawn(async move {
            while !*stopped.borrow() {
                let shop = "https://shop.example.test/orders";
                let done = logs_in(&weixin, &mut Visitor::at(address), shop).await;
                assert_eq!(done, (303, shop.to_owned()));
                let _ = begin.try_send(());
            }
        })
    });
    let people: Vec<_> = people.collect();
    for round in 0..7 {
        let is_new = round % 2 == 0;
        // People log in before and after each.
        begun.recv().await.unwrap();
        rewrite(&file, &weixin, &data, |config| if is_new { format!("{config}{NEW}") } else { config });
        program.hang_up();
        let clients = if is_new { 4 } else { 3 };
        let words = format!("the configuration was read again clients={clients}");
        tokio::task::block_in_place(|| program.logged(&words));
    }
    let done = logs_in(&weixin, &mut Visitor::at(address), cellar).await;
    assert_eq!(done, (303, cellar.to_owned()));
    stop.send(true).unwrap();
    for person in people {
        person.await.unwrap();
    }
    // Its page may read the answers now, too.
    let visitor = Visitor::at(address);
    let asked =
        visitor.request(reqwest::Method::GET, "/session").header("origin", "https://cellar.example.test");
    let answer = visitor.clone().send(asked).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://cellar.example.test");
}

#[tokio::test]
async fn a_configuration_that_is_wrong_leaves_the_one_before_in_use() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let file = write_config(&weixin, &data, on_its_file);
    let mut program = Program::start(&file);
    let (address, ops) = program.addresses().expect("it listens");
    let metrics = async || {
        let text = reqwest::get(format!("http://{ops}/metrics")).await.unwrap().text().await.unwrap();
        let ours = text.lines().filter(|line| line.starts_with("weixin_login_config_"));
        let ours =
            ours.filter(|line| !line.starts_with("weixin_login_config_reloads") || !line.ends_with(" 0"));
        let mut ours: Vec<String> = ours.map(str::to_owned).collect();
        ours.sort_unstable();
        ours
    };
    assert_eq!(metrics().await, ["weixin_login_config_last_reload_successful 1"]);

    rewrite(&file, &weixin, &data, |config| config.replacen("listen", "listne = 1\nlisten", 1));
    program.hang_up();
    let line = program.logged("the configuration was not taken up");
    assert!(
        line.contains("ERROR")
            && line.ends_with(
                "the configuration was not taken up, and the one before stays in use: line 2: `listne` is not a key. Did you mean `listen`?"
            ),
        "{line}"
    );
    assert_eq!(
        metrics().await,
        [
            "weixin_login_config_last_reload_successful 0",
            "weixin_login_config_reloads_total{outcome=\"refused\"} 1"
        ]
    );
    let shop = "https://shop.example.test/orders";
    assert_eq!(logs_in(&weixin, &mut Visitor::at(address), shop).await, (303, shop.to_owned()));

    // A secret that was reset, limits, and what cannot change while it runs.
    rewrite(&file, &weixin, &data, |config| {
        let config = config.replacen("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:1\"", 1);
        format!(
            "cache_prefix = \"other:\"\nlog_format = \"json\"\n{config}\n[limits]\nstarts_per_minute = 1\n"
        )
    });
    std::fs::write(data.path().join("secret"), DEFAULT_SERVICE_ACCOUNT_SECRET).unwrap();
    program.hang_up();
    let line = program.logged("only after a restart");
    assert!(
        line.ends_with("changed, and in use only after a restart: listen, cache_prefix, log_format"),
        "{line}"
    );
    program.logged("the configuration was read again");
    let (status, page) = logs_in(&weixin, &mut Visitor::at(address), shop).await;
    assert_eq!(status, 500, "the secret is read again: {page}");
    let (status, _) = logs_in(&weixin, &mut Visitor::at(address), shop).await;
    assert_eq!(status, 429, "so is the limit");
    assert_eq!(
        metrics().await,
        [
            "weixin_login_config_last_reload_successful 1",
            "weixin_login_config_reloads_total{outcome=\"refused\"} 1",
            "weixin_login_config_reloads_total{outcome=\"taken\"} 1"
        ]
    );
}

/// A client that the next configuration does not have: who is on the way to it is told so by a page, and nobody gets anything for it.
#[tokio::test]
async fn who_is_on_the_way_to_a_client_that_is_gone_gets_a_page_and_no_session() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let file = write_config(&weixin, &data, |config| format!("{config}{NEW}"));
    let mut program = Program::start(&file);
    let mut visitor = program.visitor();
    let mut inside = visitor.clone();
    let cellar = "https://cellar.example.test/shelf";
    assert_eq!(logs_in(&weixin, &mut inside, cellar).await.0, 303);
    let page = visitor.open(&format!("/login?return_to={}", urlencoded(cellar))).await;
    let callback = allowed_by(&weixin, &attempt_of(&page.body));
    rewrite(&file, &weixin, &data, |config| config);
    program.hang_up();
    program.logged("the configuration was read again clients=3");
    let answer = visitor.open(&callback).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{}", answer.body);
    let session = |name: &&String| name.contains("-session-");
    assert_eq!(visitor.cookies.keys().find(session), None);
    // Their own page is still there for whoever was inside.
    assert_eq!(inside.open("/sessions").await.status, 200);
}

/// What systemd hears (sd_notify): ready, reloading, ready again, stopping.
#[tokio::test]
async fn systemd_hears_how_it_goes() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let path = data.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(crate::program::PATIENCE)).unwrap();
    let heard = || {
        let mut said = [0; 512];
        let length = socket.recv(&mut said).expect("a word");
        String::from_utf8_lossy(&said[..length]).trim().to_owned()
    };
    let file = write_config(&weixin, &data, |config| config);
    let mut program = Program::start_with(&file, &[("NOTIFY_SOCKET", path.as_os_str())]);
    program.addresses().expect("it listens");
    assert_eq!(heard(), "READY=1");
    program.hang_up();
    assert!(heard().starts_with("RELOADING=1"));
    assert_eq!(heard(), "READY=1");
    program.terminate();
    assert_eq!(heard(), "STOPPING=1");
}
