//! Nothing that is worth a login is ever logged: the program runs at TRACE, and everything that it says is searched.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use weixin_emulator::{Call, DEFAULT_SECRET, Emulator, Fault};

use crate::binding::inbox::Inbox;
use crate::harness::{SHOP, VERIFIER, Visitor, attempt_of, code_and_state, config, start_login};

#[tokio::test]
async fn a_run_at_trace_names_no_secret() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let file = data.path().join("weixin-login.toml");
    let inbox = Inbox::open();
    let requiring = inbox.configured(&config(&weixin, &data), data.path(), "forum", r#"["phone", "email"]"#);
    std::fs::write(&file, requiring).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_weixin-login"))
        .args(["serve", "--config"])
        .arg(&file)
        .env("RUST_LOG", "trace")
        // How many rounds tests run is no key of the service.
        .env_remove("WEIXIN_LOGIN_FULL_TESTS")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let mut errors = program.stderr.take().unwrap();
    // Read while it runs, or it would block on a full pipe.
    let said = std::thread::spawn(move || {
        let mut said = String::new();
        errors.read_to_string(&mut said).unwrap();
        said
    });

    let mut visitor = Visitor::at(ready["listen"].as_str().unwrap().parse().unwrap());
    let mut canaries = vec![DEFAULT_SECRET.to_owned(), VERIFIER.to_owned()];
    let mut note = |value: &Value| canaries.extend(value.as_str().map(str::to_owned));

    // A hosted login, one that WeChat refuses, one that cannot be connected, and an embedded one.
    for fault in [None, Some(Fault::Errcode { errcode: 40125 }), Some(Fault::Cut), Some(Fault::Html)] {
        let attempt = attempt_of(&visitor.open("/login").await.body);
        let callback = crate::harness::allowed_by(&weixin, &attempt);
        note(&code_and_state(&callback)["code"]);
        note(&attempt["state"]);
        if let Some(fault) = fault {
            weixin.fault_times(Call::AccessToken, fault, 1);
        }
        visitor.open(&callback).await;
    }
    let attempt = visitor.post(SHOP, "/login", &start_login()).await.json();
    note(&attempt["secret"]);
    note(&attempt["state"]);
    let callback = crate::harness::allowed_by(&weixin, &attempt);
    note(&code_and_state(&callback)["code"]);
    let finished = visitor.post(SHOP, "/callback", &code_and_state(&callback)).await.json();
    note(&finished["code"]);
    let body = json!({ "code": finished["code"], "code_verifier": VERIFIER });
    assert_eq!(visitor.post(SHOP, "/session", &body).await.status, 200);
    assert_eq!(visitor.session().await.status, 200);
    canaries.extend(bound_at_the_forum(&weixin, &mut visitor, &inbox).await);
    canaries.extend(visitor.cookies.values().map(|value| value.rsplit('.').next().unwrap().to_owned()));

    program.kill().unwrap();
    program.wait().unwrap();
    let said = said.join().unwrap();
    assert!(
        said.contains("look at weixin.website.secret_file"),
        "the operator is told which setting is wrong: {said}"
    );
    assert!(said.contains(" DEBUG "), "requests are noted at DEBUG: {said}");
    for canary in canaries {
        assert!(canary.len() > 8 && !said.contains(&canary), "{canary} is in: {said}");
    }
}

/// A login that waits for a phone number and an address; what is nobody's business of it, as requests and messages have it.
async fn bound_at_the_forum(weixin: &Emulator, visitor: &mut Visitor, inbox: &Inbox) -> Vec<String> {
    const PHONE: &str = "13800138000";
    const EMAIL: &str = "canary.person@shop.example";
    let login = visitor.open("/login?client_id=forum&return_to=https%3A%2F%2Fforum.example.test%2F").await;
    let waits = visitor.open(&crate::harness::allowed_by(weixin, &attempt_of(&login.body))).await;
    let page = waits.location().strip_prefix("/weixin").unwrap().to_owned();
    let mut canaries = vec![PHONE.to_owned(), EMAIL.to_owned()];
    for contact in [PHONE, EMAIL] {
        let step = async |visitor: &mut Visitor, step: &str, field: (&str, &str)| {
            let request = visitor.request(Method::POST, &format!("{page}/{step}"));
            visitor.send(request.header("sec-fetch-site", "same-origin").form(&[field])).await
        };
        assert_eq!(step(visitor, "contact", ("contact", contact)).await.status, 303);
        let code = if contact == PHONE { inbox.sms_code() } else { inbox.email_code() };
        // Six digits alone are in many a time of day.
        canaries.extend([format!("{code} is your"), format!("\"code\":\"{code}\""), format!("code={code}")]);
        assert_eq!(step(visitor, "code", ("code", &code)).await.status, 303);
    }
    canaries
}
