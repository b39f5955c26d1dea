//! What a person's own page says.

use super::Sentence;

/// Its title.
pub const ACCOUNT: Sentence = ["您的账号", "您的帳號", "Your account"];
/// Below name and picture.
pub const PROFILE_HINT: Sentence = [
    "昵称和头像来自微信，每次登录时更新。",
    "暱稱和頭像來自微信，每次登入時更新。",
    "Your name and picture come from WeChat and are updated each time you log in.",
];
/// The list of identities.
pub const IDENTITIES: Sentence = ["关联的微信", "關聯的微信", "Linked WeChat identities"];
/// Below the list.
pub const IDENTITIES_HINT: Sentence = [
    "至少保留一个，否则您将无法登录。",
    "至少保留一個，否則您將無法登入。",
    "One always stays: it’s how you log in.",
];
/// Of an identity.
pub const WEBSITE_APP: Sentence = ["微信扫码登录", "微信掃碼登入", "WeChat on a website"];
/// Of an identity.
pub const SERVICE_ACCOUNT: Sentence = ["微信公众号", "微信公眾號", "WeChat service account"];
/// Of one whose app is configured no more.
pub const OTHER_APP: Sentence = ["其他微信应用", "其他微信應用程式", "Another WeChat app"];
/// Its button.
pub const UNLINK: Sentence = ["解除关联", "解除關聯", "Unlink"];
/// What is kept of the person.
pub const DATA: Sentence = ["您的数据", "您的資料", "Your data"];
/// Below it.
pub const DATA_HINT: Sentence = [
    "下载我们保存的与您有关的全部数据（JSON）。",
    "下載我們保存的與您有關的全部資料（JSON）。",
    "Download everything we keep about you, as JSON.",
];
/// Its button.
pub const DOWNLOAD: Sentence = ["下载数据", "下載資料", "Download"];
/// The end of it all: heading and button.
pub const DELETE: Sentence = ["删除账号", "刪除帳號", "Delete account"];
/// Below the heading.
pub const DELETE_HINT: Sentence = [
    "账号在 7 天后删除。在此之前登录即可保留。",
    "帳號在 7 天後刪除。在此之前登入即可保留。",
    "Your account is deleted after 7 days. Log in before then to keep it.",
];
/// The question.
pub const ASK_DELETE: Sentence = ["要删除账号吗？", "要刪除帳號嗎？", "Delete your account?"];
/// Below it.
pub const ASK_DELETE_TEXT: Sentence = [
    "您将立即退出所有设备。7 天后，账号连同关联的微信会被删除，您登录过的网站会收到通知。如改变主意，请在 7 天内登录。",
    "您將立即登出所有裝置。7 天後，帳號連同關聯的微信會被刪除，您登入過的網站會收到通知。如改變主意，請在 7 天內登入。",
    "You’ll be logged out everywhere now. After 7 days your account is erased with its WeChat identities, and the sites you logged in to are told. Changed your mind? Log in within 7 days.",
];
/// The other button.
pub const KEEP: Sentence = ["保留账号", "保留帳號", "Keep my account"];
/// What was done; the place is filled with a day.
pub const TO_BE_DELETED: Sentence =
    ["账号将于 {date} 删除", "帳號將於 {date} 刪除", "Your account will be deleted on {date}"];
/// Below it.
pub const TO_BE_DELETED_TEXT: Sentence = [
    "您已退出所有设备。如改变主意，请在此之前登录。",
    "您已登出所有裝置。如改變主意，請在此之前登入。",
    "You’re logged out everywhere. Changed your mind? Log in before then.",
];
/// Where the login is too long ago.
pub const LOG_IN_FIRST: Sentence = ["请重新登录以继续", "請重新登入以繼續", "Log in again to continue"];
/// Below it.
pub const LOG_IN_FIRST_TEXT: Sentence = [
    "为保护您的账号，此操作需要在 10 分钟内登录过。",
    "為保護您的帳號，此操作需要在 10 分鐘內登入過。",
    "To protect your account, this takes a login in the last 10 minutes.",
];
