//! People who come from another system by a file, and who go to one.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::Postgres;

use crate::harness::allowed_by;
use crate::named_store::on_postgres;
use crate::program::{Program, command, write_config};

const HEAD: &str = "openid,appid,unionid,phone,email,sub,nickname\n";
const KILLS: usize = 5;

/// A store that a service has made.
async fn made(weixin: &Emulator, data: &TempDir, change: impl FnOnce(String) -> String) -> PathBuf {
    let file = write_config(weixin, data, change);
    let mut program = Program::start(&file);
    assert!(program.addresses().is_some());
    program.stop();
    file
}

/// Begins an import from standard input.
fn import(config: &Path, format: &str) -> Child {
    let mut command = command(&["accounts", "import", "-", "--format", format], config);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn imported(config: &Path, format: &str, text: &str) -> Output {
    let mut child = import(config, format);
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn run(config: &Path, words: &[&str]) -> String {
    let output = command(words, config).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// People of all kinds, as an export writes them.
fn person(number: usize) -> String {
    let (openid, unionid) = (format!("o-{number:08}"), format!("u-{number:08}"));
    let (phone, email) = (format!("+86138{number:08}"), format!("p{number}@shop.example"));
    match number % 5 {
        0 => format!("{openid},wx0123456789abcdef,{unionid},,,,陈{number}\n"),
        1 => format!("{openid},wx0123456789abcdef,,{phone},,old-{number},\n"),
        2 => format!(",,{unionid},{phone},{email},,\"a, \"\"b\"\"\n{number}\"\n"),
        3 => format!(",,,,{email},{number},={number}\n"),
        _ => format!("{openid},wxfedcba9876543210,{unionid},{phone},{email},{number}-sub,\n"),
    }
}

/// The most memory that a running process has had, in kB.
fn most_memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn is_killed_and_resumed(config: &Path, people: usize) {
    // Whatever the kill leaves in the pipe has not been read: far less than what comes between two kills.
    for kill in 1..=KILLS {
        let mut child = import(config, "csv");
        let mut to = child.stdin.take().unwrap();
        to.write_all(HEAD.as_bytes()).unwrap();
        for number in 0..people * kill / (KILLS + 1) {
            to.write_all(person(number).as_bytes()).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let began = std::time::Instant::now();
    let mut child = import(config, "csv");
    let mut to = child.stdin.take().unwrap();
    to.write_all(HEAD.as_bytes()).unwrap();
    let mut early = 0;
    for number in 0..people {
        to.write_all(person(number).as_bytes()).unwrap();
        if number == people / 4 {
            early = most_memory(&child);
        }
    }
    let late = most_memory(&child);
    drop(to);
    let done = child.wait_with_output().unwrap();
    let (said, bad) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    let took = began.elapsed();
    eprintln!(
        "{people} people, killed {KILLS} times: {said}in {took:?}; {early} kB, then {late} kB at the most"
    );
    assert_eq!((done.status.code(), bad.as_str()), (Some(0), ""));
    let counts: Vec<usize> =
        said.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    let [made, more, known] = *counts else { panic!("{said}") };
    assert_eq!((made + known, more), (people, 0), "{said}");
    assert!(known > 0 && made > 0, "{said}");
    assert!(late < early + 16_384, "{early} kB, then {late} kB");

    // Nothing is there twice, and nothing is lost.
    let mut child = command(&["accounts", "export"], config).stdout(Stdio::piped()).spawn().unwrap();
    let mut exported = String::new();
    child.stdout.take().unwrap().read_to_string(&mut exported).unwrap();
    assert!(child.wait().unwrap().success());
    let exported = exported.strip_prefix(HEAD).expect("the columns");
    let mut expected = BTreeSet::new();
    let mut length = 0;
    for number in 0..people {
        let line = person(number);
        length += line.len();
        expected.extend(line.lines().map(str::to_owned));
    }
    assert_eq!(exported.len(), length);
    assert!(exported.lines().all(|line| expected.contains(line)));
    // What has come is known; so is what goes out again.
    let again = imported(config, "csv", &format!("{HEAD}{}", person(7)));
    assert_eq!(String::from_utf8(again.stdout).unwrap(), "0 accounts are made, 0 know more, 1 were known\n");
}

fn how_many(plain: usize) -> usize {
    if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_some() { 1_000_000 } else { plain }
}

#[tokio::test]
async fn an_import_into_sqlite_that_is_killed_goes_on_and_doubles_nothing() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let config = made(&weixin, &data, |config| config).await;
    is_killed_and_resumed(&config, how_many(20_000));
}

#[tokio::test]
async fn an_import_into_postgresql_that_is_killed_goes_on_and_doubles_nothing() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let url = Postgres::shared().database().url;
    let config = made(&weixin, &data, |config| on_postgres(&config, &url, data.path())).await;
    is_killed_and_resumed(&config, how_many(12_000).min(200_000));
}

#[tokio::test]
async fn a_line_that_cannot_be_kept_is_told_by_its_number_and_the_others_are_kept() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let url = Postgres::shared().database().url;
    let on_sqlite = made(&weixin, &folders[0], |config| config).await;
    let on_postgres =
        made(&weixin, &folders[1], |config| on_postgres(&config, &url, folders[1].path())).await;
    for config in [on_sqlite, on_postgres] {
        lines_that_cannot_be_kept(&config);
    }
}

fn lines_that_cannot_be_kept(config: &Path) {
    let name = "长".repeat(1_400);
    let text = format!(
        "\u{feff}openid,appid,unionid,phone,email,sub,nickname\r\n\
         o-1,wx0123456789abcdef,u-1,138 0013 8000,Chen@Shop.EXAMPLE,one,\"two\nlines\"\r\n\
         o-2,wx0123456789abcdef,u-2,+8613800138000,,,a second one's phone\r\n\
         o-1,wx0123456789abcdef,u-other,,,,\r\n\
         o-3,wx0123456789abcdef,u-1,,,,joined by its unionid\r\n\
         o-1,wx0123456789abcdef,u-1,,,one,once more\r\n\
         o-4,,,,,,\r\n\
         ,,,,,,nobody\r\n\
         o-5,wx0123456789abcdef\r\n\
         ,,,12345,,,\r\n\
         ,,,,\"chen@shop.example\r\nBcc: x\",,\r\n\
         ,,,,,two words,\r\n\
         ,,u-6,,,two,\r\n\
         ,,u-6,,,three,\r\n\
         ,,u-2,,,one,\r\n\
         ,,,,long@shop.example,,{name}\r\n\
         ,,u-6,,Chen@shop.example,,\r\n"
    );
    let done = imported(config, "csv", &text);
    assert_eq!(done.status.code(), Some(1));
    let expected = "line 8: an openid and its appid go together\n\
        line 9: nothing in it names anybody\n\
        line 10: it has 2 fields, and the first line has 7\n\
        line 11: its phone is no mobile number of a country that the service sends to\n\
        line 12: its email is none\n\
        line 14: its sub is not 1 to 255 visible ASCII characters\n\
        line 18: its nickname is longer than 4096 bytes\n\
        line 5: its openid has another unionid here\n\
        line 16: its account has another sub here, of an import before\n\
        line 19: what it says is of more than one account here\n\
        weixin-login: 2 accounts are made, 2 know more, 2 were known; 10 lines could not be kept\n";
    assert_eq!(String::from_utf8(done.stderr).unwrap(), expected);
    run(config, &["accounts", "delete", "two"]);
    let done = imported(config, "csv", &format!("{HEAD},,u-7,,,two,\n"));
    let expected = "line 2: its sub was the one of somebody who was deleted\n\
        weixin-login: 0 accounts are made, 0 know more, 0 were known; 1 lines could not be kept\n";
    assert_eq!(String::from_utf8(done.stderr).unwrap(), expected);
}

#[tokio::test]
async fn json_lines_are_read_as_databases_write_them() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let config = made(&weixin, &data, |config| config).await;
    let text = "{\"sub\":42,\"phone\":13800138000,\"email\":null}\n\n{\"sub\":[1]}\n{\"name\":\"x\"}\nno\n\
        {\"sub\":\"43\",\"nickname\":\"last, and without a line's end\"}";
    let done = imported(&config, "jsonl", text);
    let expected = "line 3: its sub is neither text nor number\n\
        line 4: `name` is none of the columns openid, appid, unionid, phone, email, sub, nickname\n\
        line 5: it is no JSON object\n\
        weixin-login: 2 accounts are made, 0 know more, 0 were known; 3 lines could not be kept\n";
    assert_eq!(String::from_utf8(done.stderr).unwrap(), expected);
    let exported = run(&config, &["accounts", "export", "--format", "jsonl"]);
    let mut lines: Vec<Value> =
        exported.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    lines.sort_by_key(|line| line["sub"].to_string());
    let expected = [
        json!({ "phone": "+8613800138000", "sub": "42" }),
        json!({ "nickname": "last, and without a line's end", "sub": "43" }),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_on_is_told_where() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let config = made(&weixin, &data, |config| config).await;
    let endless = format!("sub,nickname\none,\ntwo,\"never closed\n{}", "three,\n".repeat(400_000));
    for (format, text, expected) in [
        (
            "csv",
            "sub,name\n",
            "-: `name` is none of the columns openid, appid, unionid, phone, email, sub, nickname\n",
        ),
        (
            "csv",
            &endless,
            "-: line 3: more than 1048576 bytes belong to it: is a quotation mark never closed?; what stands before that is kept\n",
        ),
        (
            "jsonl",
            &"x".repeat(1 << 20),
            "-: line 1 is longer than 1048576 bytes; what stands before that is kept\n",
        ),
    ] {
        let mut child = import(&config, format);
        // It may have stopped reading.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        let done = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(done.stderr).unwrap(), format!("weixin-login: {expected}"));
    }
    assert_eq!(run(&config, &["accounts", "export"]), format!("{HEAD},,,,,one,\n"));
}

#[tokio::test]
async fn who_was_imported_is_known_at_the_login_and_found_by_every_name() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let log_in = async |config: &Path| {
        let mut program = Program::start(config);
        let mut visitor = program.visitor();
        let callback = allowed_by(&weixin, &visitor.start_hosted().await);
        assert_eq!(visitor.open(&callback).await.status, 303);
        let sub = visitor.session().await.json()["sub"].as_str().unwrap().to_owned();
        program.stop();
        sub
    };
    // What WeChat says of the person, by another service.
    let (before, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let config = write_config(&weixin, &before, |config| config);
    log_in(&config).await;
    let exported = run(&config, &["accounts", "export"]);
    let fields: Vec<&str> = exported.lines().nth(1).unwrap().split(',').collect();
    let [openid, appid, unionid, ..] = *fields else { panic!("{exported}") };

    let config = made(&weixin, &data, |config| config).await;
    let line = format!("{openid},{appid},{unionid},138 0013 8000,Chen@Shop.example,42,\n");
    let done = imported(&config, "csv", &format!("{HEAD}{line}"));
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "1 accounts are made, 0 know more, 0 were known\n");
    assert_eq!(log_in(&config).await, "42", "the site goes on with its own name");
    let list = run(&config, &["accounts", "list"]);
    let (id, _) = list.split_once("  made ").unwrap();
    assert!(list.ends_with("\n1 accounts\n"), "{list}");
    for name in [id, "42", openid, unionid, "13800138000", "+86 138 0013 8000", "Chen@shop.EXAMPLE"] {
        if !name.is_empty() {
            let found = run(&config, &["accounts", "find", name]);
            assert!(found.starts_with(id) && found.ends_with("\n1 accounts\n"), "{name}: {found}");
            let shown = run(&config, &["accounts", "show", name]);
            assert!(shown.starts_with(&format!("account   {id}\n")), "{name}: {shown}");
            for line in
                ["phone     +8613800138000\n", "email     Chen@shop.example\n", "imported by operator\n"]
            {
                assert!(shown.contains(line), "{shown}");
            }
        }
    }
    assert_eq!(run(&config, &["accounts", "find", "43"]), "0 accounts\n");
    // What goes out comes back as it was.
    let exported = run(&config, &["accounts", "export"]);
    let again = imported(&config, "csv", &exported);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), "0 accounts are made, 0 know more, 1 were known\n");
}
