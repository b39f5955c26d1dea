//! Vite with React: built, and on its development server, where React's StrictMode runs everything twice.

use serde_json::json;
use tempfile::TempDir;
use weixin_emulator::{DEFAULT_APPID, DEFAULT_SECRET};
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_e2e::service::Service;
use weixin_login_npm::{Project, Server, free_port, run};

use crate::login::{assert_session, assert_silent_console, browser_at, house, import_instead, log_in};

#[tokio::test]
async fn a_build_by_vite_logs_in() {
    a_build_logs_in(&Project::new("vite-react", "vite-build").unwrap()).await;
}

#[tokio::test]
async fn a_build_by_vite_with_the_slim_entry_logs_in() {
    let project = Project::new("vite-react", "vite-build-slim").unwrap();
    import_instead(&project, "src/sign-in.tsx", "weixin-login", "weixin-login/slim");
    a_build_logs_in(&project).await;
}

async fn a_build_logs_in(project: &Project) {
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
    the_development_server_logs_in(&Project::new("vite-react", "vite-development").unwrap()).await;
}

#[tokio::test]
async fn vites_development_server_with_the_slim_entry_logs_in() {
    let project = Project::new("vite-react", "vite-development-slim").unwrap();
    import_instead(&project, "src/sign-in.tsx", "weixin-login", "weixin-login/slim");
    the_development_server_logs_in(&project).await;
}

#[tokio::test]
async fn the_three_lines_for_development_are_all_that_the_service_needs_to_know_of_vite() {
    let project = Project::new("vite-react", "vite-development-config").unwrap();
    let port = free_port().unwrap();
    let sample = std::fs::read_to_string(project.folder.join("weixin-login.toml")).unwrap();
    let house = House::plain().await;
    let data = TempDir::new().unwrap();
    // The rest is WeChat's side: who the app is, and the emulator in WeChat's place.
    let config = format!(
        r#"{lines}
ops_listen = "127.0.0.1:0"
store = "sqlite:{store}"

[weixin]
open_url = "{open_url}"
api_url = "{api_url}"
desktop_urls = ["{desktop_url}"]

[weixin.website]
appid = "{DEFAULT_APPID}"
secret = "{DEFAULT_SECRET}"
"#,
        // The ports of this machine, which others may have taken.
        lines = sample.replace("5173", &port.to_string()).replace("8080", "0"),
        store = data.path().join("weixin-login.db").display(),
        open_url = house.weixin.open_url(),
        api_url = house.weixin.control_url(),
        desktop_url = house.weixin.desktop_url(),
    );
    let service = Service::start(&config, data.path());
    let _server = start(&project, port, &service);
    let browser = browser_at(&house, &format!("http://localhost:{port}/")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
}

/// Vite's development server, which passes the service's path on to it.
fn start(project: &Project, port: u16, service: &Service) -> Server {
    // These projects have one node_modules, where Vite would keep one cache for two servers: one would throw the other's out.
    let apart =
        "import config from \"./vite.config.ts\";\nexport default { ...config, cacheDir: \".vite\" };\n";
    std::fs::write(project.folder.join("apart.config.ts"), apart).unwrap();
    let mut vite = project.program("vite").unwrap();
    vite.args(["--config", "apart.config.ts", "--strictPort", "--port", &port.to_string()]);
    Server::start(vite.env("WEIXIN_LOGIN", format!("http://{}", service.address())), port).unwrap()
}

async fn the_development_server_logs_in(project: &Project) {
    let port = free_port().unwrap();
    let origin = format!("http://localhost:{port}");
    let house = House::build(HouseOptions { origin: Some(origin), ..HouseOptions::default() }).await;
    let _server = start(project, port, &house.service);
    let browser = browser_at(&house, &house.page("/")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
    // React runs everything twice here; the login is begun once.
    assert_eq!(browser.phases().await, ["loading", "probing", "fast-login", "confirming", "success"]);
    assert_eq!(browser.events().await.iter().filter(|event| event["name"] == json!("error")).count(), 0);
}
