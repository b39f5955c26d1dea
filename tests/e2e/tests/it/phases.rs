//! What a page tells the service of the widget, by the script for that: each phase that is seen, in a real browser.

use std::time::Duration;

use tokio::time::{interval, timeout};
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::{House, LINK, page};

use crate::login::scan_and_allow;

const TELLS: &str = "<script src=/weixin/assets/phases.js data-share=1 defer></script>";

/// The phases that were told of, and how often.
async fn told(house: &House) -> Vec<(String, u64)> {
    let address = format!("http://{}/metrics", house.service.ops_address());
    let text = reqwest::get(address).await.unwrap().text().await.unwrap();
    let lines =
        text.lines().filter_map(|line| line.strip_prefix("weixin_login_widget_phases_total{phase=\""));
    let counts = lines.filter_map(|line| line.split_once("\"} "));
    let mut told: Vec<(String, u64)> =
        counts.map(|(phase, count)| (phase.to_owned(), count.parse().unwrap())).collect();
    told.retain(|(_, count)| *count > 0);
    told.sort();
    told
}

#[tokio::test]
async fn a_page_that_tells_has_what_is_seen_counted() {
    let element = format!("<weixin-login client-id=shop>{LINK}</weixin-login>");
    let house = House::with_pages(&[("index.html", &page(TELLS, &element))]).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/")).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    let all = ["confirming", "loading", "probing", "qr", "success"].map(|phase| (phase.to_owned(), 1));
    // A beacon goes when the browser has the time.
    let arrived = async {
        let mut again = interval(Duration::from_millis(100));
        while told(&house).await.len() < all.len() {
            again.tick().await;
        }
    };
    timeout(PATIENCE, arrived).await.expect("each phase arrives");
    assert_eq!(told(&house).await, all);
}
