//! Every phase with made-up content, for the gallery page (widget/gallery) and its screenshots.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use flow::error::Code;
use flow::options::dress;
use flow::screen::{Body, Frame, Offer, Person, Phase, SceneCode, Screen};
use flow::text::Text;
use protocol::service::{ErrorCode, Kind, StartedLogin};
use wasm_bindgen::prelude::*;

use crate::browser::Browser;
use crate::view::View;
use crate::view::tree::{self, Part};

const STYLES: &str = concat!(
    include_str!("view/panel.css"),
    include_str!("view/card.css"),
    include_str!("view/qr.css"),
    include_str!("view/scene.css"),
    include_str!("view/notice.css"),
    include_str!("view/dialog.css"),
);

#[wasm_bindgen(inline_js = "export function adopt(root, css) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
}")]
extern "C" {
    fn adopt(root: &JsValue, css: &str);
}

/// A code as the service draws one.
const QR_PATH: &str = include_str!("../gallery/qr-path.txt");

/// A panel that shows one phase and does nothing.
#[wasm_bindgen]
pub struct Exhibit {
    view: View,
}

#[wasm_bindgen]
impl Exhibit {
    /// Shows the phase `name` in `root`. `frame` is the address of a page that stands for WeChat's.
    ///
    /// # Errors
    /// What the browser threw.
    #[wasm_bindgen(constructor)]
    pub fn new(root: &JsValue, name: &str, lang: &str, theme: &str, frame: &str) -> Result<Exhibit, JsValue> {
        let attribute = |asked: &str| match asked {
            "lang" => Some(alloc::string::String::from(lang)),
            "theme" => Some(theme.into()),
            _ => None,
        };
        let (language, theme) = dress(&attribute, None);
        let browser = Browser::new(&JsValue::UNDEFINED, root, &JsValue::UNDEFINED);
        adopt(root, STYLES);
        let view = View::new(browser, (language, theme));
        view.build(Part::Panel, Part::Root, tree::PANEL);

        let person = Person { nickname: "陈锴", avatar: None };
        let long = "<img src=x onerror=alert(1)> \u{202e}القمر 🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋";
        let hostile = Person { nickname: long, avatar: None };
        let frame = Frame {
            number: 1,
            address: frame.into(),
            started: Rc::new(StartedLogin {
                id: String::new(),
                kind: Kind::Embedded,
                secret: None,
                state: String::new(),
                iss: String::new(),
                appid: None,
                redirect_uri: frame.into(),
                open_url: frame.into(),
                desktop_urls: Vec::new(),
                expires_in: 600,
                renew_in: 300,
                client_name: String::new(),
                emulator: false,
                scene: None,
            }),
            top_navigation: false,
            fast_login: false,
        };
        let [offline, setup, busy, unsupported] = [
            Code::Offline,
            Code::Service(ErrorCode::UnregisteredOrigin),
            Code::Service(ErrorCode::TemporarilyUnavailable),
            Code::Unsupported,
        ];
        let code = SceneCode {
            qr_path: QR_PATH,
            qr_size: 37,
            number: "42",
            seconds_left: 293,
            scanned: true,
            copied: false,
        };
        let qr = |offer, note, page| (Phase::Qr, Body::Qr { ready: true, offer, note, page });
        let (phase, body) = match name {
            "loading" => (Phase::Loading, Body::Waiting),
            "card" => (Phase::FastLogin, Body::Card(person)),
            "card-unnamed" => (Phase::FastLogin, Body::Card(Person { nickname: "", avatar: None })),
            "card-hostile" => (Phase::FastLogin, Body::Card(hostile)),
            "confirming" => (Phase::Confirming, Body::Confirming { browser_asks: false }),
            "confirming-asking" => (Phase::Confirming, Body::Confirming { browser_asks: true }),
            "finishing" => (Phase::Confirming, Body::Finishing),
            "qr" => qr(Offer::None, None, true),
            "qr-ask" => qr(Offer::UseThisComputer, None, false),
            "qr-asking" => qr(Offer::Asking, None, false),
            "qr-offer" => qr(Offer::Continue(person), None, false),
            "qr-refused" => qr(Offer::Continue(person), Some(Text::NoteRefused), false),
            "qr-hostile" => qr(Offer::Continue(hostile), Some(Text::NoteFastLoginFailed), false),
            "qr-silent" => qr(Offer::None, Some(Text::NoteFrameSilent), true),
            "scene" => (Phase::Qr, Body::Scene(SceneCode { scanned: false, ..code })),
            "scene-scanned" => (Phase::Scanned, Body::Scene(code)),
            "page" => (Phase::Qr, Body::Page { hint: Text::PageHint, offer: Offer::None, note: None }),
            "inside-weixin" => {
                (Phase::Qr, Body::Page { hint: Text::InsideWeixinHint, offer: Offer::None, note: None })
            }
            "phone" => (Phase::Qr, Body::Phone { copied: false }),
            "phone-copied" => (Phase::Qr, Body::Phone { copied: true }),
            "expired" => (Phase::Expired, Body::Expired),
            "denied" => (Phase::Denied, Body::Denied),
            "success" => (Phase::Success, Body::Done),
            "error-offline" => (Phase::Error, Body::Failed { code: offline, page: false }),
            "error-setup" => (Phase::Error, Body::Failed { code: setup, page: false }),
            "error-busy" => (Phase::Error, Body::Failed { code: busy, page: false }),
            "error-unsupported" => (Phase::Error, Body::Failed { code: unsupported, page: true }),
            _ => return Err(JsValue::from_str("no such phase")),
        };
        view.show(&Screen {
            phase,
            body,
            frame: matches!(body, Body::Qr { .. }).then_some(&frame),
            former_frame: None,
            client_name: if name == "loading" { "" } else { "山茶咖啡" },
            emulator: name == "qr-offer",
        });
        Ok(Self { view })
    }
}

impl Drop for Exhibit {
    fn drop(&mut self) {
        self.view.browser.end();
        self.view.clear();
    }
}
