//! What the pages say, in three languages. One table; a page never writes a sentence of its own.

pub(crate) mod language;
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
        }
    }

    /// What happened, and what to do.
    pub fn words(self) -> (Sentence, Sentence) {
        const AGAIN: Sentence = ["请重新登录。", "請重新登入。", "Please start again."];
        const SITE: Sentence = [
            "请返回原网站重新登录；若仍然如此，请告诉网站。",
            "請返回原網站重新登入；若仍然如此，請告訴網站。",
            "Go back to the site and log in again; if it stays like this, tell the site.",
        ];
        match self {
            Self::Code(ErrorCode::AccessDenied) => (
                ["您取消了登录", "您取消了登入", "You did not log in"],
                [
                    "没有任何信息交给网站。想登录时再来一次即可。",
                    "沒有任何資訊交給網站。想登入時再來一次即可。",
                    "Nothing was given to the site. You can try again whenever you like.",
                ],
            ),
            Self::Code(ErrorCode::AttemptExpired) => (
                ["这次登录等得太久了", "這次登入等得太久了", "This login waited too long"],
                [
                    "登录请求十分钟内有效。请重新登录。",
                    "登入請求十分鐘內有效。請重新登入。",
                    "A login is good for ten minutes. Please start again.",
                ],
            ),
            Self::Code(ErrorCode::AttemptUsed) => {
                (["这次登录已经用过了", "這次登入已經用過了", "This login was used already"], AGAIN)
            }
            Self::Code(ErrorCode::CodeSpent) => (
                ["微信的授权码已失效", "微信的授權碼已失效", "WeChat no longer takes this login"],
                [
                    "授权码只能用一次，且很快过期。请重新登录。",
                    "授權碼只能用一次，且很快過期。請重新登入。",
                    "Its code works once and for a short time. Please start again.",
                ],
            ),
            Self::Code(ErrorCode::TemporarilyUnavailable) => (
                ["微信现在很忙", "微信現在很忙", "WeChat is busy"],
                [
                    "没有得到微信的答复。请稍等片刻，重新登录。",
                    "沒有得到微信的答覆。請稍候片刻，重新登入。",
                    "There was no answer in time. Wait a moment, then start again.",
                ],
            ),
            Self::Code(ErrorCode::SlowDown) => (
                ["请求太频繁", "請求太頻繁", "Too many tries"],
                ["请等一分钟再试。", "請等一分鐘再試。", "Wait a minute, then try again."],
            ),
            Self::Code(ErrorCode::VirtualPerson) => (
                ["微信只给了一个临时身份", "微信只給了一個臨時身分", "WeChat showed a stand-in"],
                [
                    "请点按登录按钮，用您自己的微信身份登录。",
                    "請點按登入按鈕，用您自己的微信身分登入。",
                    "Tap the login button to log in as yourself.",
                ],
            ),
            Self::Code(ErrorCode::Misconfigured) => (
                [
                    "这个网站的微信登录没有设置好",
                    "這個網站的微信登入沒有設定好",
                    "This site's WeChat login is not set up",
                ],
                [
                    "不是您的问题。网站的管理员可以在日志里看到原因。",
                    "不是您的問題。網站的管理員可以在日誌裡看到原因。",
                    "It is not your fault. The site's operator finds the reason in the log.",
                ],
            ),
            Self::Code(ErrorCode::UnknownAttempt) => {
                (["没有找到这次登录", "沒有找到這次登入", "This login is not known"], SITE)
            }
            Self::Code(ErrorCode::UnknownClient) => {
                (["不认识这个网站", "不認識這個網站", "This site is not known here"], SITE)
            }
            Self::Code(ErrorCode::LoginRequired) => (
                ["您没有登录", "您沒有登入", "You are not logged in"],
                ["请先到网站登录。", "請先到網站登入。", "Log in at a site first."],
            ),
            Self::Code(ErrorCode::InvalidRequest) => {
                (["这个链接不完整", "這個連結不完整", "This link is broken"], SITE)
            }
            Self::Code(_) => (["出了点问题", "出了點問題", "Something went wrong"], AGAIN),
            Self::OtherBrowser => (
                [
                    "请在开始登录的浏览器里继续",
                    "請在開始登入的瀏覽器裡繼續",
                    "Go on in the browser where you started",
                ],
                [
                    "这次登录是在别处开始的，或 cookie 被禁用了。为了您的安全，请在这里重新登录。",
                    "這次登入是在別處開始的，或 cookie 被停用了。為了您的安全，請在這裡重新登入。",
                    "This login began elsewhere, or cookies are off. For your safety, start again here.",
                ],
            ),
            Self::BadReturnTo => (
                [
                    "登录后的去处不被允许",
                    "登入後的去處不被允許",
                    "This login would end somewhere that is not allowed",
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
                    "网站给出的返回地址没有登记",
                    "網站給出的返回網址沒有登記",
                    "The site asked to be answered at an address that is not registered",
                ],
                SITE,
            ),
            Self::NotAFrame => (
                ["这一页属于登录框", "這一頁屬於登入框", "This page belongs inside the login panel"],
                [
                    "如果是别人发给您的链接，请不要继续。否则请回到网站重新登录。",
                    "如果是別人傳給您的連結，請不要繼續。否則請回到網站重新登入。",
                    "If somebody sent you this link, do not go on. Otherwise go back to the site and log in again.",
                ],
            ),
            Self::OpenInWeixin => (
                ["请用微信扫码", "請用微信掃碼", "Scan this with WeChat"],
                [
                    "打开微信，点“扫一扫”，再扫一次电脑上的二维码。",
                    "開啟微信，點「掃一掃」，再掃一次電腦上的二維碼。",
                    "Open WeChat, choose Scan, and scan the code on the computer again.",
                ],
            ),
            Self::WrongNumber => (
                ["数字错了三次", "數字錯了三次", "The number was wrong three times"],
                [
                    "那台电脑没有登录。如果它就在您面前，请在电脑上刷新二维码再扫一次。",
                    "那台電腦沒有登入。如果它就在您面前，請在電腦上重新整理二維碼再掃一次。",
                    "That computer was not let in. If it is in front of you, renew its code and scan again.",
                ],
            ),
            Self::NotFound => (
                ["没有这个页面", "沒有這個頁面", "There is no such page"],
                ["请检查地址。", "請檢查網址。", "Please check the address."],
            ),
        }
    }
}

/// `模拟器 · Not WeChat`
pub const EMULATOR: Sentence = ["模拟器 · Not WeChat", "模擬器 · Not WeChat", "Emulator · Not WeChat"];
/// On http.
pub const LOCALHOST: Sentence = [
    "本机试用：http 上的 cookie 不安全",
    "本機試用：http 上的 cookie 不安全",
    "Trying out on localhost: cookies on http are not safe",
];
/// Before the client's name.
pub const LOG_IN_TO: Sentence = ["登录", "登入", "Log in to"];
/// The button and link.
pub const WITH_WEIXIN: Sentence = ["微信登录", "微信登入", "Log in with WeChat"];
/// The light-DOM link of the hosted page.
pub const OPEN_QR_PAGE: Sentence = ["打开微信的二维码页面", "開啟微信的二維碼頁面", "Open WeChat's QR page"];
/// Why there is nothing without JavaScript.
pub const NO_SCRIPT: Sentence = [
    "微信的登录页需要 JavaScript。请启用后刷新本页。",
    "微信的登入頁需要 JavaScript。請啟用後重新整理本頁。",
    "WeChat's own page needs JavaScript. Turn it on, then load this page again.",
];
/// On the way in a frame.
pub const SIGNING_IN: Sentence = ["正在登录……", "正在登入……", "Logging you in…"];
/// A question.
pub const ASK_SIGN_OUT: Sentence = ["要退出登录吗？", "要登出嗎？", "Log out?"];
/// Its button.
pub const SIGN_OUT: Sentence = ["退出登录", "登出", "Log out"];
/// What was done.
pub const SIGNED_OUT: Sentence = ["您已退出登录", "您已登出", "You are logged out"];
/// The list of a person's own sessions.
pub const SESSIONS: Sentence = ["您在这些地方登录着", "您在這些地方登入著", "Where you are logged in"];
/// Of one of them.
pub const THIS_BROWSER: Sentence = ["当前浏览器", "目前的瀏覽器", "this browser"];
/// Below the list.
pub const SESSIONS_HINT: Sentence = [
    "如果有不认识的登录，请在这里退出它。",
    "如果有不認識的登入，請在這裡登出它。",
    "If there is one that is not yours, log it out here.",
];
/// Under another host than the service's own.
pub const OTHER_HOST: Sentence = ["请换一个地址打开", "請換一個網址開啟", "This page is at another address"];
/// Below it; the two places are filled.
pub const OTHER_HOST_HINT: Sentence = [
    "您打开的是 {asked}，登录服务在 {expected}。",
    "您開啟的是 {asked}，登入服務在 {expected}。",
    "You opened {asked}; the login is at {expected}.",
];
/// Of a refusal.
pub const START_AGAIN: Sentence = ["重新登录", "重新登入", "Start again"];
/// The landing page.
pub const LANDING: Sentence = ["微信登录服务", "微信登入服務", "WeChat login service"];
/// The landing page.
pub const LANDING_HINT: Sentence = ["已配置的网站：", "已設定的網站：", "The sites that are configured:"];

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
        ];
        for refusal in ErrorCode::ALL.iter().map(|code| Refusal::Code(*code)).chain(own) {
            let (what, then) = refusal.words();
            assert!(what.iter().chain(&then).all(|sentence| !sentence.is_empty()), "{}", refusal.code());
        }
    }
}
