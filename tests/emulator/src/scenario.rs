//! Who exists in this emulator's world: apps registered at WeChat and people who use it, and the JSON file that lists them.
//! What happens to them is elsewhere; nothing here changes after it is read.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::desktop::{Cors, DesktopMode};

/// The appid of the website app that every default scenario has.
pub const DEFAULT_APPID: &str = "wx0123456789abcdef";
/// The AppSecret of [`DEFAULT_APPID`].
pub const DEFAULT_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// The appid of the service account that every default scenario has.
pub const DEFAULT_SERVICE_ACCOUNT_APPID: &str = "wxfedcba9876543210";
/// The AppSecret of [`DEFAULT_SERVICE_ACCOUNT_APPID`].
pub const DEFAULT_SERVICE_ACCOUNT_SECRET: &str = "a0b1c2d3e4f5061728394a5b6c7d8e9f";
/// The id of the person who holds the phone and the desktop unless a scenario says otherwise.
pub const DEFAULT_PERSON: &str = "chen-kai";
/// The appid of the mini program that every default scenario has.
pub const DEFAULT_MINI_PROGRAM_APPID: &str = "wx89abcdef01234567";
/// The AppSecret of [`DEFAULT_MINI_PROGRAM_APPID`].
pub const DEFAULT_MINI_PROGRAM_SECRET: &str = "5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d";

/// The apps and people an emulator starts with, as its `--scenario` file says them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Apps registered at WeChat; the default website app and service account when left out.
    #[serde(default = "default_apps")]
    pub apps: Vec<App>,
    /// People who use WeChat; 陈锴 and 林小满 when left out.
    #[serde(default = "default_people")]
    pub people: Vec<Person>,
    /// Id of the person whose phone it is; the first person when left out.
    #[serde(default)]
    pub phone_person: Option<String>,
    /// Id of the person who is logged in on the desktop; the phone's person when left out.
    #[serde(default)]
    pub desktop_person: Option<String>,
    /// How the desktop client behaves at first; `normal` when left out.
    #[serde(default)]
    pub desktop_mode: DesktopMode,
    /// Which web origins the desktop client talks to; `weixin_only` when left out, as is reported of the real one.
    #[serde(default)]
    pub cors: Cors,
    /// Further phones: a name for each, and the id of the person who holds it.
    #[serde(default)]
    pub phones: BTreeMap<String, String>,
    /// What phone and desktop do by themselves.
    #[serde(default)]
    pub auto: Autos,
    /// What is refused although widely used libraries do it.
    #[serde(default)]
    pub strict: Strict,
    /// Where a service account's events are sent to.
    #[serde(default)]
    pub pushes: Vec<PushTarget>,
}

/// What phone and desktop do by themselves; left out: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Autos {
    /// The phone scans every QR code that is shown, and answers.
    #[serde(default)]
    pub phone: Option<Auto>,
    /// The desktop answers its dialogs; `cancel` is a refusal there.
    #[serde(default)]
    pub desktop: Option<Auto>,
}

/// An answer that is given without a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Auto {
    /// What is answered.
    pub answer: AutoAnswer,
    /// After how long by the emulator's clock; a phone scans at once and answers then.
    #[serde(default)]
    pub after_millis: u32,
}

/// What is answered without a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AutoAnswer {
    /// The site gets its code.
    Allow,
    /// The site is told of the refusal: a callback without a code, or 10050.
    Refuse,
    /// The page says so, and the site hears nothing.
    Cancel,
}

/// What is refused although widely used libraries do it, and nobody outside knows whether WeChat minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Strict {
    /// `oauth2/authorize` takes its parameters in the documented order alone; else another order is a warning.
    #[serde(default)]
    pub parameter_order: bool,
    /// A missing state is error page 10013: the document lists that number, and says that state is optional.
    #[serde(default)]
    pub state: bool,
    /// A state of more than 128 bytes is refused, as the document and reports have it; Auth.js sends such ones. `true` when left out.
    #[serde(default = "yes")]
    pub state_length: bool,
}

impl Default for Strict {
    fn default() -> Self {
        Strict { parameter_order: false, state: false, state_length: true }
    }
}

/// Where a service account's events are sent to, as its 服务器配置 says at WeChat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushTarget {
    /// The service account.
    pub appid: String,
    /// The site's own address; query and all.
    pub url: String,
    /// What the signature is made with.
    pub token: String,
    /// 43 letters and digits; with it pushes are encrypted (安全模式), without it plain.
    #[serde(default)]
    pub encoding_aes_key: Option<String>,
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario {
            apps: default_apps(),
            people: default_people(),
            phone_person: None,
            desktop_person: None,
            desktop_mode: DesktopMode::default(),
            cors: Cors::default(),
            phones: BTreeMap::new(),
            auto: Autos::default(),
            strict: Strict::default(),
            pushes: Vec::new(),
        }
    }
}

/// One app registered at WeChat.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// `wx` and 16 hexadecimal digits.
    pub appid: String,
    /// The AppSecret, 32 characters at WeChat.
    pub secret: String,
    /// The name the person reads before allowing.
    pub name: String,
    /// Which of WeChat's two products this is.
    #[serde(default)]
    pub kind: AppKind,
    /// The hosts a redirect_uri may have, without scheme and port. `*.example.test` means every name below it.
    #[serde(default)]
    pub callback_domains: Vec<String>,
    /// Whether it is bound to an open-platform account, so that its answers carry a unionid.
    #[serde(default = "yes")]
    pub unionid: bool,
    /// Whether the desktop client answers 10057 for it: scanning only.
    #[serde(default)]
    pub scan_only: bool,
}

/// The product of WeChat's that an app is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// 网站应用 of the open platform: scope snsapi_login.
    #[default]
    Website,
    /// 服务号: scopes snsapi_base and snsapi_userinfo, inside WeChat only.
    ServiceAccount,
    /// 小程序: `wx.login` and `sns/jscode2session`; no page of WeChat's.
    MiniProgram,
}

/// One person who uses WeChat.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The emulator's own handle: `[a-z0-9-]`, never on the wire.
    pub id: String,
    /// Any text, hostile ones too.
    pub nickname: String,
    /// The avatar's address as WeChat tells it; left out: one that the emulator draws; `""`: the person has none.
    #[serde(default)]
    pub headimgurl: Option<String>,
    /// 0 unknown, 1 male, 2 female.
    #[serde(default)]
    pub sex: u8,
    /// As WeChat tells it; empty for nearly everybody today.
    #[serde(default)]
    pub province: String,
    /// As WeChat tells it; empty for nearly everybody today.
    #[serde(default)]
    pub city: String,
    /// As WeChat tells it; empty for nearly everybody today.
    #[serde(default)]
    pub country: String,
    /// `false`: WeChat tells no unionid of this person, whatever the app.
    #[serde(default = "yes")]
    pub has_unionid: bool,
    /// A snapshot person (`is_snapshotuser`): what WeChat invents where nobody has allowed anything.
    #[serde(default, rename = "virtual")]
    pub is_virtual: bool,
    /// What a mini program may ask for: digits without a country code, which is 86. Left out: one that nobody has.
    #[serde(default)]
    pub phone_number: Option<String>,
}

impl Person {
    /// A person of that handle and nickname with a drawn avatar and a unionid.
    pub fn new(id: impl Into<String>, nickname: impl Into<String>) -> Person {
        Person {
            id: id.into(),
            nickname: nickname.into(),
            headimgurl: None,
            sex: 0,
            province: String::new(),
            city: String::new(),
            country: String::new(),
            has_unionid: true,
            is_virtual: false,
            phone_number: None,
        }
    }

    /// What WeChat makes up for a page that asks for userinfo where nobody has tapped anything.
    pub(crate) fn snapshot_of(person: &Person) -> Person {
        Person {
            headimgurl: Some(String::new()),
            is_virtual: true,
            ..Person::new(format!("{}-snapshot", person.id), "微信用户")
        }
    }

    /// The openid towards one app: 28 characters, another one for every appid.
    pub fn openid(&self, appid: &str) -> String {
        format!("o{}", &digest(&["openid", appid, &self.id])[..27])
    }

    /// The unionid, 28 characters and the same for all apps, where the person and the app have one.
    pub fn unionid(&self, app: &App) -> Option<String> {
        (self.has_unionid && app.unionid).then(|| format!("oU{}", &digest(&["unionid", &self.id])[..26]))
    }
}

/// A scenario that cannot be played, in words for the person who wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not JSON, or JSON with a field that is unknown, missing or of another type; the text has line and column.
    #[error("the scenario cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Well-formed, but it contradicts itself.
    #[error("the scenario does not hold together: {0}")]
    Content(String),
}

impl Scenario {
    /// Reads the JSON of a scenario file.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = serde_json::from_str(text)?;
        scenario.check()?;
        Ok(scenario)
    }

    pub(crate) fn check(&self) -> Result<(), ScenarioError> {
        let wrong = |word: String| Err(ScenarioError::Content(word));
        if self.people.is_empty() {
            return wrong("`people` is empty, and somebody has to hold the phone".into());
        }
        for (index, app) in self.apps.iter().enumerate() {
            app.check().map_err(ScenarioError::Content)?;
            if self.apps[..index].iter().any(|other| other.appid == app.appid) {
                return wrong(format!("two apps have the appid {:?}", app.appid));
            }
        }
        for (index, person) in self.people.iter().enumerate() {
            person.check().map_err(ScenarioError::Content)?;
            if self.people[..index].iter().any(|other| other.id == person.id) {
                return wrong(format!("two people have the id {:?}", person.id));
            }
        }
        let holders = self.phones.values().map(|id| ("phones", id));
        let named = [("phone_person", &self.phone_person), ("desktop_person", &self.desktop_person)];
        let named = named.into_iter().filter_map(|(field, id)| Some((field, id.as_ref()?)));
        for (field, id) in named.chain(holders) {
            if !self.people.iter().any(|person| &person.id == id) {
                return wrong(format!("`{field}` names {id:?}, who is not among `people`"));
            }
        }
        for push in &self.pushes {
            push.check().map_err(ScenarioError::Content)?;
        }
        Ok(())
    }
}

impl App {
    pub(crate) fn check(&self) -> Result<(), String> {
        let digits = self.appid.strip_prefix("wx").unwrap_or_default();
        if digits.len() != 16 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("the appid {:?} is not `wx` and 16 hexadecimal digits", self.appid));
        }
        if let Some(domain) = self.callback_domains.iter().find(|domain| domain.contains(['/', ':'])) {
            return Err(format!("the callback domain {domain:?} has a scheme, a port or a path"));
        }
        Ok(())
    }

    /// Why a redirect_uri of this app is refused, for the person who has to allow it.
    pub(crate) fn refusal_of(&self, redirect_uri: &str) -> String {
        let host = crate::desktop::host_of(redirect_uri);
        let allowed = match self.callback_domains.is_empty() {
            true => "none".to_owned(),
            false => self.callback_domains.join(", "),
        };
        if host.is_empty() {
            return format!(
                "redirect_uri {redirect_uri:?} is no address with a host; is it percent-encoded?"
            );
        }
        format!(
            "the host {host} is no callback domain of {}, whose are: {allowed} (allow it with --callback-domain {host}, or in the scenario's apps)",
            self.appid
        )
    }

    /// WeChat compares the host alone: neither scheme nor port nor path.
    pub(crate) fn allows_redirect_to(&self, redirect_uri: &str) -> bool {
        let Ok(url) = url::Url::parse(redirect_uri) else { return false };
        let Some(host) = url.host_str() else { return false };
        self.callback_domains.iter().any(|domain| match domain.strip_prefix("*.") {
            Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
            None => host == domain,
        })
    }
}

impl Person {
    pub(crate) fn check(&self) -> Result<(), String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || !self.id.bytes().all(plain) {
            return Err(format!("the person id {:?} is not made of a-z, 0-9 and -", self.id));
        }
        Ok(())
    }
}

impl PushTarget {
    pub(crate) fn check(&self) -> Result<(), String> {
        if !url::Url::parse(&self.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(format!("a push goes to an http or https address, and {:?} is none", self.url));
        }
        match &self.encoding_aes_key {
            Some(key) if key.len() != 43 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Err("an encoding_aes_key is 43 letters and digits".into())
            }
            _ => Ok(()),
        }
    }
}

fn default_apps() -> Vec<App> {
    let callback_domains = vec!["localhost".to_owned(), "*.example.test".to_owned()];
    vec![
        App {
            appid: DEFAULT_APPID.into(),
            secret: DEFAULT_SECRET.into(),
            name: "示例商店".into(),
            kind: AppKind::Website,
            callback_domains: callback_domains.clone(),
            unionid: true,
            scan_only: false,
        },
        App {
            appid: DEFAULT_SERVICE_ACCOUNT_APPID.into(),
            secret: DEFAULT_SERVICE_ACCOUNT_SECRET.into(),
            name: "示例商店服务号".into(),
            kind: AppKind::ServiceAccount,
            callback_domains,
            unionid: true,
            scan_only: false,
        },
        App {
            appid: DEFAULT_MINI_PROGRAM_APPID.into(),
            secret: DEFAULT_MINI_PROGRAM_SECRET.into(),
            name: "示例商店小程序".into(),
            kind: AppKind::MiniProgram,
            callback_domains: Vec::new(),
            unionid: true,
            scan_only: false,
        },
    ]
}

fn default_people() -> Vec<Person> {
    vec![Person::new(DEFAULT_PERSON, "陈锴"), Person::new("lin-xiaoman", "林小满 🌿")]
}

fn yes() -> bool {
    true
}

fn digest(parts: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(parts.join("\n")))
}
