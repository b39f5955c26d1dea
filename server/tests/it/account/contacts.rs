//! A person's own phone numbers and addresses: another one by a code that goes there, one less, and nothing by anybody else.

use reqwest::Method;
use serde_json::{Value, json};
use weixin_emulator::Person;

use super::{data, history, logged_in};
use crate::binding::inbox::Inbox;
use crate::harness::{Answer, House, PUBLIC_URL, Visitor, all_at_once, allowed};

const PHONE: &str = "+8613800138000";
const NEW: &str = "+8613900139000";
const EMAIL: &str = "chen@shop.example";

/// A house that can send both, and whose shop requires this.
async fn house(inbox: &Inbox, require: &str) -> House {
    House::with_data(|config, data| inbox.configured(&config, data.path(), "shop", require)).await
}

async fn form(visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = visitor.request(Method::POST, path).header("sec-fetch-site", "same-origin").form(fields);
    visitor.send(request).await
}

/// Begins to prove a contact of this kind; the page that asks for it.
async fn begun(visitor: &mut Visitor, kind: &str, replaces: &str) -> String {
    let answer = form(visitor, "/account/contacts", &[("kind", kind), ("value", replaces)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = answer.location().strip_prefix("/weixin").unwrap().to_owned();
    assert!(page.starts_with("/account/contacts/"), "{page}");
    page
}

/// Has a code sent there.
async fn named(visitor: &mut Visitor, page: &str, contact: &str) {
    let sent = form(visitor, &format!("{page}/contact"), &[("contact", contact)]).await;
    assert_eq!((sent.status.as_u16(), sent.location()), (303, &*format!("/weixin{page}")), "{}", sent.body);
}

async fn entered(visitor: &mut Visitor, page: &str, code: &str) -> Answer {
    form(visitor, &format!("{page}/code"), &[("code", code)]).await
}

fn leads_to_the_account(answer: &Answer) {
    let expected = format!("{PUBLIC_URL}/account");
    assert_eq!((answer.status.as_u16(), answer.location()), (303, &*expected), "{}", answer.body);
}

/// Proves a phone number from beginning to end.
async fn bound(inbox: &Inbox, visitor: &mut Visitor, phone: &str, replaces: &str) {
    let page = begun(visitor, "phone", replaces).await;
    named(visitor, &page, phone).await;
    leads_to_the_account(&entered(visitor, &page, &inbox.sms_code()).await);
}

async fn contacts(visitor: &mut Visitor) -> Vec<String> {
    let data = data(visitor).await;
    let value = |contact: &Value| contact["value"].as_str().unwrap().to_owned();
    let mut contacts: Vec<String> = data["contacts"].as_array().unwrap().iter().map(value).collect();
    contacts.sort();
    contacts
}

#[tokio::test]
async fn a_person_adds_changes_and_removes_contacts() {
    let inbox = Inbox::open();
    let house = house(&inbox, "[]").await;
    let mut visitor = logged_in(&house).await;
    let page = visitor.open("/account").await.body;
    assert!(page.contains(">Add a phone number<") && page.contains(">Add an email address<"), "{page}");
    let asks = begun(&mut visitor, "phone", "").await;
    let page = visitor.open(&asks).await;
    assert_eq!(page.header("referrer-policy"), "same-origin");
    for part in
        ["<h1>Add your phone number</h1>", r#"type="tel""#, "We’ll send a code there", "Back to your account"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let wrong = form(&mut visitor, &format!("{asks}/contact"), &[("contact", "138\"")]).await;
    assert!(wrong.status == 400 && wrong.body.contains(r#"value="138&#34;""#), "{}", wrong.body);
    named(&mut visitor, &asks, "138 0013 8000").await;
    let message = inbox.tries().pop().unwrap().body;
    let text = format!(
        "{} is your code to add this number to your Example <b>Shop</b> account, valid for 10 minutes. Don’t share it with anyone.",
        inbox.sms_code()
    );
    assert_eq!(message["data"]["text"], text);
    let page = visitor.open(&asks).await.body;
    assert!(
        page.contains("+86\u{a0}138\u{a0}****\u{a0}8000") && page.contains(r#"autocomplete="one-time-code""#)
    );
    let early = form(&mut visitor, &format!("{asks}/code"), &[("again", "true")]).await;
    assert_eq!(early.status, 429);
    let code = inbox.sms_code();
    let other = if code == "000000" { "000001" } else { "000000" };
    let wrong = entered(&mut visitor, &asks, other).await;
    assert!(wrong.status == 400 && wrong.body.contains("Tries left: 4"), "{}", wrong.body);
    leads_to_the_account(&entered(&mut visitor, &asks, &code).await);
    // It is over, whatever comes again.
    for answer in [entered(&mut visitor, &asks, &code).await, visitor.open(&asks).await] {
        leads_to_the_account(&answer);
    }
    let page = visitor.open("/account").await.body;
    assert!(
        page.contains("+86 138 **** 8000") && page.contains(">Change<") && page.contains(">Remove<"),
        "{page}"
    );
    assert!(!page.contains(">Add a phone number<") && !page.contains("next login"), "{page}");

    let asks = begun(&mut visitor, "email", "").await;
    named(&mut visitor, &asks, EMAIL).await;
    assert!(inbox.emails().pop().unwrap().contains("Your code to add this address to your "));
    leads_to_the_account(&entered(&mut visitor, &asks, &inbox.email_code()).await);
    assert_eq!(contacts(&mut visitor).await, [PHONE, EMAIL]);

    let asks = begun(&mut visitor, "phone", PHONE).await;
    assert!(visitor.open(&asks).await.body.contains("<h1>Change your phone number</h1>"));
    named(&mut visitor, &asks, NEW).await;
    assert_eq!(contacts(&mut visitor).await, [PHONE, EMAIL], "the old one stays until the new one is proven");
    leads_to_the_account(&entered(&mut visitor, &asks, &inbox.sms_code()).await);
    assert_eq!(contacts(&mut visitor).await, [NEW, EMAIL]);

    for (kind, value) in [("phone", NEW), ("email", EMAIL), ("email", EMAIL)] {
        leads_to_the_account(
            &form(&mut visitor, "/account/contacts/end", &[("kind", kind), ("value", value)]).await,
        );
    }
    let data = data(&mut visitor).await;
    assert_eq!(data["contacts"], json!([]));
    assert_eq!(history(&data), ["created", "bound", "bound", "bound", "unbound", "unbound", "unbound"]);
}

#[tokio::test]
async fn what_a_site_requires_is_asked_for_again_at_the_next_login() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let waits = visitor.open(&allowed(&house, &attempt)).await;
    let page = waits.location().strip_prefix("/weixin").unwrap().to_owned();
    form(&mut visitor, &format!("{page}/contact"), &[("contact", PHONE)]).await;
    assert_eq!(entered(&mut visitor, &page, &inbox.sms_code()).await.status, 303);
    let first = super::sub(&mut visitor).await;
    let account = visitor.open("/account").await.body;
    assert!(
        account.contains("be asked for one at your next login to Example &#60;b&#62;Shop&#60;/b&#62;."),
        "{account}"
    );
    leads_to_the_account(
        &form(&mut visitor, "/account/contacts/end", &[("kind", "phone"), ("value", PHONE)]).await,
    );
    assert_eq!(visitor.session().await.status, 200, "who is logged in stays so");
    let mut again = house.visitor();
    let attempt = again.start_hosted().await;
    let waits = again.open(&allowed(&house, &attempt)).await;
    let page = waits.location().strip_prefix("/weixin").unwrap().to_owned();
    assert!(page.starts_with("/binding/"), "{page}");
    form(&mut again, &format!("{page}/contact"), &[("contact", NEW)]).await;
    assert_eq!(entered(&mut again, &page, &inbox.sms_code()).await.status, 303);
    assert_eq!(super::sub(&mut again).await, first);
    // One that goes for another one is asked for by nobody.
    bound(&inbox, &mut again, PHONE, NEW).await;
    let mut third = logged_in(&house).await;
    assert_eq!(super::sub(&mut third).await, first);
    assert_eq!(contacts(&mut third).await, [PHONE]);
}

#[tokio::test]
async fn a_contact_of_another_account_is_told_after_the_proof_and_may_be_taken() {
    let inbox = Inbox::open();
    let house = house(&inbox, "[]").await;
    let mut first = logged_in(&house).await;
    bound(&inbox, &mut first, PHONE, "").await;
    house.weixin.set_person(Person::new("other", "Somebody Else"));
    assert!(house.weixin.set_phone_person("other"));
    let mut other = logged_in(&house).await;
    let page = begun(&mut other, "phone", "").await;
    named(&mut other, &page, PHONE).await;
    assert!(!other.open(&page).await.body.contains("another account"), "nothing is told before the proof");
    let code = inbox.sms_code();
    let proven = entered(&mut other, &page, &code).await;
    assert_eq!(proven.location(), format!("/weixin{page}"));
    let question = other.open(&page).await.body;
    assert!(
        question.contains("belongs to another account here")
            && question.contains(">Move it to this account<")
    );
    assert!(!question.contains(r#"value="join""#), "{question}");
    assert_eq!((contacts(&mut first).await, contacts(&mut other).await.len()), (vec![PHONE.to_owned()], 0));
    // The code is used, and to join is no answer here.
    assert_eq!(entered(&mut other, &page, &code).await.status, 410);
    let join = format!("{page}/join");
    form(&mut other, &join, &[("answer", "join")]).await;
    assert!(other.open(&page).await.body.contains(r#"type="tel""#), "another one is asked for");
    house.clock.advance(60);
    named(&mut other, &page, PHONE).await;
    entered(&mut other, &page, &inbox.sms_code()).await;
    leads_to_the_account(&form(&mut other, &join, &[("answer", "take")]).await);
    assert_eq!((contacts(&mut first).await.len(), contacts(&mut other).await), (0, vec![PHONE.to_owned()]));
    assert_eq!(history(&data(&mut first).await).last(), Some(&"unbound"));
}

#[tokio::test]
async fn nobody_else_changes_a_contact_and_no_login_that_is_old_does() {
    let inbox = Inbox::open();
    let house = house(&inbox, "[]").await;
    let mut visitor = logged_in(&house).await;
    bound(&inbox, &mut visitor, PHONE, "").await;
    let page = begun(&mut visitor, "phone", PHONE).await;
    let paths = ["/account/contacts", "/account/contacts/end"].map(str::to_owned);
    let steps = ["contact", "code", "join"].map(|step| format!("{page}/{step}"));
    let fields =
        [("kind", "phone"), ("value", PHONE), ("contact", NEW), ("code", "000000"), ("answer", "take")];
    for path in paths.iter().chain(&steps) {
        for site in ["cross-site", "same-site", "none"] {
            let request = visitor.request(Method::POST, path).header("sec-fetch-site", site).form(&fields);
            assert_eq!(visitor.send(request).await.status, 400, "{path} from {site}");
        }
        assert_eq!(form(&mut house.visitor(), path, &fields).await.status, 401, "{path}");
    }
    // Somebody else, and the same person in another browser: neither has this session's cookie.
    let mut elsewhere = logged_in(&house).await;
    house.weixin.set_person(Person::new("other", "Somebody Else"));
    assert!(house.weixin.set_phone_person("other"));
    let mut other = logged_in(&house).await;
    for visitor in [&mut elsewhere, &mut other] {
        leads_to_the_account(&visitor.open(&page).await);
        for step in &steps {
            leads_to_the_account(&form(visitor, step, &fields).await);
        }
    }
    leads_to_the_account(&form(&mut other, "/account/contacts/end", &fields).await);
    assert_eq!(inbox.tries().len(), 1);
    for kind in ["", "fax", "Phone"] {
        assert_eq!(form(&mut visitor, "/account/contacts", &[("kind", kind)]).await.status, 400, "{kind}");
    }
    house.clock.advance(300);
    let begun_late = begun(&mut visitor, "phone", PHONE).await;
    house.clock.advance(301);
    for path in &paths {
        let old = form(&mut visitor, path, &fields).await;
        assert!(old.status == 403 && old.body.contains("Log in again to continue"), "{path}: {}", old.body);
    }
    leads_to_the_account(&visitor.open(&page).await);
    // What was begun in time goes on.
    named(&mut visitor, &begun_late, NEW).await;
    leads_to_the_account(&entered(&mut visitor, &begun_late, &inbox.sms_code()).await);
    assert_eq!(contacts(&mut visitor).await, [NEW]);
}

#[tokio::test]
async fn of_64_codes_for_a_contact_five_are_answered_and_messages_are_few() {
    let inbox = Inbox::open();
    let limits = |config: String| format!("{config}\n[limits]\ncodes_to_one_per_hour = 8\n");
    let house =
        House::with_data(|config, data| limits(inbox.configured(&config, data.path(), "shop", "[]"))).await;
    let mut visitor = logged_in(&house).await;
    let page = begun(&mut visitor, "phone", "").await;
    named(&mut visitor, &page, PHONE).await;
    let code = inbox.sms_code();
    let guess = if code == "000000" { "000001" } else { "000000" };
    let request = |code: &str| {
        visitor
            .request(Method::POST, &format!("{page}/code"))
            .header("sec-fetch-site", "same-origin")
            .form(&[("code", code)])
    };
    let answers = all_at_once((0..64).map(|_| request(guess)).collect()).await;
    let wrong = answers.iter().filter(|answer| answer.body.contains("Tries left: ")).count();
    assert_eq!((wrong, answers.iter().filter(|answer| answer.status == 410).count()), (4, 59));
    assert_eq!(entered(&mut visitor, &page, &code).await.status, 410, "the right one is too late");
    assert_eq!(contacts(&mut visitor).await, [""; 0]);
    // Six for one change, and eight for one person, in however many.
    for number in 0..5 {
        named(&mut visitor, &page, &format!("1390013900{number}")).await;
    }
    let seventh = form(&mut visitor, &format!("{page}/contact"), &[("contact", "13900139007")]).await;
    assert_eq!(seventh.status, 429);
    let page = begun(&mut visitor, "phone", "").await;
    for number in 0..2 {
        named(&mut visitor, &page, &format!("1370013700{number}")).await;
    }
    let ninth = form(&mut visitor, &format!("{page}/contact"), &[("contact", "13700137003")]).await;
    assert_eq!(ninth.status, 429);
    assert_eq!(inbox.tries().len(), 8);
}

#[tokio::test]
async fn one_mailbox_is_one_however_its_address_is_written() {
    let inbox = Inbox::open();
    let limits = |config: String| format!("{config}\n[limits]\ncodes_to_one_per_hour = 3\n");
    let house =
        House::with_data(|config, data| limits(inbox.configured(&config, data.path(), "shop", "[]"))).await;
    for (number, address) in
        ["victim@shop.example", "Victim@shop.example", "vicTim+1@SHOP.example", "victim+2@shop.example"]
            .into_iter()
            .enumerate()
    {
        house.weixin.set_person(Person::new(format!("person-{number}"), "Somebody"));
        assert!(house.weixin.set_phone_person(&format!("person-{number}")));
        let mut visitor = logged_in(&house).await;
        let page = begun(&mut visitor, "email", "").await;
        let sent = form(&mut visitor, &format!("{page}/contact"), &[("contact", address)]).await;
        assert_eq!(sent.status, if number < 3 { 303 } else { 429 }, "{address}: {}", sent.body);
    }
    assert_eq!(inbox.emails().len(), 3);
}

#[tokio::test]
async fn a_sender_that_is_down_is_said_and_the_next_try_goes() {
    let inbox = Inbox::open();
    let house = house(&inbox, "[]").await;
    let mut visitor = logged_in(&house).await;
    let page = begun(&mut visitor, "phone", "").await;
    inbox.answer(&[400]);
    let down = form(&mut visitor, &format!("{page}/contact"), &[("contact", PHONE)]).await;
    assert!(
        down.status == 503 && down.body.contains("The code couldn’t be sent. Please try again."),
        "{}",
        down.body
    );
    named(&mut visitor, &page, PHONE).await;
    leads_to_the_account(&entered(&mut visitor, &page, &inbox.sms_code()).await);
    assert_eq!(contacts(&mut visitor).await, [PHONE]);
}
