//! Firefox's own windows: what is outside of every page, and only its own script can reach.

use reqwest::Method;
use serde_json::{Value, json};
use thirtyfour::SessionId;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::common::requestdata::RequestData;

use super::Browser;

/// Whose scripts WebDriver runs from now on: `content` or `chrome`, the browser itself.
#[derive(Debug)]
struct SetContext(&'static str);

impl FormatRequestData for SetContext {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let address = format!("session/{session}/moz/context");
        RequestData::new(Method::POST, address).add_body(json!({ "context": self.0 }))
    }
}

impl Browser {
    /// Runs a script in the browser's own window.
    pub async fn script_of_firefox(&self, script: &str) -> Value {
        self.driver()
            .handle()
            .cmd(SetContext("chrome"))
            .await
            .expect("geckodriver lets scripts into Firefox");
        let answer = self.script(script).await;
        self.driver().handle().cmd(SetContext("content")).await.expect("and back into the page");
        answer
    }

    /// What Firefox writes when a person presses Allow, or Block, with "remember".
    pub(super) async fn say_before(&self, origin: &str, allowed: bool) {
        let action = if allowed { "ALLOW_ACTION" } else { "DENY_ACTION" };
        let script = format!(
            "const site = Services.scriptSecurityManager.createContentPrincipalFromOrigin({});
             Services.perms.addFromPrincipal(site, 'loopback-network', Services.perms.{action});",
            Value::from(origin)
        );
        self.script_of_firefox(&script).await;
    }
}
