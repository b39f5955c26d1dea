//! Every sentence that a person reads, in three languages.
//!
//! Short, warm, and with what to do next. What developers read is in [`crate::error`].

use protocol::cut;
pub use protocol::language::Language;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $zh_cn:literal, $zh_tw:literal, $en:literal;)*) => {
        /// What is said. The nickname stands in an element of its own, so sentences around one come as two halves.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Text {
            $($(#[$doc])* $name,)*
        }

        /// A language each, a line each, in the order of [`Language`] and of [`Text`]: two hundred pointers less.
        const LINES: [&str; 3] =
            [concat!($($zh_cn, "\n"),*), concat!($($zh_tw, "\n"),*), concat!($($en, "\n"),*)];

        impl Text {
            /// Every sentence. What nobody asks for is not in the widget.
            pub const ALL: &[Text] = &[$(Text::$name),*];
        }
    };
}

impl Text {
    /// The sentence.
    pub fn say(self, language: Language) -> &'static str {
        let mut lines = LINES[language as usize];
        for _ in 0..self as usize {
            lines = cut(lines, b'\n').1;
        }
        cut(lines, b'\n').0
    }
}

texts! {
    /// Nothing is said.
    Nothing = "", "", "";
    /// The panel's heading, and the button that opens it.
    LogIn = "微信登录", "微信登入", "Log in with WeChat";
    /// The dialog's close button.
    Close = "关闭", "關閉", "Close";
    /// Announced while the first answer is awaited.
    Loading = "正在准备登录…", "正在準備登入…", "Getting ready…";
    /// Before the nickname on the card's button.
    ContinueBefore = "以“", "以「", "Continue as ";
    /// After it.
    ContinueAfter = "”登录", "」登入", "";
    /// The same, for a person without a nickname.
    ContinueUnnamed = "用本机微信登录", "用這台電腦的微信登入", "Continue with WeChat";
    /// Under the card's avatar.
    CardHint = "这台电脑上已登录微信", "這台電腦已登入微信", "You’re logged in to WeChat on this computer";
    /// The card's way to the QR code.
    ScanInstead = "扫码登录", "掃碼登入", "Scan instead";
    /// The card's way to another person's phone.
    OtherAccount = "使用其他账号", "使用其他帳號", "Use another account";
    /// While WeChat asks.
    ConfirmTitle = "请在微信中确认", "請在微信中確認", "Confirm in WeChat";
    /// Where to look.
    ConfirmHint = "微信已弹出窗口，请点击其中的“允许”。", "微信已彈出視窗，請點選其中的「允許」。",
        "WeChat has opened a window. Choose Allow there.";
    /// Takes back.
    Cancel = "取消", "取消", "Cancel";
    /// The person agreed; the service is working.
    Finishing = "正在登录…", "正在登入…", "Logging you in…";
    /// The QR frame's title.
    QrTitle = "微信登录二维码", "微信登入 QR Code", "WeChat login QR code";
    /// Under the QR code.
    QrHint = "请用手机微信扫一扫，并在手机上确认", "請用手機微信掃一掃，並在手機上確認",
        "Scan with WeChat on your phone, then confirm there";
    /// Where asking the local WeChat may make the browser ask for permission.
    UseThisComputer = "用这台电脑上的微信登录", "用這台電腦上的微信登入", "Use WeChat on this computer";
    /// While the browser may be asking.
    AskingHint = "如果浏览器询问，请点击“允许”", "如果瀏覽器詢問，請點選「允許」",
        "If your browser asks, choose Allow";
    /// After 10050.
    NoteRefused = "您在微信中取消了登录。可扫码登录，或再试一次。", "您在微信中取消了登入。可掃碼登入，或再試一次。",
        "You declined in WeChat. Scan the code, or try again.";
    /// After any other failure of a fast login that the person had pressed.
    NoteFastLoginFailed = "这次未能登录，请扫码登录。", "這次未能登入，請掃碼登入。",
        "That didn’t work this time. Please scan the code.";
    /// After "use this computer" found no WeChat.
    NoteNoDesktop = "这台电脑上没有已登录的微信，请扫码登录。", "這台電腦上沒有已登入的微信，請掃碼登入。",
        "WeChat isn’t open on this computer. Please scan the code.";
    /// After "use another account".
    NoteOtherAccount = "请用要登录的微信账号扫码。", "請用要登入的微信帳號掃碼。",
        "Scan with the WeChat account you want to use.";
    /// While the browser has no network.
    NoteOffline = "网络已断开，恢复后即可继续扫码。", "網路已中斷，恢復後即可繼續掃碼。",
        "You’re offline. You can scan again once you’re back online.";
    /// In the place of a QR code that does not come.
    FrameSilentTitle = "二维码加载失败", "QR Code 載入失敗", "The QR code didn’t load";
    /// What may be the cause.
    FrameSilentHint = "请检查网络，或停用拦截广告的扩展程序，然后重新加载。",
        "請檢查網路，或停用廣告阻擋擴充功能，然後重新載入。",
        "Check your connection, or turn off your content blocker, then reload.";
    /// Loads it anew.
    ReloadFrame = "重新加载", "重新載入", "Reload";
    /// The way out of a frame that stays silent, and of pages that frame nothing.
    OpenPage = "打开微信登录页", "開啟微信登入頁", "Open the login page";
    /// With `no-frame`.
    PageHint = "二维码将在新页面中打开。", "QR Code 將在新頁面中開啟。", "The QR code opens on its own page.";
    /// Inside WeChat.
    InsideWeixinHint = "您正在微信中，轻点即可登录。", "您正在微信中，輕觸即可登入。",
        "You’re in WeChat. One tap logs you in.";
    /// On a phone, outside WeChat.
    PhoneTitle = "请在微信中打开", "請在微信中開啟", "Open this page in WeChat";
    /// What to do there.
    PhoneHint = "手机不能扫自己的屏幕。请在微信中打开链接，或在另一台设备上扫码。",
        "手機無法掃描自己的螢幕。請在微信中開啟連結，或在另一台裝置上掃碼。",
        "A phone can’t scan its own screen. Open the link in WeChat, or scan from another device’s screen.";
    /// Copies.
    CopyLink = "复制链接", "複製連結", "Copy link";
    /// Copied.
    Copied = "已复制，请在微信中粘贴", "已複製，請在微信中貼上", "Copied. Paste it in WeChat";
    /// Where the clipboard refused: above the address.
    CopyByHand = "请复制下面的链接，在微信中打开：", "請複製下方的連結，在微信中開啟：",
        "Copy this link and open it in WeChat:";
    /// Shows the QR code all the same.
    ShowQr = "仍要显示二维码", "仍要顯示 QR Code", "Show the QR code anyway";
    /// The attempt is over.
    ExpiredTitle = "二维码已过期", "QR Code 已過期", "This code has expired";
    /// Why.
    ExpiredHint = "二维码仅在几分钟内有效。", "QR Code 僅在幾分鐘內有效。", "Login codes are only valid for a few minutes.";
    /// Gets a new one.
    Refresh = "刷新二维码", "重新取得 QR Code", "Get a new code";
    /// The site's own QR code, before anybody has scanned it.
    SceneHint = "请用手机微信扫一扫，并在手机上输入数字", "請用手機微信掃一掃，並在手機上輸入數字",
        "Scan with WeChat on your phone, then enter this number there";
    /// After.
    ScannedTitle = "已扫码，请在手机上输入数字", "已掃碼，請在手機上輸入數字",
        "Scanned. Enter this number on your phone";
    /// Before the number, for those who hear it.
    Number = "数字：", "數字：", "Number: ";
    /// Before the seconds that are left.
    TimeLeft = "剩余 ", "剩餘 ", "Time left: ";
    /// The way round the code: its address.
    CopyScanLink = "复制链接，在微信中打开", "複製連結，在微信中開啟", "Copy the link to open in WeChat";
    /// The person refused.
    DeniedTitle = "已取消登录", "已取消登入", "Login cancelled";
    /// And may think again.
    DeniedHint = "您未同意授权，我们没有获取任何信息。", "您未同意授權，我們沒有取得任何資訊。",
        "You didn’t agree, and nothing was shared.";
    /// Starts again.
    TryAgain = "重试", "重試", "Try again";
    /// Logged in.
    DoneTitle = "登录成功", "登入成功", "You’re logged in";
    /// Something went wrong.
    ErrorTitle = "暂时无法登录", "暫時無法登入", "Can’t log in right now";
    /// No network.
    ErrorOffline = "网络已断开，恢复后会自动重试。", "網路已中斷，恢復後會自動重試。",
        "You’re offline. We’ll try again as soon as you’re back online.";
    /// The service does not answer.
    ErrorUnreachable = "登录服务没有响应，请稍后重试。", "登入服務沒有回應，請稍後重試。",
        "The login service isn’t responding. Please try again in a moment.";
    /// WeChat or the service is busy.
    ErrorBusy = "暂时无法完成登录，请稍后重试。", "暫時無法完成登入，請稍後重試。",
        "Login is temporarily unavailable. Please try again in a moment.";
    /// The site's own mistake.
    ErrorSetup = "本网站的微信登录尚未设置好，请联系网站。", "本網站的微信登入尚未設定好，請聯絡網站。",
        "WeChat login isn’t set up correctly on this site. Please contact the site.";
    /// WeChat's snapshot page.
    ErrorVirtual = "微信提供的是虚拟身份。请重新打开页面，再轻点登录。",
        "微信提供的是虛擬身分。請重新開啟頁面，再輕觸登入。",
        "WeChat gave a placeholder identity. Open the page again, then tap to log in.";
    /// Where the site asks for a phone number or an email address.
    BindingTitle = "还差一步", "還差一步", "One more step";
    /// Everything else.
    ErrorOther = "出现问题，请重试。", "發生問題，請重試。", "Something went wrong. Please try again.";
    /// This browser cannot.
    ErrorUnsupported = "此浏览器无法在这里登录，请打开登录页。", "此瀏覽器無法在這裡登入，請開啟登入頁。",
        "This browser can’t log in here. Please open the login page.";
    /// Before the error's code.
    ErrorCode = "错误代码：", "錯誤代碼：", "Error code: ";
    /// The service points at an emulator.
    Emulator = "测试环境：这不是真正的微信", "測試環境：這不是真正的微信", "Test setup: this is not WeChat";
}

#[cfg(test)]
mod tests {
    use super::{Language, Text};

    #[test]
    fn a_person_is_spoken_to_in_one_way() {
        for text in Text::ALL {
            let (zh_cn, zh_tw) = (text.say(Language::ZhCn), text.say(Language::ZhTw));
            for (sentence, word) in [(zh_cn, '你'), (zh_cn, '帐'), (zh_tw, '你'), (zh_tw, '账')] {
                assert!(!sentence.contains(word), "{word} in {sentence}");
            }
            assert!(!text.say(Language::En).contains('\''), "a straight apostrophe: {text:?}");
        }
    }

    #[test]
    fn every_sentence_is_written_in_every_language() {
        for text in Text::ALL {
            for language in [Language::ZhCn, Language::ZhTw, Language::En] {
                let silent =
                    matches!((text, language), (Text::Nothing, _) | (Text::ContinueAfter, Language::En));
                assert!(silent || !text.say(language).is_empty(), "{text:?} {language:?}");
            }
            assert!(
                text.say(Language::En).is_ascii() || !text.say(Language::En).chars().any(|c| c > '\u{2fff}')
            );
        }
    }
}
