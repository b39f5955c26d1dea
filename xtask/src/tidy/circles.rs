//! No circle of modules in the server: who reads it from the ground up meets nothing that is explained further up.
//!
//! Rust lets every module of a crate see every other, so this is read from the paths in the sources: what `use` names, and what is
//! named in full or by a module's name anywhere in the code, in macros too. Who reaches another's work through a method of a value that
//! it was handed names nothing, and is not seen here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{House, modules};

/// Circles are looked for below this folder, in each folder for itself.
///
/// What a folder holds are its *rooms*: each file beside its own folder is one room, with all that is in it, seen from outside. Inside,
/// the file itself (`keys.rs`) is one more room beside its children (`keys/master.rs`). So one file uses another in exactly one folder,
/// the innermost that has both, and there the rooms must have an order.
///
/// - That a file declares its children and hands their names on (`mod`, `pub use`) uses nothing: who asks a file for a name that it
///   hands on uses the file which the name comes from.
/// - What a file hands on and then uses itself, it uses. So a file that uses a child which uses the file's own items is a circle.
/// - Tests count for nothing.
const SOURCES: &str = "server/src/";

pub fn no_modules_go_in_a_circle(house: &House) -> Vec<String> {
    let sources = match modules::read(house, SOURCES) {
        Ok(sources) => sources,
        Err(unread) => return unread,
    };
    let mut folders: BTreeMap<Vec<String>, Uses> = BTreeMap::new();
    for named in sources.named() {
        let shared = named.by.iter().zip(&named.of).take_while(|(by, of)| by == of).count();
        let room = |module: &[String]| module[..module.len().min(shared + 1)].to_vec();
        let uses = folders.entry(named.by[..shared].to_vec()).or_default();
        uses.entry((room(&named.by), room(&named.of))).or_insert(named.place);
    }
    folders.iter().flat_map(|(folder, uses)| circles(folder, uses)).collect()
}

type Room = Vec<String>;

/// Who uses whom, and one place where it does.
type Uses = BTreeMap<(Room, Room), String>;

/// A sentence for each circle; of those that share a part, enough that each part is in one.
fn circles(folder: &[String], uses: &Uses) -> Vec<String> {
    let mut told: BTreeSet<(Room, Room)> = BTreeSet::new();
    let mut sentences = Vec::new();
    for (user, used) in uses.keys() {
        if told.contains(&(user.clone(), used.clone())) {
            continue;
        }
        let Some(mut circle) = way(used, user, uses) else { continue };
        circle.insert(0, user.clone());
        let steps = circle.windows(2).map(|step| (step[0].clone(), step[1].clone()));
        let parts: Vec<String> = steps
            .map(|step| {
                let place = &uses[&step];
                let part = format!("{} uses {} ({place})", name(folder, &step.0), name(folder, &step.1));
                told.insert(step);
                part
            })
            .collect();
        let place = if folder.is_empty() { "the server".into() } else { folder.join("::") };
        sentences.push(format!("{place}: a circle of modules: {}", parts.join(", ")));
    }
    sentences
}

/// The shortest way from one room to another by what they use, both ends in it.
fn way(from: &Room, to: &Room, uses: &Uses) -> Option<Vec<Room>> {
    let mut came_from: BTreeMap<&Room, &Room> = BTreeMap::new();
    let mut next = VecDeque::from([from]);
    while let Some(room) = next.pop_front() {
        if room == to {
            let mut way = vec![to.clone()];
            let mut at = to;
            while at != from {
                at = came_from[at];
                way.insert(0, at.clone());
            }
            return Some(way);
        }
        for (_, used) in uses.keys().filter(|(user, _)| user == room) {
            if used != from && !came_from.contains_key(used) {
                came_from.insert(used, room);
                next.push_back(used);
            }
        }
    }
    None
}

fn name(folder: &[String], room: &[String]) -> String {
    if room == folder { format!("{}.rs itself", room.join("/")) } else { room.join("::") }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::house;
    use super::*;

    const STORE: (&str, &str) = ("server/src/store.rs", "pub mod rows;\npub struct Store;");

    #[test]
    fn an_order_is_allowed_and_its_parts_may_be_handed_on() {
        let house = house(&[
            ("server/src/lib.rs", "//! See [`store`].\nmod app;\nmod keys;\nmod store;\nmod text;"),
            (
                "server/src/app.rs",
                "use crate::{keys::{self, Key}, store::Row};\nfn f() -> Key { keys::key() }",
            ),
            ("server/src/keys.rs", "mod master;\npub use master::Key;\npub fn key() {}"),
            (
                "server/src/keys/master.rs",
                "/// For [`crate::app`].\npub struct Key(super::super::store::Row);",
            ),
            ("server/src/store.rs", "mod rows;\npub use self::rows::Row;"),
            ("server/src/store/rows.rs", "pub struct Row;\n#[cfg(test)]\nmod tests { use crate::app::f; }"),
            ("server/src/text.rs", "#[cfg(test)]\nmod tests;"),
            ("server/src/text/tests.rs", "use crate::app::f;\nuse super::*;"),
        ]);
        assert_eq!(no_modules_go_in_a_circle(&house), Vec::<String>::new());
    }

    #[test]
    fn a_circle_of_two_folders_is_found_with_its_places() {
        let house = house(&[
            STORE,
            ("server/src/store/rows.rs", "pub struct Row {\n    key: crate::keys::SealedKey,\n}"),
            ("server/src/keys.rs", "mod shared;\nmod signing;\npub use signing::SealedKey;"),
            ("server/src/keys/signing.rs", "pub struct SealedKey;"),
            ("server/src/keys/shared.rs", "use super::SealedKey;\n\nuse crate::store::{self, Store};"),
        ]);
        assert_eq!(
            no_modules_go_in_a_circle(&house),
            [
                "the server: a circle of modules: keys uses store (server/src/keys/shared.rs:3), store uses keys (server/src/store/rows.rs:2)"
            ]
        );
    }

    #[test]
    fn a_circle_of_a_file_and_its_child_is_found() {
        let house = house(&[
            (
                "server/src/keys.rs",
                "mod signing;\npub use signing::Key;\npub enum Error {}\nfn f(key: Key) {}",
            ),
            ("server/src/keys/signing.rs", "use super::Error;\npub struct Key;"),
        ]);
        assert_eq!(
            no_modules_go_in_a_circle(&house),
            [
                "keys: a circle of modules: keys.rs itself uses keys::signing (server/src/keys.rs:4), keys::signing uses keys.rs itself (server/src/keys/signing.rs:1)"
            ]
        );
    }

    #[test]
    fn a_circle_of_three_is_found_in_macros_and_under_other_names() {
        let house = house(&[
            ("server/src/a.rs", "use crate::b as other;\nfn f() {\n    println!(\"{}\", other::g());\n}"),
            ("server/src/b.rs", "pub fn g() {\n    use super::{c::{h as i}};\n}"),
            ("server/src/c.rs", "pub fn h() {\n    let x: Vec<crate::a::A>;\n}"),
        ]);
        assert_eq!(
            no_modules_go_in_a_circle(&house),
            [
                "the server: a circle of modules: a uses b (server/src/a.rs:3), b uses c (server/src/b.rs:2), c uses a (server/src/c.rs:2)"
            ]
        );
    }

    #[test]
    fn two_circles_with_one_room_in_both_are_two() {
        let house = house(&[
            ("server/src/a.rs", "use crate::b::B;\nuse crate::c::C;\npub struct A;"),
            ("server/src/b.rs", "use crate::a::A;\npub struct B;"),
            ("server/src/c.rs", "use crate::a::*;\npub struct C(A);"),
        ]);
        assert_eq!(no_modules_go_in_a_circle(&house).len(), 2);
    }

    #[test]
    fn a_source_that_cannot_be_read_is_told() {
        let house = house(&[("server/src/a.rs", "fn f( {}")]);
        assert!(
            no_modules_go_in_a_circle(&house)[0].starts_with("server/src/a.rs: cannot be read as Rust: ")
        );
    }
}
