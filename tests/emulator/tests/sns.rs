//! `/sns/*`: codes, tokens and people, each answer compared as the text it is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use std::time::Duration;

use door::{appids, get, json_of, start};
use weixin_emulator::{
    App, AppKind, Call, DEFAULT_APPID, DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID, Emulator, Fault, Person,
};

fn access_token_query(code: &str) -> String {
    format!("appid={DEFAULT_APPID}&secret={DEFAULT_SECRET}&code={code}&grant_type=authorization_code")
}

async fn access_token(weixin: &Emulator, query: &str) -> (serde_json::Value, String) {
    let url = format!("{}/sns/oauth2/access_token?{query}", weixin.api_url());
    let response = get(&url).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain");
    let text = response.text().await.unwrap();
    (serde_json::from_str(&text).unwrap(), text)
}

/// The errcode and errmsg of a refusal, its rid checked for shape and taken off.
fn refusal(body: &serde_json::Value) -> (i64, String) {
    let errmsg = body["errmsg"].as_str().unwrap();
    let (words, rid) = errmsg.split_once(", rid: ").unwrap();
    let parts: Vec<_> = rid.split('-').collect();
    assert!(parts.len() == 3 && parts.iter().all(|part| part.len() == 8), "{rid}");
    assert_eq!(body.as_object().unwrap().len(), 2, "nothing but errcode and errmsg: {body}");
    (body["errcode"].as_i64().unwrap(), words.to_owned())
}

async fn refused(weixin: &Emulator, query: &str) -> (i64, String) {
    refusal(&access_token(weixin, query).await.0)
}

#[tokio::test]
async fn a_code_is_exchanged_for_tokens_and_the_person() {
    let weixin = start().await;
    let code = door::code(&weixin);
    let (tokens, text) = access_token(&weixin, &access_token_query(&code)).await;
    let person = Person::new("chen-kai", "陈锴");
    let (openid, unionid) = (person.openid(DEFAULT_APPID), tokens["unionid"].as_str().unwrap());
    assert_eq!(
        text,
        format!(
            r#"{{"access_token":{},"expires_in":7200,"refresh_token":{},"openid":"{openid}","scope":"snsapi_login","unionid":"{unionid}"}}"#,
            tokens["access_token"], tokens["refresh_token"]
        )
    );
    assert_eq!(openid.len(), 28);
    let url = format!(
        "{}/sns/userinfo?access_token={}&openid={openid}&lang=zh_CN",
        weixin.api_url(),
        tokens["access_token"].as_str().unwrap()
    );
    let text = get(&url).await.text().await.unwrap();
    assert_eq!(
        text,
        format!(
            r#"{{"openid":"{openid}","nickname":"陈锴","sex":0,"language":"","city":"","province":"","country":"","headimgurl":"{}/mmopen/vi_32/chen-kai/132","privilege":[],"unionid":"{unionid}"}}"#,
            weixin.open_url()
        )
    );
    let avatar = get(&format!("{}/mmopen/vi_32/chen-kai/132", weixin.open_url())).await;
    assert_eq!(avatar.headers()["content-type"], "image/svg+xml");
    assert!(avatar.text().await.unwrap().starts_with("<svg "));
}

#[tokio::test]
async fn a_form_is_taken_as_a_query_is() {
    let weixin = start().await;
    let url = format!("{}/sns/oauth2/access_token", weixin.api_url());
    let form = |body: String| {
        door::client()
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
    };
    let answer = form(access_token_query(&door::code(&weixin))).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"text/plain".parse().unwrap())
    );
    let tokens: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(tokens["scope"], "snsapi_login");
    let userinfo = door::client()
        .post(format!("{}/sns/userinfo", weixin.api_url()))
        .form(&[
            ("access_token", tokens["access_token"].as_str().unwrap()),
            ("openid", tokens["openid"].as_str().unwrap()),
        ])
        .send()
        .await
        .unwrap();
    assert_eq!(userinfo.json::<serde_json::Value>().await.unwrap()["nickname"], "陈锴");
    // What stands in the address goes before the form.
    let split = door::client()
        .post(format!("{url}?code=c"))
        .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
        .body(access_token_query(&door::code(&weixin)))
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(&split.json().await.unwrap()), (40029, "invalid code".into()));
    let asked = &weixin.requests()[0].asked;
    assert_eq!(asked["grant_type"], "authorization_code");
    // Bytes that are no text spoil their own value alone.
    let body = [b"appid=\xff&", access_token_query("c").as_bytes()].concat();
    let form =
        door::client().post(&url).header("content-type", "application/x-www-form-urlencoded").body(body);
    assert_eq!(refusal(&form.send().await.unwrap().json().await.unwrap()).0, 40013);
}

#[tokio::test]
async fn what_is_unknown_below_sns_is_answered_in_weixins_manner() {
    let weixin = start().await;
    for path in ["/sns/jscode3session", "/sns/oauth2/authorize?appid=a", "/sns/a/b/c", "/sns/"] {
        let answer = get(&format!("{}{path}", weixin.api_url())).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(refusal(&answer.json().await.unwrap()), (40066, "invalid url".into()), "{path}");
    }
    let put = door::client().put(format!("{}/sns/userinfo", weixin.api_url())).send().await.unwrap();
    assert_eq!(refusal(&put.json().await.unwrap()), (43001, "require GET method".into()));
}

#[tokio::test]
async fn a_refresh_prolongs_an_access_token_that_still_lives() {
    let weixin = start().await;
    let (tokens, _) = access_token(&weixin, &access_token_query(&door::code(&weixin))).await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let refresh = format!(
        "{}/sns/oauth2/refresh_token?appid={DEFAULT_APPID}&grant_type=refresh_token&refresh_token={}",
        weixin.api_url(),
        text("refresh_token")
    );
    let auth = format!(
        "{}/sns/auth?access_token={}&openid={}",
        weixin.api_url(),
        text("access_token"),
        text("openid")
    );
    weixin.advance(Duration::from_secs(7000));
    assert_eq!(json_of(&refresh).await["access_token"], tokens["access_token"]);
    weixin.advance(Duration::from_secs(7000));
    assert_eq!(json_of(&auth).await["errcode"], 0, "it lives on");
    weixin.advance(Duration::from_secs(200));
    assert_eq!(json_of(&auth).await["errcode"], 42001);
    let new = json_of(&refresh).await["access_token"].clone();
    assert_ne!(new, tokens["access_token"]);
    assert_eq!(json_of(&refresh).await["access_token"], new);
}

#[tokio::test]
async fn a_service_accounts_code_dies_after_five_minutes() {
    let weixin = start().await;
    let early = appids::service_account_code(&weixin, "snsapi_userinfo");
    let late = appids::service_account_code(&weixin, "snsapi_userinfo");
    weixin.advance(Duration::from_secs(299));
    assert_eq!(access_token(&weixin, &appids::service_account_query(&early)).await.0.get("errcode"), None);
    weixin.advance(Duration::from_secs(1));
    assert_eq!(refused(&weixin, &appids::service_account_query(&late)).await.0, 40029);
}

#[tokio::test]
async fn a_code_used_twice_is_refused() {
    let weixin = start().await;
    let code = door::code(&weixin);
    access_token(&weixin, &access_token_query(&code)).await;
    assert_eq!(refused(&weixin, &access_token_query(&code)).await, (40163, "code been used".into()));
    assert_eq!(weixin.exchanges(&code), 2);
    assert_eq!(weixin.exchanges("another"), 0);
}

#[tokio::test]
async fn a_code_dies_after_ten_minutes() {
    let weixin = start().await;
    let (early, late) = (door::code(&weixin), door::code(&weixin));
    weixin.advance(Duration::from_secs(590));
    assert!(access_token(&weixin, &access_token_query(&early)).await.0.get("errcode").is_none());
    weixin.advance(Duration::from_secs(10));
    assert_eq!(refused(&weixin, &access_token_query(&late)).await, (40029, "invalid code".into()));
}

#[tokio::test]
async fn a_failed_exchange_does_not_burn_the_code() {
    let weixin = start().await;
    let code = door::code(&weixin);
    let wrong = format!("appid={DEFAULT_APPID}&secret=wrong&code={code}&grant_type=authorization_code");
    assert_eq!(refused(&weixin, &wrong).await, (40125, "invalid appsecret".into()));
    assert!(access_token(&weixin, &access_token_query(&code)).await.0.get("errcode").is_none());
}

#[tokio::test]
async fn wrong_and_missing_parameters_are_refused_by_number() {
    let weixin = start().await;
    let (id, secret) = (DEFAULT_APPID, DEFAULT_SECRET);
    let grant = "grant_type=authorization_code";
    for (query, errcode, words) in [
        (format!("secret={secret}&code=c&{grant}"), 41002, "appid missing"),
        (format!("appid={id}&code=c&{grant}"), 41004, "appsecret missing"),
        (format!("appid={id}&secret={secret}&{grant}"), 41008, "missing code"),
        (format!("appid={id}&secret={secret}&code=c"), 40002, "invalid grant_type"),
        (format!("appid=wx0000000000000000&secret={secret}&code=c&{grant}"), 40013, "invalid appid"),
        (format!("appid={id}&secret=&code=c&{grant}"), 41004, "appsecret missing"),
        (format!("appid={id}&secret={secret}&code=c&{grant}"), 40029, "invalid code"),
    ] {
        assert_eq!(refused(&weixin, &query).await, (errcode, words.to_owned()), "{query}");
    }
    for (path, errcode, words) in [
        ("/sns/userinfo?openid=o", 41001, "access_token missing"),
        ("/sns/userinfo?access_token=t", 41009, "missing openid"),
        (
            "/sns/userinfo?access_token=t&openid=o",
            40001,
            "invalid credential, access_token is invalid or not latest",
        ),
        ("/sns/oauth2/refresh_token?grant_type=refresh_token&refresh_token=r", 41002, "appid missing"),
        ("/sns/oauth2/refresh_token?grant_type=refresh_token&appid=a", 41003, "refresh_token missing"),
        (
            "/sns/oauth2/refresh_token?grant_type=refresh_token&appid=a&refresh_token=r",
            40013,
            "invalid appid",
        ),
        (
            "/sns/oauth2/refresh_token?grant_type=refresh_token&appid=wx0123456789abcdef&refresh_token=r",
            40030,
            "invalid refresh_token",
        ),
    ] {
        let body = json_of(&format!("{}{path}", weixin.api_url())).await;
        assert_eq!(refusal(&body), (errcode, words.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_code_of_another_app_is_refused() {
    let weixin = start().await;
    weixin.set_app(App {
        appid: "wx1111111111111111".into(),
        secret: "s".into(),
        name: "别的".into(),
        kind: AppKind::Website,
        callback_domains: vec!["localhost".into()],
        unionid: false,
        scan_only: false,
    });
    let code = door::code(&weixin);
    let query = format!("appid=wx1111111111111111&secret=s&code={code}&grant_type=authorization_code");
    assert_eq!(refused(&weixin, &query).await, (40029, "invalid code".into()));
}

#[tokio::test]
async fn tokens_expire_and_the_refresh_token_outlives_them() {
    let weixin = start().await;
    let (tokens, _) = access_token(&weixin, &access_token_query(&door::code(&weixin))).await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (refresh_token, openid) = (text("refresh_token"), text("openid"));
    let auth = |token: String| format!("{}/sns/auth?access_token={token}&openid={openid}", weixin.api_url());
    let first = auth(text("access_token"));
    assert_eq!(get(&first).await.text().await.unwrap(), r#"{"errcode":0,"errmsg":"ok"}"#);
    let stranger = format!("{}/sns/auth?access_token={}&openid=o", weixin.api_url(), text("access_token"));
    assert_eq!(refusal(&json_of(&stranger).await), (40003, "invalid openid".into()));

    weixin.advance(Duration::from_secs(7200));
    assert_eq!(refusal(&json_of(&first).await), (42001, "access_token expired".into()));
    let refresh = format!(
        "{}/sns/oauth2/refresh_token?appid={DEFAULT_APPID}&grant_type=refresh_token&refresh_token={refresh_token}",
        weixin.api_url()
    );
    let refreshed = json_of(&refresh).await;
    assert_eq!(refreshed["refresh_token"], refresh_token);
    assert_eq!(refreshed["expires_in"], 7200);
    let second = auth(refreshed["access_token"].as_str().unwrap().to_owned());
    assert_eq!(get(&second).await.text().await.unwrap(), r#"{"errcode":0,"errmsg":"ok"}"#);
    weixin.revoke_tokens();
    assert_eq!(refusal(&json_of(&second).await).0, 40001);
    assert_eq!(refusal(&json_of(&refresh).await).0, 40030);
}

#[tokio::test]
async fn a_refresh_token_dies_after_thirty_days() {
    let weixin = start().await;
    let (tokens, _) = access_token(&weixin, &access_token_query(&door::code(&weixin))).await;
    weixin.advance(Duration::from_secs(30 * 24 * 3600));
    let refresh = format!(
        "{}/sns/oauth2/refresh_token?appid={DEFAULT_APPID}&grant_type=refresh_token&refresh_token={}",
        weixin.api_url(),
        tokens["refresh_token"].as_str().unwrap()
    );
    assert_eq!(refusal(&json_of(&refresh).await), (42002, "refresh_token expired".into()));
}

#[tokio::test]
async fn one_person_has_two_openids_and_one_unionid() {
    let weixin = start().await;
    let (website, _) = access_token(&weixin, &access_token_query(&door::code(&weixin))).await;
    let account = appids::service_account_code(&weixin, "snsapi_userinfo");
    let (service_account, _) = access_token(&weixin, &appids::service_account_query(&account)).await;
    assert_ne!(website["openid"], service_account["openid"]);
    assert_eq!(website["unionid"], service_account["unionid"]);
    assert_eq!(service_account["scope"], "snsapi_userinfo");

    weixin.set_person(Person { has_unionid: false, ..Person::new("li-lei", "李雷") });
    let (without, _) = access_token(&weixin, &access_token_query(&door::code(&weixin))).await;
    assert_eq!(without.get("unionid"), None);
}

#[tokio::test]
async fn a_silent_login_tells_the_openid_alone() {
    let weixin = start().await;
    let code = appids::service_account_code(&weixin, "snsapi_base");
    let (tokens, _) = access_token(&weixin, &appids::service_account_query(&code)).await;
    assert_eq!(tokens["scope"], "snsapi_base");
    assert_eq!(tokens.get("unionid"), None);
    let url = format!(
        "{}/sns/userinfo?access_token={}&openid={}",
        weixin.api_url(),
        tokens["access_token"].as_str().unwrap(),
        Person::new("chen-kai", "").openid(DEFAULT_SERVICE_ACCOUNT_APPID)
    );
    assert_eq!(refusal(&json_of(&url).await), (48001, "api unauthorized".into()));
}

#[tokio::test]
async fn hostile_nicknames_travel_as_they_are() {
    let weixin = start().await;
    let nickname = "<img src=x onerror=alert(1)>\"\\\n\u{202e}\u{1b}[31m😀</script>";
    weixin.set_person(Person { headimgurl: Some(String::new()), ..Person::new("mallory", nickname) });
    let (tokens, _) = access_token(&weixin, &access_token_query(&door::code(&weixin))).await;
    let url = format!(
        "{}/sns/userinfo?access_token={}&openid={}",
        weixin.api_url(),
        tokens["access_token"].as_str().unwrap(),
        tokens["openid"].as_str().unwrap()
    );
    let person = json_of(&url).await;
    assert_eq!(person["nickname"], nickname);
    assert_eq!(person["headimgurl"], "");
}

#[tokio::test]
async fn faults_strike_the_call_they_are_set_on_as_often_as_asked() {
    let weixin = start().await;
    let code = door::code(&weixin);
    let query = access_token_query(&code);
    let url = format!("{}/sns/oauth2/access_token?{query}", weixin.api_url());

    weixin.fault_times(Call::AccessToken, Fault::Errcode { errcode: -1 }, 2);
    assert_eq!(refused(&weixin, &query).await, (-1, "system error".into()));
    assert_eq!(refused(&weixin, &query).await.0, -1);
    weixin.fault_times(Call::AccessToken, Fault::Status { status: 502 }, 1);
    let bad_gateway = get(&url).await;
    assert_eq!(bad_gateway.status(), 502);
    assert!(bad_gateway.text().await.unwrap().contains("502 Bad Gateway"));
    weixin.fault_times(Call::AccessToken, Fault::Html, 1);
    let html = get(&url).await;
    assert_eq!(
        (html.status().as_u16(), html.headers()["content-type"].to_str().unwrap()),
        (200, "text/html")
    );
    weixin.fault_times(Call::AccessToken, Fault::Huge, 1);
    assert_eq!(get(&url).await.bytes().await.unwrap().len(), 10 * 1024 * 1024);
    weixin.fault_times(Call::AccessToken, Fault::Cut, 1);
    door::client().get(&url).send().await.expect_err("the connection is cut");
    assert_eq!(weixin.exchanges(&code), 0, "none of these reached the exchange");

    weixin.fault_times(Call::AccessToken, Fault::LoseAnswer, 1);
    door::client().get(&url).send().await.expect_err("the answer is lost");
    assert_eq!(refused(&weixin, &query).await.0, 40163, "but the code was used");
}

#[tokio::test]
async fn a_hanging_call_goes_on_when_the_faults_are_cleared() {
    let weixin = start().await;
    weixin.fault(Call::AccessToken, Fault::Hang);
    let url =
        format!("{}/sns/oauth2/access_token?{}", weixin.api_url(), access_token_query(&door::code(&weixin)));
    let call = tokio::spawn(async move { json_of(&url).await });
    weixin.wait_for_request(door::LONG, |record| record.call == Call::AccessToken).await.unwrap();
    assert!(!call.is_finished());
    weixin.clear_faults();
    assert_eq!(call.await.unwrap()["scope"], "snsapi_login");
}

#[tokio::test]
async fn a_delay_obeys_the_movable_clock() {
    let weixin = start().await;
    weixin.fault(Call::AccessToken, Fault::Delay { millis: 3_600_000 });
    let url = format!("{}/sns/oauth2/access_token?{}", weixin.api_url(), access_token_query("c"));
    let call = tokio::spawn(async move { json_of(&url).await });
    weixin.wait_for_request(door::LONG, |record| record.call == Call::AccessToken).await.unwrap();
    assert!(!call.is_finished());
    weixin.advance(Duration::from_secs(3600));
    assert_eq!(call.await.unwrap()["errcode"], 40029);
}
