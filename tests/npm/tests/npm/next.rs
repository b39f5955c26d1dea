//! Next with the App Router: a client component, rendered on the server first, and a route handler that redeems the code.

use serde_json::json;
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_npm::{Project, Server, free_port, run};

use crate::login::{assert_silent_console, browser_at, import_instead, log_in};

#[tokio::test]
async fn a_build_by_next_logs_in_and_redeems_the_code_on_its_server() {
    a_build_logs_in(&Project::new("next", "next").unwrap()).await;
}

#[tokio::test]
async fn a_build_by_next_with_the_slim_entry_logs_in() {
    let project = Project::new("next", "next-slim").unwrap();
    import_instead(&project, "app/sign-in.tsx", "weixin-login", "weixin-login/slim");
    a_build_logs_in(&project).await;
}

#[tokio::test]
async fn what_next_renders_on_its_server_is_taken_over_in_the_browser() {
    let next = Next::build(&Project::new("next", "next-panel").unwrap()).await;
    let page = format!("{}/panel", next.site);
    let browser = browser_at(&next.house, &page).await;
    browser.until_phase("fast-login").await;
    // React says in the console when the two do not agree.
    assert_silent_console(&browser).await;
    let rendered = browser.script("return fetch(location.href).then((answer) => answer.text())").await;
    let rendered = rendered.as_str().unwrap();
    let link = format!("<a href=\"{}/authorize\">微信登录</a></weixin-login>", next.house.page("/weixin"));
    assert!(rendered.contains(&link), "{rendered}");
}

/// The sample, built and running, registered with a house.
struct Next {
    house: House,
    site: String,
    _server: Server,
}

impl Next {
    async fn build(project: &Project) -> Next {
        run(project.program("next").unwrap().arg("build")).unwrap();
        let port = free_port().unwrap();
        let site = format!("http://localhost:{port}");
        let client = format!(
            "\n[[clients]]\nid = \"next\"\nname = \"Next\"\norigins = [\"{site}\"]\nredirect_uris = []\n"
        );
        let house = House::build(HouseOptions { more_config: client, ..HouseOptions::default() }).await;
        let _server = Server::start(
            project.program("next").unwrap().args(["start", "--port", &port.to_string()]).envs([
                ("WEIXIN_LOGIN", house.page("/weixin").as_str()),
                ("CLIENT_ID", "next"),
                ("SITE", &site),
            ]),
            port,
        )
        .unwrap();
        Next { house, site, _server }
    }
}

async fn a_build_logs_in(project: &Project) {
    let next = Next::build(project).await;
    let browser = browser_at(&next.house, &next.site).await;
    // Rendered on the server, taken over in the browser.
    let alive = "return Object.keys(document.querySelector('#sign-in') ?? {}).some((key) => key.startsWith('__reactProps'))";
    browser.until("a button that React has taken over", alive).await;
    browser.script("document.querySelector('#sign-in').click()").await;
    log_in(&next.house, &browser).await;
    let events = browser.events().await;
    assert_eq!(events.last().unwrap()["result"], json!("code"), "{events:?}");
    assert_silent_console(&browser).await;
}
