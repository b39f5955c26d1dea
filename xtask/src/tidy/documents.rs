//! What the documents promise of the sources: a test that they name is there.

use std::collections::BTreeSet;

use super::House;

/// They name a test for everything that they say.
const PROVEN: &[&str] = &["SECURITY.md", "docs/browsers.md"];

/// Its heading.
const WALK: &str = "### One login, file by file";

pub fn every_test_that_a_document_names_is_there(house: &House) -> Vec<String> {
    let sources = house.files.iter().filter(|file| file.path.ends_with(".rs"));
    let functions: BTreeSet<&str> =
        sources.flat_map(|file| file.text.split("fn ").skip(1)).map(identifier).collect();
    let mut faults = Vec::new();
    for document in PROVEN.iter().filter_map(|path| house.file(path)) {
        for (number, line) in document.text.lines().enumerate() {
            // Every other piece stands between backquotes.
            let named = line.split('`').skip(1).step_by(2).filter_map(|code| code.rsplit("::").next());
            for name in named.filter(|name| reads_as_a_test(name) && !functions.contains(name)) {
                faults.push(format!("{}:{}: there is no test {name}", document.path, number + 1));
            }
        }
    }
    faults
}

/// The walk through one login: a newcomer reads each file once, in that order.
pub fn every_file_of_the_walk_is_there_and_named_once(house: &House) -> Vec<String> {
    let Some(document) = house.file("CONTRIBUTING.md") else { return Vec::new() };
    let walk = document.text.split(WALK).nth(1).and_then(|text| text.split("\n## ").next());
    let Some(walk) = walk else { return vec![format!("CONTRIBUTING.md has no {WALK:?}")] };
    let mut met = BTreeSet::new();
    let mut faults = Vec::new();
    for name in walk.split('`').skip(1).step_by(2).filter(|code| code.ends_with(".rs")) {
        if house.file(&format!("server/src/{name}")).is_none() {
            faults.push(format!("CONTRIBUTING.md: the walk names server/src/{name}, which is not there"));
        }
        if !met.insert(name) {
            faults.push(format!("CONTRIBUTING.md: the walk names server/src/{name} twice"));
        }
    }
    faults
}

/// A sentence in one word. What is shorter may be a key, a claim or an attribute.
fn reads_as_a_test(name: &str) -> bool {
    identifier(name) == name && name.matches('_').count() >= 2
}

fn identifier(text: &str) -> &str {
    let end =
        text.find(|letter: char| !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'));
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::super::fixture::house;
    use super::*;

    #[test]
    fn a_name_that_no_test_has_is_found_and_the_others_are_not() {
        let source = ("tests/it.rs", "async fn a_code_is_good_once() {}");
        let document = "`it::a_code_is_good_once`, `a_code_is_good_twice` · `code`, `https://example.com/a_b_c`, `qr::*`";
        let faults = every_test_that_a_document_names_is_there(&house(&[source, ("SECURITY.md", document)]));
        assert_eq!(faults, ["SECURITY.md:1: there is no test a_code_is_good_twice"]);
    }

    #[test]
    fn the_walk_names_what_is_there_and_each_of_it_once() {
        let walk = format!("{WALK}\n`code.rs`, `login.rs`, `code.rs`; `Code`\n## Then\n`other.rs`");
        let files = [("server/src/code.rs", ""), ("CONTRIBUTING.md", walk.as_str())];
        let faults = every_file_of_the_walk_is_there_and_named_once(&house(&files));
        let expected = [
            "CONTRIBUTING.md: the walk names server/src/login.rs, which is not there",
            "CONTRIBUTING.md: the walk names server/src/code.rs twice",
        ];
        assert_eq!(faults, expected);
    }
}
