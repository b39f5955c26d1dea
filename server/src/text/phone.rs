//! What a person reads on a phone: before the tap, at the question which computer is let in, and where the phone cannot go on.

use super::Sentence;

/// Above the tap that begins a scene's leg; the site's name follows.
pub const LOG_IN_ON_COMPUTER: Sentence = ["在电脑上登录", "在電腦上登入", "On a computer, log in to"];
/// Below it.
pub const SENT_BY_SOMEBODY: Sentence = [
    "如果这个二维码或链接是别人发给您的，请不要继续：登录的会是对方的电脑。",
    "如果這個二維碼或連結是別人傳給您的，請不要繼續：登入的會是對方的電腦。",
    "If somebody sent you this code or link, do not go on: it would log in their computer.",
];
/// Above the number; the site's name follows.
pub const LET_IN: Sentence = ["确认登录", "確認登入", "Confirm the login to"];
/// Before the browser and the system.
pub const COMPUTER: Sentence = ["电脑", "電腦", "Computer"];
/// Before how long ago.
pub const STARTED: Sentence = ["开始于", "開始於", "Started"];
/// How long ago.
pub const JUST_NOW: Sentence = ["刚刚", "剛剛", "just now"];
/// After a number.
pub const MINUTES_AGO: Sentence = [" 分钟前", " 分鐘前", " min ago"];
/// Of the field.
pub const NUMBER: Sentence = [
    "请输入电脑屏幕上显示的两位数字",
    "請輸入電腦螢幕上顯示的兩位數字",
    "Enter the two digits that the computer shows",
];
/// After a wrong one; how many tries are left follows.
pub const WRONG_NUMBER: Sentence = [
    "数字不对。请看您自己面前的电脑屏幕。剩余次数：",
    "數字不對。請看您自己面前的電腦螢幕。剩餘次數：",
    "That is not the number. Look at the screen in front of you. Tries left: ",
];
/// The button.
pub const CONFIRM: Sentence = ["让这台电脑登录", "讓這台電腦登入", "Let this computer in"];
/// The other one.
pub const NOT_ME: Sentence = ["不是我，拒绝", "不是我，拒絕", "Not me: refuse"];
/// At the end.
pub const LET_IN_DONE: Sentence = ["电脑已登录", "電腦已登入", "The computer is logged in"];
/// Below it.
pub const LET_IN_HINT: Sentence = [
    "您可以关闭这个页面，回到电脑上继续。",
    "您可以關閉這個頁面，回到電腦上繼續。",
    "You can close this page and go on at the computer.",
];
/// After a refusal.
pub const REFUSED_DONE: Sentence = ["已拒绝登录", "已拒絕登入", "The login was refused"];
/// Below it.
pub const REFUSED_HINT: Sentence =
    ["那台电脑没有登录。", "那台電腦沒有登入。", "That computer was not let in."];
/// A phone that is not inside WeChat.
pub const ON_A_PHONE: Sentence = ["在手机上登录", "在手機上登入", "Log in on a phone"];
/// With a service account.
pub const COPY_INTO_WEIXIN: Sentence = [
    "请复制下面的链接，发到微信（例如“文件传输助手”），再在微信里打开它。登录会在微信里完成。",
    "請複製下面的連結，傳到微信（例如「檔案傳輸助手」），再在微信裡開啟它。登入會在微信裡完成。",
    "Copy the link below, send it to yourself in WeChat (File Transfer, for example) and open it there. The login ends inside WeChat.",
];
/// With a website app alone.
pub const ANOTHER_SCREEN: Sentence = [
    "手机无法扫描自己屏幕上的二维码。请在电脑或另一块屏幕上打开这个链接，再用这部手机的微信扫码。",
    "手機無法掃描自己螢幕上的二維碼。請在電腦或另一個螢幕上開啟這個連結，再用這部手機的微信掃碼。",
    "A phone cannot scan its own screen. Open this link on a computer or another screen, and scan it with WeChat on this phone.",
];
/// Of the field with the link.
pub const LINK: Sentence = ["链接", "連結", "Link"];
/// A button.
pub const COPY_LINK: Sentence = ["复制链接", "複製連結", "Copy the link"];
/// What the button says afterwards.
pub const COPIED: Sentence = ["已复制", "已複製", "Copied"];
/// A link.
pub const OPEN_WEIXIN: Sentence = ["打开微信", "開啟微信", "Open WeChat"];
/// A link, for those who have a second phone.
pub const SHOW_QR: Sentence =
    ["仍然在这里显示二维码", "仍然在這裡顯示二維碼", "Show the QR code here all the same"];
/// On a computer without JavaScript.
pub const SCAN_THIS: Sentence = ["请用微信扫码", "請用微信掃碼", "Scan this with WeChat"];
/// Below it; the number follows.
pub const ENTER_ON_PHONE: Sentence =
    ["在手机上输入这个数字：", "在手機上輸入這個數字：", "Enter this number on the phone: "];
/// While it waits.
pub const REFRESHES: Sentence = [
    "本页会自动刷新，五分钟内有效。",
    "本頁會自動重新整理，五分鐘內有效。",
    "This page refreshes by itself. It is good for five minutes.",
];
