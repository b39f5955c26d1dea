//! What single rooms of the server must not know. That they have an order at all is looked for in `circles.rs`.

use super::{House, sources};

const SERVER: &str = "server/src/";

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

#[cfg(test)]
mod tests {
    use super::super::fixture::house;
    use super::*;

    #[test]
    fn what_a_comment_or_a_test_names_does_not_count() {
        let house = house(&[(
            "server/src/store.rs",
            "//! Below crate::app.\n/// See [`crate::callback`] and actix_web.\nstruct Row;\n#[cfg(test)]\nmod tests { use crate::app; }",
        )]);
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
