//! `cargo xtask tidy`: the rules that keep the house in order, each one function that says in a sentence what is wrong.
//!
//! The compiler, clippy and rustfmt have rules of their own; here are only those that they cannot know.

mod arrows;
mod circles;
mod committed;
mod documents;
mod modules;
mod rooms;
mod sources;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::shell;

/// A rule reads the house and gives a sentence for everything that breaks it.
type Rule = fn(&House) -> Vec<String>;

const RULES: &[Rule] = &[
    arrows::crates_use_only_what_the_map_allows,
    arrows::the_emulator_never_reaches_protocol,
    circles::no_modules_go_in_a_circle,
    rooms::the_store_knows_no_http,
    rooms::only_the_exchange_sees_the_app_secret_and_the_api,
    sources::files_are_short,
    sources::files_say_what_they_are,
    sources::no_file_is_a_drawer,
    sources::no_test_is_ignored,
    sources::no_test_sleeps,
    documents::every_test_that_a_document_names_is_there,
    documents::every_file_of_the_walk_is_there_and_named_once,
    committed::nothing_names_a_machine_or_a_mirror,
    committed::the_lock_files_are_committed,
    committed::every_wasm_bindgen_has_one_version,
];

/// Everything that the rules look at.
struct House {
    crates: Vec<Crate>,
    /// The committed text files, and those about to be: not what .gitignore leaves out.
    files: Vec<File>,
}

struct Crate {
    name: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    kind: DependencyKind,
    /// As Cargo.toml has it: `^1.2`, `=0.2.130`.
    requirement: String,
}

struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

pub fn run() -> Result<()> {
    let house = House::read()?;
    let faults: Vec<String> = RULES.iter().flat_map(|rule| rule(&house)).collect();
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("the house is not tidy: {} to put right", faults.len());
    }
    println!(
        "tidy: {} rules hold in {} crates and {} files",
        RULES.len(),
        house.crates.len(),
        house.files.len()
    );
    Ok(())
}

impl House {
    fn read() -> Result<House> {
        let metadata = MetadataCommand::new()
            .cargo_path(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
            .current_dir(shell::root())
            .no_deps()
            .exec()
            .context("cargo could not read the workspace")?;
        let crates = metadata
            .workspace_packages()
            .into_iter()
            .map(|package| Crate {
                name: package.name.to_string(),
                dependencies: package
                    .dependencies
                    .iter()
                    .map(|dependency| Dependency {
                        name: dependency.name.clone(),
                        kind: dependency.kind,
                        requirement: dependency.req.to_string(),
                    })
                    .collect(),
            })
            .collect();
        Ok(House { crates, files: committed_files()? })
    }

    fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// The text files that git knows, and the new ones that it does not ignore. Pictures and fonts are not text and not read.
fn committed_files() -> Result<Vec<File>> {
    let listed = shell::output(shell::program("git").args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]))
    .context("tidy asks git which files belong to the project: it needs git, and a clone")?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()).collect::<BTreeSet<_>>() {
        // A file that is deleted but not yet committed as deleted is still listed.
        let Ok(bytes) = std::fs::read(shell::root().join(path)) else { continue };
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

/// What the rules' own tests build houses from.
#[cfg(test)]
mod fixture {
    use super::{Crate, Dependency, DependencyKind, File, House};

    pub fn house(files: &[(&str, &str)]) -> House {
        let files =
            files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect();
        House { crates: Vec::new(), files }
    }

    pub fn package(name: &str, dependencies: &[(&str, DependencyKind)]) -> Crate {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind)| Dependency { name: (*name).into(), kind: *kind, requirement: "*".into() })
            .collect();
        Crate { name: name.into(), dependencies }
    }
}
