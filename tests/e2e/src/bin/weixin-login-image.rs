//! Logs in by a service that was built to be given away: a real browser, the emulated WeChat, and the program that is named, such as one in
//! a container. Words: a folder for the service's files, which the program sees at the same place, and the command that starts it, to which
//! `serve --config FILE` is added.

#![allow(clippy::print_stdout, reason = "a trial says what came of it")]

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::House;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut words = std::env::args_os().skip(1);
    let folder = PathBuf::from(words.next().expect("the folder for the service's files"));
    let mut command = Command::new(words.next().expect("the command that starts the service"));

    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.expect("the emulator has no desktop");
    let config = folder.join("weixin-login.toml");
    std::fs::write(&config, house.config_of_another(&folder)).expect("the configuration");
    // In its container the program is somebody of no rights here.
    for (file, mode) in [(folder.clone(), 0o777), (folder.join("secret"), 0o644), (config.clone(), 0o644)] {
        std::fs::set_permissions(file, Permissions::from_mode(mode)).expect("rights for the program");
    }
    command.args(words).args(["serve", "--config"]).arg(&config).stdout(Stdio::piped());
    let mut service = Running(command.spawn().expect("the service starts"));
    let mut ready = String::new();
    let said = service.0.stdout.take().expect("a pipe");
    BufReader::new(said).read_line(&mut ready).expect("the service says where it is");
    let ready: serde_json::Value = serde_json::from_str(&ready).expect("the service says where it is");
    let address = ready["listen"].as_str().expect("an address");
    house.shop.set_service_url(&format!("http://{address}")).expect("the service's address");

    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/sign-in.html")).await;
    browser.until_phase("qr").await;
    let uuid = house.weixin.wait_for_qr(PATIENCE).await.expect("a QR code is shown");
    house.weixin.scan(&uuid).expect("a shown code can be scanned");
    house.weixin.allow(&uuid).expect("a scanned code can be allowed");
    browser.until_phase("success").await;
    let session = browser
        .until(
            "the session",
            "return fetch('/weixin/session').then(async answer => answer.ok && await answer.json())",
        )
        .await;
    assert_eq!(session["client_id"], "shop", "{session}");
    println!("logged in by {}", ready["public_url"]);
}

/// A program that ends with the trial.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // A container's keeper passes that on; killed, it would leave the program behind.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}
