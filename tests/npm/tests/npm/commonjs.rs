//! Tools that find a package by `main`, not by `exports`, or that run CommonJS: TypeScript's `node10`, webpack 4 (and so Vue CLI 4),
//! Jest, and Node's own `require`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use weixin_login_npm::{commonjs_workshop, run};

use crate::login::{assert_session, assert_silent_console, browser_at, house, log_in};

/// Laid out once: these tests share a folder.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| commonjs_workshop().unwrap())
}

fn program(name: &str) -> Command {
    let mut command = Command::new(folder().join("node_modules/.bin").join(name));
    command.current_dir(folder());
    command
}

#[test]
fn every_entry_has_its_types_where_node10_looks_for_them() {
    run(program("tsc").args(["-p", ".", "--pretty"])).unwrap();
}

#[tokio::test]
async fn a_build_by_webpack_4_logs_in() {
    run(Command::new("node").arg("build.js").current_dir(folder())).unwrap();
    let house = house(folder()).await;
    let browser = browser_at(&house, &house.page("/")).await;
    assert_eq!(browser.script("return typeof WxLogin").await, "function");
    browser.script("document.querySelector('#sign-in').click()").await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
}

#[test]
fn jest_runs_it_as_commonjs() {
    run(program("jest").args(["--ci", "--no-cache"])).unwrap();
}

#[test]
fn node_requires_it() {
    let script = "
        const before = Reflect.ownKeys(globalThis);
        const entries = {};
        for (const entry of ['weixin-login', 'weixin-login/wxlogin']) entries[entry] = Object.keys(require(entry)).sort();
        const left = Reflect.ownKeys(globalThis).filter((name) => !before.includes(name));
        console.log(JSON.stringify({ entries, left }));";
    let said = run(Command::new("node").args(["-e", script]).current_dir(folder())).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&said).unwrap(),
        json!({
            "entries": {
                "weixin-login": ["LoginError", "WeixinLoginElement", "defineElement", "login"],
                "weixin-login/wxlogin": ["WxLogin", "default"],
            },
            "left": [],
        })
    );
}
