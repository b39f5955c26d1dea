//! What a person reads on a phone: before the tap, at the question which computer is let in, and where the phone cannot go on.

use super::Sentence;

/// Above the tap that begins a scene's leg; the site's name follows.
pub const LOG_IN_ON_COMPUTER: Sentence = ["在电脑上登录", "在電腦上登入", "Log a computer in to"];
/// Below it.
pub const SENT_BY_SOMEBODY: Sentence = [
    "如果这个二维码或链接是别人发给您的，请不要继续，否则登录的将是对方的电脑。",
    "如果這個 QR Code 或連結是別人傳給您的，請不要繼續，否則登入的將是對方的電腦。",
    "If someone sent you this code or link, don’t continue. It would log in their computer.",
];
/// Above the number; the site's name follows.
pub const LET_IN: Sentence = ["确认登录", "確認登入", "Confirm login to"];
/// Before the browser and the system.
pub const COMPUTER: Sentence = ["电脑", "電腦", "Computer"];
/// Before how long ago.
pub const STARTED: Sentence = ["发起时间", "發起時間", "Started"];
/// How long ago.
pub const JUST_NOW: Sentence = ["刚刚", "剛剛", "just now"];
/// After a number.
pub const MINUTES_AGO: Sentence = [" 分钟前", " 分鐘前", " min ago"];
/// Of the field.
pub const NUMBER: Sentence = [
    "请输入电脑屏幕上显示的两位数字",
    "請輸入電腦螢幕上顯示的兩位數字",
    "Enter the two-digit number on the computer’s screen",
];
/// After a wrong one; how many tries are left follows.
pub const WRONG_NUMBER: Sentence = [
    "数字不正确，请查看您面前的电脑屏幕。剩余次数：",
    "數字不正確，請查看您面前的電腦螢幕。剩餘次數：",
    "That number isn’t right. Check the screen in front of you. Tries left: ",
];
/// The button.
pub const CONFIRM: Sentence = ["登录这台电脑", "登入這台電腦", "Log in this computer"];
/// The other one.
pub const NOT_ME: Sentence = ["不是我，拒绝登录", "不是我，拒絕登入", "No, it’s not me"];
/// At the end.
pub const LET_IN_DONE: Sentence = ["电脑已登录", "電腦已登入", "The computer is logged in"];
/// Below it.
pub const LET_IN_HINT: Sentence = [
    "您可以关闭此页面，回到电脑上继续。",
    "您可以關閉此頁面，回到電腦上繼續。",
    "You can close this page and continue on the computer.",
];
/// After a refusal.
pub const REFUSED_DONE: Sentence = ["已拒绝登录", "已拒絕登入", "Login declined"];
/// Below it.
pub const REFUSED_HINT: Sentence =
    ["那台电脑没有登录。", "那台電腦沒有登入。", "That computer wasn’t logged in."];
/// With a service account.
pub const COPY_INTO_WEIXIN: Sentence = [
    "请复制链接，发送到微信（例如“文件传输助手”），然后在微信中打开，即可完成登录。",
    "請複製連結，傳到微信（例如「檔案傳輸助手」），然後在微信中開啟，即可完成登入。",
    "Copy the link, send it to yourself in WeChat (to File Transfer, for example), and open it there to log in.",
];
/// With a website app alone.
pub const ANOTHER_SCREEN: Sentence = [
    "手机无法扫描自己的屏幕。请在电脑或其他屏幕上打开此链接，再用这部手机的微信扫码。",
    "手機無法掃描自己的螢幕。請在電腦或其他螢幕上開啟此連結，再用這部手機的微信掃碼。",
    "A phone can’t scan its own screen. Open this link on a computer or another screen, then scan the code with WeChat on this phone.",
];
/// Of the field with the link.
pub const LINK: Sentence = ["链接", "連結", "Link"];
/// A button.
pub const COPY_LINK: Sentence = ["复制链接", "複製連結", "Copy link"];
/// What the button says afterwards.
pub const COPIED: Sentence = ["已复制", "已複製", "Copied"];
/// A link.
pub const OPEN_WEIXIN: Sentence = ["打开微信", "開啟微信", "Open WeChat"];
/// A link, for those who have a second phone.
pub const SHOW_QR: Sentence = ["仍要在此显示二维码", "仍要在此顯示 QR Code", "Show the QR code here anyway"];
/// On a computer without JavaScript.
pub const SCAN_THIS: Sentence = ["请用微信扫码", "請用微信掃碼", "Scan with WeChat"];
/// Below it; the number follows.
pub const ENTER_ON_PHONE: Sentence =
    ["在手机上输入此数字：", "在手機上輸入此數字：", "Enter this number on your phone: "];
/// While it waits.
pub const REFRESHES: Sentence = [
    "本页会自动刷新，5 分钟内有效。",
    "本頁會自動重新整理，5 分鐘內有效。",
    "This page refreshes by itself and is valid for 5 minutes.",
];
