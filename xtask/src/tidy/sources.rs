//! What every source file must hold to: length, an opening that says what it is, a telling name, and tests that run.

use super::{File, House};

/// A file that passes this has more than one thing in it.
const LINES: usize = 600;
/// Splitting a file takes a good idea; up to here there is time for one.
const LINES_AT_MOST: usize = 700;

pub fn files_are_short(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for file in house.files.iter().filter(|file| is_source(file)) {
        let lines = file.text.lines().count();
        if lines > LINES_AT_MOST {
            faults.push(format!(
                "{}: {lines} lines; split it where it says two things ({LINES} is long)",
                file.path
            ));
        } else if lines > LINES {
            println!("note: {} has {lines} lines; {LINES} is long, {LINES_AT_MOST} is refused", file.path);
        }
    }
    faults
}

pub fn files_say_what_they_are(house: &House) -> Vec<String> {
    house
        .files
        .iter()
        .filter(|file| file.path.ends_with(".rs") && !file.text.starts_with("//!"))
        .map(|file| {
            format!("{}: must open with `//!` lines that say what it is, and what it is not", file.path)
        })
        .collect()
}

pub fn no_file_is_a_drawer(house: &House) -> Vec<String> {
    const DRAWERS: &[&str] =
        &["utils", "util", "helpers", "helper", "common", "types", "models", "manager", "misc"];
    house
        .files
        .iter()
        .filter(|file| is_source(file))
        .filter_map(|file| {
            let drawer = file.path.split(['/', '.']).find(|name| DRAWERS.contains(name))?;
            Some(format!("{}: `{drawer}` is a drawer; name the file after what it is about", file.path))
        })
        .collect()
}

pub fn no_test_is_ignored(house: &House) -> Vec<String> {
    // Written in two pieces, so that this file does not find itself.
    lines_with(house, concat!("#[", "ignore"), |file| Some(file.text.as_str()))
        .into_iter()
        .map(|place| format!("{place}: a test that does not run proves nothing; mend it or take it out"))
        .collect()
}

pub fn no_test_sleeps(house: &House) -> Vec<String> {
    lines_with(house, concat!("sleep", "("), test_part)
        .into_iter()
        .map(|place| format!("{place}: a test must wait for what happens, not for time to pass"))
        .collect()
}

/// The source without comments and without its tests: what the program itself says.
pub fn program_part(text: &str) -> String {
    let program = text.split_once("#[cfg(test)]").map_or(text, |(program, _)| program);
    let mut code = String::with_capacity(program.len());
    for line in program.lines().filter(|line| !line.trim_start().starts_with("//")) {
        code.push_str(line);
        code.push('\n');
    }
    code
}

/// Whether the word stands in the text by itself, not as a part of a longer name.
pub fn mentions(text: &str, word: &str) -> bool {
    let joins = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(word).any(|(at, _)| {
        !joins(text[..at].chars().next_back())
            && (word.ends_with(':') || !joins(text[at + word.len()..].chars().next()))
    })
}

/// The part of a file that is tests: all of it under a crate's tests folder and in the end-to-end tests, else what
/// follows `#[cfg(test)]`. The emulator, the shop and the load are programs, though they
/// live under tests/.
fn test_part(file: &File) -> Option<&str> {
    let path = file.path.as_str();
    if !path.ends_with(".rs") {
        return None;
    }
    let programs = ["tests/bench/src/", "tests/emulator/src/", "tests/shop/src/"];
    let is_program = programs.iter().any(|folder| path.starts_with(folder));
    if path.split('/').any(|folder| folder == "tests") && !is_program {
        return Some(&file.text);
    }
    file.text.find("#[cfg(test)]").map(|at| &file.text[at..])
}

/// `path:line` of every line of a source that has the mark, comments left aside.
fn lines_with(house: &House, mark: &str, part: impl Fn(&File) -> Option<&str>) -> Vec<String> {
    let mut places = Vec::new();
    for file in house.files.iter().filter(|file| is_source(file)) {
        let Some(part) = part(file) else { continue };
        let before = file.text[..file.text.len() - part.len()].lines().count();
        for (index, line) in part.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            if !is_comment && line.contains(mark) {
                places.push(format!("{}:{}", file.path, before + index + 1));
            }
        }
    }
    places
}

fn is_source(file: &File) -> bool {
    [".rs", ".js", ".ts", ".css"].iter().any(|ending| file.path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::house;
    use super::*;

    #[test]
    fn a_file_that_is_too_long_is_found() {
        let house = house(&[("server/src/app.rs", &"//! x\n".repeat(701)), ("a.rs", &"//!\n".repeat(700))]);
        assert_eq!(
            files_are_short(&house),
            ["server/src/app.rs: 701 lines; split it where it says two things (600 is long)"]
        );
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_is_found() {
        let house = house(&[("a/b.rs", "use std::fs;"), ("a/c.rs", "//! The room.")]);
        assert_eq!(
            files_say_what_they_are(&house),
            ["a/b.rs: must open with `//!` lines that say what it is, and what it is not"]
        );
    }

    #[test]
    fn a_drawer_is_found_as_a_file_and_as_a_folder() {
        let house = house(&[("a/src/utils.rs", ""), ("a/common/b.js", ""), ("a/src/commonplace.rs", "")]);
        assert_eq!(
            no_file_is_a_drawer(&house),
            [
                "a/src/utils.rs: `utils` is a drawer; name the file after what it is about",
                "a/common/b.js: `common` is a drawer; name the file after what it is about"
            ]
        );
    }

    #[test]
    fn an_ignored_test_is_found() {
        let text = concat!("//! Tests.\n#[test]\n#[", "ignore = \"slow\"]\nfn t() {}");
        assert_eq!(
            no_test_is_ignored(&house(&[("server/tests/a.rs", text)])),
            ["server/tests/a.rs:3: a test that does not run proves nothing; mend it or take it out"]
        );
    }

    #[test]
    fn a_sleep_is_found_in_a_test_and_allowed_in_a_program() {
        let pause = concat!("sleep", "(SECOND);");
        let inline = format!("//! A room.\n{pause}\n#[cfg(test)]\nmod tests {{\n{pause}\n}}");
        let house = house(&[
            ("server/tests/a.rs", pause),
            ("server/src/a.rs", &inline),
            ("tests/emulator/src/faults.rs", pause),
        ]);
        assert_eq!(
            no_test_sleeps(&house),
            [
                "server/tests/a.rs:1: a test must wait for what happens, not for time to pass",
                "server/src/a.rs:5: a test must wait for what happens, not for time to pass"
            ]
        );
    }
}
