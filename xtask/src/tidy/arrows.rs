//! Which crate may use which. Read from Cargo's own metadata, not from the sources.

use std::collections::BTreeSet;

use cargo_metadata::DependencyKind;

use super::House;

/// A crate and the crates of this workspace that it may use: in the program, and in its tests alone.
struct Arrows {
    from: &'static str,
    to: &'static [&'static str],
    in_tests: &'static [&'static str],
}

const PROTOCOL: &str = "weixin-login-protocol";
const EMULATOR: &str = "weixin-emulator";
const SERVERS: &str = "weixin-login-servers";

const MAP: &[Arrows] = &[
    Arrows { from: PROTOCOL, to: &[], in_tests: &[] },
    Arrows { from: "weixin-login-flow", to: &[PROTOCOL], in_tests: &[] },
    Arrows { from: "weixin-login-widget", to: &[PROTOCOL, "weixin-login-flow"], in_tests: &[] },
    Arrows { from: "weixin-login", to: &[PROTOCOL], in_tests: &[EMULATOR, SERVERS] },
    Arrows { from: SERVERS, to: &[], in_tests: &[] },
    Arrows { from: EMULATOR, to: &[], in_tests: &[] },
    Arrows { from: "weixin-login-shop", to: &[], in_tests: &[] },
    Arrows {
        from: "weixin-login-clients",
        to: &["weixin-login", EMULATOR, "weixin-login-e2e", SERVERS],
        in_tests: &[],
    },
    Arrows {
        from: "weixin-login-e2e",
        to: &["weixin-login", EMULATOR, SERVERS, "weixin-login-shop"],
        in_tests: &[],
    },
    Arrows { from: "weixin-login-npm", to: &[], in_tests: &[PROTOCOL, EMULATOR, "weixin-login-e2e"] },
    Arrows { from: "weixin-bench", to: &[SERVERS], in_tests: &[] },
    Arrows { from: "xtask", to: &[], in_tests: &[] },
];

pub fn crates_use_only_what_the_map_allows(house: &House) -> Vec<String> {
    let ours: BTreeSet<&str> = house.crates.iter().map(|package| package.name.as_str()).collect();
    let mut faults = Vec::new();
    for package in &house.crates {
        let Some(arrows) = MAP.iter().find(|arrows| arrows.from == package.name) else {
            faults.push(format!(
                "{}: a crate that the map does not know; say in xtask/src/tidy/arrows.rs what it may use",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            // A crate may name itself for its tests, with a feature turned on.
            if !ours.contains(dependency.name.as_str()) || dependency.name == package.name {
                continue;
            }
            let in_tests = dependency.kind == DependencyKind::Development;
            let used = dependency.name.as_str();
            if arrows.to.contains(&used) || (in_tests && arrows.in_tests.contains(&used)) {
                continue;
            }
            faults.push(match (in_tests, arrows.in_tests.contains(&used)) {
                (false, true) => {
                    format!("{} may use {used} in its tests alone: [dev-dependencies]", package.name)
                }
                (true, _) => format!("{} must not use {used}, not in its tests either", package.name),
                (false, false) => format!("{} must not use {used}", package.name),
            });
        }
    }
    faults
}

/// The emulator answers from recorded text. Did it share our types, a wrong field name would agree with itself.
pub fn the_emulator_never_reaches_protocol(house: &House) -> Vec<String> {
    let mut reached = BTreeSet::new();
    let mut to_visit = vec![EMULATOR];
    while let Some(name) = to_visit.pop() {
        if !reached.insert(name) {
            continue;
        }
        let package = house.crates.iter().find(|package| package.name == name);
        to_visit
            .extend(package.iter().flat_map(|package| &package.dependencies).map(|used| used.name.as_str()));
    }
    reached.remove(EMULATOR);
    reached
        .into_iter()
        .filter(|name| *name == PROTOCOL)
        .map(|name| {
            format!("{EMULATOR} reaches {name}: it must answer from recorded text, never by our own types")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use cargo_metadata::DependencyKind::{Development, Normal};

    use super::super::{Crate, fixture};
    use super::*;

    fn house(crates: Vec<Crate>) -> House {
        House { crates, files: Vec::new() }
    }

    #[test]
    fn the_arrows_of_the_map_are_allowed() {
        let house = house(vec![
            fixture::package(PROTOCOL, &[("serde", Normal)]),
            fixture::package("weixin-login", &[(PROTOCOL, Normal), (EMULATOR, Development)]),
            fixture::package(EMULATOR, &[("actix-web", Normal)]),
        ]);
        assert_eq!(crates_use_only_what_the_map_allows(&house), Vec::<String>::new());
        assert_eq!(the_emulator_never_reaches_protocol(&house), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_the_map_lacks_is_found() {
        let house = house(vec![
            fixture::package(PROTOCOL, &[("weixin-login", Normal)]),
            fixture::package("weixin-login", &[(PROTOCOL, Normal)]),
        ]);
        assert_eq!(
            crates_use_only_what_the_map_allows(&house),
            ["weixin-login-protocol must not use weixin-login"]
        );
    }

    #[test]
    fn the_emulator_inside_the_server_is_found() {
        let house = house(vec![
            fixture::package("weixin-login", &[(EMULATOR, Normal)]),
            fixture::package(EMULATOR, &[]),
        ]);
        assert_eq!(
            crates_use_only_what_the_map_allows(&house),
            ["weixin-login may use weixin-emulator in its tests alone: [dev-dependencies]"]
        );
    }

    #[test]
    fn an_arrow_that_only_tests_have_is_found() {
        let house = house(vec![
            fixture::package("weixin-login-widget", &[(EMULATOR, Development)]),
            fixture::package(EMULATOR, &[]),
        ]);
        assert_eq!(
            crates_use_only_what_the_map_allows(&house),
            ["weixin-login-widget must not use weixin-emulator, not in its tests either"]
        );
    }

    #[test]
    fn a_crate_that_the_map_does_not_know_is_found() {
        let house = house(vec![fixture::package("weixin-login-extras", &[])]);
        assert_eq!(crates_use_only_what_the_map_allows(&house).len(), 1);
    }

    #[test]
    fn the_emulator_reaching_protocol_by_another_crate_is_found() {
        let house = house(vec![
            fixture::package(EMULATOR, &[("weixin-login-shop", Normal)]),
            fixture::package("weixin-login-shop", &[(PROTOCOL, Normal)]),
            fixture::package(PROTOCOL, &[]),
        ]);
        assert_eq!(
            the_emulator_never_reaches_protocol(&house),
            [
                "weixin-emulator reaches weixin-login-protocol: it must answer from recorded text, never by our own types"
            ]
        );
    }
}
