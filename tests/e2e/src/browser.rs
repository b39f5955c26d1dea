//! A real browser, driven by its own WebDriver program, both gone when the [`Browser`] is dropped.

mod engine;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::prelude::*;

pub use engine::Engine;
use engine::Running;

/// How long anything may take before the test gives up. Generous: a slow machine is no bug.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Between two looks at a page.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// What a browser is started with.
#[derive(Debug, Clone)]
pub struct BrowserOptions {
    /// Which browser. What is said of Chromium below is passed over by the others.
    pub engine: Engine,
    /// More of Chromium's own switches.
    pub switches: Vec<String>,
    /// `Accept-Language`, and so the page's language.
    pub language: String,
    /// The browser's own preferences, `Default/Preferences` of its profile.
    pub preferences: Option<Value>,
    /// Width and height of the window.
    pub window: (u32, u32),
    /// Without a window. With one it has a screen of its own, in memory.
    pub headless: bool,
}

impl Default for BrowserOptions {
    fn default() -> Self {
        Self {
            engine: Engine::Chromium,
            switches: Vec::new(),
            language: "zh-CN".into(),
            preferences: None,
            window: (1280, 900),
            headless: true,
        }
    }
}

/// A browser with a profile of its own.
pub struct Browser {
    driver: Option<WebDriver>,
    engine: Engine,
    // Dropped in this order: the driver's processes, then the profile they write to.
    running: Running,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile.
    pub async fn start(options: BrowserOptions) -> Self {
        let profile = TempDir::new().expect("a folder for the profile");
        let running = Running::start(options.engine, options.headless);
        let capabilities = match options.engine {
            Engine::Chromium => chromium(&options, profile.path()),
            Engine::Firefox => firefox(&options),
            Engine::WebKit => webkit(),
        };
        let driver = WebDriver::new(&running.address, capabilities).await.expect("a browser session");
        driver.set_script_timeout(PATIENCE).await.expect("the script timeout");
        driver.set_page_load_timeout(PATIENCE).await.expect("the page load timeout");
        let browser = Self { driver: Some(driver), engine: options.engine, running, _profile: profile };
        if browser.engine == Engine::Chromium {
            browser.on_every_page(crate::widget::NOTE_EVENTS).await;
        }
        browser
    }

    /// The screen that a browser with a window draws on, for programs that press on it: `DISPLAY`.
    pub fn screen(&self) -> &str {
        self.running.screen().expect("the browser was started with a window")
    }

    /// The WebDriver session, for what the verbs below do not say.
    pub fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("the session lives as long as the browser")
    }

    /// Goes to an address and waits until it has loaded.
    pub async fn open(&self, address: &str) {
        self.driver().goto(address).await.expect("the page loads");
        if self.engine != Engine::Chromium {
            // What happened before this is read from the panel itself.
            self.script(crate::widget::NOTE_EVENTS).await;
        }
    }

    /// Runs a script at the start of every page and frame from now on, before their own. Chromium alone.
    pub async fn on_every_page(&self, script: &str) {
        let source = serde_json::json!({ "source": script });
        self.driver()
            .cdp()
            .send_raw("Page.addScriptToEvaluateOnNewDocument", source)
            .await
            .expect("the script is taken");
    }

    /// Runs a script in the page (or the frame that was entered) and gives what it returns.
    pub async fn script(&self, script: &str) -> Value {
        self.driver()
            .execute(script, Vec::new())
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
            .json()
            .clone()
    }

    /// Looks at the page again and again until `script` returns something true, and gives that.
    ///
    /// A page on its way to another one cannot be asked; it is simply asked again.
    pub async fn until(&self, what: &str, script: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut looks = tokio::time::interval(LOOK_AGAIN);
        loop {
            looks.tick().await;
            let seen = self.driver().execute(script, Vec::new()).await;
            if let Ok(seen) = &seen {
                let seen = seen.json();
                if !(seen.is_null() || *seen == Value::Bool(false) || seen.as_str() == Some("")) {
                    return seen.clone();
                }
            }
            if Instant::now() > deadline {
                self.give_up(what, &format!("{seen:?}")).await;
            }
        }
    }

    /// Waits until the page's address is `address`.
    pub async fn until_at(&self, address: &str) {
        self.until(
            &format!("the page {address}"),
            &format!("return location.href === {}", Value::from(address)),
        )
        .await;
    }

    /// Goes into the panel's frame: scripts then run in WeChat's page.
    pub async fn enter_frame(&self) {
        let frame = self.driver().execute(crate::widget::FRAME, Vec::new()).await.expect("the panel's frame");
        frame.element().expect("a frame").enter_frame().await.expect("the frame is entered");
    }

    /// Back to the page.
    pub async fn leave_frame(&self) {
        self.driver().enter_default_frame().await.expect("the page is still there");
    }

    /// Fails the test with what a person would see.
    async fn give_up(&self, what: &str, last: &str) -> ! {
        let text = "return document.documentElement.outerHTML.slice(0, 3000)";
        let page = self.driver().execute(text, Vec::new()).await.map(|page| page.json().to_string());
        let address = self.driver().current_url().await;
        let file = std::env::temp_dir().join(format!("weixin-login-e2e-{}.png", std::process::id()));
        let shot = self.driver().screenshot(&file).await.map(|()| file);
        let log = self.driver().browser_log().await.unwrap_or_default();
        panic!(
            "never came: {what}\nlast: {last}\naddress: {address:?}\nscreenshot: {shot:?}\nlog: {log:#?}\npage: {page:?}"
        );
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The processes are ended below; the session need not be asked.
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
    }
}

fn chromium(options: &BrowserOptions, profile: &Path) -> Capabilities {
    if let Some(preferences) = &options.preferences {
        let folder = profile.join("Default");
        std::fs::create_dir_all(&folder).expect("the profile's folder");
        std::fs::write(folder.join("Preferences"), preferences.to_string()).expect("the preferences");
    }
    let mut capabilities = DesiredCapabilities::chrome();
    let fixed = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let own = [
        format!("--user-data-dir={}", profile.display()),
        format!("--lang={}", options.language),
        format!("--accept-lang={}", options.language),
        format!("--window-size={},{}", options.window.0, options.window.1),
    ];
    let headless = options.headless.then(|| "--headless=new".to_owned());
    let switches = options.switches.iter().cloned();
    for switch in fixed.into_iter().map(str::to_owned).chain(own).chain(headless).chain(switches) {
        capabilities.add_arg(&switch).expect("a switch");
    }
    capabilities.into()
}

fn firefox(options: &BrowserOptions) -> Capabilities {
    let mut capabilities = DesiredCapabilities::firefox();
    if options.headless {
        capabilities.set_headless().expect("a switch");
    }
    let mut preferences = FirefoxPreferences::new();
    preferences.set("intl.accept_languages", options.language.as_str()).expect("a preference");
    capabilities.set_preferences(preferences).expect("the preferences");
    capabilities.into()
}

fn webkit() -> Capabilities {
    let capabilities = serde_json::json!({
        "acceptInsecureCerts": true,
        "webkitgtk:browserOptions": { "binary": engine::mini_browser(), "args": ["--automation"] },
    });
    capabilities.as_object().cloned().expect("an object").into()
}
