//! What the pages say, in three languages. One table; a page never writes a sentence of its own.

pub mod account;
pub mod binding;
pub mod phone;

use protocol::service::ErrorCode;

pub use protocol::language::Language;

/// One sentence in every language.
pub type Sentence = [&'static str; 3];

/// The sentence in one of them.
pub fn say(sentence: Sentence, language: Language) -> &'static str {
    sentence[language as usize]
}

/// Why a person gets a page instead of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The stable code's own page.
    Code(ErrorCode),
    /// The attempt was started by another browser.
    OtherBrowser,
    /// return_to leads nowhere that is allowed.
    BadReturnTo,
    /// Several clients have registered the origin that return_to leads to, and none is named.
    ClientNotNamed,
    /// redirect_uri, or post_logout_redirect_uri, is not registered for the client.
    BadRedirectUri,
    /// An embedded callback was opened as a page of its own.
    NotAFrame,
    /// A scene's QR code was opened outside WeChat.
    OpenInWeixin,
    /// The number was wrong too often.
    WrongNumber,
    /// No such page.
    NotFound,
    /// A scene's five minutes are over.
    SceneExpired,
    /// Our own store does not answer.
    StoreAway,
}

impl Refusal {
    /// What is shown small, for whoever is asked for help.
    pub fn code(self) -> &'static str {
        match self {
            Self::Code(code) => code.as_str(),
            Self::OtherBrowser => "other_browser",
            Self::BadReturnTo => "bad_return_to",
            Self::ClientNotNamed => "client_id_missing",
            Self::BadRedirectUri => "bad_redirect_uri",
            Self::NotAFrame => "not_a_frame",
            Self::OpenInWeixin => "open_in_weixin",
            Self::WrongNumber => "wrong_number",
            Self::NotFound => "not_found",
            Self::SceneExpired => ErrorCode::AttemptExpired.as_str(),
            Self::StoreAway => ErrorCode::TemporarilyUnavailable.as_str(),
        }
    }

    /// What happened, and what to do.
    pub fn words(self) -> (Sentence, Sentence) {
        const AGAIN: Sentence = ["请重新登录。", "請重新登入。", "Please log in again."];
        const SITE: Sentence = [
            "请返回网站重新登录。如仍无法登录，请联系网站。",
            "請返回網站重新登入。如仍無法登入，請聯絡網站。",
            "Go back to the site and log in again. If it still doesn’t work, contact the site.",
        ];
        match self {
            Self::Code(ErrorCode::AccessDenied) => (
                ["您已取消登录", "您已取消登入", "Login cancelled"],
                [
                    "网站没有获取您的任何信息。您可以随时重新登录。",
                    "網站沒有取得您的任何資訊。您可以隨時重新登入。",
                    "Nothing was shared with the site. You can log in whenever you’re ready.",
                ],
            ),
            Self::Code(ErrorCode::AttemptExpired) => (
                ["登录已超时", "登入已逾時", "This login has expired"],
                [
                    "登录需在 10 分钟内完成。请重新登录。",
                    "登入需在 10 分鐘內完成。請重新登入。",
                    "Logins are valid for 10 minutes. Please log in again.",
                ],
            ),
            Self::SceneExpired => (
                ["二维码已过期", "QR Code 已過期", "This QR code has expired"],
                [
                    "二维码 5 分钟内有效。请刷新电脑上的二维码，再扫一次。",
                    "QR Code 在 5 分鐘內有效。請在電腦上重新取得 QR Code，再掃一次。",
                    "QR codes are valid for 5 minutes. Get a new code on the computer, then scan it.",
                ],
            ),
            Self::Code(ErrorCode::AttemptUsed) => {
                (["此次登录已使用过", "這次登入已使用過", "This login has already been used"], AGAIN)
            }
            Self::Code(ErrorCode::CodeSpent) => (
                ["微信授权已失效", "微信授權已失效", "WeChat’s authorization has expired"],
                [
                    "微信授权只能使用一次，且很快过期。请重新登录。",
                    "微信授權只能使用一次，且很快過期。請重新登入。",
                    "It works only once and only for a short time. Please log in again.",
                ],
            ),
            Self::Code(ErrorCode::TemporarilyUnavailable) => (
                ["微信暂时没有响应", "微信暫時沒有回應", "WeChat isn’t responding"],
                ["请稍后重新登录。", "請稍後重新登入。", "Wait a moment, then log in again."],
            ),
            Self::StoreAway => (
                ["登录服务暂时不可用", "登入服務暫時無法使用", "Login is temporarily unavailable"],
                [
                    "问题出在我们这边，请稍后重试。",
                    "問題出在我們這邊，請稍後重試。",
                    "The problem is on our side. Please try again in a moment.",
                ],
            ),
            Self::Code(ErrorCode::SlowDown) => (
                ["操作过于频繁", "操作過於頻繁", "Too many attempts"],
                ["请一分钟后再试。", "請一分鐘後再試。", "Wait a minute, then try again."],
            ),
            Self::Code(ErrorCode::VirtualPerson) => (
                ["微信提供的是虚拟身份", "微信提供的是虛擬身分", "WeChat gave a placeholder identity"],
                [
                    "请重新登录，并使用您自己的微信身份。",
                    "請重新登入，並使用您自己的微信身分。",
                    "Please log in again with your own WeChat identity.",
                ],
            ),
            Self::Code(ErrorCode::Misconfigured) => (
                [
                    "网站的微信登录设置有误",
                    "網站的微信登入設定有誤",
                    "WeChat login isn’t set up correctly on this site",
                ],
                [
                    "请联系网站。管理员可在日志中查看原因。",
                    "請聯絡網站。管理員可在日誌中查看原因。",
                    "Please contact the site. Its administrator can find the reason in the log.",
                ],
            ),
            Self::Code(ErrorCode::UnknownAttempt) => {
                (["找不到此次登录", "找不到這次登入", "We couldn’t find this login"], SITE)
            }
            Self::Code(ErrorCode::UnknownClient) => {
                (["此网站尚未登记", "此網站尚未登記", "This site isn’t registered here"], SITE)
            }
            Self::Code(ErrorCode::LoginRequired) => (
                ["您尚未登录", "您尚未登入", "You’re not logged in"],
                ["请先在网站上登录。", "請先在網站上登入。", "Log in on the site first."],
            ),
            Self::Code(ErrorCode::InvalidRequest) => {
                (["链接无效", "連結無效", "This link isn’t valid"], SITE)
            }
            Self::Code(_) => (["出现问题", "發生問題", "Something went wrong"], AGAIN),
            Self::OtherBrowser => (
                [
                    "请在开始登录的浏览器中继续",
                    "請在開始登入的瀏覽器中繼續",
                    "Continue in the browser where you started",
                ],
                [
                    "登录是在其他浏览器中开始的，或 Cookie 已被禁用。为保护您的账号，请在此重新登录。",
                    "登入是在其他瀏覽器中開始的，或 Cookie 已被停用。為保護您的帳號，請在此重新登入。",
                    "You started logging in somewhere else, or cookies are turned off. To protect your account, log in again here.",
                ],
            ),
            Self::BadReturnTo => (
                [
                    "登录后的跳转地址不被允许",
                    "登入後的跳轉網址不被允許",
                    "This link leads to an address that isn’t allowed",
                ],
                SITE,
            ),
            Self::ClientNotNamed => (
                [
                    "这个链接没有说明登录哪个网站",
                    "這個連結沒有說明登入哪個網站",
                    "This link does not say which site it logs in to",
                ],
                SITE,
            ),
            Self::BadRedirectUri => (
                [
                    "网站的回调地址未登记",
                    "網站的回呼網址未登記",
                    "The site’s return address isn’t registered",
                ],
                SITE,
            ),
            Self::NotAFrame => (
                [
                    "此页面只能在登录框中打开",
                    "此頁面只能在登入框中開啟",
                    "This page only works inside the login panel",
                ],
                [
                    "如果链接是别人发给您的，请不要继续。否则请返回网站重新登录。",
                    "如果連結是別人傳給您的，請不要繼續。否則請返回網站重新登入。",
                    "If someone sent you this link, don’t continue. Otherwise, go back to the site and log in again.",
                ],
            ),
            Self::OpenInWeixin => (
                ["请在微信中打开", "請在微信中開啟", "Open this page in WeChat"],
                [
                    "请用微信“扫一扫”扫描电脑上的二维码，或复制链接，在微信中打开。",
                    "請用微信「掃一掃」掃描電腦上的 QR Code，或複製連結，在微信中開啟。",
                    "Scan the code on the computer with WeChat, or copy the link and open it in WeChat.",
                ],
            ),
            Self::WrongNumber => (
                ["数字已输错三次", "數字已輸錯三次", "Wrong number entered three times"],
                [
                    "那台电脑没有登录。如果它就在您面前，请刷新电脑上的二维码，再扫一次。",
                    "那台電腦沒有登入。如果它就在您面前，請在電腦上重新取得 QR Code，再掃一次。",
                    "That computer wasn’t logged in. If it’s in front of you, get a new code there and scan it.",
                ],
            ),
            Self::NotFound => (
                ["页面不存在", "頁面不存在", "Page not found"],
                ["请检查网址是否正确。", "請檢查網址是否正確。", "Check that the address is correct."],
            ),
        }
    }
}

/// `模拟器 · Not WeChat`
pub const EMULATOR: Sentence = ["模拟器 · Not WeChat", "模擬器 · Not WeChat", "Emulator · Not WeChat"];
/// On http.
pub const LOCALHOST: Sentence = [
    "本机测试：使用 http，请勿用于正式网站",
    "本機測試：使用 http，請勿用於正式網站",
    "Local test over http. Don’t use it for a real site.",
];
/// Before the client's name.
pub const LOG_IN_TO: Sentence = ["登录", "登入", "Log in to"];
/// The button and link.
pub const WITH_WEIXIN: Sentence = ["微信登录", "微信登入", "Log in with WeChat"];
/// The light-DOM link of the hosted page.
pub const OPEN_QR_PAGE: Sentence =
    ["打开微信二维码页面", "開啟微信 QR Code 頁面", "Open WeChat’s QR code page"];
/// Why there is nothing without JavaScript.
pub const NO_SCRIPT: Sentence = [
    "微信登录页需要 JavaScript。请启用后刷新本页。",
    "微信登入頁需要 JavaScript。請啟用後重新整理本頁。",
    "WeChat’s login page needs JavaScript. Turn it on, then reload this page.",
];
/// On the way in a frame.
pub const SIGNING_IN: Sentence = ["正在登录…", "正在登入…", "Logging you in…"];
/// A question.
pub const ASK_SIGN_OUT: Sentence = ["要退出登录吗？", "要登出嗎？", "Log out?"];
/// Its button.
pub const SIGN_OUT: Sentence = ["退出登录", "登出", "Log out"];
/// What was done.
pub const SIGNED_OUT: Sentence = ["您已退出登录", "您已登出", "You’re logged out"];
/// The list of a person's own sessions.
pub const SESSIONS: Sentence = ["已登录的设备", "已登入的裝置", "Where you’re logged in"];
/// Of one of them.
pub const THIS_BROWSER: Sentence = ["当前浏览器", "目前的瀏覽器", "This browser"];
/// Of one whose browser told nothing of itself.
pub const UNKNOWN_DEVICE: Sentence = ["未知设备", "未知裝置", "Unknown device"];
/// Between two names of a list.
pub const AND: Sentence = ["、", "、", ", "];
/// Below the list.
pub const SESSIONS_HINT: Sentence = [
    "如发现陌生登录，请在此退出。",
    "如發現陌生登入，請在此登出。",
    "Don’t recognize a login? Log it out here.",
];
/// Of the sites whose access goes on after the login.
pub const GRANTS: Sentence = ["仍可访问您资料的网站", "仍可存取您資料的網站", "Sites with ongoing access"];
/// Below them.
pub const GRANTS_HINT: Sentence = [
    "登录虽已结束，这些网站仍可读取您的资料。",
    "登入雖已結束，這些網站仍可讀取您的資料。",
    "These logins have ended, but the sites can still see your profile.",
];
/// Of one of them.
pub const END_GRANT: Sentence = ["取消授权", "取消授權", "Remove access"];
/// Under another host than the service's own.
pub const OTHER_HOST: Sentence = ["请使用正确的网址", "請使用正確的網址", "This page is at another address"];
/// Below it; the two places are filled.
pub const OTHER_HOST_HINT: Sentence = [
    "您打开的是 {asked}，登录服务的网址是 {expected}。",
    "您開啟的是 {asked}，登入服務的網址是 {expected}。",
    "You opened {asked}. The login service is at {expected}.",
];
/// Its button.
pub const GO_THERE: Sentence = ["前往登录", "前往登入", "Go there"];
/// Ends them all.
pub const SIGN_OUT_EVERYWHERE: Sentence = ["退出所有设备", "登出所有裝置", "Log out everywhere"];
/// Of a refusal: the login from its beginning.
pub const START_AGAIN: Sentence = ["重新登录", "重新登入", "Log in again"];
/// Of a refusal: the same page once more.
pub const TRY_AGAIN: Sentence = ["重试", "重試", "Try again"];
/// Before the number under which the log tells about a login.
pub const REPORT_NUMBER: Sentence = ["报告编号", "報告編號", "report number"];
/// Before the client's name, on the way back to it.
pub const BACK_TO: Sentence = ["返回", "返回", "Back to"];
/// On the way back where nobody knows to which site.
pub const TO_SITES: Sentence = ["查看可登录的网站", "查看可登入的網站", "See the sites you can log in to"];
/// The landing page.
pub const LANDING: Sentence = ["微信登录服务", "微信登入服務", "WeChat login service"];
/// The landing page.
pub const LANDING_HINT: Sentence =
    ["选择要登录的网站：", "選擇要登入的網站：", "Choose a site to log in to:"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_words_in_every_language() {
        let own = [
            Refusal::OtherBrowser,
            Refusal::BadReturnTo,
            Refusal::ClientNotNamed,
            Refusal::BadRedirectUri,
            Refusal::NotAFrame,
            Refusal::OpenInWeixin,
            Refusal::WrongNumber,
            Refusal::NotFound,
            Refusal::SceneExpired,
            Refusal::StoreAway,
        ];
        for refusal in ErrorCode::ALL.iter().map(|code| Refusal::Code(*code)).chain(own) {
            let (what, then) = refusal.words();
            assert!(what.iter().chain(&then).all(|sentence| !sentence.is_empty()), "{}", refusal.code());
        }
    }

    #[test]
    fn a_person_is_spoken_to_in_one_way() {
        for file in [
            include_str!("text.rs"),
            include_str!("text/account.rs"),
            include_str!("text/binding.rs"),
            include_str!("text/phone.rs"),
        ] {
            let sentences = file.split("#[cfg(test)]").next().unwrap_or_default();
            for word in ["你", "妳", "帐", "登陆", "二維碼", "n't", "'s ", "somebody"] {
                let said =
                    sentences.lines().find(|line| !line.trim().starts_with("//") && line.contains(word));
                assert_eq!(said, None, "{word}");
            }
        }
    }
}
