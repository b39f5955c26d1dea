//! The wire, read and written through the crate's public door by serde_json.

#![allow(clippy::unwrap_used)]
use proptest::prelude::*;
use serde_json::Value;
use weixin_login_protocol::fast_login::{
    Authorize, CheckLogin, DialogCorner, HalfPixels, Login, Ready, Redirect, RedirectRefused,
};
use weixin_login_protocol::ids::{AppId, AuthorizationCode, ErrCode, QrUuid, Scope, State};
use weixin_login_protocol::qrconnect::{
    ColorScheme, PostedStatus, QrFrame, ScanStatus, SelfRedirect, confirm_address, page_address,
};
use weixin_login_protocol::service::{
    Binding, BindingStep, CallbackAnswer, ContactKind, EnterCode, ErrorCode, ExistingContact, FinishedLogin,
    JoinAccounts, Kind, LoginResult, NameContact, Person, Problem, RedeemSession, Scene, SentCode,
    StartLogin, StartedLogin, UnboundLogin, WaitingLogin, WebMessage,
};
use weixin_login_protocol::service_account::authorize_address;
use weixin_login_protocol::sns::{AccessTokenAnswer, Meaning, UserInfo};

#[test]
fn every_sample_reads_as_it_should() {
    weixin_login_protocol::samples::check_all::<Value>();
}

#[test]
fn every_sample_says_where_it_comes_from() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        assert!(
            ["# recorded: ", "# documented: ", "# assumed: "].iter().any(|word| first.starts_with(word)),
            "{} does not say whether it is recorded, documented or assumed",
            path.display()
        );
    }
}

fn state() -> State {
    State::parse("S7a7e").unwrap()
}

fn appid() -> AppId {
    AppId::parse("wx0123456789abcdef").unwrap()
}

fn login(redirect_uri: &str) -> Login {
    Login {
        appid: appid(),
        scope: Scope::SnsapiLogin,
        redirect_uri: redirect_uri.into(),
        state: Some(state()),
    }
}

fn redirect(redirect_url: &str) -> Redirect {
    let body = serde_json::json!({
        "apiname": "qrconnectfastauthorizeconfirm", "errcode": 0, "jsdata": { "redirect_url": redirect_url }
    });
    Redirect::read::<Value>(&body.to_string()).unwrap()
}

#[test]
fn a_redirect_url_is_good_only_with_the_same_place_the_same_state_and_one_code() {
    let plain = "https://login.example.com/callback";
    let with_query = "https://login.example.com/callback?a=1";
    let good = || Ok(AuthorizationCode::parse("C0de").unwrap());
    let table = [
        (plain, "https://login.example.com/callback?code=C0de&state=S7a7e", good()),
        (plain, "https://login.example.com/callback?state=S7a7e&code=C0de", good()),
        (plain, "https://login.example.com/callback?code=C0de&state=S7a7e#wechat_redirect", good()),
        (with_query, "https://login.example.com/callback?a=1&code=C0de&state=S7a7e", good()),
        (plain, "https://login.example.com/callback?code=C0de&state=0ther", Err(RedirectRefused::OtherState)),
        (plain, "https://login.example.com/callback?code=C0de", Err(RedirectRefused::OtherState)),
        (
            plain,
            "https://login.example.com/callback?code=C0de&state=S7a7e&state=x",
            Err(RedirectRefused::OtherState),
        ),
        (plain, "https://login.example.com/callback?state=S7a7e", Err(RedirectRefused::NoCode)),
        (plain, "https://login.example.com/callback?code=&state=S7a7e", Err(RedirectRefused::NoCode)),
        (plain, "https://login.example.com/callback?code=a&code=b&state=S7a7e", Err(RedirectRefused::NoCode)),
        (plain, "https://login.example.com/callback?code=a%0d%0ab&state=S7a7e", Err(RedirectRefused::NoCode)),
        (plain, "https://evil.example/callback?code=C0de&state=S7a7e", Err(RedirectRefused::OtherPlace)),
        (
            plain,
            "https://login.example.com/callback.evil?code=C0de&state=S7a7e",
            Err(RedirectRefused::OtherPlace),
        ),
        (
            plain,
            "https://login.example.com/callback/../x?code=C0de&state=S7a7e",
            Err(RedirectRefused::OtherPlace),
        ),
        (plain, "https://LOGIN.example.com/callback?code=C0de&state=S7a7e", Err(RedirectRefused::OtherPlace)),
        (plain, "javascript:alert(1)//?code=C0de&state=S7a7e", Err(RedirectRefused::OtherPlace)),
        (plain, "", Err(RedirectRefused::OtherPlace)),
        (
            with_query,
            "https://login.example.com/callback?a=1?code=C0de&state=S7a7e",
            Err(RedirectRefused::OtherPlace),
        ),
    ];
    for (redirect_uri, redirect_url, outcome) in table {
        assert_eq!(redirect(redirect_url).check(&login(redirect_uri)), outcome, "{redirect_url}");
    }
}

#[test]
fn the_dialog_stands_in_the_middle_of_the_window_on_a_half_pixel_too() {
    // The recorded request's corner: a window that is 792 wide and 600 high, at (360, 223).
    let corner = DialogCorner::centred(360, 223, 792, 600);
    assert_eq!(corner, DialogCorner { x: HalfPixels(1152), y: HalfPixels(783) });
    let body = Authorize {
        corner: DialogCorner { x: HalfPixels(-1), y: HalfPixels(-7) },
        login: login("https://a.example/"),
        authorize_uuid: weixin_login_protocol::ids::AuthorizeUuid::parse("u").unwrap(),
    }
    .write::<Value>();
    assert!(body.contains(r#""data":"{\"x\":-0.5,\"y\":-3.5}""#), "{body}");
}

#[test]
fn the_qr_frame_is_asked_for_in_the_order_of_tencents_script() {
    let (appid, state) = (appid(), state());
    let frame = QrFrame {
        open_url: "https://open.weixin.qq.com",
        appid: &appid,
        redirect_uri: "https://shop.example.com/weixin/callback?a=1&b=你",
        state: &state,
        self_redirect: SelfRedirect::Frame,
        fast_login: false,
        english: true,
        color_scheme: Some(ColorScheme::Dark),
        stylelite: true,
    };
    assert_eq!(
        frame.address(),
        "https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login\
         &redirect_uri=https%3A%2F%2Fshop.example.com%2Fweixin%2Fcallback%3Fa%3D1%26b%3D%E4%BD%A0&state=S7a7e\
         &login_type=jssdk&self_redirect=true&styletype=&sizetype=&bgcolor=&rst=&lang=en&stylelite=1&fast_login=0\
         &color_scheme=dark"
    );
}

#[test]
fn links_to_weixin_end_in_its_fragment() {
    let (appid, state) = (appid(), state());
    assert_eq!(
        page_address("https://open.weixin.qq.com", &appid, "https://a.example/callback", &state),
        "https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef\
         &redirect_uri=https%3A%2F%2Fa.example%2Fcallback&response_type=code&scope=snsapi_login&state=S7a7e#wechat_redirect"
    );
    assert_eq!(
        authorize_address(
            "https://open.weixin.qq.com",
            &appid,
            "https://a.example/callback",
            Scope::SnsapiUserinfo,
            &state,
            true
        ),
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef\
         &redirect_uri=https%3A%2F%2Fa.example%2Fcallback&response_type=code&scope=snsapi_userinfo&state=S7a7e\
         &forcePopup=true#wechat_redirect"
    );
    assert_eq!(
        confirm_address("https://open.weixin.qq.com", &QrUuid::parse("0a1B_-").unwrap()),
        "https://open.weixin.qq.com/connect/confirm?uuid=0a1B_-"
    );
}

#[test]
fn a_state_is_letters_and_digits_and_at_most_128() {
    assert!(State::parse("a".repeat(128)).is_ok());
    for bad in [String::new(), "a".repeat(129), "a-b".into(), "a b".into(), "état".into(), "a'b".into()] {
        assert!(State::parse(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn what_is_secret_does_not_print() {
    let code = AuthorizationCode::parse("canary").unwrap();
    let started = StartedLogin { secret: Some("canary".into()), state: "canary".into(), ..started() };
    let finished = FinishedLogin { code: "canary".into(), state: "canary".into(), iss: String::new() };
    let redeem = RedeemSession { code: "canary".into(), code_verifier: "canary".into() };
    let printed = format!(
        "{code:?} {:?} {:?} {started:?} {finished:?} {redeem:?}",
        State::parse("canary").unwrap(),
        redirect("canary")
    );
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn each_errcode_says_who_must_act() {
    let table = [
        (Meaning::Busy, vec![-1, 45009, 45011]),
        (Meaning::CodeSpent, vec![40029, 40163, 42003]),
        (Meaning::WrongSecret, vec![40001, 40125]),
        (Meaning::WrongAppid, vec![40013]),
        (Meaning::PersonGone, vec![40003, 40014, 40030, 42001, 42002, 42007, 50001, 50002]),
        (Meaning::MissingParameter("code"), vec![41008]),
        (Meaning::NoRight, vec![48001]),
        (Meaning::Unknown, vec![1, 99999]),
    ];
    for (meaning, errcodes) in table {
        for errcode in errcodes {
            assert_eq!(ErrCode(errcode).meaning(), meaning, "{errcode}");
        }
    }
}

fn started() -> StartedLogin {
    StartedLogin {
        id: "a1".into(),
        kind: Kind::Scene,
        secret: Some("s1".into()),
        state: "St4te".into(),
        iss: "https://shop.example.com/weixin".into(),
        appid: Some("wx0123456789abcdef".into()),
        redirect_uri: "https://shop.example.com/weixin/callback".into(),
        open_url: "https://open.weixin.qq.com".into(),
        desktop_urls: vec!["https://localhost.weixin.qq.com:14013".into()],
        expires_in: 600,
        renew_in: 300,
        client_name: "Example \"Shop\" 店".into(),
        emulator: true,
        scene: Some(Scene {
            scan_url: "https://shop.example.com/weixin/scan/a1".into(),
            number: "07".into(),
            qr_path: "M0 0h7v1h-7z".into(),
            qr_size: 29,
        }),
    }
}

#[test]
fn the_service_and_the_widget_read_each_other() {
    let body = serde_json::to_string(&started()).unwrap();
    assert_eq!(StartedLogin::read::<Value>(&body), Some(started()));

    let start = StartLogin {
        client_id: "shop".into(),
        kind: Some(Kind::Embedded),
        result: LoginResult::Code,
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
        nonce: Some("n\"1".into()),
        lang: None,
        state: Some("0123456789abcdef0123456789abcdef".into()),
    };
    assert_eq!(serde_json::from_str::<StartLogin>(&start.write::<Value>()).unwrap(), start);

    let agreed = CallbackAnswer::agreed(&AuthorizationCode::parse("C0de").unwrap(), &state());
    assert_eq!(serde_json::from_str::<CallbackAnswer>(&agreed.write::<Value>()).unwrap(), agreed);

    let redeem = RedeemSession { code: "c".into(), code_verifier: "v".into() };
    assert_eq!(serde_json::from_str::<RedeemSession>(&redeem.write::<Value>()).unwrap(), redeem);

    let person = Person {
        sub: "p1".into(),
        nickname: "<b>\u{202e}陈".into(),
        picture: None,
        client_id: "shop".into(),
        auth_time: 1_700_000_000,
    };
    assert_eq!(Person::read::<Value>(&serde_json::to_string(&person).unwrap()), Some(person));
}

#[test]
fn a_web_message_is_ours_only_with_our_type() {
    let finished = serde_json::json!({ "type": "weixin-login", "code": "c", "state": "s", "iss": "i" });
    assert_eq!(
        WebMessage::read(&finished),
        Some(WebMessage::Finished(FinishedLogin { code: "c".into(), state: "s".into(), iss: "i".into() }))
    );
    let failed =
        serde_json::json!({ "type": "weixin-login", "error": "access_denied", "state": "s", "iss": "i" });
    assert_eq!(
        WebMessage::read(&failed),
        Some(WebMessage::Failed {
            state: "s".into(),
            iss: "i".into(),
            problem: Problem {
                error: "access_denied".into(),
                error_description: String::new(),
                ..Problem::default()
            }
        })
    );
    for foreign in [
        serde_json::json!({ "code": "c", "state": "s", "iss": "i" }),
        serde_json::json!({ "type": "status", "status": "wxReady" }),
        serde_json::json!({ "type": "weixin-login", "state": "s" }),
        serde_json::json!("weixin-login"),
        Value::Null,
    ] {
        assert_eq!(WebMessage::read(&foreign), None, "{foreign}");
    }
}

#[test]
fn a_login_that_waits_for_a_contact_reads_back() {
    let unbound = UnboundLogin {
        binding: Binding {
            token: "t".into(),
            require: vec![ContactKind::Phone, ContactKind::Email],
            expires_in: 600,
        },
        state: "s".into(),
        iss: "i".into(),
    };
    let mut json = serde_json::to_value(&unbound).unwrap();
    let waits = serde_json::json!({
        "binding": { "token": "t", "require": ["phone", "email"], "expires_in": 600 }, "state": "s", "iss": "i",
    });
    assert_eq!(json, waits);
    assert_eq!(BindingStep::read(&json), Some(BindingStep::Unbound(unbound.clone())));
    json["type"] = "weixin-login".into();
    let waiting = WaitingLogin {
        token: unbound.binding.token.clone(),
        expires_in: unbound.binding.expires_in,
        state: unbound.state.clone(),
        iss: unbound.iss.clone(),
    };
    assert_eq!(WebMessage::read(&json), Some(WebMessage::Unbound(waiting)));
    assert!(!format!("{unbound:?}").contains("\"t\""));
    // A word of tomorrow is passed over; nothing at all is no answer.
    json["binding"]["require"] = serde_json::json!(["address", "email"]);
    assert_eq!(UnboundLogin::read(&json).unwrap().binding.require, [ContactKind::Email]);
    json["binding"]["require"] = serde_json::json!([]);
    assert_eq!(UnboundLogin::read(&json), None);
    let exists = BindingStep::Exists {
        exists: ExistingContact { contact: "p***n@shop.example".into(), may_join: true },
    };
    assert_eq!(BindingStep::read(&serde_json::to_value(&exists).unwrap()), Some(exists));
    let finished = FinishedLogin { code: "c".into(), state: "s".into(), iss: "i".into() };
    let step = BindingStep::Finished(finished);
    assert_eq!(BindingStep::read(&serde_json::to_value(&step).unwrap()), Some(step));
}

#[test]
fn what_a_person_enters_for_a_contact_is_written_as_the_service_reads_it() {
    let contact = NameContact::new(ContactKind::Phone, "138 0013 8000".into());
    assert_eq!(contact.write::<Value>(), serde_json::to_string(&contact).unwrap());
    let contact = NameContact::new(ContactKind::Email, "\"a\"@shop.example".into());
    assert_eq!(serde_json::from_str::<NameContact>(&contact.write::<Value>()).unwrap(), contact);
    let code = EnterCode { code: "123 456".into() };
    assert_eq!(code.write::<Value>(), serde_json::to_string(&code).unwrap());
    let join = JoinAccounts { join: false, take: true };
    assert_eq!(join.write::<Value>(), serde_json::to_string(&join).unwrap());
    let sent = SentCode { contact: "+86 138 **** 8000".into(), resend_after: 60, expires_in: 600 };
    assert_eq!(SentCode::read(&serde_json::to_value(&sent).unwrap()), Some(sent));
}

#[test]
fn error_codes_are_words_that_read_back() {
    for code in ErrorCode::ALL {
        assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    let names = prop_oneof![
        Just("apiname"),
        Just("errcode"),
        Just("jsdata"),
        Just("redirect_url"),
        Just("authorize_uuid"),
        Just("data"),
        Just("type"),
        Just("status"),
        Just("wx_errcode"),
        Just("wx_code"),
        Just("openid"),
        Just("access_token"),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(names.clone().prop_map(String::from), inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn read_as_everything(body: &str) {
    let _ = CheckLogin::read::<Value>(body);
    let _ = Authorize::read::<Value>(body);
    let _ = Ready::read::<Value>(body);
    if let Ok(redirect) = Redirect::read::<Value>(body) {
        let _ = redirect.check(&login("https://a.example/"));
    }
    let _ = PostedStatus::read::<Value>(body);
    let _ = ScanStatus::read::<Value>(body);
    let _ = AccessTokenAnswer::read::<Value>(body);
    let _ = UserInfo::read::<Value>(body);
    let _ = StartedLogin::read::<Value>(body);
    let _ = Person::read::<Value>(body);
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(body in ".*") {
        read_as_everything(&body);
    }

    #[test]
    fn no_json_makes_a_reader_panic(body in any_json()) {
        read_as_everything(&body.to_string());
        read_as_everything(&Value::from(body.to_string()).to_string());
    }

    #[test]
    fn no_dialog_corner_overflows(x: i32, y: i32, width: i32, height: i32) {
        let corner = DialogCorner::centred(x, y, width, height);
        let authorize = Authorize {
            corner,
            login: login("https://a.example/"),
            authorize_uuid: weixin_login_protocol::ids::AuthorizeUuid::parse("u").unwrap(),
        };
        prop_assert_eq!(Authorize::read::<Value>(&authorize.write::<Value>()), Some(authorize));
    }

    #[test]
    fn no_redirect_url_passes_with_another_state(code in "[a-zA-Z0-9]{1,20}", other in "[a-zA-Z0-9]{1,20}") {
        prop_assume!(other != "S7a7e");
        let url = format!("https://a.example/?code={code}&state={other}");
        prop_assert_eq!(redirect(&url).check(&login("https://a.example/")), Err(RedirectRefused::OtherState));
    }
}
