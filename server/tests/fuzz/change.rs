//! How a text is changed, and for how long: by proptest, which finds the smallest change that does the harm.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// Changes of each kept text in the plain run.
const PLAIN_CASES: u32 = 40;
/// In between it is looked whether the time is over.
const CASES_OF_A_ROUND: u32 = 500;

/// What parsers stumble over.
const WORDS: [&str; 44] = [
    "",
    " ",
    "\t",
    "\0",
    "\u{feff}",
    "%00",
    "%0d%0a",
    "%",
    "%zz",
    "%c0%af",
    "%2f",
    "..",
    "/",
    "//",
    "\\",
    "?",
    "#",
    "&",
    "=",
    ";",
    ",",
    "\"",
    "'",
    "{",
    "[",
    "null",
    "-1",
    "0",
    "1e999",
    "99999999999999999999",
    "\u{202e}",
    "😀",
    "é",
    "ÿ",
    "true",
    "{}",
    "[]",
    "<script>",
    "javascript:",
    "https://",
    "@",
    ":",
    "for=",
    "eyJhbGciOiJub25lIn0.",
];

/// One change.
#[derive(Debug, Clone)]
enum Edit {
    Insert(Index, Index),
    Delete(Index, usize),
    Replace(Index, char),
    Repeat(Index, usize, usize),
    Copy(Index, Index, usize),
}

/// A kept text, and how it is to be changed.
#[derive(Debug, Clone)]
pub struct Seed {
    text: String,
    /// Which part of it is changed; none of a text that is tried as it is.
    pub part: Option<Index>,
    edits: Vec<Edit>,
}

impl Seed {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A part of the text, changed.
    pub fn change(&self, part: &str) -> String {
        let mut letters: Vec<char> = part.chars().collect();
        for edit in &self.edits {
            let length = letters.len();
            match edit {
                Edit::Insert(at, word) => {
                    let at = at.index(length + 1);
                    letters.splice(at..at, WORDS[word.index(WORDS.len())].chars());
                }
                Edit::Delete(at, count) if length > 0 => {
                    let at = at.index(length);
                    letters.drain(at..(at + count).min(length));
                }
                Edit::Replace(at, letter) if length > 0 => letters[at.index(length)] = *letter,
                Edit::Repeat(at, count, times) if length > 0 => {
                    let at = at.index(length);
                    let piece = letters[at..(at + count).min(length)].repeat(*times);
                    letters.splice(at..at, piece);
                }
                Edit::Copy(from, to, count) if length > 0 => {
                    let from = from.index(length);
                    let piece = letters[from..(from + count).min(length)].to_vec();
                    let to = to.index(length);
                    letters.splice(to..to, piece);
                }
                _ => {}
            }
        }
        letters.into_iter().collect()
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let index = any::<Index>;
    let edit = prop_oneof![
        4 => (index(), index()).prop_map(|(at, word)| Edit::Insert(at, word)),
        2 => (index(), 1_usize..20).prop_map(|(at, count)| Edit::Delete(at, count)),
        2 => (index(), any::<char>()).prop_map(|(at, letter)| Edit::Replace(at, letter)),
        1 => (index(), 1_usize..10, 2_usize..400).prop_map(|(at, count, times)| Edit::Repeat(at, count, times)),
        1 => (index(), index(), 1_usize..30).prop_map(|(from, to, count)| Edit::Copy(from, to, count)),
    ];
    prop::collection::vec(edit, 1..6)
}

/// Tries everything that is kept in this folder, as it is and changed. A finding is kept there too.
pub fn fuzz(folder: &str, try_one: impl Fn(&Seed) -> Result<(), String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(folder);
    let kept = kept(&folder);
    for text in &kept {
        let seed = Seed { text: text.clone(), part: None, edits: Vec::new() };
        try_one(&seed).unwrap_or_else(|why| panic!("{why}: {text:?}"));
    }
    let count = u32::try_from(kept.len()).unwrap();
    let strategy = (prop::sample::select(kept), any::<Index>().prop_map(Some), edits())
        .prop_map(|(text, part, edits)| Seed { text, part, edits });
    let seconds = std::env::var("WEIXIN_LOGIN_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let Some(seconds) = seconds else {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        return round(
            &folder,
            TestRunner::new_with_rng(config(PLAIN_CASES * count), rng),
            &strategy,
            &try_one,
        );
    };
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut tried = 0_u64;
    while Instant::now() < until {
        round(&folder, TestRunner::new(config(CASES_OF_A_ROUND)), &strategy, &try_one);
        tried += u64::from(CASES_OF_A_ROUND);
    }
    eprintln!("{}: {tried} inputs in {seconds} s, and no finding", folder.display());
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() }
}

fn round(
    folder: &Path,
    mut runner: TestRunner,
    strategy: &impl Strategy<Value = Seed>,
    try_one: &impl Fn(&Seed) -> Result<(), String>,
) {
    let done = runner.run(strategy, |seed| try_one(&seed).map_err(TestCaseError::fail));
    if let Err(TestError::Fail(why, seed)) = done {
        panic!(
            "{why}\nfound by: {seed:?}\nwhat it makes of the whole text: {:?}\nkeep it in {}",
            seed.change(seed.text()),
            folder.display()
        );
    }
    done.unwrap();
}

fn kept(folder: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}
