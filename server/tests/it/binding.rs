//! First-login binding: nobody gets anything before the site has what it requires, and what is proven is whose it is.

mod framed;
mod hosted;
pub mod inbox;
mod two_accounts;

use reqwest::Method;
use serde_json::{Value, json};
use weixin_emulator::Person;

use self::inbox::Inbox;
use crate::harness::{Answer, House, SHOP, VERIFIER, Visitor, all_at_once, allowed, code_and_state};

const PHONE: &str = "138 0013 8000";
const SHOWN: &str = "+86 138 **** 8000";
/// Another site, whose page has no part in this.
const EVIL: &str = "https://www.example.test";

/// A house whose shop requires this.
async fn house(inbox: &Inbox, require: &str) -> House {
    House::with_data(|config, data| inbox.configured(&config, data.path(), "shop", require)).await
}

/// Somebody whose phone and computer are this person's.
fn person(house: &House, id: &str) {
    house.weixin.set_person(Person::new(id, id));
}

/// An embedded login as far as WeChat's answer.
async fn unbound(house: &House, visitor: &mut Visitor) -> Value {
    let attempt = visitor.start_embedded().await;
    let callback = allowed(house, &attempt);
    let answer = visitor.post(SHOP, "/callback", &code_and_state(&callback)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert_eq!(answer["state"], attempt["state"]);
    answer
}

fn token(unbound: &Value) -> String {
    unbound["binding"]["token"].as_str().unwrap().to_owned()
}

fn step(visitor: &Visitor, origin: &str, token: &str, path: &str, body: &Value) -> reqwest::RequestBuilder {
    visitor
        .request(Method::POST, &format!("/binding/{path}"))
        .header("origin", origin)
        .header("weixin-login-binding", token)
        .json(body)
}

async fn name(visitor: &mut Visitor, token: &str, phone: &str) -> Answer {
    let request = step(visitor, SHOP, token, "contact", &json!({ "phone": phone }));
    visitor.send(request).await
}

async fn enter(visitor: &mut Visitor, token: &str, code: &str) -> Answer {
    let request = step(visitor, SHOP, token, "code", &json!({ "code": code }));
    visitor.send(request).await
}

async fn join(visitor: &mut Visitor, token: &str, body: Value) -> Answer {
    let request = step(visitor, SHOP, token, "join", &body);
    visitor.send(request).await
}

async fn redeem(visitor: &mut Visitor, finished: &Value) -> Answer {
    let body = json!({ "code": finished["code"], "code_verifier": VERIFIER });
    visitor.post(SHOP, "/session", &body).await
}

/// A whole first login with this phone number; the `sub`.
async fn bound(house: &House, inbox: &Inbox, phone: &str) -> String {
    let mut visitor = house.visitor();
    let token = token(&unbound(house, &mut visitor).await);
    assert_eq!(name(&mut visitor, &token, phone).await.status, 202);
    let finished = enter(&mut visitor, &token, &inbox.sms_code()).await;
    assert_eq!(finished.status, 200, "{}", finished.body);
    sub(&mut visitor, &finished.json()).await
}

async fn sub(visitor: &mut Visitor, finished: &Value) -> String {
    let session = redeem(visitor, finished).await;
    assert_eq!(session.status, 200, "{}", session.body);
    session.json()["sub"].as_str().unwrap().to_owned()
}

/// What is said of a code that was sent, and for how long it is good within the ten minutes that the login waits.
fn said_sent(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    let expires_in = body.as_object_mut().unwrap().remove("expires_in").unwrap();
    assert!((540..=600).contains(&expires_in.as_i64().unwrap()), "{expires_in}");
    (answer.status.as_u16(), body)
}

/// Another code than that one.
fn another(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

fn refusal(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("error_description");
    (answer.status.as_u16(), body)
}

#[tokio::test]
async fn a_first_login_waits_for_a_phone_number_and_the_second_asks_nothing() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let mut waits = unbound(&house, &mut visitor).await;
    let token = token(&waits);
    let iss = "https://shop.example.test/weixin";
    waits["binding"]["token"] = "".into();
    waits["state"] = "".into();
    assert_eq!(
        waits,
        json!({ "binding": { "token": "", "require": ["phone"], "expires_in": 600 }, "state": "", "iss": iss })
    );
    let sent = name(&mut visitor, &token, PHONE).await;
    assert_eq!(said_sent(&sent), (202, json!({ "contact": SHOWN, "resend_after": 60 })));
    let code = inbox.sms_code();
    let text = format!(
        "{code} is your Example <b>Shop</b> login code, valid for 10 minutes. Don’t share it with anyone."
    );
    assert_eq!(
        inbox.tries().pop().unwrap().body,
        json!({ "type": "sms.code", "data": {
            "phone": "+8613800138000", "code": code, "text": text, "language": "en", "client_id": "shop",
            "client_name": "Example <b>Shop</b>", "expires_in": sent.json()["expires_in"],
        }})
    );
    // As it is pasted.
    let finished = enter(&mut visitor, &token, &format!(" {} {}", &code[..3], &code[3..])).await;
    assert_eq!(finished.status, 200, "{}", finished.body);
    assert_eq!(finished.header("access-control-allow-origin"), SHOP);
    assert_eq!(finished.header("access-control-allow-credentials"), "");
    let finished = finished.json();
    let first = sub(&mut visitor, &finished).await;
    // The login is over, whatever comes again.
    let again = enter(&mut visitor, &token, &code).await;
    assert_eq!(refusal(&again), (410, json!({ "error": "attempt_used" })));
    let mut again = house.visitor();
    let finished = unbound(&house, &mut again).await;
    assert!(finished["binding"].is_null(), "the second login asks nothing");
    assert_eq!(sub(&mut again, &finished).await, first);
    assert_eq!(inbox.tries().len(), 1);
}

#[tokio::test]
async fn a_login_that_waits_is_nobody_elses() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    let body = json!({ "phone": PHONE });
    let (id, secret) = token.split_once('.').unwrap();
    let guessed = format!("{id}.{}", secret.chars().rev().collect::<String>());
    let hosted = format!("{id}.");
    for (origin, token) in [
        (EVIL, token.as_str()),
        ("null", &token),
        (SHOP, &guessed),
        (SHOP, &hosted),
        (SHOP, id),
        (SHOP, secret),
        (SHOP, ""),
        (SHOP, "."),
    ] {
        let request = step(&visitor, origin, token, "contact", &body);
        let answer = visitor.send(request).await;
        assert_eq!(refusal(&answer), (400, json!({ "error": "unknown_attempt" })), "{origin} {token}");
    }
    assert!(inbox.tries().is_empty());
    // Nor is it a code of ours.
    let code = json!({ "code": token });
    assert_eq!(redeem(&mut visitor, &code).await.json()["error"], "invalid_grant");
    assert_eq!(visitor.session().await.status, 401);
    house.clock.advance(600);
    let late = name(&mut visitor, &token, PHONE).await;
    assert_eq!(refusal(&late), (410, json!({ "error": "attempt_expired" })));
}

#[tokio::test]
async fn what_no_code_can_be_sent_to_is_refused() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    for (body, error) in [
        (json!({ "phone": "12345" }), "contact_invalid"),
        (json!({ "phone": "+1 415 555 2671" }), "contact_invalid"),
        (json!({ "phone": "010 6552 9988" }), "contact_invalid"),
        (json!({ "phone": "1".repeat(4096) }), "contact_invalid"),
        (json!({ "email": "chen@shop.example\r\nBcc: all@shop.example" }), "contact_invalid"),
        (json!({ "email": "chen@shop.example" }), "invalid_request"),
        (json!({ "phone": PHONE, "email": "chen@shop.example" }), "invalid_request"),
        (json!({}), "invalid_request"),
    ] {
        let request = step(&visitor, SHOP, &token, "contact", &body);
        let answer = visitor.send(request).await;
        assert_eq!(refusal(&answer), (400, json!({ "error": error })), "{body}");
    }
    let early = enter(&mut visitor, &token, "123456").await;
    assert_eq!(refusal(&early), (410, json!({ "error": "contact_code_expired" })));
    let early = join(&mut visitor, &token, json!({ "join": true })).await;
    assert_eq!(refusal(&early), (400, json!({ "error": "invalid_request" })));
    assert!(inbox.tries().is_empty() && inbox.emails().is_empty());
}

#[tokio::test]
async fn a_code_may_be_entered_five_times_and_is_good_for_ten_minutes() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    name(&mut visitor, &token, PHONE).await;
    let code = inbox.sms_code();
    for left in (0..5).rev() {
        let answer = enter(&mut visitor, &token, another(&code)).await;
        assert_eq!(refusal(&answer), (400, json!({ "error": "contact_code_wrong", "tries_left": left })));
        // What cannot be a code costs no try.
        if left > 0 {
            let answer = enter(&mut visitor, &token, "12345").await;
            assert_eq!(refusal(&answer), (400, json!({ "error": "contact_code_wrong", "tries_left": left })));
        }
    }
    let expired = (410, json!({ "error": "contact_code_expired" }));
    assert_eq!(refusal(&enter(&mut visitor, &token, &code).await), expired);
    // Another one, when a minute is over.
    let early = name(&mut visitor, &token, PHONE).await;
    let wait = early.json()["retry_after"].as_i64().unwrap();
    assert_eq!((early.status.as_u16(), early.json()["error"].as_str()), (429, Some("slow_down")));
    assert!((1..=60).contains(&wait) && early.header("retry-after") == wait.to_string(), "{wait}");
    house.clock.advance(60);
    assert_eq!(name(&mut visitor, &token, PHONE).await.status, 202);
    let second = inbox.sms_code();
    if second != code {
        assert_eq!(refusal(&enter(&mut visitor, &token, &code).await).0, 400, "the first one is gone");
    }
    assert_eq!(enter(&mut visitor, &token, &second).await.status, 200);
}

#[tokio::test]
async fn of_64_guesses_at_once_five_are_answered() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    name(&mut visitor, &token, PHONE).await;
    let code = inbox.sms_code();
    let guess = json!({ "code": another(&code) });
    let guesses = (0..64).map(|_| step(&visitor, SHOP, &token, "code", &guess)).collect();
    let mut answers: Vec<String> =
        all_at_once(guesses).await.iter().map(|answer| refusal(answer).1.to_string()).collect();
    answers.sort();
    let mut expected = vec![r#"{"error":"contact_code_expired"}"#.to_owned(); 59];
    expected.extend((0..5).map(|left| format!(r#"{{"error":"contact_code_wrong","tries_left":{left}}}"#)));
    assert_eq!(answers, expected);
    assert_eq!(enter(&mut visitor, &token, &code).await.status, 410);
}

#[tokio::test]
async fn of_64_right_codes_at_once_one_ends_the_login() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    name(&mut visitor, &token, PHONE).await;
    let right = json!({ "code": inbox.sms_code() });
    let tries = (0..64).map(|_| step(&visitor, SHOP, &token, "code", &right)).collect();
    let answers = all_at_once(tries).await;
    let finished: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(finished.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refusal(answer), (410, json!({ "error": "attempt_used" })));
    }
    sub(&mut visitor, &finished[0].json()).await;
}

#[tokio::test]
async fn of_64_messages_at_once_one_is_sent() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    let body = json!({ "phone": PHONE });
    let tries = (0..64).map(|_| step(&visitor, SHOP, &token, "contact", &body)).collect();
    let answers = all_at_once(tries).await;
    let sent = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!((sent, inbox.tries().len()), (1, 1));
    assert!(answers.iter().all(|answer| answer.status == 202 || answer.json()["error"] == "slow_down"));
}

#[tokio::test]
async fn a_number_gets_one_message_a_minute_whatever_is_named_between() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    for (phone, status) in [(PHONE, 202), ("13900139000", 202), (PHONE, 429), ("13900139000", 429)] {
        assert_eq!(name(&mut visitor, &token, phone).await.status, status, "{phone}");
    }
    assert_eq!(inbox.tries().len(), 2);
    house.clock.advance(60);
    assert_eq!(name(&mut visitor, &token, PHONE).await.status, 202);
}

#[tokio::test]
async fn messages_are_few_for_one_login_one_person_and_one_number() {
    let inbox = Inbox::open();
    let limits = |config: String| format!("{config}\n[limits]\ncodes_to_one_per_hour = 8\n");
    let house = House::with_data(|config, data| {
        limits(inbox.configured(&config, data.path(), "shop", r#"["phone"]"#))
    })
    .await;
    // One login: six, to whomever.
    let mut visitor = house.visitor();
    let first = token(&unbound(&house, &mut visitor).await);
    for number in 0..6 {
        assert_eq!(name(&mut visitor, &first, &format!("1380013800{number}")).await.status, 202);
    }
    assert_eq!(name(&mut visitor, &first, "13800138007").await.status, 429);
    // One person, in however many logins: eight.
    let second = token(&unbound(&house, &mut visitor).await);
    assert_eq!(name(&mut visitor, &second, "13900139000").await.status, 202);
    assert_eq!(name(&mut visitor, &second, "13900139001").await.status, 202);
    assert_eq!(name(&mut visitor, &second, "13900139002").await.status, 429);
    // One number, by however many people: eight.
    for number in 0..7 {
        person(&house, &format!("person-{number}"));
        let token = token(&unbound(&house, &mut visitor).await);
        assert_eq!(name(&mut visitor, &token, "13800138000").await.status, 202, "{number}");
    }
    person(&house, "one-more");
    let token = token(&unbound(&house, &mut visitor).await);
    let refused = name(&mut visitor, &token, "138 0013 8000").await;
    assert_eq!(refused.json()["error"], "slow_down");
    assert_eq!(inbox.tries().len(), 15);
}

#[tokio::test]
async fn a_sender_that_is_down_costs_nothing() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let token = token(&unbound(&house, &mut visitor).await);
    inbox.answer(&[500, 503, 429]);
    let down = name(&mut visitor, &token, PHONE).await;
    assert_eq!(refusal(&down), (503, json!({ "error": "sender_unavailable" })));
    let tries = inbox.tries();
    assert!(tries.len() == 3 && tries.iter().all(|tried| tried.id == tries[0].id), "one id for all tries");
    // What it refuses is not tried again.
    inbox.answer(&[400]);
    assert_eq!(name(&mut visitor, &token, PHONE).await.json()["error"], "sender_unavailable");
    assert_eq!(inbox.tries().len(), 4);
    // At once, without a minute between; and one failure in the middle is not seen.
    inbox.answer(&[502]);
    assert_eq!(name(&mut visitor, &token, PHONE).await.status, 202);
    assert_eq!(inbox.tries().len(), 6);
    assert_eq!(enter(&mut visitor, &token, &inbox.sms_code()).await.status, 200);
}

#[tokio::test]
async fn a_site_may_require_both() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone", "email"]"#).await;
    let mut visitor = house.visitor();
    let waits = unbound(&house, &mut visitor).await;
    assert_eq!(waits["binding"]["require"], json!(["phone", "email"]));
    let token = token(&waits);
    name(&mut visitor, &token, PHONE).await;
    let next = enter(&mut visitor, &token, &inbox.sms_code()).await.json();
    assert_eq!(
        (&next["binding"]["require"], next["binding"]["token"].as_str()),
        (&json!(["email"]), Some(&*token))
    );
    let request = step(&visitor, SHOP, &token, "contact", &json!({ "email": "Chen+shop@Shop.EXAMPLE" }));
    let sent = visitor.send(request).await;
    assert_eq!(sent.json()["contact"], "C***p@shop.example");
    let email = inbox.emails().pop().unwrap();
    let subject = email.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
    let code = subject.split(' ').next().unwrap();
    assert_eq!(subject, format!("{code} is your Example <b>Shop</b> code"));
    assert!(
        email.contains("To: Chen+shop@shop.example\r\n")
            && email.contains("Auto-Submitted: auto-generated\r\n")
    );
    assert!(email.contains("Content-Type: text/plain") && email.contains("Content-Type: text/html"));
    assert!(!email.contains("<b>Shop</b> is:</p>"), "the name is no markup");
    let finished = enter(&mut visitor, &token, code).await.json();
    sub(&mut visitor, &finished).await;
}

#[tokio::test]
async fn a_client_that_requires_what_nobody_sends_stops_the_start() {
    let data = tempfile::tempdir().unwrap();
    let weixin = weixin_emulator::Emulator::start(Default::default()).await.unwrap();
    let inbox = Inbox::open();
    let plain = crate::harness::config(&weixin, &data);
    let refused = |config: String| {
        let config = weixin_login::config::Config::parse(&config, std::iter::empty(), data.path());
        config.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let required =
        |words: &str| plain.replacen("id = \"shop\"\n", &format!("id = \"shop\"\nrequire = {words}\n"), 1);
    let line = plain.lines().position(|line| line == "id = \"shop\"").unwrap() + 2;
    let with = inbox.configured(&plain, data.path(), "shop", r#"["phone"]"#);
    for (config, problem) in [
        (required(r#"["phone"]"#), "needs [sms]: somebody has to send the code"),
        (required(r#"["email"]"#), "needs [email]: somebody has to send the code"),
        (required(r#"["address"]"#), "has `address`; there are phone and email"),
    ] {
        assert_eq!(refused(config), format!("line {line}: `clients.require` {problem}"));
    }
    for (from, to, problem) in [
        ("tls = \"none\"", "tls = \"maybe\"", "it can be starttls, tls or none"),
        ("host = \"127.0.0.1\"", "host = \"mail.example\"", "can be none for a server on this machine alone"),
        ("from = \"Shop <login@shop.example>\"", "from = \"Shop\"", "is no address"),
        ("[email]\n", "[email]\nuser = \"shop\"\n", "and `password_file` go together"),
        ("url = \"http://127.0.0.1", "url = \"http://sms.example", "is no https address"),
        ("[sms]\n", "[sms]\nregions = [\"CN\", \"Mars\"]\n", "has `Mars`, which is no country"),
    ] {
        let problem_said = refused(with.replacen(from, to, 1));
        assert!(problem_said.starts_with("line ") && problem_said.contains(problem), "{problem_said}");
    }
    assert_eq!(refused(with), "");
}
