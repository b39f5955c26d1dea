//! Our own QR code: the computer that shows it, the phone that scans it inside WeChat, and the number between them.

pub mod people;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{
    Answer, CHALLENGE, House, KIOSK, PUBLIC_URL, SHOP, VERIFIER, all_at_once, allowed, code_and_state,
};
use people::{Computer, Phone, scanned};

fn word(answer: &Answer) -> String {
    answer.json()["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_phone_lets_the_computer_in_by_the_number_that_it_shows() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    assert_eq!(computer.attempt["kind"], "scene");
    assert_eq!(computer.attempt["scene"]["scan_url"], format!("{PUBLIC_URL}/scan/{}", computer.id()));
    assert_eq!(computer.attempt["expires_in"], 300);
    assert_eq!(computer.attempt.get("appid"), None);
    assert_eq!(computer.event().await, "waiting");

    let mut phone = Phone::new(&house);
    let question = phone.come_to_the_question(&house, &computer).await;
    assert_eq!(question.status, 200, "{}", question.body);
    for said in ["Kiosk", "Chrome, Windows", "just now"] {
        assert!(question.body.contains(said), "{said}: {}", question.body);
    }
    assert!(!question.body.contains(computer.number()), "the number is read from the computer alone");
    assert_eq!(computer.event().await, "scanned");
    assert_eq!(word(&computer.finish().await), "login_required", "not before the number");

    let done = phone.enter(&computer, computer.number()).await;
    assert_eq!(done.status, 200);
    assert!(done.body.contains("The computer is logged in"), "{}", done.body);
    assert_eq!(computer.event().await, "approved");

    let finished = computer.finish().await;
    assert_eq!(finished.status, 200, "{}", finished.body);
    assert_eq!(finished.json()["state"], computer.attempt["state"]);
    assert_eq!(finished.json()["iss"], PUBLIC_URL);
    assert_eq!(finished.header("access-control-allow-origin"), KIOSK);
    let finished = finished.json();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "kiosk"),
        ("code", finished["code"].as_str().unwrap()),
        ("code_verifier", VERIFIER),
        ("redirect_uri", &format!("web_message:{KIOSK}")),
    ];
    let request = computer.visitor.request(Method::POST, "/token").form(&form);
    let tokens = computer.visitor.send(request).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert!(tokens.json()["id_token"].is_string());
}

#[tokio::test]
async fn on_the_services_own_page_the_cookie_finishes_and_the_browser_goes_on_logged_in() {
    let house = House::new().await;
    let mut computer = Computer::start_hosted(&house).await;
    assert_eq!(computer.attempt["kind"], "scene");
    assert_eq!(computer.attempt.get("secret"), None);
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    phone.enter(&computer, computer.number()).await;
    let finished = computer.finish().await;
    assert_eq!(finished.json(), json!({ "location": "https://kiosk.example.test/menu" }));
    assert_eq!(computer.visitor.session_at(KIOSK).await.json()["nickname"], "陈锴");
    assert_eq!(phone.0.session().await.status, 401, "the phone itself is logged in nowhere");
}

#[tokio::test]
async fn without_javascript_a_page_shows_the_code_and_ends_the_login_by_itself() {
    let house = House::new().await;
    let mut computer = Computer::start_hosted(&house).await;
    let path = format!("/login/{}/still", computer.id());
    let page = computer.visitor.open(&path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for part in ["<svg", "http-equiv=\"refresh\" content=\"3\"", computer.number()] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    phone.enter(&computer, computer.number()).await;
    let ended = computer.visitor.open(&path).await;
    assert_eq!((ended.status.as_u16(), ended.location()), (303, "https://kiosk.example.test/menu"));
    assert_eq!(computer.visitor.session_at(KIOSK).await.status, 200);
    let stranger = house.visitor().open(&path).await;
    assert_eq!(stranger.status, 400, "another browser sees nothing of it");
}

#[tokio::test]
async fn the_code_holds_the_address_that_the_phone_opens() {
    let house = House::new().await;
    let computer = Computer::start(&house).await;
    let scene = &computer.attempt["scene"];
    assert_eq!(scanned(scene), scene["scan_url"].as_str().unwrap());
}

#[tokio::test]
async fn the_third_wrong_number_ends_the_scene() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    for tries_left in ["Tries left: 2", "Tries left: 1"] {
        let again = phone.enter(&computer, computer.wrong_number()).await;
        assert_eq!(again.status, 200);
        assert!(again.body.contains(tries_left), "{}", again.body);
    }
    let over = phone.enter(&computer, computer.wrong_number()).await;
    assert_eq!(over.status, 400);
    assert!(over.body.contains("wrong_number"), "{}", over.body);
    assert_eq!(computer.event().await, "denied");
    let late = phone.enter(&computer, computer.number()).await;
    assert!(late.body.contains("attempt_used"), "the right one comes too late: {}", late.body);
    assert_eq!(word(&computer.finish().await), "access_denied");
}

#[tokio::test]
async fn of_many_numbers_at_once_three_are_tried() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    let path = format!("/scan/{}/confirm", computer.id());
    let numbers = (10..=99).map(|number: u8| number.to_string()).filter(|number| number != computer.number());
    let guesses = numbers.map(|number| {
        let form = [("number", number.as_str()), ("answer", "confirm")];
        phone.0.request(Method::POST, &path).header("sec-fetch-site", "same-origin").form(&form)
    });
    let answers = all_at_once(guesses.collect()).await;
    let tried = answers.iter().filter(|answer| answer.status == 200 || answer.body.contains("wrong_number"));
    assert!(tried.count() >= 3);
    assert_eq!(answers.iter().filter(|answer| answer.body.contains("Tries left")).count(), 2);
    assert_eq!(computer.event().await, "denied");
}

#[tokio::test]
async fn a_scene_that_nobody_has_confirmed_is_not_finished() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    assert_eq!(word(&computer.finish().await), "login_required", "nobody has scanned");
    let mut phone = Phone::new(&house);
    let authorize = phone.tap(&computer).await;
    assert_eq!(word(&computer.finish().await), "login_required", "nobody is named");
    let callback = house.weixin.code_for(&authorize).unwrap();
    phone.open(callback.strip_prefix(PUBLIC_URL).unwrap()).await;
    assert_eq!(word(&computer.finish().await), "login_required", "nobody has entered the number");
}

#[tokio::test]
async fn only_the_computer_that_began_a_scene_hears_of_it_and_finishes_it() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let other = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    phone.enter(&computer, computer.number()).await;
    let secret = computer.attempt["secret"].as_str().unwrap();
    let others = other.attempt["secret"].as_str().unwrap();
    for (origin, secret) in [
        (KIOSK, "made-up"),
        (KIOSK, others),
        (SHOP, secret),
        ("https://evil.example.net", secret),
        ("null", secret),
    ] {
        for (method, what) in [(Method::GET, "events"), (Method::POST, "finish")] {
            let path = format!("/login/{}/{what}", computer.id());
            let request = computer
                .visitor
                .request(method, &path)
                .header("origin", origin)
                .header("weixin-login-secret", secret)
                .header("accept", "application/json")
                .json(&json!({ "state": computer.attempt["state"] }));
            let mut stranger = house.visitor();
            let answer = stranger.send(request).await;
            assert_eq!(word(&answer), "unknown_attempt", "{origin} {what}");
        }
    }
    let mut wrong_state = computer.request(Method::POST, "finish");
    wrong_state = wrong_state.json(&json!({ "state": other.attempt["state"] }));
    assert_eq!(word(&computer.visitor.send(wrong_state).await), "unknown_attempt");
    assert_eq!(computer.finish().await.status, 200, "and none of that has spent it");
}

#[tokio::test]
async fn of_many_finishes_at_once_one_gets_the_login() {
    let house = House::new().await;
    let computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    phone.enter(&computer, computer.number()).await;
    let answers = all_at_once((0..64).map(|_| computer.finishing()).collect()).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 410 && word(answer) == "attempt_used").count(),
        63
    );
}

#[tokio::test]
async fn another_phone_does_not_answer_the_question() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    let mut stranger = Phone::new(&house);
    let seen = stranger.open(&format!("/scan/{}/confirm", computer.id())).await;
    assert!(seen.status == 400 && seen.body.contains("other_browser"), "{}", seen.body);
    let entered = stranger.enter(&computer, computer.number()).await;
    assert!(entered.status == 400 && entered.body.contains("other_browser"), "{}", entered.body);
    assert_eq!(computer.event().await, "scanned");
}

#[tokio::test]
async fn a_second_person_does_not_take_a_scene_over() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    assert!(house.weixin.set_phone_person("lin-xiaoman"));
    let mut second = Phone::new(&house);
    let authorize = second.tap(&computer).await;
    let callback = house.weixin.code_for(&authorize).unwrap();
    let refused = second.open(callback.strip_prefix(PUBLIC_URL).unwrap()).await;
    assert!(refused.status == 410 && refused.body.contains("attempt_used"), "{}", refused.body);
    // The first one goes on.
    assert_eq!(phone.enter(&computer, computer.number()).await.status, 200);
    assert_eq!(computer.event().await, "approved");
}

#[tokio::test]
async fn the_same_person_may_tap_twice() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    phone.come_to_the_question(&house, &computer).await;
    assert_eq!(phone.enter(&computer, computer.number()).await.status, 200);
    assert_eq!(computer.event().await, "approved");
}

#[tokio::test]
async fn a_refusal_at_weixin_and_one_at_the_question_reach_the_computer() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    let authorize = phone.tap(&computer).await;
    let state = authorize.split_once("state=").unwrap().1.split(['&', '#']).next().unwrap();
    let refused = phone.open(&format!("/callback?state={state}")).await;
    assert!(refused.body.contains("access_denied"), "{}", refused.body);
    assert_eq!(computer.event().await, "denied");

    let mut computer = Computer::start(&house).await;
    phone.come_to_the_question(&house, &computer).await;
    let path = format!("/scan/{}/confirm", computer.id());
    let refused = phone.send(&path, &[("answer", "refuse")]).await;
    assert!(refused.body.contains("Login declined"), "{}", refused.body);
    assert_eq!(computer.event().await, "denied");
    assert_eq!(word(&computer.finish().await), "access_denied");
}

#[tokio::test]
async fn a_scene_dies_after_five_minutes() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    house.clock.advance(301);
    assert_eq!(computer.event().await, "expired");
    let late = phone.enter(&computer, computer.number()).await;
    assert!(late.status == 410 && late.body.contains("attempt_expired"), "{}", late.body);
    assert_eq!(word(&computer.finish().await), "attempt_expired");
    let scan = phone.open(&format!("/scan/{}", computer.id())).await;
    assert!(scan.status == 410 && scan.body.contains("attempt_expired"), "{}", scan.body);
    assert!(scan.body.contains("valid for 5 minutes"), "{}", scan.body);
}

#[tokio::test]
async fn a_confirmed_scene_that_is_not_fetched_in_time_is_lost() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    phone.enter(&computer, computer.number()).await;
    house.clock.advance(301);
    assert_eq!(word(&computer.finish().await), "attempt_expired");
}

#[tokio::test]
async fn a_virtual_person_is_refused_and_may_tap_again() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    let authorize = phone.tap(&computer).await;
    let nobody = weixin_emulator::Person {
        is_virtual: true,
        ..weixin_emulator::Person::new("nobody", "微信用户")
    };
    house.weixin.set_person(nobody);
    assert!(house.weixin.set_phone_person("nobody"));
    let callback = house.weixin.code_for(&authorize).unwrap();
    let refused = phone.open(callback.strip_prefix(PUBLIC_URL).unwrap()).await;
    assert!(refused.body.contains("virtual_person"), "{}", refused.body);
    let again = format!("href=\"/weixin/scan/{}\"", computer.id());
    assert!(refused.body.contains(&again), "the way out is there: {}", refused.body);
    assert!(house.weixin.set_phone_person("chen-kai"));
    phone.come_to_the_question(&house, &computer).await;
    assert_eq!(phone.enter(&computer, computer.number()).await.status, 200);
    assert_eq!(computer.event().await, "approved");
}

#[tokio::test]
async fn looking_at_the_link_changes_nothing_and_outside_weixin_it_says_to_scan() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let path = format!("/scan/{}", computer.id());
    Phone::new(&house).open(&path).await;
    assert_eq!(computer.event().await, "waiting");
    let outside = house.visitor().open(&path).await;
    assert!(outside.status == 400 && outside.body.contains("open_in_weixin"), "{}", outside.body);
    // A phone's camera opens what it scans in a browser: from there the link goes to WeChat.
    for part in [&format!("value=\"{PUBLIC_URL}{path}\""), "Copy link", "href=\"weixin://\""] {
        assert!(outside.body.contains(part), "{part}: {}", outside.body);
    }
    let made_up = Phone::new(&house).open("/scan/made-up").await;
    assert!(made_up.status == 400 && made_up.body.contains("unknown_attempt"), "{}", made_up.body);
}

#[tokio::test]
async fn the_tap_and_the_answer_come_from_our_own_pages_alone() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    for path in [format!("/scan/{}", computer.id()), format!("/scan/{}/confirm", computer.id())] {
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "null"), ("origin", KIOSK)] {
            let form = [("number", computer.number()), ("answer", "confirm")];
            let request = phone.0.request(Method::POST, &path).header(name, value).form(&form);
            let answer = phone.0.send(request).await;
            assert!(answer.body.contains("other_browser"), "{path} {value}: {}", answer.body);
        }
    }
    assert_eq!(computer.event().await, "waiting");
}

#[tokio::test]
async fn a_phones_leg_is_its_own_browsers_alone_and_works_once() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut phone = Phone::new(&house);
    let authorize = phone.tap(&computer).await;
    let callback = house.weixin.code_for(&authorize).unwrap();
    let callback = callback.strip_prefix(PUBLIC_URL).unwrap();
    let stranger = Phone::new(&house).open(callback).await;
    assert!(stranger.body.contains("other_browser"), "{}", stranger.body);
    assert_eq!(house.exchanges(), 0);
    let question = format!("/weixin/scan/{}/confirm", computer.id());
    assert_eq!(phone.open(callback).await.location(), question);
    assert_eq!(
        phone.open(callback).await.location(),
        question,
        "a second load finds the way, and exchanges nothing"
    );
    assert_eq!(house.exchanges(), 1);
    assert_eq!(computer.event().await, "scanned");
}

#[tokio::test]
async fn a_website_attempt_tells_nothing_by_events_and_ends_in_no_finish() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_embedded().await;
    // Its person has agreed, in a window that nobody bound.
    allowed(&house, &attempt);
    for (method, what) in [(Method::GET, "events"), (Method::POST, "finish"), (Method::GET, "still")] {
        let path = format!("/login/{}/{what}", attempt["id"].as_str().unwrap());
        let request = visitor
            .request(method, &path)
            .header("origin", SHOP)
            .header("weixin-login-secret", attempt["secret"].as_str().unwrap())
            .header("accept", "application/json")
            .json(&json!({ "state": attempt["state"] }));
        let answer = visitor.send(request).await;
        assert!(answer.status == 400 && answer.body.contains("unknown_attempt"), "{what}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_scene_is_not_answered_at_the_callbacks_of_other_kinds() {
    let house = House::new().await;
    let mut computer = Computer::start(&house).await;
    let mut website = house.visitor().start_embedded().await;
    // A code of WeChat's, and the scene's state.
    let answer = code_and_state(&allowed(&house, &website));
    website["state"] = computer.attempt["state"].clone();
    let answer = json!({ "code": answer["code"], "state": computer.attempt["state"] });
    let by_secret = computer.request(Method::POST, "callback").json(&answer);
    assert_eq!(word(&computer.visitor.send(by_secret).await), "unknown_attempt");
    assert_eq!(word(&computer.visitor.post(SHOP, "/callback", &answer).await), "unknown_attempt");
    let callback = format!(
        "/callback?code={}&state={}",
        answer["code"].as_str().unwrap(),
        answer["state"].as_str().unwrap()
    );
    assert!(computer.visitor.open(&callback).await.body.contains("unknown_attempt"));
    assert_eq!(house.exchanges(), 0);
    assert_eq!(computer.event().await, "waiting");
}

/// The next event of a stream; none when it has ended.
async fn next(stream: &mut reqwest::Response) -> Option<String> {
    loop {
        let chunk = String::from_utf8(stream.chunk().await.unwrap()?.to_vec()).unwrap();
        let event = chunk.replace(":\n\n", "");
        if !event.is_empty() {
            return Some(event);
        }
    }
}

#[tokio::test]
async fn the_event_stream_tells_each_step_once_and_ends() {
    let house = House::new().await;
    let computer = Computer::start(&house).await;
    let mut stream = computer.request(Method::GET, "events").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["cache-control"], "no-store");
    let waiting = "id: 0\nevent: waiting\ndata: {\"event\":\"waiting\"}\n\n";
    assert_eq!(next(&mut stream).await.as_deref(), Some(waiting));
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    let scanned = "id: 1\nevent: scanned\ndata: {\"event\":\"scanned\"}\n\n";
    assert_eq!(next(&mut stream).await.as_deref(), Some(scanned));
    // A reader that was cut off says what it has.
    let mut again =
        computer.request(Method::GET, "events").header("last-event-id", "1").send().await.unwrap();
    phone.enter(&computer, computer.number()).await;
    let approved = "id: 2\nevent: approved\ndata: {\"event\":\"approved\"}\n\n";
    assert_eq!(next(&mut stream).await.as_deref(), Some(approved));
    assert_eq!(next(&mut stream).await, None, "nothing comes after the last");
    assert_eq!(next(&mut again).await.as_deref(), Some(approved));
}

#[tokio::test]
async fn a_scene_has_three_streams_and_each_new_one_ends_the_oldest() {
    let house = House::new().await;
    let (computer, other) = (Computer::start(&house).await, Computer::start(&house).await);
    let waiting = "id: 0\nevent: waiting\ndata: {\"event\":\"waiting\"}\n\n";
    let open = async |computer: &Computer| {
        let mut stream = computer.request(Method::GET, "events").send().await.unwrap();
        assert_eq!(next(&mut stream).await.as_deref(), Some(waiting));
        stream
    };
    let mut elsewhere = open(&other).await;
    let mut streams = std::collections::VecDeque::new();
    for opened in 1..=20 {
        streams.push_back(open(&computer).await);
        if opened > 3 {
            let mut oldest = streams.pop_front().unwrap();
            let ended = tokio::time::timeout(Duration::from_secs(5), next(&mut oldest)).await;
            assert_eq!(ended, Ok(None), "after {opened}");
        }
    }
    // A single answer is no stream, and ends none.
    let mut asking = Computer { attempt: computer.attempt.clone(), visitor: computer.visitor.clone() };
    for _ in 0..5 {
        assert_eq!(asking.event().await, "waiting");
    }
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    let scanned = "id: 1\nevent: scanned\ndata: {\"event\":\"scanned\"}\n\n";
    for stream in &mut streams {
        assert_eq!(next(stream).await.as_deref(), Some(scanned));
    }
    phone.come_to_the_question(&house, &other).await;
    assert_eq!(next(&mut elsewhere).await.as_deref(), Some(scanned), "another scene has its own");
}

#[tokio::test]
async fn a_computer_may_ask_as_often_as_a_login_takes_and_a_phone_may_not_tap_for_ever() {
    let house = House::with(|config| format!("{config}\n[limits]\nanswers_per_minute = 10\n")).await;
    let mut computer = Computer::start(&house).await;
    for _ in 0..200 {
        assert_eq!(computer.event().await, "waiting");
    }
    let mut phone = Phone::new(&house);
    let path = format!("/scan/{}", computer.id());
    let mut answers = Vec::new();
    for _ in 0..11 {
        answers.push(phone.send(&path, &[]).await.status.as_u16());
    }
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_page_of_ours_renews_its_scene() {
    let house = House::new().await;
    let mut computer = Computer::start_hosted(&house).await;
    let renewed = computer.request(Method::POST, "renew");
    let renewed = computer.visitor.send(renewed).await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    assert_ne!(renewed.json()["id"], computer.attempt["id"]);
    computer.attempt = renewed.json();
    let mut phone = Phone::new(&house);
    phone.come_to_the_question(&house, &computer).await;
    phone.enter(&computer, computer.number()).await;
    assert_eq!(computer.finish().await.status, 200);
}

#[tokio::test]
async fn a_person_with_a_unionid_is_the_same_by_both_apps_and_without_one_is_not() {
    let house = House::new().await;
    for (person, has_unionid) in [("bound", true), ("unbound", false)] {
        house.weixin.set_person(weixin_emulator::Person {
            has_unionid,
            ..weixin_emulator::Person::new(person, person)
        });
        assert!(house.weixin.set_phone_person(person));
        let mut computer = Computer::start_hosted(&house).await;
        let mut phone = Phone::new(&house);
        phone.come_to_the_question(&house, &computer).await;
        phone.enter(&computer, computer.number()).await;
        computer.finish().await;
        let by_scene = computer.visitor.session_at(KIOSK).await.json()["sub"].clone();
        let mut visitor = house.visitor();
        let attempt = visitor.start_hosted().await;
        visitor.open(&allowed(&house, &attempt)).await;
        let by_website = visitor.session().await.json()["sub"].clone();
        assert_eq!(by_scene == by_website, has_unionid, "{person}");
    }
}

#[tokio::test]
async fn a_kind_that_a_client_does_not_have_is_refused_by_name() {
    let house = House::new().await;
    for (origin, client, kind, status) in
        [(SHOP, "shop", "scene", 400), (SHOP, "shop", "hosted", 400), (KIOSK, "kiosk", "embedded", 201)]
    {
        let body =
            json!({ "client_id": client, "kind": kind, "result": "code", "code_challenge": CHALLENGE });
        let answer = house.visitor().post(origin, "/login", &body).await;
        assert_eq!(answer.status, status, "{client} {kind}: {}", answer.body);
    }
}
