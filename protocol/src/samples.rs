//! Every sample of `samples/`, read by whichever [`Json`] the caller has, and what must come of it.
//!
//! The service's tests run it on serde_json, the widget's in a browser on the browser's own values: the two readings
//! cannot drift apart. Each file says on its first line whether it was recorded, documented or only assumed.

use alloc::string::String;

use crate::fast_login::{Authorize, CheckLogin, Ready, Redirect, RedirectRefused, Unusable};
use crate::ids::{AuthorizationCode, AuthorizeUuid, ErrCode, OpenId, SnsAccessToken, UnionId};
use crate::json::Json;
use crate::qrconnect::{PostedStatus, ScanStatus};
use crate::sns::{AccessTokenAnswer, Refused, UserInfo};

/// A sample without its provenance line.
macro_rules! sample {
    ($name:literal) => {
        body(include_str!(concat!("../samples/", $name)))
    };
}

/// What stands behind the provenance line.
fn body(file: &'static str) -> &'static str {
    file.split_once("\n\n").map_or(file, |(_, body)| body).trim_end()
}

/// Reads every sample; panics at the first that reads as something else than it should.
pub fn check_all<J: Json>() {
    requests_are_written_back_equal::<J>();
    check_login::<J>();
    authorize::<J>();
    qr_page::<J>();
    sns::<J>();
}

fn requests_are_written_back_equal<J: Json>() {
    let check = CheckLogin::read::<J>(sample!("check-login.request.json")).expect("check-login is read");
    assert_eq!(check.write::<J>(), sample!("check-login.request.json"));
    let authorize = Authorize::read::<J>(sample!("authorize.request.json")).expect("authorize is read");
    assert_eq!(authorize.write::<J>(), sample!("authorize.request.json"));
    assert_eq!(authorize.login, check.0, "both calls of one run ask for the same login");
}

fn check_login<J: Json>() {
    let ready = Ready {
        nickname: "陈锴".into(),
        headimgurl: "https://thirdwx.qlogo.cn/mmopen/vi_32/AQKmfJVKIvhtQBbPyiaiaT58FHg0zSr4E5TxMTaNLhzHU1bmiaTl3VRDMOA1gK2QG4pZ6x3XCNUsXicib4N1qCM7cqQ/132".into(),
        authorize_uuid: AuthorizeUuid::parse("033nd5fs2nhe300H").expect("a good uuid"),
    };
    assert_eq!(ready.write::<J>(), sample!("check-login.answer.json"));
    for answer in [
        sample!("check-login.answer.json"),
        sample!("check-login.wrapped-once.json"),
        sample!("check-login.wrapped-twice.json"),
        sample!("check-login.jsdata-text.json"),
        sample!("check-login.errcode-text.json"),
    ] {
        assert_eq!(Ready::read::<J>(answer), Ok(ready.clone()), "{answer}");
    }
    let named = Ready::read::<J>(sample!("check-login.control.json")).map(|ready| ready.nickname);
    assert_eq!(named.as_deref(), Ok("琦娅\u{fffd}"));
    for (answer, unusable) in [
        (sample!("check-login.scan-only.json"), Unusable::ErrCode(crate::fast_login::SCAN_ONLY)),
        (sample!("check-login.unknown-apiname.json"), Unusable::ErrCode(crate::fast_login::UNKNOWN_APINAME)),
        (sample!("check-login.no-uuid.json"), Unusable::NotUnderstood),
        (sample!("check-login.html.txt"), Unusable::NotUnderstood),
        (sample!("authorize.answer.json"), Unusable::NotUnderstood),
        ("", Unusable::NotUnderstood),
    ] {
        assert_eq!(Ready::read::<J>(answer), Err(unusable), "{answer}");
    }
}

fn authorize<J: Json>() {
    let redirect = Redirect::read::<J>(sample!("authorize.answer.json")).expect("the answer is read");
    assert_eq!(redirect.write::<J>(), sample!("authorize.answer.json"));
    let asked = Authorize::read::<J>(sample!("authorize.request.json")).expect("authorize is read");
    assert_eq!(
        redirect.check(&asked.login),
        Err(RedirectRefused::OtherPlace),
        "the pair is of different runs"
    );

    for (answer, unusable) in [
        (sample!("authorize.refused.json"), Unusable::ErrCode(crate::fast_login::REFUSED)),
        (sample!("authorize.uuid-expired.json"), Unusable::ErrCode(crate::fast_login::UUID_EXPIRED)),
        (sample!("check-login.answer.json"), Unusable::NotUnderstood),
    ] {
        assert_eq!(Redirect::read::<J>(answer), Err(unusable), "{answer}");
    }
}

fn qr_page<J: Json>() {
    for (message, status) in [
        (sample!("posted.ready.json"), Some(PostedStatus::Ready)),
        (sample!("posted.qrcode-ready.json"), Some(PostedStatus::QrCodeReady)),
        (sample!("poll.waiting.json"), None),
        ("wxReady", None),
    ] {
        assert_eq!(PostedStatus::read::<J>(message), status, "{message}");
    }
    assert_eq!(PostedStatus::Ready.write(), sample!("posted.ready.json"));
    assert_eq!(PostedStatus::QrCodeReady.write(), sample!("posted.qrcode-ready.json"));

    let code = AuthorizationCode::parse("061AbcDEF2ghIJ0KlmNo1pQrST3AbcDE").expect("a good code");
    assert_eq!(ScanStatus::read::<J>(sample!("poll.waiting.json")), Some(ScanStatus::Waiting));
    assert_eq!(ScanStatus::read::<J>(sample!("poll.waiting.js")), Some(ScanStatus::Waiting));
    assert_eq!(ScanStatus::read::<J>(sample!("poll.confirmed.js")), Some(ScanStatus::Confirmed(code)));
    assert_eq!(ScanStatus::Waiting.write::<J>(), sample!("poll.waiting.json"));
}

fn sns<J: Json>() {
    let openid = OpenId::parse("oExampleOpenid000000000000001").expect("a good openid");
    let unionid = UnionId::parse("oExampleUnionid00000000000001").expect("a good unionid");
    let answer = AccessTokenAnswer {
        access_token: SnsAccessToken::parse("ACCESS_TOKEN_EXAMPLE").expect("a good token"),
        expires_in: 7200,
        openid: openid.clone(),
        scope: "snsapi_login".into(),
        unionid: Some(unionid.clone()),
        is_snapshotuser: false,
    };
    let read = AccessTokenAnswer::read::<J>;
    assert_eq!(read(sample!("access-token.answer.json")), Ok(answer.clone()));
    assert_eq!(
        read(sample!("access-token.no-unionid.json")),
        Ok(AccessTokenAnswer { unionid: None, ..answer.clone() })
    );
    assert_eq!(
        read(sample!("access-token.snapshot.json")),
        Ok(AccessTokenAnswer {
            unionid: None,
            scope: "snsapi_userinfo".into(),
            is_snapshotuser: true,
            ..answer
        })
    );
    assert_eq!(read(sample!("access-token.code-used.json")), Err(Refused::ErrCode(ErrCode(40163))));
    assert_eq!(read(sample!("access-token.cut.json")), Err(Refused::NotUnderstood));
    assert_eq!(read(sample!("check-login.html.txt")), Err(Refused::NotUnderstood));

    let userinfo = UserInfo::read::<J>(sample!("userinfo.answer.json")).expect("userinfo is read");
    assert_eq!(
        (userinfo.nickname.as_str(), &userinfo.openid, userinfo.unionid),
        ("陈锴", &openid, Some(unionid))
    );
    assert!(userinfo.headimgurl.starts_with("https://thirdwx.qlogo.cn/"));
    for (answer, nickname) in [
        (sample!("userinfo.no-avatar.json"), ""),
        (sample!("userinfo.control.json"), "琦娅"),
        (sample!("userinfo.half-emoji.json"), "lisa\u{fffd}"),
    ] {
        let (openid, nickname) = (openid.clone(), nickname.into());
        let expected = UserInfo { openid, nickname, headimgurl: String::new(), unionid: None };
        assert_eq!(UserInfo::read::<J>(answer), Ok(expected));
    }
    assert_eq!(UserInfo::read::<J>(sample!("userinfo.busy.json")), Err(Refused::ErrCode(ErrCode(-1))));
}
