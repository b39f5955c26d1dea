//! Vite with React: built, and on its development server, where React's StrictMode runs everything twice.

use serde_json::json;
use weixin_login_e2e::house::{House, HouseOptions};
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

async fn the_development_server_logs_in(project: &Project) {
    // These projects have one node_modules, where Vite would keep one cache for two servers: one would throw the other's out.
    let apart =
        "import config from \"./vite.config.ts\";\nexport default { ...config, cacheDir: \".vite\" };\n";
    std::fs::write(project.folder.join("apart.config.ts"), apart).unwrap();
    let port = free_port().unwrap();
    let origin = format!("http://localhost:{port}");
    let house = House::build(HouseOptions { origin: Some(origin), ..HouseOptions::default() }).await;
    let _server = Server::start(
        project
            .program("vite")
            .unwrap()
            .args(["--config", "apart.config.ts", "--strictPort", "--port", &port.to_string()])
            .env("WEIXIN_LOGIN", format!("http://{}", house.service.address())),
        port,
    )
    .unwrap();
    let browser = browser_at(&house, &house.page("/")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
    // React runs everything twice here; the login is begun once.
    assert_eq!(browser.phases().await, ["loading", "probing", "fast-login", "confirming", "success"]);
    assert_eq!(browser.events().await.iter().filter(|event| event["name"] == json!("error")).count(), 0);
}
