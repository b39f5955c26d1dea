//! Vite with React: built, and on its development server, where React's StrictMode mounts everything twice.

use serde_json::json;
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_npm::{Project, Server, free_port, run};

use crate::login::{assert_session, assert_silent_console, browser_at, house, log_in};

#[tokio::test]
async fn a_build_by_vite_logs_in() {
    let project = Project::new("vite-react", "vite-build").unwrap();
    run(project.program("tsc").unwrap().args(["-p", "."])).unwrap();
    run(project.program("vite").unwrap().arg("build")).unwrap();
    let house = house(&project.folder.join("dist")).await;
    let browser = browser_at(&house, &house.page("/")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
}

#[tokio::test]
async fn vites_development_server_logs_in_under_strict_mode() {
    let project = Project::new("vite-react", "vite-development").unwrap();
    let port = free_port().unwrap();
    let origin = format!("http://localhost:{port}");
    let house = House::build(HouseOptions { origin: Some(origin), ..HouseOptions::default() }).await;
    let _server = Server::start(
        project
            .program("vite")
            .unwrap()
            .args(["--strictPort", "--port", &port.to_string()])
            .env("WEIXIN_LOGIN", format!("http://{}", house.service.address())),
        port,
    )
    .unwrap();
    let browser = browser_at(&house, &house.page("/")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
    // Mounted twice, begun once.
    assert_eq!(browser.phases().await, ["loading", "probing", "fast-login", "confirming", "success"]);
    assert_eq!(browser.events().await.iter().filter(|event| event["name"] == json!("error")).count(), 0);
}
