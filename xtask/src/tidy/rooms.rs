//! The order inside the server: routes use steps, steps use the store, and nothing looks back up.
//!
//! Rust lets every module of a crate see every other, so this is read from the paths that the sources name.

use std::collections::BTreeSet;

use super::{House, sources};

/// The floors of the server, from the ground up, with the modules on each. A floor may use those below it and itself.
///
/// Modules that are on no floor (configuration, clock, errors, pages) may be used from all of them.
const FLOORS: &[(&str, &[&str])] = &[
    ("the store", &["store"]),
    ("a step", &["attempt", "start", "callback", "exchange", "login", "authorization", "code", "session"]),
    ("a route", &["app", "oidc", "scene"]),
];

const SERVER: &str = "server/src/";

pub fn the_store_is_below_the_steps_and_the_steps_below_the_routes(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for (module, file) in server_modules(house) {
        let Some(floor) = floor_of(module[0]) else { continue };
        for used in modules_named(&module, &sources::program_part(&file.text)) {
            if let Some(above) = floor_of(&used).filter(|above| *above > floor) {
                faults.push(format!(
                    "{}: {} must not use {} (crate::{used})",
                    file.path, FLOORS[floor].0, FLOORS[above].0
                ));
            }
        }
    }
    faults
}

pub fn the_store_knows_no_http(house: &House) -> Vec<String> {
    const HTTP: &[&str] = &["actix_web", "reqwest", "http::", "HttpResponse", "StatusCode", "Cookie"];
    server_modules(house)
        .filter(|(module, _)| module[0] == "store")
        .flat_map(|(_, file)| {
            let program = sources::program_part(&file.text);
            HTTP.iter()
                .filter(move |word| sources::mentions(&program, word))
                .map(|word| format!("{}: the store must not know HTTP, and names {word}", file.path))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// One file sees the AppSecret and calls api.weixin.qq.com; the configuration reads both and hands them on unseen.
pub fn only_the_exchange_sees_the_app_secret_and_the_api(house: &House) -> Vec<String> {
    const SEEN_BY: &[&str] = &["exchange", "config"];
    const WORDS: &[&str] = &["api_url", "AppSecret"];
    server_modules(house)
        .filter(|(module, _)| !SEEN_BY.contains(&module[0]))
        .flat_map(|(_, file)| {
            let program = sources::program_part(&file.text);
            WORDS
                .iter()
                .filter(move |word| sources::mentions(&program, word))
                .map(|word| format!("{}: only exchange.rs deals with {word}", file.path))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The server's source files, each with its path of modules. main.rs and lib.rs are the roof over all floors.
fn server_modules(house: &House) -> impl Iterator<Item = (Vec<&str>, &super::File)> {
    house.files.iter().filter_map(|file| {
        let path = file.path.strip_prefix(SERVER)?.strip_suffix(".rs")?;
        let module: Vec<&str> = path.split('/').filter(|name| *name != "mod").collect();
        (!["main", "lib"].contains(&module[0])).then_some((module, file))
    })
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|(_, modules)| modules.contains(&module))
}

/// The modules at the top of the crate that this source names by `crate::…` or `super::…`, alone or in a `{…}` group.
fn modules_named(module: &[&str], program: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, _) in program.match_indices("crate::") {
        named.extend(heads(&program[at + "crate::".len()..]));
    }
    // `super::` leads to the top of the crate when it is said once for every module above this one.
    let climb = "super::".repeat(module.len());
    for (at, _) in program.match_indices(&climb) {
        if !program[..at].ends_with("super::") {
            named.extend(heads(&program[at + climb.len()..]));
        }
    }
    named
}

/// The first names of what follows a path's `::`: `store::Rows` has `store`; `{app, store::{A, B}}` has `app` and `store`.
fn heads(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else { return vec![identifier(rest)] };
    let mut names = Vec::new();
    let mut depth = 0usize;
    let mut item_starts = true;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => item_starts = true,
            letter if item_starts && !letter.is_whitespace() => {
                names.push(identifier(&group[at..]));
                item_starts = false;
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::house;
    use super::*;

    #[test]
    fn the_order_of_the_floors_is_allowed() {
        let house = house(&[
            ("server/src/app.rs", "use crate::{callback, config::Config, store::Lasting};"),
            ("server/src/callback.rs", "use crate::exchange;\nuse super::store::AttemptRow;"),
            ("server/src/store/sqlite.rs", "use super::Lasting;\nuse crate::clock::Instant;"),
        ]);
        assert_eq!(the_store_is_below_the_steps_and_the_steps_below_the_routes(&house), Vec::<String>::new());
    }

    #[test]
    fn a_store_that_uses_a_step_is_found() {
        let house = house(&[(
            "server/src/store/sqlite.rs",
            "use crate::{\n    clock::Now,\n    callback::{self, Proof},\n};",
        )]);
        assert_eq!(
            the_store_is_below_the_steps_and_the_steps_below_the_routes(&house),
            ["server/src/store/sqlite.rs: the store must not use a step (crate::callback)"]
        );
    }

    #[test]
    fn a_step_that_uses_a_route_by_super_is_found() {
        let house = house(&[("server/src/start/hosted.rs", "fn f() { super::super::app::table() }")]);
        assert_eq!(
            the_store_is_below_the_steps_and_the_steps_below_the_routes(&house),
            ["server/src/start/hosted.rs: a step must not use a route (crate::app)"]
        );
    }

    #[test]
    fn what_a_comment_or_a_test_names_does_not_count() {
        let house = house(&[(
            "server/src/store.rs",
            "//! Below crate::app.\n/// See [`crate::callback`] and actix_web.\nstruct Row;\n#[cfg(test)]\nmod tests { use crate::app; }",
        )]);
        assert_eq!(the_store_is_below_the_steps_and_the_steps_below_the_routes(&house), Vec::<String>::new());
        assert_eq!(the_store_knows_no_http(&house), Vec::<String>::new());
    }

    #[test]
    fn a_store_that_knows_http_is_found() {
        let house = house(&[("server/src/store/redis.rs", "use actix_web::HttpResponse;")]);
        assert_eq!(
            the_store_knows_no_http(&house),
            [
                "server/src/store/redis.rs: the store must not know HTTP, and names actix_web",
                "server/src/store/redis.rs: the store must not know HTTP, and names HttpResponse"
            ]
        );
    }

    #[test]
    fn another_room_that_sees_the_app_secret_is_found() {
        let house = house(&[
            ("server/src/exchange.rs", "fn exchange(secret: &AppSecret, api_url: &Url) {}"),
            ("server/src/token.rs", "use crate::config::AppSecret;"),
        ]);
        assert_eq!(
            only_the_exchange_sees_the_app_secret_and_the_api(&house),
            ["server/src/token.rs: only exchange.rs deals with AppSecret"]
        );
    }
}
