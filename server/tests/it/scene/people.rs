//! Who takes part in a scene: a computer that shows it, and a phone inside WeChat that scans it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, CHALLENGE, House, KIOSK, PUBLIC_URL, Visitor, WEIXIN, attempt_of};

/// A computer at the kiosk, and the scene that it shows.
pub struct Computer {
    pub visitor: Visitor,
    pub attempt: Value,
}

impl Computer {
    /// As the widget in the kiosk's page does.
    pub async fn start(house: &House) -> Self {
        let mut visitor = house.visitor();
        visitor.user_agent = Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0.0.0 Safari/537.36");
        let body = json!({ "client_id": "kiosk", "result": "code", "code_challenge": CHALLENGE });
        let answer = visitor.post(KIOSK, "/login", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        Self { visitor, attempt: answer.json() }
    }

    /// As the service's own page does.
    pub async fn start_hosted(house: &House) -> Self {
        let mut visitor = house.visitor();
        let page =
            visitor.open("/login?client_id=kiosk&return_to=https%3A%2F%2Fkiosk.example.test%2Fmenu").await;
        assert_eq!(page.status, 200, "{}", page.body);
        Self { visitor, attempt: attempt_of(&page.body) }
    }

    pub fn id(&self) -> &str {
        self.attempt["id"].as_str().unwrap()
    }

    pub fn number(&self) -> &str {
        self.attempt["scene"]["number"].as_str().unwrap()
    }

    pub fn wrong_number(&self) -> &'static str {
        if self.number() == "42" { "43" } else { "42" }
    }

    /// A request about the scene, with this computer's proof.
    pub fn request(&self, method: Method, what: &str) -> reqwest::RequestBuilder {
        let request = self.visitor.request(method, &format!("/login/{}/{what}", self.id()));
        match self.attempt["secret"].as_str() {
            Some(secret) => request.header("origin", KIOSK).header("weixin-login-secret", secret),
            None => request.header("sec-fetch-site", "same-origin"),
        }
    }

    pub async fn event(&mut self) -> Value {
        let request = self.request(Method::GET, "events").header("accept", "application/json");
        let answer = self.visitor.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["event"].clone()
    }

    pub fn finishing(&self) -> reqwest::RequestBuilder {
        self.request(Method::POST, "finish").json(&json!({ "state": self.attempt["state"] }))
    }

    pub async fn finish(&mut self) -> Answer {
        let request = self.finishing();
        self.visitor.send(request).await
    }
}

/// A phone inside WeChat.
pub struct Phone(pub Visitor);

impl Phone {
    pub fn new(house: &House) -> Self {
        let mut visitor = house.visitor();
        visitor.user_agent = Some(WEIXIN);
        Self(visitor)
    }

    pub async fn open(&mut self, path: &str) -> Answer {
        self.0.open(path).await
    }

    /// Sends a form of the service's own page.
    pub async fn send(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.0.request(Method::POST, path).header("sec-fetch-site", "same-origin").form(form);
        self.0.send(request).await
    }

    /// Scans and taps; gives WeChat's address that the tap leads to.
    pub async fn tap(&mut self, computer: &Computer) -> String {
        let path = format!("/scan/{}", computer.id());
        let page = self.open(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let tapped = self.send(&path, &[]).await;
        assert_eq!(tapped.status, 303, "{}", tapped.body);
        tapped.location().to_owned()
    }

    /// Scans, taps, and lets WeChat say who holds the phone; gives the question's page.
    pub async fn come_to_the_question(&mut self, house: &House, computer: &Computer) -> Answer {
        let authorize = self.tap(computer).await;
        let callback = house.weixin.code_for(&authorize).unwrap();
        let ended = self.open(callback.strip_prefix(PUBLIC_URL).unwrap()).await;
        assert_eq!(ended.status, 303, "{}", ended.body);
        assert_eq!(ended.location(), format!("/weixin/scan/{}/confirm", computer.id()));
        self.open(ended.location().strip_prefix("/weixin").unwrap()).await
    }

    pub async fn enter(&mut self, computer: &Computer, number: &str) -> Answer {
        let path = format!("/scan/{}/confirm", computer.id());
        self.send(&path, &[("number", number), ("answer", "confirm")]).await
    }
}

/// What a phone reads off the code, which is drawn here as the page draws it.
pub fn scanned(scene: &Value) -> String {
    let size = scene["qr_size"].as_u64().unwrap() as usize;
    let mut dark = vec![false; size * size];
    for run in scene["qr_path"].as_str().unwrap().split('M').skip(1) {
        let (place, rest) = run.split_once('h').unwrap();
        let (x, y) = place.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let length: usize = rest.split('v').next().unwrap().parse().unwrap();
        dark[y * size + x..][..length].fill(true);
    }
    let (scale, white) = (4, 4);
    let side = (size + 2 * white) * scale;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        let module = |at: usize| (at / scale).checked_sub(white).filter(|module| *module < size);
        match (module(x), module(y)) {
            (Some(x), Some(y)) if dark[y * size + x] => 0,
            _ => 255,
        }
    });
    image.detect_grids()[0].decode().unwrap().1
}
