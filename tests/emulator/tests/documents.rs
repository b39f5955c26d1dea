//! What is written about the emulator holds: the document names every route, every route has a test, and the table of docs/emulator.md
//! says for each thing that WeChat does how sure that is, what the emulator does, and which test shows it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use std::fs;
use std::path::{Path, PathBuf};

use door::{Control, start};
use weixin_emulator::Call;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[tokio::test]
async fn the_document_names_every_route_and_the_schema_every_field() {
    let weixin = start().await;
    let control = Control::of(&weixin);
    let (_, document) = control.get("/control/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    let table = include_str!("../src/control.rs");
    let routes: Vec<_> = table
        .match_indices("\"/control/")
        .map(|(at, _)| table[at + 1..].split('"').next().unwrap())
        .filter(|path| !path.ends_with(".json") && !path.contains('*'))
        .collect();
    assert!(routes.len() > 20);
    for path in routes {
        assert!(paths.contains_key(path), "{path} is not in the document");
    }
    let (_, schema) = control.get("/control/scenario.schema.json").await;
    let parts = &schema["$defs"];
    for (name, value) in
        serde_json::to_value(weixin_emulator::Scenario::default()).unwrap().as_object().unwrap()
    {
        assert!(parts["Scenario"]["properties"].get(name).is_some(), "{name}: {value}");
    }
    assert_eq!(parts["Scenario"]["additionalProperties"], false);
    assert!(!schema.to_string().contains("#/components"), "{schema}");
    assert!(parts["App"]["properties"].get("callback_domains").is_some());
}

/// All that the tests of this folder say, without the white space that formatting puts between.
fn tests() -> String {
    let mut text = String::new();
    for file in ["control", "desktop", "open", "products", "program", "sns", "door/mod"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{file}.rs"));
        text.extend(fs::read_to_string(path).unwrap().chars().filter(|letter| !letter.is_whitespace()));
    }
    text
}

/// Whether a test makes this call: by the verb of [`Control`], or by the whole address.
fn is_called(tests: &str, method: &str, path: &str) -> bool {
    let (path, rest) = match path.split_once('{') {
        Some((before, _)) => (before, true),
        None => (path, false),
    };
    let verbs: &[&str] = if method == "post" { &["post", "done"] } else { &[method] };
    verbs.iter().any(|verb| {
        [
            format!("{verb}(\"{path}"),
            format!("{verb}(&format!(\"{path}"),
            format!("{verb}(&format!(\"{{}}{path}"),
        ]
        .iter()
        .any(|call| {
            tests.match_indices(call.as_str()).any(|(at, _)| {
                let next = tests[at + call.len()..].chars().next();
                rest || matches!(next, Some('"' | '?'))
            })
        })
    })
}

#[tokio::test]
async fn every_control_route_has_a_test() {
    let weixin = start().await;
    let (_, document) = Control::of(&weixin).get("/control/openapi.json").await;
    let tests = tests();
    let mut without = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if !is_called(&tests, method, path) {
                without.push(format!("{method} {path}"));
            }
        }
    }
    assert!(without.is_empty(), "no test calls {without:?}");
    assert!(!is_called(&tests, "post", "/control/sca"), "a part of a path is none");
}

/// A team that writes TypeScript is told each of them by its editor.
#[test]
fn the_types_of_the_npm_package_name_every_call_and_every_fault() {
    let types = fs::read_to_string(repository().join("tests/emulator/npm/index.d.ts")).unwrap();
    for call in Call::ALL {
        let name = serde_json::to_string(&call).unwrap();
        assert!(types.contains(&name), "no {name}");
    }
    let source = include_str!("../src/fault.rs");
    let (_, faults) = source.split_once("pub enum Fault {").unwrap();
    let (faults, _) = faults.split_once("\n}").unwrap();
    let variants = faults.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        name.starts_with(|first: char| first.is_ascii_uppercase())
            .then(|| name.trim_end_matches([',', '{', ' ']))
    });
    let mut count = 0;
    for variant in variants {
        let snake: String = variant
            .char_indices()
            .flat_map(|(at, letter)| {
                let between = (at > 0 && letter.is_ascii_uppercase()).then_some('_');
                between.into_iter().chain([letter.to_ascii_lowercase()])
            })
            .collect();
        assert!(types.contains(&format!("\"{snake}\"")), "no {snake}");
        count += 1;
    }
    assert!(count > 8, "{count}");
}

#[test]
fn the_table_of_what_weixin_does_has_no_empty_cell_and_names_tests_that_are_there() {
    const SURE: [&str; 4] = ["recorded", "documented", "reported", "assumed"];
    let text = fs::read_to_string(repository().join("docs/emulator.md")).unwrap();
    let (_, table) =
        text.split_once("| WeChat | how sure | the emulator | test |\n|---|---|---|---|\n").unwrap();
    let rows: Vec<_> = table.lines().take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 30, "{rows:?}");
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert!(cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        assert!(SURE.iter().any(|sure| cells[1].starts_with(sure)), "{row}: how sure?");
        let named = tests_in(cells[3]);
        assert!(!named.is_empty(), "{row}: no test");
        for (file, test) in named {
            let text =
                fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert!(text.contains(&format!("fn {test}(")), "{row}: {} has no {test}", file.display());
        }
    }
}

/// The tests in a cell, such as `open::a`, `b`: a name alone is of the room before it. Rooms are files of this folder, behind the word
/// `e2e` those of the browser tests, and behind `clients` those of other people's clients.
fn tests_in(cell: &str) -> Vec<(PathBuf, String)> {
    let mut folder = repository().join("tests/emulator/tests");
    let mut room = String::new();
    let mut tests = Vec::new();
    for (place, piece) in cell.split('`').enumerate() {
        if place % 2 == 0 {
            for (word, path) in [("e2e", "tests/e2e/tests/it"), ("clients", "tests/clients/tests/clients")] {
                if piece.contains(word) {
                    folder = repository().join(path);
                }
            }
            continue;
        }
        let test = match piece.split_once("::") {
            Some((of, test)) => {
                room = of.to_owned();
                test
            }
            None => piece,
        };
        tests.push((folder.join(format!("{room}.rs")), test.to_owned()));
    }
    tests
}
