//! Chromium by its own DevTools protocol, over a pipe. WebDriver has no visit by somebody new in a browser that is already warm: a
//! browser context has its own cache, its own connections and its own storage, and is thrown away.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(40);
/// What the browser calls when a page has something to tell.
const TELL: &str = "benchTell";

/// A browser with an empty profile, gone when this is dropped.
pub struct Chromium {
    process: Child,
    orders: ChildStdin,
    answers: Receiver<Value>,
    events: Vec<Value>,
    last_id: u64,
    _profile: TempDir,
}

impl Chromium {
    /// Starts it with these switches beside the usual ones.
    pub fn start(switches: &[String]) -> Self {
        let profile = TempDir::new().expect("a folder for the profile");
        let mut process = Command::new("sh")
            // The browser reads from 3 and writes to 4.
            .args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>&2", "sh", "chromium"])
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--lang=zh-CN", "--window-size=1280,900"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(switches)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh is there");
        let orders = process.stdin.take().expect("its input");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let (heard, answers) = channel();
        std::thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if heard.send(message).is_err() {
                    break;
                }
            }
        });
        Self { process, orders, answers, events: Vec::new(), last_id: 0, _profile: profile }
    }

    /// Sends a command, and waits for what it gives.
    pub fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut order = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(session) = session {
            order["sessionId"] = session.into();
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).expect("the browser lives");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut message = self.hear(deadline, method);
            if message["id"] != self.last_id {
                self.events.push(message);
            } else if message["error"].is_null() {
                return message["result"].take();
            } else {
                panic!("{method}: {}", message["error"]);
            }
        }
    }

    fn hear(&self, deadline: Instant, what: &str) -> Value {
        match self.answers.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("never came: {what}"),
            Err(RecvTimeoutError::Disconnected) => panic!("the browser is gone: is chromium installed?"),
        }
    }

    /// Somebody who has never been here, with an empty page.
    pub fn visitor(&mut self, script: &str) -> Visitor<'_> {
        let context = text(&self.call(None, "Target.createBrowserContext", json!({})), "browserContextId");
        let page = json!({ "url": "about:blank", "browserContextId": context });
        let target = text(&self.call(None, "Target.createTarget", page), "targetId");
        let attach = json!({ "targetId": target, "flatten": true });
        let session = text(&self.call(None, "Target.attachToTarget", attach), "sessionId");
        let mut visitor = Visitor { browser: self, context, session };
        visitor.call("Page.enable", json!({}));
        visitor.call("Runtime.enable", json!({}));
        visitor.call("Runtime.addBinding", json!({ "name": TELL }));
        visitor.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
        visitor
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One page of somebody's, whose cache and connections go with this.
pub struct Visitor<'browser> {
    browser: &'browser mut Chromium,
    context: String,
    session: String,
}

impl Visitor<'_> {
    /// A command for the page.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        let session = self.session.clone();
        self.browser.call(Some(&session), method, parameters)
    }

    /// Delays each request of the page and its frames, by the browser itself.
    pub fn delay_requests(&mut self, latency: Duration) {
        self.call("Network.enable", json!({}));
        let conditions = json!({
            "offline": false, "latency": latency.as_millis() as u64, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.call("Network.emulateNetworkConditions", conditions);
    }

    /// Allows the pages of this origin what the browser would ask the person about.
    pub fn allow(&mut self, permission: &str, origin: &str) {
        let said = json!({
            "permission": { "name": permission }, "setting": "granted", "origin": origin, "browserContextId": self.context,
        });
        self.browser.call(None, "Browser.setPermission", said);
    }

    /// Runs a script in the page, and gives the text that it returns.
    pub fn evaluate(&mut self, script: &str) -> String {
        let result = self.call("Runtime.evaluate", json!({ "expression": script, "returnByValue": true }));
        result["result"]["value"].as_str().unwrap_or_else(|| panic!("{script}: {result}")).to_owned()
    }

    /// Opens a page, and gives when it told each of these, in ms since it was gone to.
    pub fn open(&mut self, address: &str, wanted: &str) -> HashMap<String, f64> {
        self.browser.events.clear();
        self.call("Page.navigate", json!({ "url": address }));
        let deadline = Instant::now() + PATIENCE;
        let mut told = HashMap::new();
        loop {
            let events: Vec<Value> = self.browser.events.drain(..).collect();
            for event in events {
                if event["method"] != "Runtime.bindingCalled" || event["params"]["name"] != TELL {
                    continue;
                }
                let payload = event["params"]["payload"].as_str().unwrap_or_default();
                if let Some((name, time)) = payload.split_once(' ') {
                    told.entry(name.to_owned()).or_insert(time.parse().unwrap_or(f64::NAN));
                }
            }
            if told.contains_key(wanted) {
                return told;
            }
            let event = self.browser.hear(deadline, &format!("{wanted} at {address}"));
            self.browser.events.push(event);
        }
    }

    /// Leaves the page, and keeps what the browser keeps.
    pub fn leave(&mut self) {
        self.call("Page.navigate", json!({ "url": "about:blank" }));
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let context = json!({ "browserContextId": self.context });
            self.browser.call(None, "Target.disposeBrowserContext", context);
        }
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
