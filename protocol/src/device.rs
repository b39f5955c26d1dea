//! What the person holds, as far as a user agent tells it.

/// What the person holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// A computer, where WeChat may be running and a phone can scan. A tablet too: its screen can be scanned.
    #[default]
    Computer,
    /// A phone, which cannot scan itself.
    Phone,
    /// WeChat's own browser, on a phone, a tablet or a computer, in a mini program too.
    InsideWeixin,
}

impl Device {
    /// Reads a user agent.
    ///
    /// An iPad that asks for desktop pages calls itself a Mac, and a browser that was told to do so calls itself anything: what
    /// cannot be told is a computer, where every way to log in can still be reached.
    pub fn of(user_agent: &str) -> Self {
        // By bytes: `str::contains` is a search engine, and would all be in the widget.
        let says =
            |word: &str| user_agent.as_bytes().windows(word.len()).any(|found| found == word.as_bytes());
        // WeCom (企业微信) claims to be WeChat, and has an authorization of its own, which takes no service account's appid: there
        // it is a browser like any other, on whatever it runs on.
        if says("MicroMessenger") && !says("wxwork/") {
            return Self::InsideWeixin;
        }
        // HarmonyOS without Android in it names the kind of device first, and may say `Mobile` on a tablet as well.
        let is_named_otherwise = says("(Tablet;") || says("(PC;");
        let is_mobile = says("Mobile") && (says("Android") || says("Harmony")) && !is_named_otherwise;
        if says("iPhone") || says("(Phone;") || is_mobile { Self::Phone } else { Self::Computer }
    }
}
