//! Nothing that is worth a login is ever logged: the program runs at TRACE, and everything that it says is searched.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use weixin_emulator::{Call, DEFAULT_SECRET, Emulator, Fault};

use crate::harness::{SHOP, VERIFIER, Visitor, attempt_of, code_and_state, config, start_login};

#[tokio::test]
async fn a_run_at_trace_names_no_secret() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let file = data.path().join("weixin-login.toml");
    std::fs::write(&file, config(&weixin, &data)).unwrap();
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
