//! What the person holds, as far as a user agent tells it.

/// What the person holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// A computer, where WeChat may be running and a phone can scan.
    #[default]
    Computer,
    /// A phone, which cannot scan itself.
    Phone,
    /// WeChat's own browser.
    InsideWeixin,
}

impl Device {
    /// Reads a user agent.
    pub fn of(user_agent: &str) -> Self {
        // By bytes: `str::contains` is a search engine, and would all be in the widget.
        let says =
            |word: &str| user_agent.as_bytes().windows(word.len()).any(|found| found == word.as_bytes());
        if says("MicroMessenger") {
            Self::InsideWeixin
        } else if says("iPhone") || says("Android") && says("Mobile") || says("HarmonyOS") && says("Mobile") {
            Self::Phone
        } else {
            Self::Computer
        }
    }
}
