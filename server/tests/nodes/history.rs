//! What was said to people and clients while nodes died, and what of it does not hold. A pure function over the history, with faults
//! planted to see that it finds them.

use std::collections::{BTreeMap, BTreeSet};

/// Something that a browser or a client was told, or has had to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Login number so-and-so ended well: from now on it may not be lost.
    Acknowledged { login: usize, person: usize },
    /// It had to be begun once more.
    StartedAgain { login: usize, why: String },
    /// A node was asked who that login is; `None`: it knows nobody.
    Asked { login: usize, node: usize, sub: Option<String> },
    /// A node was given a login's newest refresh token, and has taken it or not.
    Refreshed { login: usize, node: usize, taken: bool },
    /// A browser was told that its session has ended, or a client that its tokens are good for nothing: from now on they are not.
    Ended { login: usize },
    /// A code was presented, and has given tokens or not.
    Redeemed { login: usize, code: String, taken: bool },
}

/// What the store holds at the end.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Every account.
    pub accounts: Vec<String>,
    /// Every identity: the person, and whose account it is.
    pub identities: Vec<(usize, String)>,
    /// What a client calls an account: client, account, sub.
    pub subjects: Vec<(String, String, String)>,
    /// How many refresh tokens of each grant are good.
    pub leaves: Vec<(String, usize)>,
}

/// All that does not hold, a sentence each, of so many logins and nodes.
pub fn faults(history: &[Event], kept: &Kept, logins: usize, nodes: usize) -> Vec<String> {
    let mut faults = of_logins(history, logins, nodes);
    faults.extend(of_codes(history));
    faults.extend(of_people(history, kept));
    for (grant, leaves) in kept.leaves.iter().filter(|(_, leaves)| *leaves > 1) {
        faults.push(format!("grant {grant} has {leaves} refresh tokens that are good"));
    }
    faults
}

/// What was acknowledged is there for ever after, on every node.
fn of_logins(history: &[Event], logins: usize, nodes: usize) -> Vec<String> {
    let mut faults = Vec::new();
    let mut acknowledged = BTreeSet::new();
    let mut ended = BTreeSet::new();
    let mut subs: BTreeMap<usize, &str> = BTreeMap::new();
    let mut known_at: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for event in history {
        match event {
            Event::Acknowledged { login, .. } => {
                acknowledged.insert(*login);
            }
            Event::Ended { login } => {
                ended.insert(*login);
            }
            Event::Asked { login, node, sub } if ended.contains(login) => {
                known_at.entry(*login).or_default().insert(*node);
                if let Some(sub) = sub {
                    faults.push(format!("login {login} has ended, and is {sub} at node {node}"));
                }
            }
            Event::Refreshed { login, node, taken: true } if ended.contains(login) => {
                faults.push(format!("login {login} has ended, and its refresh token is good at node {node}"));
            }
            Event::Refreshed { login, .. } if ended.contains(login) => {}
            Event::Asked { login, node, sub } if acknowledged.contains(login) => match sub {
                None => faults.push(format!("login {login} is lost at node {node}")),
                Some(sub) => {
                    known_at.entry(*login).or_default().insert(*node);
                    let before = *subs.entry(*login).or_insert(sub);
                    if before != sub {
                        faults.push(format!("login {login} is {before}, and {sub} at node {node}"));
                    }
                }
            },
            Event::Refreshed { login, node, taken: false } if acknowledged.contains(login) => {
                faults.push(format!("the refresh token of login {login} is not good at node {node}"));
            }
            _ => {}
        }
    }
    for login in 0..logins {
        let known = known_at.get(&login).map_or(0, BTreeSet::len);
        if !acknowledged.contains(&login) {
            faults.push(format!("login {login} has never ended"));
        } else if known < nodes {
            faults.push(format!("login {login} was seen at {known} of {nodes} nodes"));
        }
    }
    faults
}

/// A code is good once.
fn of_codes(history: &[Event]) -> Vec<String> {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for event in history {
        if let Event::Redeemed { login, code, taken: true } = event {
            let times = taken.entry(code).or_default();
            *times += 1;
            if *times == 2 {
                faults.push(format!("a code of login {login} was taken twice"));
            }
        }
    }
    faults
}

/// A person is one account and one sub for each client, and nobody else's.
fn of_people(history: &[Event], kept: &Kept) -> Vec<String> {
    let mut faults = Vec::new();
    let mut accounts: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let mut people: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (person, account) in &kept.identities {
        accounts.entry(*person).or_default().insert(account);
        people.entry(account).or_default().insert(*person);
    }
    for (person, accounts) in accounts.iter().filter(|(_, accounts)| accounts.len() > 1) {
        faults.push(format!("person {person} is {} accounts", accounts.len()));
    }
    for (account, people) in &people {
        if people.len() > 1 {
            faults.push(format!("account {account} is of {} people", people.len()));
        }
    }
    for account in kept.accounts.iter().filter(|account| !people.contains_key(account.as_str())) {
        faults.push(format!("account {account} is nobody's"));
    }
    let mut names = BTreeSet::new();
    for (client, account, _) in &kept.subjects {
        if !names.insert((client, account)) {
            faults.push(format!("account {account} has two subs at {client}"));
        }
    }

    let whose: BTreeMap<usize, usize> = history
        .iter()
        .filter_map(|event| match event {
            Event::Acknowledged { login, person } => Some((*login, *person)),
            _ => None,
        })
        .collect();
    let mut told: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for event in history {
        let Event::Asked { login, sub: Some(sub), .. } = event else { continue };
        if let Some(person) = whose.get(login) {
            told.entry(*person).or_default().insert(sub);
        }
    }
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for (person, subs) in &told {
        // Every client is told the same of a person who is one account from the start.
        if subs.len() > 1 {
            faults.push(format!("person {person} is told by {} subs", subs.len()));
        }
        for sub in subs {
            let owner = *owners.entry(sub).or_insert(*person);
            if owner != *person {
                faults.push(format!("sub {sub} is of persons {owner} and {person}"));
            }
            if !kept.subjects.iter().any(|(_, _, kept)| kept == sub) {
                faults.push(format!("sub {sub} is not in the store"));
            }
        }
    }
    faults
}

mod tests {
    use super::*;

    fn asked(login: usize, node: usize, sub: &str) -> Event {
        Event::Asked { login, node, sub: Some(sub.into()) }
    }

    /// Two people, three logins, two nodes: nothing is wrong.
    fn good() -> (Vec<Event>, Kept) {
        let mut history = vec![
            Event::Acknowledged { login: 0, person: 7 },
            Event::StartedAgain { login: 1, why: "a node died".into() },
            Event::Acknowledged { login: 1, person: 8 },
            asked(0, 1, "seven"),
            Event::Acknowledged { login: 2, person: 7 },
        ];
        for node in 0..2 {
            history.extend([asked(0, node, "seven"), asked(1, node, "eight"), asked(2, node, "seven")]);
            history.push(Event::Refreshed { login: 1, node, taken: true });
        }
        let row = |client: &str, account: &str, sub: &str| (client.into(), account.into(), sub.into());
        let kept = Kept {
            accounts: vec!["a".into(), "b".into()],
            identities: vec![(7, "a".into()), (8, "b".into())],
            subjects: vec![row("shop", "a", "seven"), row("suite", "a", "seven"), row("shop", "b", "eight")],
            leaves: vec![("grant".into(), 1)],
        };
        (history, kept)
    }

    fn found(change: impl FnOnce(&mut Vec<Event>, &mut Kept)) -> Vec<String> {
        let (mut history, mut kept) = good();
        change(&mut history, &mut kept);
        faults(&history, &kept, 3, 2)
    }

    #[test]
    fn a_good_history_has_no_fault() {
        assert_eq!(found(|_, _| {}), Vec::<String>::new());
    }

    #[test]
    fn what_was_not_acknowledged_may_be_unknown() {
        let early = Event::Asked { login: 2, node: 0, sub: None };
        assert_eq!(found(|history, _| history.insert(0, early)), Vec::<String>::new());
    }

    #[test]
    fn a_login_that_is_lost_at_one_node_is_found() {
        let lost = Event::Asked { login: 2, node: 1, sub: None };
        assert_eq!(found(|history, _| history.push(lost)), ["login 2 is lost at node 1"]);
    }

    #[test]
    fn a_login_that_is_somebody_elses_at_one_node_is_found() {
        let told = found(|history, _| history.push(asked(0, 1, "eight")));
        assert_eq!(
            told,
            [
                "login 0 is seven, and eight at node 1",
                "person 7 is told by 2 subs",
                "sub eight is of persons 7 and 8"
            ]
        );
    }

    #[test]
    fn a_login_that_never_ends_or_that_nobody_has_looked_for_is_found() {
        let told = faults(&good().0, &good().1, 4, 3);
        assert_eq!(
            told,
            [
                "login 0 was seen at 2 of 3 nodes",
                "login 1 was seen at 2 of 3 nodes",
                "login 2 was seen at 2 of 3 nodes",
                "login 3 has never ended"
            ]
        );
    }

    #[test]
    fn a_refresh_token_that_one_node_does_not_take_is_found() {
        let refused = Event::Refreshed { login: 1, node: 0, taken: false };
        let told = found(|history, _| history.push(refused));
        assert_eq!(told, ["the refresh token of login 1 is not good at node 0"]);
    }

    #[test]
    fn a_login_that_comes_back_after_its_end_is_found() {
        let ended = |more: Event| {
            found(|history, _| {
                let asked = |node| Event::Asked { login: 1, node, sub: None };
                history.extend([Event::Ended { login: 1 }, asked(0), asked(1), more]);
            })
        };
        let refused = Event::Refreshed { login: 1, node: 0, taken: false };
        assert_eq!(ended(refused), Vec::<String>::new());
        assert_eq!(ended(asked(1, 1, "eight")), ["login 1 has ended, and is eight at node 1"]);
        let taken = Event::Refreshed { login: 1, node: 0, taken: true };
        assert_eq!(ended(taken), ["login 1 has ended, and its refresh token is good at node 0"]);
    }

    #[test]
    fn a_code_that_is_taken_twice_and_a_family_of_two_are_found() {
        let redeemed = |taken| Event::Redeemed { login: 1, code: "c".into(), taken };
        let told = found(|history, _| history.extend([redeemed(true), redeemed(false)]));
        assert_eq!(told, Vec::<String>::new());
        let told = found(|history, _| history.extend([redeemed(true), redeemed(false), redeemed(true)]));
        assert_eq!(told, ["a code of login 1 was taken twice"]);
        let told = found(|_, kept| kept.leaves.push(("forked".into(), 2)));
        assert_eq!(told, ["grant forked has 2 refresh tokens that are good"]);
    }

    #[test]
    fn a_doubled_account_is_found() {
        let told = found(|_, kept| {
            kept.accounts.push("c".into());
            kept.identities.push((8, "c".into()));
        });
        assert_eq!(told, ["person 8 is 2 accounts"]);
        assert_eq!(found(|_, kept| kept.accounts.push("c".into())), ["account c is nobody's"]);
    }

    #[test]
    fn two_people_in_one_account_are_found() {
        let told = found(|_, kept| kept.identities.push((9, "a".into())));
        assert_eq!(told, ["account a is of 2 people"]);
    }

    #[test]
    fn a_doubled_sub_is_found() {
        let again = ("shop".into(), "a".into(), "nine".into());
        assert_eq!(found(|_, kept| kept.subjects.push(again)), ["account a has two subs at shop"]);
        let told = found(|history, kept| {
            history.push(Event::Acknowledged { login: 2, person: 8 });
            kept.subjects.retain(|(_, _, sub)| sub != "eight");
        });
        assert_eq!(
            told,
            [
                "person 8 is told by 2 subs",
                "sub eight is not in the store",
                "sub seven is of persons 7 and 8"
            ]
        );
    }
}
