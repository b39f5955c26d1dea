//! webpack 5, which emits the slim entry's wasm by itself: nothing is configured.

use weixin_login_npm::{Project, run};

use crate::login::{assert_session, assert_silent_console, browser_at, house, import_instead, log_in};

#[tokio::test]
async fn a_build_by_webpack_logs_in() {
    a_build_logs_in(&Project::new("webpack", "webpack").unwrap()).await;
}

#[tokio::test]
async fn a_build_by_webpack_with_the_wasm_inlined_logs_in() {
    let project = Project::new("webpack", "webpack-inlined").unwrap();
    import_instead(&project, "src/index.js", "weixin-login/slim", "weixin-login");
    a_build_logs_in(&project).await;
}

async fn a_build_logs_in(project: &Project) {
    run(project.program("webpack").unwrap().arg("--mode=production")).unwrap();
    let house = house(&project.folder).await;
    let browser = browser_at(&house, &house.page("/")).await;
    browser.script("document.querySelector('#sign-in').click()").await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
}
