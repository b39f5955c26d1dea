//! How these tests reach the emulator: by HTTP, as a browser or a server would.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use weixin_emulator::{DEFAULT_APPID, Emulator, Options};

/// Longer than anything here takes on a slow and busy machine.
pub const LONG: Duration = Duration::from_secs(60);

pub async fn start() -> Emulator {
    Emulator::start(Options::default()).await.unwrap()
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(LONG).build().unwrap()
}

pub async fn get(url: &str) -> reqwest::Response {
    client().get(url).send().await.unwrap()
}

pub async fn text_of(url: &str) -> String {
    get(url).await.text().await.unwrap()
}

pub async fn json_of(url: &str) -> serde_json::Value {
    serde_json::from_str(&text_of(url).await).unwrap()
}

/// The address of the QR page for this redirect_uri, with more parameters behind.
pub fn qrconnect(weixin: &Emulator, redirect_uri: &str, more: &str) -> String {
    let redirect_uri: String = url::form_urlencoded::byte_serialize(redirect_uri.as_bytes()).collect();
    format!(
        "{}/connect/qrconnect?appid={DEFAULT_APPID}&redirect_uri={redirect_uri}&response_type=code&scope=snsapi_login&state=S1{more}#wechat_redirect",
        weixin.open_url()
    )
}

/// A code for the default website app and the person who holds the phone.
pub fn code(weixin: &Emulator) -> String {
    code_in(&weixin.code_for(&qrconnect(weixin, "http://localhost:9/callback", "")).unwrap())
}

pub fn code_in(redirect_url: &str) -> String {
    let url = url::Url::parse(redirect_url).unwrap();
    url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

pub mod appids {
    use weixin_emulator::{DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_SERVICE_ACCOUNT_SECRET, Emulator};

    pub fn oauth2_authorize(weixin: &Emulator, scope: &str, more: &str) -> String {
        format!(
            "{}/connect/oauth2/authorize?appid={DEFAULT_SERVICE_ACCOUNT_APPID}&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcallback%3Fa%3D1&response_type=code&scope={scope}&state=S2{more}#wechat_redirect",
            weixin.open_url()
        )
    }

    pub fn service_account_code(weixin: &Emulator, scope: &str) -> String {
        super::code_in(&weixin.code_for(&oauth2_authorize(weixin, scope, "")).unwrap())
    }

    pub fn service_account_query(code: &str) -> String {
        format!(
            "appid={DEFAULT_SERVICE_ACCOUNT_APPID}&secret={DEFAULT_SERVICE_ACCOUNT_SECRET}&code={code}&grant_type=authorization_code"
        )
    }
}

/// The control API, as a test in another language uses it.
pub struct Control {
    url: String,
    http: reqwest::Client,
}

impl Control {
    pub fn of(weixin: &Emulator) -> Control {
        Control::at(weixin.control_url())
    }

    pub fn at(url: String) -> Control {
        Control { url, http: client() }
    }

    async fn answered(request: reqwest::RequestBuilder) -> (u16, serde_json::Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(serde_json::Value::Null))
    }

    pub async fn get(&self, path: &str) -> (u16, serde_json::Value) {
        Self::answered(self.http.get(format!("{}{path}", self.url))).await
    }

    pub async fn post(&self, path: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
        Self::answered(self.http.post(format!("{}{path}", self.url)).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
        Self::answered(self.http.put(format!("{}{path}", self.url)).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> (u16, serde_json::Value) {
        Self::answered(self.http.delete(format!("{}{path}", self.url))).await
    }

    /// A call that is done, without a word.
    pub async fn done(&self, path: &str, body: serde_json::Value) {
        assert_eq!(self.post(path, body).await, (204, serde_json::Value::Null), "{path}");
    }

    pub async fn state(&self) -> serde_json::Value {
        self.get("/control/state").await.1
    }
}
