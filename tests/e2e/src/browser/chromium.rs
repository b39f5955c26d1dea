//! What Chromium lets a test change of the world around a page: its screen, its network, what the person prefers, its clock.

use serde_json::{Value, json};

use super::Browser;

/// Runs a page's timers and clocks so many times as fast: a script for [`Browser::on_every_page`].
pub fn faster(times: u32) -> String {
    format!(
        "for (const name of ['setTimeout', 'setInterval']) {{
             const real = window[name];
             window[name] = (run, delay, ...more) => real(run, (delay ?? 0) / {times}, ...more);
         }}
         const tick = performance.now.bind(performance), date = Date.now, [begun, day] = [tick(), date()];
         performance.now = () => begun + (tick() - begun) * {times};
         Date.now = () => day + (date() - day) * {times};"
    )
}

/// Lets a test put a page's clocks forward, as sleep does, by `window.slept` (ms): a script for [`Browser::on_every_page`].
pub const SLEEPY: &str = "window.slept = 0; const date = Date.now; Date.now = () => date() + window.slept;";

/// And a laptop is awake again after this many milliseconds.
pub fn awake_after(ms: u32) -> String {
    format!("window.slept += {ms}; document.dispatchEvent(new Event('visibilitychange'))")
}

impl Browser {
    /// The page on a screen of this size, in CSS pixels: at 400 % zoom a window of 1280 by 1024 has 320 by 256.
    pub async fn on_screen(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Takes the network away from the page, or gives it back.
    pub async fn network(&self, online: bool) {
        self.cdp("Network.enable", json!({})).await;
        let rule =
            json!({ "offline": !online, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.cdp("Network.emulateNetworkConditions", rule).await;
        self.until(
            if online { "a network" } else { "no network" },
            &format!("return navigator.onLine === {online}"),
        )
        .await;
    }

    /// What the person has asked of their system: `[("prefers-color-scheme", "dark")]`.
    pub async fn prefers(&self, features: &[(&str, &str)]) {
        let features: Vec<_> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// How many colours a person sees in the box of what `script` returns.
    pub async fn colours(&self, script: &str) -> u64 {
        let at = self
            .script(&format!(
                "const {{ x, y, width, height }} = (() => {{ {script} }})().getBoundingClientRect();
                 return {{ x: x + scrollX, y: y + scrollY, width, height, scale: 1 }}"
            ))
            .await;
        // What lies below the window's end is blank without the last one.
        let shot = json!({ "format": "png", "clip": at, "captureBeyondViewport": true });
        let shot = self.cdp("Page.captureScreenshot", shot).await;
        let count = format!(
            "const bytes = Uint8Array.from(atob({}), (letter) => letter.charCodeAt(0));
             return createImageBitmap(new Blob([bytes], {{ type: 'image/png' }})).then((picture) => {{
                 const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
                 canvas.drawImage(picture, 0, 0);
                 const {{ data }} = canvas.getImageData(0, 0, picture.width, picture.height);
                 return new Set(new Uint32Array(data.buffer)).size;
             }})",
            shot["data"]
        );
        self.script(&count).await.as_u64().expect("a number")
    }

    /// A command of the Chrome DevTools Protocol.
    pub async fn cdp(&self, method: &str, parameters: Value) -> Value {
        self.driver()
            .cdp()
            .send_raw(method, parameters)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}
