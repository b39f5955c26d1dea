//! Random sequences of what happens to people, beside a model that knows the rules by itself: a person never has two living accounts with one
//! unionid, a `sub` never changes hands, no contact is of two accounts, and whoever asks to be forgotten is, unless a login comes before.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestRunner};
use protocol::service::ContactKind;
use weixin_login::store::audit::By;
use weixin_login::store::contacts::{Bound, OnTerms, ProvenContact, Terms};
use weixin_login::store::logins::{LogIn, LoggedIn, Person};
use weixin_login::store::logouts::Ending;

use crate::given::Given;
use crate::rows::{NOW, ending, identity_at, log_in};

/// What happens. Numbers name apps, openids, unionids, clients and contacts, few of each, so that they meet.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody logs in by an app, and WeChat tells a unionid or none.
    LogIn { by: (u8, u8), unionid: Option<u8>, client: u8 },
    /// The same, and the person has proven to be who has that identity too.
    Join { by: (u8, u8), unionid: Option<u8>, of: (u8, u8) },
    /// The same, with a contact that was proven, and may be taken from whoever has it.
    Bind { by: (u8, u8), contact: u8, take: bool },
    /// An operator says that two are one.
    Merge { from: (u8, u8), into: (u8, u8) },
    /// An operator deletes somebody.
    Delete { whose: (u8, u8) },
    /// Somebody asks to be forgotten.
    Leave { whose: (u8, u8) },
    /// Some days go by, and whoever is to be forgotten is.
    Wait { days: u8 },
    /// Somebody's phone lets a computer in.
    Computer { whose: (u8, u8) },
    /// A person gives their account a contact that was proven, in the place of another one.
    Change { whose: (u8, u8), contact: u8, replaces: u8, take: bool },
    /// A person takes one from it.
    Unbind { whose: (u8, u8), contact: u8 },
    /// A person takes an identity from it.
    Unlink { whose: (u8, u8) },
}

const DAY: i64 = 24 * 3600;
/// For so long a login brings an account back.
const GRACE: i64 = 7 * DAY;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || (0..2u8, 0..5u8);
    let unionid = || proptest::option::of(0..3u8);
    let step = prop_oneof![
        8 => (who(), unionid(), 0..2u8).prop_map(|(by, unionid, client)| Step::LogIn { by, unionid, client }),
        2 => (who(), unionid(), who()).prop_map(|(by, unionid, of)| Step::Join { by, unionid, of }),
        3 => (who(), 0..3u8, any::<bool>()).prop_map(|(by, contact, take)| Step::Bind { by, contact, take }),
        1 => (who(), who()).prop_map(|(from, into)| Step::Merge { from, into }),
        1 => who().prop_map(|whose| Step::Delete { whose }),
        2 => who().prop_map(|whose| Step::Leave { whose }),
        1 => (0..8u8).prop_map(|days| Step::Wait { days }),
        1 => who().prop_map(|whose| Step::Computer { whose }),
        2 => (who(), 0..3u8, 0..3u8, any::<bool>())
            .prop_map(|(whose, contact, replaces, take)| Step::Change { whose, contact, replaces, take }),
        1 => (who(), 0..3u8).prop_map(|(whose, contact)| Step::Unbind { whose, contact }),
        1 => who().prop_map(|whose| Step::Unlink { whose }),
    ];
    vec(step, 1..40)
}

/// What must be. Accounts are numbered as they are made, so that a lower number is an older account.
#[derive(Debug, Clone, Default)]
struct Model {
    /// Whose an identity is, and the unionid that joins it.
    identities: BTreeMap<(u8, u8), (usize, Option<u8>)>,
    /// The store's name of each account, once it is heard.
    ids: Vec<String>,
    /// What became of it: itself, another one, or nothing.
    standing: Vec<Option<usize>>,
    /// What a client calls an account now.
    subs: BTreeMap<(u8, usize), String>,
    /// Everything that a client was ever told, and of whom.
    ever: BTreeMap<(u8, String), usize>,
    contacts: BTreeMap<u8, usize>,
    /// When an account is to be forgotten.
    leaves: BTreeMap<usize, i64>,
}

impl Model {
    /// The account that this one has become.
    fn standing(&self, mut account: usize) -> Option<usize> {
        while let Some(next) = self.standing[account] {
            if next == account {
                return Some(account);
            }
            account = next;
        }
        None
    }

    fn account_of(&self, identity: (u8, u8)) -> Option<usize> {
        self.identities.get(&identity).map(|(account, _)| *account)
    }

    /// A login: whose it is, whether that account is new, and the accounts that went.
    fn comes(&mut self, by: (u8, u8), unionid: Option<u8>, join: Option<usize>) -> (usize, Vec<usize>) {
        let known = self.identities.get(&by).copied();
        let owners: BTreeSet<usize> = self
            .identities
            .values()
            .filter(|(_, known)| unionid.is_some() && *known == unionid)
            .map(|(account, _)| *account)
            .collect();
        let moved = matches!(known, Some((_, Some(before))) if unionid.is_some_and(|now| now != before));
        let disputed = moved && owners.iter().any(|owner| Some(*owner) != known.map(|(account, _)| account));
        let mut accounts: BTreeSet<usize> =
            known.into_iter().map(|(account, _)| account).chain(join).collect();
        if !moved {
            accounts.extend(owners);
        }
        let stays = accounts.pop_first().unwrap_or_else(|| {
            self.ids.push(String::new());
            self.standing.push(Some(self.standing.len()));
            self.standing.len() - 1
        });
        for goes in &accounts {
            self.merge(*goes, stays);
        }
        self.leaves.remove(&stays);
        let before = known.and_then(|(_, unionid)| unionid);
        let joins = if disputed { before } else { unionid.or(before) };
        self.identities.insert(by, (stays, joins));
        (stays, accounts.into_iter().collect())
    }

    fn merge(&mut self, from: usize, into: usize) {
        self.standing[from] = Some(into);
        self.leaves.remove(&from);
        for (account, _) in self.identities.values_mut() {
            if *account == from {
                *account = into;
            }
        }
        for owner in self.contacts.values_mut() {
            if *owner == from {
                *owner = into;
            }
        }
        for client in 0..2 {
            if let Some(sub) = self.subs.remove(&(client, from)) {
                self.subs.entry((client, into)).or_insert(sub);
            }
        }
    }

    fn delete(&mut self, account: usize) {
        self.standing[account] = None;
        self.leaves.remove(&account);
        self.identities.retain(|_, (owner, _)| *owner != account);
        self.contacts.retain(|_, owner| *owner != account);
        self.subs.retain(|(_, owner), _| *owner != account);
    }
}

/// One sequence, on a store that has seen others.
struct Case<'a> {
    given: &'a Given,
    number: u32,
    model: Model,
    clock: i64,
}

impl Case<'_> {
    fn name(&self, of: &str, number: u8) -> String {
        format!("{of}{number}-{}", self.number)
    }

    fn login(&self, by: (u8, u8), unionid: Option<u8>, client: u8) -> LogIn {
        let unionid = unionid.map(|number| self.name("u", number));
        let (app, openid) = (format!("wx{}", by.0), self.name("o", by.1));
        let person = Person::Identity(identity_at(&app, &openid, unionid.as_deref()));
        LogIn { client_id: self.name("client", client), ..log_in(person, None, None) }
    }

    fn contact(&self, number: u8) -> String {
        format!("+86138{:08}", self.number * 10 + u32::from(number))
    }

    async fn step(&mut self, step: &Step) {
        self.clock += 1;
        let now = NOW + self.clock;
        match *step {
            Step::LogIn { by, unionid, client } => self.log_in(by, unionid, client, None).await,
            Step::Join { by, unionid, of } => {
                if let Some(join) = self.model.account_of(of) {
                    self.log_in(by, unionid, 0, Some(join)).await;
                }
            }
            Step::Bind { by, contact, take } => {
                let mut after = self.model.clone();
                let (account, _) = after.comes(by, None, None);
                let owner = self.model.contacts.get(&contact).copied();
                let proven = ProvenContact { kind: ContactKind::Phone, value: self.contact(contact), take };
                let terms = Terms { require: vec![ContactKind::Phone], contacts: vec![proven] };
                let kept = self.given.lasting.log_in_on_terms(self.login(by, None, 1), terms, now).await;
                match kept.expect("an answer") {
                    OnTerms::LoggedIn(logged_in) => {
                        assert!(owner.is_none_or(|owner| owner == account) || take, "it was another one's");
                        after.contacts.insert(contact, account);
                        self.model = after;
                        self.heard(account, 1, &logged_in);
                    }
                    refused => {
                        assert_eq!(refused, OnTerms::Taken(ContactKind::Phone));
                        assert!(owner.is_some_and(|owner| owner != account) && !take, "it was free");
                    }
                }
            }
            Step::Merge { from, into } => {
                let accounts = self.model.account_of(from).zip(self.model.account_of(into));
                if let Some((from, into)) = accounts.filter(|(from, into)| from != into) {
                    let [from_id, into_id] = [from, into].map(|account| &self.model.ids[account]);
                    let ending = Ending { now, ..ending(&[]) };
                    self.given.lasting.merge_accounts(from_id, into_id, ending).await.expect("an answer");
                    self.model.merge(from, into);
                }
            }
            Step::Delete { whose } => {
                if let Some(account) = self.model.account_of(whose) {
                    let id = &self.model.ids[account];
                    self.given.lasting.delete_account(id, ending(&[])).await.expect("an answer");
                    self.model.delete(account);
                }
            }
            Step::Wait { days } => {
                self.clock += i64::from(days) * DAY;
                self.forget_who_has_left().await;
            }
            Step::Leave { whose }
            | Step::Computer { whose }
            | Step::Change { whose, .. }
            | Step::Unbind { whose, .. }
            | Step::Unlink { whose } => {
                if let Some(account) = self.model.account_of(whose) {
                    let id = self.model.ids[account].clone();
                    self.own_step(step, account, &id, now).await;
                }
            }
        }
    }

    /// What somebody does with an account of their own.
    async fn own_step(&mut self, step: &Step, account: usize, id: &str, now: i64) {
        let lasting = &self.given.lasting;
        match *step {
            Step::Leave { .. } => {
                let ending = Ending { now, ..ending(&[]) };
                let left = lasting.delete_later(id, now + GRACE, By::Person, ending).await;
                assert!(left.expect("an answer").is_some());
                self.model.leaves.insert(account, now + GRACE);
            }
            Step::Computer { .. } => {
                let login = LogIn {
                    client_id: self.name("client", 0),
                    ..log_in(Person::Account(id.to_owned()), None, None)
                };
                let logged_in = lasting.log_in(login, now).await.expect("an answer").expect("it is there");
                let leaves = lasting.delete_at(id).await.expect("an answer");
                assert_eq!(leaves, None, "a login brings an account back");
                self.model.leaves.remove(&account);
                self.heard(account, 0, &logged_in);
            }
            Step::Change { contact, replaces, take, .. } => {
                let proven = ProvenContact { kind: ContactKind::Phone, value: self.contact(contact), take };
                let replaced = self.contact(replaces);
                let bound = lasting.bind_contact(id, &proven, Some(&replaced), now).await.expect("an answer");
                let owner = self.model.contacts.get(&contact).copied();
                let is_taken = owner.is_some_and(|owner| owner != account) && !take;
                assert_eq!(bound, if is_taken { Bound::Taken } else { Bound::Kept });
                if !is_taken {
                    self.model.contacts.insert(contact, account);
                    if replaces != contact && self.model.contacts.get(&replaces) == Some(&account) {
                        self.model.contacts.remove(&replaces);
                    }
                }
            }
            Step::Unbind { contact, .. } => {
                let value = self.contact(contact);
                let gone = lasting.unbind_contact(id, ContactKind::Phone, &value, now).await;
                let had = self.model.contacts.get(&contact) == Some(&account);
                assert_eq!(gone.expect("an answer"), had);
                if had {
                    self.model.contacts.remove(&contact);
                }
            }
            Step::Unlink { whose: (app, openid) } => {
                let (appid, openid_name) = (format!("wx{app}"), self.name("o", openid));
                let gone = lasting.unlink_identity(id, &appid, &openid_name, now).await.expect("an answer");
                let its = self.model.identities.values().filter(|(owner, _)| *owner == account).count();
                assert_eq!(gone, its > 1, "the last one stays");
                if gone {
                    self.model.identities.remove(&(app, openid));
                }
            }
            _ => {}
        }
    }

    async fn forget_who_has_left(&mut self) {
        let now = NOW + self.clock;
        for account in 0..self.model.ids.len() {
            let ending = Ending { now, ..ending(&[]) };
            let gone = self.given.lasting.delete_if_due(&self.model.ids[account], ending).await;
            let is_due = self.model.leaves.get(&account).is_some_and(|at| *at <= now);
            assert_eq!(gone.expect("an answer").is_some(), is_due);
            if is_due {
                self.model.delete(account);
            }
        }
    }

    async fn log_in(&mut self, by: (u8, u8), unionid: Option<u8>, client: u8, join: Option<usize>) {
        let join_id = join.map(|account| self.model.ids[account].clone());
        let login = LogIn { join: join_id, ..self.login(by, unionid, client) };
        let logged_in = self.given.lasting.log_in(login, NOW + self.clock).await.expect("an answer");
        let logged_in = logged_in.expect("the account is there");
        let (account, merged) = self.model.comes(by, unionid, join);
        let merged: BTreeSet<&String> = merged.iter().map(|account| &self.model.ids[*account]).collect();
        assert_eq!(logged_in.news.merged.iter().collect::<BTreeSet<_>>(), merged);
        self.heard(account, client, &logged_in);
    }

    /// What a client has heard of an account.
    fn heard(&mut self, account: usize, client: u8, logged_in: &LoggedIn) {
        let id = &mut self.model.ids[account];
        if id.is_empty() {
            id.clone_from(&logged_in.account.id);
        }
        assert_eq!(*id, logged_in.account.id);
        let sub = &logged_in.sub;
        let called = self.model.subs.entry((client, account)).or_insert_with(|| sub.clone());
        assert_eq!(called, sub, "a client goes on with what it has seen");
        let before = self.model.ever.insert((client, sub.clone()), account);
        let before = before.and_then(|before| self.model.standing(before));
        assert!(before.is_none_or(|before| before == account), "a sub has changed hands");
    }

    async fn is_as_it_must_be(&self) {
        let (lasting, model) = (&self.given.lasting, &self.model);
        for ((_, sub), account) in &model.ever {
            let expected = model.standing(*account).map(|account| model.ids[account].clone());
            assert_eq!(lasting.account_of_subject(sub).await.expect("an answer"), expected, "{sub}");
        }
        let mut unionids: BTreeMap<String, usize> = BTreeMap::new();
        for (account, id) in model.ids.iter().enumerate() {
            let standing = model.standing(account);
            let expected = standing.map(|account| model.ids[account].clone());
            let row = lasting.account(id).await.expect("an answer");
            assert_eq!(row.map(|row| row.id), expected, "{id}");
            let leaves = lasting.delete_at(id).await.expect("an answer");
            assert_eq!(leaves, model.leaves.get(&account).copied(), "a login brings an account back");
            if standing != Some(account) {
                continue;
            }
            let known = lasting.identities_of_account(id).await.expect("an answer");
            let its: Vec<_> = model.identities.values().filter(|(owner, _)| *owner == account).collect();
            assert_eq!(known.len(), its.len());
            for unionid in known.into_iter().filter_map(|identity| identity.unionid) {
                let other = unionids.insert(unionid, account);
                assert!(other.is_none_or(|other| other == account), "two living accounts have a unionid");
            }
        }
        for number in 0..3 {
            let owner = lasting.contact(ContactKind::Phone, &self.contact(number)).await.expect("an answer");
            let expected = model.contacts.get(&number).map(|account| model.ids[*account].clone());
            assert_eq!(owner.map(|row| row.account_id), expected);
        }
    }
}

pub async fn whatever_happens_one_person_has_one_account_and_no_sub_changes_hands(given: &Given) {
    let cases = if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_some() { 1_000 } else { 24 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let number = Cell::new(0);
    let here = tokio::runtime::Handle::current();
    let ran = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&steps(), |steps| {
            number.set(number.get() + 1);
            let mut case = Case { given, number: number.get(), model: Model::default(), clock: 0 };
            here.block_on(async {
                for step in &steps {
                    case.step(step).await;
                }
                case.is_as_it_must_be().await;
            });
            Ok(())
        })
    });
    if let Err(failure) = ran {
        panic!("{failure}");
    }
}
