//! People who come from another system: each has one account, however often they come.

use weixin_login::store::import::{Arrival, ComingPerson};

use crate::given::Given;
use crate::rows::NOW;

pub async fn who_comes_has_one_account_and_is_known_when_they_come_again(given: &Given) {
    let lasting = &given.lasting;
    let word = |word: &str| Some(word.to_owned());
    let come = async |people: &[&ComingPerson]| {
        let people = people.iter().map(|person| (*person).clone()).collect();
        lasting.import_people(people, NOW).await.expect("an answer")
    };
    let li = ComingPerson {
        appid: word("wx0123456789abcdef"),
        openid: word("li"),
        unionid: word("union of li"),
        phone: word("+8613800138000"),
        sub: word("li as before"),
        nickname: word("李"),
        new_id: "account of li".into(),
        ..ComingPerson::default()
    };
    let wang = ComingPerson {
        unionid: word("union of wang"),
        email: word("wang@example.test"),
        new_id: "account of wang".into(),
        ..ComingPerson::default()
    };
    assert_eq!(come(&[&li, &wang]).await, [Arrival::Created, Arrival::Created]);
    let again = ComingPerson { new_id: "another".into(), ..li.clone() };
    let more = ComingPerson { phone: word("+8613900139000"), ..wang.clone() };
    let both = ComingPerson { email: word("wang@example.test"), ..li.clone() };
    let moved = ComingPerson { unionid: word("another union"), ..li.clone() };
    let why = ["what it says is of more than one account here", "its openid has another unionid here"];
    let [both_are_two, has_moved] = why.map(|why| Arrival::Refused(why.into()));
    assert_eq!(
        come(&[&again, &wang, &more, &both, &moved]).await,
        [Arrival::Known, Arrival::Known, Arrival::Added, both_are_two, has_moved]
    );
    let going = lasting.people_after("", 10).await.expect("an answer");
    let told: Vec<_> = going
        .iter()
        .map(|person| {
            (person.id.as_str(), person.nickname.as_str(), person.sub.as_deref(), person.contacts.len())
        })
        .collect();
    assert_eq!(told, [("account of li", "李", Some("li as before"), 1), ("account of wang", "", None, 2)]);
    assert_eq!(going[1..], lasting.people_after("account of li", 10).await.expect("an answer"));
}
