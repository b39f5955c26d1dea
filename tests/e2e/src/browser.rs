//! A real browser, driven by its own WebDriver program, both gone when the [`Browser`] is dropped.

mod capabilities;
pub mod chromium;
mod engine;
mod firefox;
mod names;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

pub use engine::Engine;
use engine::Running;
use names::Names;

/// How long anything may take before the test gives up. Generous: a slow machine is no bug.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Between two looks at a page.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// What a browser is started with.
#[derive(Debug, Clone)]
pub struct BrowserOptions {
    /// Which browser. What is said of Chromium below is passed over by the others; WebKit has no such question.
    pub engine: Engine,
    /// More of Chromium's own switches.
    pub switches: Vec<String>,
    /// `Accept-Language`, and so the page's language. WebKit has the machine's.
    pub language: String,
    /// What the browser says it is; its own word where none is given.
    pub user_agent: Option<String>,
    /// `name:port` of servers that speak https, and where on this computer they are.
    pub names: Vec<(String, SocketAddr)>,
    /// Addresses of this computer that the browser is to take for some of the public internet.
    pub public: Vec<SocketAddr>,
    /// An origin, and whether the person has allowed it to ask this computer, or blocked it.
    pub said_before: Option<(String, bool)>,
    /// Chromium's own preferences, `Default/Preferences` of its profile.
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
            user_agent: None,
            names: Vec::new(),
            public: Vec::new(),
            said_before: None,
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
    _names: Option<Names>,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile.
    pub async fn start(options: BrowserOptions) -> Self {
        let profile = TempDir::new().expect("a folder for the profile");
        // Where the ports are the real ones, only names are to be found, and Firefox can be told.
        let is_known =
            |(name, address): &(String, SocketAddr)| name.ends_with(&format!(":{}", address.port()));
        let finds_names = match options.engine {
            Engine::Chromium => true,
            Engine::Firefox => options.names.iter().all(is_known),
            Engine::WebKit => options.names.is_empty(),
        };
        let names = if finds_names { None } else { Some(Names::start(&options.names).await) };
        let proxy = names.as_ref().map(|names| names.address);
        let running = Running::start(options.engine, options.headless, proxy);
        let capabilities = capabilities::of(&options, profile.path(), proxy);
        let driver = WebDriver::new(&running.address, capabilities).await.expect("a browser session");
        driver.set_script_timeout(PATIENCE).await.expect("the script timeout");
        driver.set_page_load_timeout(PATIENCE).await.expect("the page load timeout");
        let browser =
            Self { driver: Some(driver), engine: options.engine, running, _names: names, _profile: profile };
        if browser.engine == Engine::Chromium {
            browser.on_every_page(crate::widget::NOTE_EVENTS).await;
        }
        if let (Engine::Firefox, Some((origin, allowed))) = (browser.engine, &options.said_before) {
            browser.say_before(origin, *allowed).await;
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
        // In a block of its own: several such scripts may have names in common.
        let source = json!({ "source": format!("{{ {script} }}") });
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source).await;
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
    pub(crate) async fn give_up(&self, what: &str, last: &str) -> ! {
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
