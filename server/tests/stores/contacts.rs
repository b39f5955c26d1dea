//! Contacts and logins that wait for one: what an account must have is asked in the transaction that keeps its login.

use protocol::service::ContactKind;
use weixin_login::store::attempts::AttemptKind;
use weixin_login::store::bindings::{AskedContact, BindingRow};
use weixin_login::store::contacts::{Bound, ContactRow, OnTerms, ProvenContact, Terms};
use weixin_login::store::logins::{FinishLogin, Person};
use weixin_login::store::{AttemptEnd, AttemptRow};

use crate::given::{Given, MANY, at_once, count};
use crate::rows::{NOW, SOON, attempt, ending, hash, identity, log_in, new_session, somebody};

const PHONE: &str = "+8613800138000";

fn one(openid: &str) -> Person {
    Person::Identity(identity(openid, None))
}

fn proven(value: &str, take: bool) -> ProvenContact {
    let kind = if value.starts_with('+') { ContactKind::Phone } else { ContactKind::Email };
    ProvenContact { kind, value: value.into(), take }
}

fn terms(require: &[ContactKind], contacts: &[ProvenContact]) -> Terms {
    Terms { require: require.into(), contacts: contacts.into() }
}

async fn done(given: &Given, openid: &str, terms: Terms) -> OnTerms {
    let login = log_in(one(openid), Some(new_session(&format!("session of {openid}"), None, None)), None);
    given.lasting.log_in_on_terms(login, terms, NOW).await.expect("an answer")
}

async fn has(given: &Given, openid: &str) -> Vec<String> {
    let account = somebody(given, openid).await;
    let contacts = given.lasting.contacts_of_account(&account).await.expect("an answer");
    assert!(contacts.iter().all(|contact| contact.account_id == account && contact.verified_at == NOW));
    contacts.into_iter().map(|contact| contact.value).collect()
}

pub async fn who_lacks_what_is_required_gets_no_account_and_no_session(given: &Given) {
    use ContactKind::{Email, Phone};
    for (contacts, missing) in [
        (vec![], vec![Email, Phone]),
        (vec![proven(PHONE, false)], vec![Email]),
        (vec![proven("one@shop.example", false)], vec![Phone]),
    ] {
        let kept = done(given, "one", terms(&[Email, Phone], &contacts)).await;
        assert_eq!(kept, OnTerms::Missing(missing));
        assert_eq!(given.lasting.sessions(None, NOW, 99).await.expect("an answer"), []);
        assert_eq!(given.lasting.contact(Phone, PHONE).await.expect("an answer"), None);
    }
    let contacts = [proven(PHONE, false), proven("one@shop.example", false)];
    let OnTerms::LoggedIn(logged_in) = done(given, "one", terms(&[Email, Phone], &contacts)).await else {
        panic!("all is there")
    };
    let account_id = logged_in.account.id.clone();
    let kept = ContactRow { kind: Phone, value: PHONE.into(), account_id, verified_at: NOW };
    assert_eq!(given.lasting.contact(Phone, PHONE).await.expect("an answer"), Some(kept));
    assert_eq!(has(given, "one").await, ["one@shop.example", PHONE]);
    // The second login needs nothing, and who is required nothing has nothing.
    assert!(matches!(done(given, "one", terms(&[Phone], &[])).await, OnTerms::LoggedIn(_)));
    assert!(matches!(done(given, "other", terms(&[], &[])).await, OnTerms::LoggedIn(_)));
    let nobody = log_in(Person::Account("nobody".into()), None, None);
    let kept = given.lasting.log_in_on_terms(nobody, terms(&[Phone], &[]), NOW).await.expect("an answer");
    assert_eq!(kept, OnTerms::NoAccount);
}

pub async fn a_contact_is_one_accounts_until_another_one_takes_it(given: &Given) {
    let required = [ContactKind::Phone];
    let kept = done(given, "one", terms(&required, &[proven(PHONE, false)])).await;
    assert!(matches!(kept, OnTerms::LoggedIn(_)));
    let kept = done(given, "other", terms(&required, &[proven(PHONE, false)])).await;
    assert_eq!(kept, OnTerms::Taken(ContactKind::Phone));
    let kept = done(given, "other", terms(&required, &[proven(PHONE, true)])).await;
    assert!(matches!(kept, OnTerms::LoggedIn(_)));
    assert_eq!((has(given, "one").await, has(given, "other").await), (vec![], vec![PHONE.to_owned()]));
    assert_eq!(done(given, "one", terms(&required, &[])).await, OnTerms::Missing(required.into()));
}

pub async fn a_contact_goes_where_its_account_goes(given: &Given) {
    let required = [ContactKind::Phone];
    done(given, "one", terms(&required, &[proven(PHONE, false)])).await;
    done(given, "other", terms(&[], &[])).await;
    let (one, other) = (somebody(given, "one").await, somebody(given, "other").await);
    given.lasting.merge_accounts(&one, &other, ending(&[])).await.expect("an answer");
    assert_eq!(has(given, "other").await, [PHONE]);
    assert!(matches!(done(given, "one", terms(&required, &[])).await, OnTerms::LoggedIn(_)));
    given.lasting.delete_account(&other, ending(&[])).await.expect("an answer");
    assert_eq!(given.lasting.contact(ContactKind::Phone, PHONE).await.expect("an answer"), None);
}

pub async fn who_joins_an_account_proves_its_contact_without_taking_it(given: &Given) {
    let required = [ContactKind::Phone];
    done(given, "one", terms(&required, &[proven(PHONE, false)])).await;
    let account = somebody(given, "one").await;
    let mut login = log_in(self::one("other"), None, None);
    login.join = Some(account.clone());
    let kept = given.lasting.log_in_on_terms(login, terms(&required, &[proven(PHONE, false)]), NOW).await;
    let OnTerms::LoggedIn(logged_in) = kept.expect("an answer") else { panic!("it is one account") };
    assert_eq!((logged_in.account.id, has(given, "other").await), (account, vec![PHONE.to_owned()]));
}

pub async fn of_64_who_prove_one_number_one_has_it(given: &Given) {
    let kept = at_once(given, |store, number| async move {
        let login = log_in(one(&format!("person {number}")), None, None);
        let terms = terms(&[ContactKind::Phone], &[proven(PHONE, false)]);
        store.lasting.log_in_on_terms(login, terms, NOW).await.expect("an answer")
    })
    .await;
    assert_eq!(count(&kept, &OnTerms::Taken(ContactKind::Phone)), MANY - 1);
    assert_eq!(kept.iter().filter(|kept| matches!(kept, OnTerms::LoggedIn(_))).count(), 1);
}

pub async fn a_person_gets_another_contact_in_the_place_of_one_or_beside_it(given: &Given) {
    const NEW: &str = "+8613900139000";
    let lasting = &given.lasting;
    let required = [ContactKind::Phone];
    done(given, "one", terms(&required, &[proven(PHONE, false)])).await;
    let id = somebody(given, "one").await;
    let bind = async |value: &str, take, replaces: Option<&str>| {
        lasting.bind_contact(&id, &proven(value, take), replaces, NOW).await.expect("an answer")
    };
    assert_eq!(bind("one@shop.example", false, None).await, Bound::Kept);
    assert_eq!(bind(NEW, false, Some(PHONE)).await, Bound::Kept);
    assert_eq!(has(given, "one").await, ["one@shop.example", NEW]);
    // The same once more, and in the place of itself, of what is not there, of an address, and of somebody else's.
    done(given, "other", terms(&required, &[proven(PHONE, false)])).await;
    for replaces in [None, Some(NEW), Some("unknown"), Some("one@shop.example"), Some(PHONE)] {
        assert_eq!(bind(NEW, false, replaces).await, Bound::Kept);
    }
    assert_eq!(has(given, "one").await, ["one@shop.example", NEW]);
    // What is another one's is, until the person takes it; then that one is asked for another.
    assert_eq!(bind(PHONE, false, Some(NEW)).await, Bound::Taken);
    assert_eq!((has(given, "one").await.len(), has(given, "other").await.len()), (2, 1));
    assert_eq!(bind(PHONE, true, Some(NEW)).await, Bound::Kept);
    assert_eq!(has(given, "one").await, ["one@shop.example", PHONE]);
    assert_eq!(done(given, "other", terms(&required, &[])).await, OnTerms::Missing(required.into()));
    let nobody = lasting.bind_contact("nobody", &proven(NEW, false), None, NOW).await;
    assert_eq!(nobody.expect("an answer"), Bound::NoAccount);
    let history = lasting.history(&id).await.expect("an answer");
    let history: Vec<_> = history.iter().map(|row| (&*row.what, &*row.by)).collect();
    let (bound, unbound) = (("bound", "person"), ("unbound", "person"));
    assert_eq!(history, [("created", "login"), ("bound", "login"), bound, bound, unbound, bound, unbound]);
}

pub async fn a_person_removes_a_contact_and_who_requires_one_asks_again(given: &Given) {
    let lasting = &given.lasting;
    let required = [ContactKind::Phone];
    done(given, "one", terms(&required, &[proven(PHONE, false)])).await;
    done(given, "other", terms(&[], &[])).await;
    let (id, other) = (somebody(given, "one").await, somebody(given, "other").await);
    lasting.keep_webhook_clients(&["shop", "forum"]).await.expect("kept");
    let unbind = async |id: &str, kind, value: &str| {
        lasting.unbind_contact(id, kind, value, NOW).await.expect("an answer")
    };
    assert!(!unbind(&other, ContactKind::Phone, PHONE).await, "it is somebody else's");
    assert!(!unbind(&id, ContactKind::Email, PHONE).await);
    assert!(!unbind(&id, ContactKind::Phone, "unknown").await);
    let gone =
        at_once(given, |store, _| {
            let id = id.clone();
            async move {
                store.lasting.unbind_contact(&id, ContactKind::Phone, PHONE, NOW).await.expect("an answer")
            }
        })
        .await;
    assert_eq!(count(&gone, &true), 1);
    assert_eq!(lasting.contact(ContactKind::Phone, PHONE).await.expect("an answer"), None);
    assert_eq!(done(given, "one", terms(&required, &[])).await, OnTerms::Missing(required.into()));
    // It is told to the one that knows the person; and so is one that somebody else takes.
    lasting.bind_contact(&id, &proven(PHONE, false), None, NOW).await.expect("an answer");
    done(given, "other", terms(&required, &[proven(PHONE, true)])).await;
    let events = lasting.events(None, 99).await.expect("an answer");
    let mut told = Vec::new();
    for row in events {
        let account = lasting.account_of_subject(&row.sub).await.expect("an answer");
        told.push((row.client_id, row.event, row.data.replace(' ', ""), account == Some(id.clone())));
    }
    let row = |event: &str, is_ones| {
        ("shop".to_owned(), event.to_owned(), r#"{"contact":"phone"}"#.to_owned(), is_ones)
    };
    let expected = [
        row("contact.unbound", true),
        row("contact.bound", true),
        row("contact.unbound", true),
        row("contact.bound", false),
    ];
    assert_eq!(told, expected);
}

pub async fn of_64_who_give_their_account_one_number_one_has_it(given: &Given) {
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(somebody(given, &format!("person {number}")).await);
    }
    let bound = at_once(given, |store, number| {
        let id = ids[number % ids.len()].clone();
        async move {
            let bound = store.lasting.bind_contact(&id, &proven(PHONE, false), None, NOW).await;
            (bound.expect("an answer"), id)
        }
    })
    .await;
    let owner =
        given.lasting.contact(ContactKind::Phone, PHONE).await.expect("an answer").expect("it is there");
    for (bound, id) in bound {
        assert_eq!(bound, if id == owner.account_id { Bound::Kept } else { Bound::Taken });
    }
}

pub async fn the_end_of_a_login_on_terms_is_one(given: &Given) {
    given.fleeting.insert_attempt(&attempt("one"), None).await.expect("kept");
    assert!(given.fleeting.take_attempt("one", NOW).await.expect("an answer"));
    let finish = || FinishLogin {
        attempt_id: "one".into(),
        log_in: log_in(one("one"), None, None),
        code: Some(crate::logins::new_code("code")),
    };
    let end = async || {
        let row: AttemptRow = given.fleeting.attempt("one").await.expect("an answer").expect("it is there");
        let code = given.fleeting.code(&hash("code")).await.expect("an answer");
        (row.end, code.is_some())
    };
    let required = [ContactKind::Phone];
    let kept = given.finish_login_on_terms(finish(), terms(&required, &[]), NOW).await.expect("an answer");
    assert_eq!((kept, end().await), (OnTerms::Missing(required.into()), (None, false)));
    let terms = terms(&required, &[proven(PHONE, false)]);
    let kept = given.finish_login_on_terms(finish(), terms, NOW).await.expect("an answer");
    assert!(matches!(kept, OnTerms::LoggedIn(_)));
    assert_eq!(end().await, (Some(AttemptEnd::Done), true));
}

fn waiting(id: &str) -> BindingRow {
    BindingRow {
        id: id.into(),
        secret_hash: hash("secret"),
        state: Some("state".into()),
        person: one("a\0name"),
        expires_at: SOON,
        missing: vec![ContactKind::Phone, ContactKind::Email],
        proven: Vec::new(),
        join: None,
        asked: None,
        exists: None,
        codes_sent: 0,
        resend_at: [("phone +8613800138000".to_owned(), NOW)].into(),
        is_taken: false,
        replaces: None,
    }
}

pub async fn a_login_that_waits_is_changed_by_who_has_seen_it(given: &Given) {
    let fleeting = &given.fleeting;
    let row = waiting("one");
    fleeting.insert_binding(&row).await.expect("kept");
    assert_eq!(fleeting.binding("one").await.expect("an answer"), Some((row.clone(), 0)));
    assert_eq!(fleeting.binding("other").await.expect("an answer"), None);
    let asked = AskedContact {
        kind: ContactKind::Phone,
        value: PHONE.into(),
        code_hash: hash("code"),
        tries_left: 5,
        expires_at: SOON,
    };
    let changed = BindingRow { asked: Some(asked), codes_sent: 1, ..row.clone() };
    assert!(!fleeting.change_binding(&changed, 1, NOW).await.expect("an answer"), "it was not changed yet");
    assert!(fleeting.change_binding(&changed, 0, NOW).await.expect("an answer"));
    assert!(!fleeting.change_binding(&row, 0, NOW).await.expect("an answer"), "it was changed");
    assert_eq!(fleeting.binding("one").await.expect("an answer"), Some((changed.clone(), 1)));
    // It dies in its second.
    assert!(fleeting.change_binding(&changed, 1, SOON - 1).await.expect("an answer"));
    assert!(!fleeting.change_binding(&changed, 2, SOON).await.expect("an answer"));
    assert!(!fleeting.change_binding(&waiting("other"), 0, NOW).await.expect("an answer"));
}

pub async fn of_64_that_change_a_login_one_does(given: &Given) {
    given.fleeting.insert_binding(&waiting("one")).await.expect("kept");
    let changed = at_once(given, |store, number| async move {
        let number = u8::try_from(number).expect("it is small");
        let row = BindingRow { codes_sent: number, ..waiting("one") };
        store.fleeting.change_binding(&row, 0, NOW).await.expect("an answer")
    })
    .await;
    assert_eq!(count(&changed, &true), 1);
}

pub async fn a_login_that_waits_is_cleared_away_when_it_is_over(given: &Given) {
    let fleeting = &given.fleeting;
    fleeting.insert_binding(&waiting("one")).await.expect("kept");
    fleeting
        .insert_attempt(&crate::rows::attempt_of("one", AttemptKind::Leg { scene_id: "one".into() }), None)
        .await
        .expect("kept");
    for (at, is_there) in [(SOON - 1, true), (SOON, false)] {
        while fleeting.sweep_fleeting(at, 2).await.expect("an answer") > 0 {}
        assert_eq!(fleeting.binding("one").await.expect("an answer").is_some(), is_there);
    }
}
