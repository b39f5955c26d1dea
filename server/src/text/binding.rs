//! What a person reads where a site asks for a phone number or an email address, and in the message with the code.

use super::Sentence;

/// Above the field.
pub const PHONE_TITLE: Sentence = ["绑定手机号", "綁定手機號碼", "Add your phone number"];
/// The same for an address.
pub const EMAIL_TITLE: Sentence = ["绑定邮箱", "綁定電子郵件", "Add your email address"];
/// Below it; the site's name stands in the middle.
pub const WHY: Sentence = [
    "首次登录{site}需要验证，之后不会再次询问。",
    "首次登入{site}需要驗證，之後不會再次詢問。",
    "{site} asks for it once, at your first login.",
];
/// Of the field.
pub const PHONE: Sentence = ["手机号", "手機號碼", "Phone number"];
/// Of the field.
pub const EMAIL: Sentence = ["邮箱地址", "電子郵件地址", "Email address"];
/// The button.
pub const SEND_CODE: Sentence = ["发送验证码", "傳送驗證碼", "Send code"];
/// Above the code's field.
pub const CODE_TITLE: Sentence = ["输入验证码", "輸入驗證碼", "Enter the code"];
/// Below it; where the code has gone stands in the middle.
pub const SENT_TO: Sentence =
    ["验证码已发送至 {contact}。", "驗證碼已傳送至 {contact}。", "We sent a code to {contact}."];
/// Of the field.
pub const CODE: Sentence = ["六位验证码", "六位數驗證碼", "Six-digit code"];
/// The button.
pub const CONTINUE: Sentence = ["继续", "繼續", "Continue"];
/// Another button.
pub const SEND_AGAIN: Sentence = ["重新发送", "重新傳送", "Send again"];
/// A link back.
pub const CHANGE_PHONE: Sentence = ["更换手机号", "更換手機號碼", "Use another number"];
/// The same for an address.
pub const CHANGE_EMAIL: Sentence = ["更换邮箱", "更換電子郵件", "Use another address"];
/// What was entered gets no message.
pub const PHONE_INVALID: Sentence = [
    "请输入能接收短信的手机号。",
    "請輸入能接收簡訊的手機號碼。",
    "Enter a mobile number that can receive text messages.",
];
/// The same of an address.
pub const EMAIL_INVALID: Sentence =
    ["请输入有效的邮箱地址。", "請輸入有效的電子郵件地址。", "Enter a valid email address."];
/// How many tries are left stands in the middle.
pub const CODE_WRONG: Sentence = [
    "验证码不正确，还可以输入 {left} 次。",
    "驗證碼不正確，還可以輸入 {left} 次。",
    "That code isn’t right. Tries left: {left}.",
];
/// After the last one, and when it is too old.
pub const CODE_EXPIRED: Sentence =
    ["验证码已失效，请重新获取。", "驗證碼已失效，請重新取得。", "This code no longer works. Get a new one."];
/// Seconds stand in the middle.
pub const WAIT: Sentence = [
    "操作过于频繁，请在 {seconds} 秒后重试。",
    "操作過於頻繁，請在 {seconds} 秒後重試。",
    "Too many attempts. Try again in {seconds} seconds.",
];
/// The sender is down.
pub const NOT_SENT: Sentence = [
    "验证码未能发送，请重试。您的登录仍然有效。",
    "驗證碼未能傳送，請重試。您的登入仍然有效。",
    "The code couldn’t be sent. Please try again; your login is still waiting.",
];
/// In a frame: the service was not reached, or does not know.
pub const NOT_ANSWERED: Sentence = [
    "服务没有响应，请重试。您的登录仍然有效。",
    "服務沒有回應，請重試。您的登入仍然有效。",
    "There was no answer. Please try again; your login is still waiting.",
];
/// A proven contact is another account's.
pub const EXISTS_TITLE: Sentence =
    ["此联系方式已绑定其他账号", "此聯絡方式已綁定其他帳號", "Another account already uses this"];
/// Below it; the contact stands in the middle.
pub const EXISTS: Sentence = [
    "{contact} 已绑定另一个账号。如果那也是您的账号，可以合并为一个。",
    "{contact} 已綁定另一個帳號。如果那也是您的帳號，可以合併為一個。",
    "{contact} belongs to another account here. If that account is yours too, you can combine the two.",
];
/// The same where the two may not become one.
pub const EXISTS_OLD: Sentence = [
    "{contact} 很久以前绑定了另一个账号。如果那是您的账号，请用它的微信登录；如果不是，可以将此联系方式改为绑定您的账号。",
    "{contact} 很久以前綁定了另一個帳號。如果那是您的帳號，請用它的微信登入；如果不是，可以將此聯絡方式改為綁定您的帳號。",
    "{contact} was added to another account long ago. If that account is yours, log in with its WeChat. If it isn’t, you can move this contact to your account.",
];
/// A button.
pub const JOIN: Sentence = ["是我的账号，合并", "是我的帳號，合併", "It’s mine, combine them"];
/// A button.
pub const TAKE: Sentence =
    ["不是我的账号，改为绑定到我", "不是我的帳號，改為綁定到我", "It’s not mine, move it to me"];
/// A button.
pub const OTHER: Sentence = ["使用其他联系方式", "使用其他聯絡方式", "Use something else"];

/// Of an email.
pub const SUBJECT: Sentence =
    ["{code} 是您的{site}验证码", "{code} 是您的{site}驗證碼", "{code} is your {site} code"];
/// In an email, above the code.
pub const CODE_FOR: Sentence =
    ["您正在登录{site}，验证码是：", "您正在登入{site}，驗證碼是：", "Your code to log in to {site} is:"];
/// The same, where the code is not for a login.
pub const ACCOUNT_CODE_FOR: Sentence = [
    "您正在为{site}账号绑定此邮箱，验证码是：",
    "您正在為{site}帳號綁定此電子郵件，驗證碼是：",
    "Your code to add this address to your {site} account is:",
];
/// In an email, below it.
pub const VALID_FOR: Sentence =
    ["{minutes} 分钟内有效。", "{minutes} 分鐘內有效。", "It works for {minutes} minutes."];
/// In an email, at its end.
pub const IGNORE: Sentence = [
    "请勿将验证码告诉任何人。如果不是您本人操作，请忽略此邮件。",
    "請勿將驗證碼告訴任何人。如果不是您本人操作，請忽略此郵件。",
    "Don’t share it with anyone. If this wasn’t you, ignore this email.",
];
/// In an email, where all of it is played.
pub const EMULATED: Sentence = [
    "本邮件来自使用微信模拟器的测试服务。",
    "本郵件來自使用微信模擬器的測試服務。",
    "This email comes from a test service that uses a WeChat emulator.",
];
/// A short message.
pub const SHORT_MESSAGE: Sentence = [
    "{code}（{site}登录验证码，{minutes} 分钟内有效）。请勿告诉任何人。",
    "{code}（{site}登入驗證碼，{minutes} 分鐘內有效）。請勿告訴任何人。",
    "{code} is your {site} login code, valid for {minutes} minutes. Don’t share it with anyone.",
];
/// The same, where the code is not for a login.
pub const ACCOUNT_SHORT_MESSAGE: Sentence = [
    "{code}（{site}账号绑定手机号的验证码，{minutes} 分钟内有效）。请勿告诉任何人。",
    "{code}（{site}帳號綁定手機號碼的驗證碼，{minutes} 分鐘內有效）。請勿告訴任何人。",
    "{code} is your code to add this number to your {site} account, valid for {minutes} minutes. Don’t share it with anyone.",
];
