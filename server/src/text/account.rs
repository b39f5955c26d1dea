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
/// The list of phone numbers and addresses.
pub const CONTACTS: Sentence = ["手机号与邮箱", "手機號碼與電子郵件", "Phone and email"];
/// Below the list.
pub const CONTACTS_HINT: Sentence = [
    "您登录的网站可能会请求查看。",
    "您登入的網站可能會要求查看。",
    "Sites you log in to may ask to see these.",
];
/// Of a contact that sites require; their names stand in the middle.
pub const REQUIRED_BY: Sentence = [
    "移除后，下次登录{sites}时需要重新绑定。",
    "移除後，下次登入{sites}時需要重新綁定。",
    "If you remove it, you’ll be asked for one at your next login to {sites}.",
];
/// A button.
pub const CHANGE: Sentence = ["更换", "更換", "Change"];
/// A button.
pub const REMOVE: Sentence = ["移除", "移除", "Remove"];
/// A button.
pub const ADD_PHONE: Sentence = ["绑定手机号", "綁定手機號碼", "Add a phone number"];
/// A button.
pub const ADD_EMAIL: Sentence = ["绑定邮箱", "綁定電子郵件", "Add an email address"];
/// Above the field for a new one.
pub const CHANGE_PHONE: Sentence = ["更换手机号", "更換手機號碼", "Change your phone number"];
/// The same for an address.
pub const CHANGE_EMAIL: Sentence = ["更换邮箱", "更換電子郵件", "Change your email address"];
/// Below the title.
pub const ADD_WHY: Sentence = [
    "我们会发送验证码，以确认由您使用。",
    "我們會傳送驗證碼，以確認由您使用。",
    "We’ll send a code there to check that it’s yours.",
];
/// The same where it takes the place of another one.
pub const CHANGE_WHY: Sentence = [
    "我们会发送验证码到新的联系方式，验证后替换原来的。",
    "我們會傳送驗證碼到新的聯絡方式，驗證後取代原來的。",
    "We’ll send a code to the new one. It replaces the old one once you’ve entered the code.",
];
/// The proven contact is another account's; it stands in the middle.
pub const TAKEN: Sentence = [
    "{contact} 已绑定另一个账号。您可以将它改为绑定此账号，另一个账号将不再拥有它。",
    "{contact} 已綁定另一個帳號。您可以將它改為綁定此帳號，另一個帳號將不再擁有它。",
    "{contact} belongs to another account here. You can move it to this account; the other one loses it.",
];
/// A button.
pub const MOVE: Sentence = ["改为绑定此账号", "改為綁定此帳號", "Move it to this account"];
/// The sender is down.
pub const NOT_SENT: Sentence =
    ["验证码未能发送，请重试。", "驗證碼未能傳送，請重試。", "The code couldn’t be sent. Please try again."];
/// A link back.
pub const BACK: Sentence = ["返回账号页面", "返回帳號頁面", "Back to your account"];
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
