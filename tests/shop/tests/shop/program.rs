//! The shop as a program: what it prints when it is ready, and when it cannot be.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const SHOP: &str = env!("CARGO_BIN_EXE_weixin-login-shop");
const WWW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../www");

#[test]
fn the_program_says_in_one_line_where_it_listens() {
    let mut shop = Command::new(SHOP)
        .args(["--service", "http://127.0.0.1:1", "--www", WWW])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut line = String::new();
    BufReader::new(shop.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let listen: std::net::SocketAddr = ready["listen"].as_str().expect("text").parse().expect("an address");
    let answered = std::net::TcpStream::connect(listen).is_ok();
    shop.kill().expect("it runs");
    shop.wait().expect("it ended");
    assert!(answered);
}

#[test]
fn a_folder_that_is_not_there_is_said_by_the_program() {
    let output = Command::new(SHOP)
        .args(["--service", "http://127.0.0.1:1", "--www", "nowhere"])
        .output()
        .expect("the program");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: nowhere is not a folder: the shop has no pages to show\n"
    );
}
