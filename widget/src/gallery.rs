//! Every phase with made-up content, for the gallery page (widget/gallery), its screenshots, and the tests of what is seen.

use std::cell::Cell;
use std::rc::Rc;

use flow::error::Code;
use flow::options::dress;
use flow::screen::{Body, Copying, Frame, FrameStatus, Offer, Person, Phase, SceneCode, Screen};
use flow::text::Text;
use protocol::service::{ErrorCode, Kind, StartedLogin};
use wasm_bindgen::prelude::*;
use web_sys::{Element, ShadowRoot};

use crate::view::View;

const STYLES: &str = concat!(
    include_str!("view/host.css"),
    include_str!("view/panel.css"),
    include_str!("view/card.css"),
    include_str!("view/qr.css"),
    include_str!("view/scene.css"),
    include_str!("view/notice.css"),
    include_str!("view/dialog.css"),
);

#[wasm_bindgen(inline_js = "export function adopt(root, css) {
    // Of the page's own window: no other may adopt it.
    const sheet = new root.ownerDocument.defaultView.CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
}")]
extern "C" {
    fn adopt(root: &JsValue, css: &str);
}

/// A code as the service draws one.
const QR_PATH: &str = include_str!("../gallery/qr-path.txt");

/// What is shown in the place of a panel: the button of `display="button"`.
const TRIGGER: &str = "trigger";

/// Before a name: in a real dialog.
const IN_A_DIALOG: &str = "dialog-";

const PERSON: Person<'_> = Person { nickname: "陈锴", avatar: None };
const HOSTILE: Person<'_> = Person {
    nickname: "<img src=x onerror=alert(1)> \u{202e}القمر 🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋🐼🎋",
    avatar: None,
};
const UNNAMED: Person<'_> = Person { nickname: "", avatar: None };

const CODE: SceneCode<'_> = SceneCode {
    qr_path: QR_PATH,
    qr_size: 37,
    number: "42",
    seconds_left: 293,
    scanned: false,
    copying: Copying::NotYet,
};
const BY_HAND: Copying<'_> =
    Copying::ByHand("https://shop.example.com/weixin/scan/4f0c8e3b-5b0a-4c0e-9f43-1d3f1f6a2b7c");

const fn qr<'a>(status: FrameStatus, offer: Offer<'a>, note: Option<Text>, page: bool) -> Body<'a> {
    Body::Qr { status, offer, note, page }
}

const fn binding<'a>(is_there: bool) -> (Phase, Body<'a>) {
    (Phase::Binding, Body::Binding { is_there })
}

const fn failed<'a>(code: Code, page: bool) -> (Phase, Body<'a>) {
    (Phase::Error, Body::Failed { code, page })
}

const fn scene<'a>(scanned: bool, copying: Copying<'a>) -> Body<'a> {
    Body::Scene(SceneCode { scanned, copying, ..CODE })
}

/// All that a panel can show, by name.
const EXHIBITS: &[(&str, (Phase, Body<'_>))] = &[
    ("loading", (Phase::Loading, Body::Waiting)),
    ("card", (Phase::FastLogin, Body::Card(PERSON))),
    ("card-unnamed", (Phase::FastLogin, Body::Card(UNNAMED))),
    ("card-hostile", (Phase::FastLogin, Body::Card(HOSTILE))),
    ("confirming", (Phase::Confirming, Body::Confirming { browser_asks: false })),
    ("confirming-asking", (Phase::Confirming, Body::Confirming { browser_asks: true })),
    ("finishing", (Phase::Confirming, Body::Finishing)),
    ("qr-loading", (Phase::Qr, qr(FrameStatus::Loading, Offer::None, None, false))),
    ("qr", (Phase::Qr, qr(FrameStatus::Ready, Offer::None, None, false))),
    ("qr-ask", (Phase::Qr, qr(FrameStatus::Ready, Offer::UseThisComputer, None, false))),
    ("qr-asking", (Phase::Qr, qr(FrameStatus::Ready, Offer::Asking, None, false))),
    ("qr-offer", (Phase::Qr, qr(FrameStatus::Ready, Offer::Continue(PERSON), None, false))),
    (
        "qr-refused",
        (Phase::Qr, qr(FrameStatus::Ready, Offer::Continue(PERSON), Some(Text::NoteRefused), false)),
    ),
    (
        "qr-hostile",
        (Phase::Qr, qr(FrameStatus::Ready, Offer::Continue(HOSTILE), Some(Text::NoteFastLoginFailed), false)),
    ),
    ("qr-page", (Phase::Qr, qr(FrameStatus::Ready, Offer::None, None, true))),
    ("qr-offline", (Phase::Qr, qr(FrameStatus::Ready, Offer::None, Some(Text::NoteOffline), false))),
    ("qr-silent", (Phase::Qr, qr(FrameStatus::Silent, Offer::None, None, true))),
    (
        "qr-silent-refused",
        (Phase::Qr, qr(FrameStatus::Silent, Offer::Continue(PERSON), Some(Text::NoteRefused), true)),
    ),
    ("binding-loading", binding(false)),
    ("binding", binding(true)),
    ("scene", (Phase::Qr, scene(false, Copying::NotYet))),
    ("scene-scanned", (Phase::Scanned, scene(true, Copying::Copied))),
    ("scene-by-hand", (Phase::Qr, scene(false, BY_HAND))),
    ("page", (Phase::Qr, Body::Page { hint: Text::PageHint, offer: Offer::None, note: None })),
    (
        "page-refused",
        (
            Phase::Qr,
            Body::Page {
                hint: Text::PageHint,
                offer: Offer::Continue(PERSON),
                note: Some(Text::NoteRefused),
            },
        ),
    ),
    (
        "inside-weixin",
        (Phase::Qr, Body::Page { hint: Text::InsideWeixinHint, offer: Offer::None, note: None }),
    ),
    ("phone", (Phase::Qr, Body::Phone { copying: Copying::NotYet })),
    ("phone-copied", (Phase::Qr, Body::Phone { copying: Copying::Copied })),
    ("phone-by-hand", (Phase::Qr, Body::Phone { copying: BY_HAND })),
    ("expired", (Phase::Expired, Body::Expired)),
    ("denied", (Phase::Denied, Body::Denied)),
    ("success", (Phase::Success, Body::Done)),
    ("error-offline", failed(Code::Offline, false)),
    ("error-setup", failed(Code::Service(ErrorCode::UnregisteredOrigin), false)),
    ("error-busy", failed(Code::Service(ErrorCode::TemporarilyUnavailable), false)),
    ("error-unsupported", failed(Code::Unsupported, true)),
];

/// A panel that shows one phase and does nothing. It notes what is pressed.
#[wasm_bindgen]
pub struct Exhibit {
    view: View,
    frame: Frame,
    pressed: Rc<Cell<String>>,
}

#[wasm_bindgen]
impl Exhibit {
    /// What there is to show. Each can be had in a dialog too, as `dialog-` and its name, one at a time.
    pub fn names() -> Vec<String> {
        EXHIBITS.iter().map(|(name, _)| String::from(*name)).chain([TRIGGER.into()]).collect()
    }

    /// Shows the phase `name` in `root`. `frame` is the address of a page that stands for WeChat's.
    ///
    /// # Errors
    /// There is no such phase.
    #[wasm_bindgen(constructor)]
    pub fn new(
        root: ShadowRoot,
        name: &str,
        lang: &str,
        theme: &str,
        frame: &str,
    ) -> Result<Exhibit, JsValue> {
        let attribute = |asked: &str| match asked {
            "lang" => Some(String::from(lang)),
            "theme" => Some(theme.into()),
            _ => None,
        };
        adopt(&root, STYLES);
        let pressed = Rc::new(Cell::new(String::new()));
        let noted = pressed.clone();
        let host = root.host();
        let view = View::new(
            root,
            dress(&attribute, None),
            Rc::new(move |press| {
                let mut all = noted.take();
                all.push_str(&format!("{press:?} "));
                noted.set(all);
            }),
        );
        let exhibit = Self { view, frame: weixins_page(frame), pressed };
        if name == TRIGGER {
            let _ = host.set_attribute("display", "button");
            exhibit.view.show_trigger();
            return Ok(exhibit);
        }
        let phase = name.strip_prefix(IN_A_DIALOG);
        if phase.is_some() {
            exhibit.view.open_dialog();
        } else {
            exhibit.view.open_panel();
        }
        exhibit.show(phase.unwrap_or(name))?;
        Ok(exhibit)
    }

    /// Shows another phase in the same panel.
    ///
    /// # Errors
    /// There is no such phase.
    pub fn show(&self, name: &str) -> Result<(), JsValue> {
        let found = EXHIBITS.iter().find(|(known, _)| *known == name);
        let (_, (phase, body)) = *found.ok_or_else(|| JsValue::from_str("no such phase"))?;
        self.view.show(&Screen {
            phase,
            body,
            frame: matches!(body, Body::Qr { .. } | Body::Binding { .. }).then_some(&self.frame),
            former_frame: None,
            client_name: if matches!(name, "loading" | "error-offline") { "" } else { "山茶咖啡" },
            emulator: name == "qr-refused",
        });
        Ok(())
    }

    /// Shows the same code in a frame of its own, and the one that was there as the former one.
    pub fn renew(&mut self) {
        let former = self.frame.clone();
        self.frame.number += 1;
        self.view.show(&Screen {
            phase: Phase::Qr,
            body: qr(FrameStatus::Ready, Offer::None, None, false),
            frame: Some(&self.frame),
            former_frame: Some(&former),
            client_name: "",
            emulator: false,
        });
    }

    /// What was pressed since this was asked last.
    pub fn pressed(&self) -> String {
        self.pressed.take()
    }

    /// Which frame's window this is.
    pub fn frame_from(&self, source: &JsValue) -> Option<u32> {
        self.view.frame_from(source)
    }

    /// The colours that the widget takes a page to have where `host` stands.
    pub fn resolved_scheme(host: &Element) -> String {
        crate::dom::resolved_scheme(host).as_str().into()
    }

    /// Opens the dialog.
    pub fn open_dialog(&self) {
        self.view.open_dialog();
    }

    /// Closes the dialog.
    pub fn close_dialog(&self) {
        self.view.close_dialog();
    }
}

/// A frame with a page that stands for WeChat's.
fn weixins_page(address: &str) -> Frame {
    Frame {
        number: 1,
        address: address.into(),
        token: String::new(),
        started: Rc::new(StartedLogin {
            id: String::new(),
            kind: Kind::Embedded,
            secret: None,
            state: String::new(),
            iss: String::new(),
            appid: None,
            redirect_uri: address.into(),
            open_url: address.into(),
            desktop_urls: Vec::new(),
            expires_in: 600,
            renew_in: 300,
            client_name: String::new(),
            emulator: false,
            scene: None,
        }),
        top_navigation: false,
        fast_login: false,
    }
}
