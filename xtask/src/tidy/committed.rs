//! What is committed must work on every machine: no paths of one machine, lock files there, versions that fit together.

use super::House;

/// Written in pieces, so that this file does not find itself.
const OF_ONE_MACHINE: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("../sha", "red"),
    concat!("artif", "actory"),
];

pub fn nothing_names_a_machine_or_a_mirror(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for file in &house.files {
        for (index, line) in file.text.lines().enumerate() {
            for name in OF_ONE_MACHINE.iter().filter(|name| names_path(line, name)) {
                faults.push(format!("{}:{}: names a place on one machine ({name})", file.path, index + 1));
            }
        }
        // npm would fetch from the address that is written there, whatever registry is set.
        if file.path.ends_with("package-lock.json") && file.text.contains("\"resolved\": \"http") {
            faults.push(format!(
                "{}: names a registry; run npm with omit-lockfile-registry-resolved (.npmrc sets it)",
                file.path
            ));
        }
    }
    faults
}

pub fn the_lock_files_are_committed(house: &House) -> Vec<String> {
    ["Cargo.lock", "package-lock.json"]
        .iter()
        .filter(|name| house.file(name).is_none())
        .map(|name| format!("{name} is not committed: builds must be repeatable"))
        .collect()
}

/// wasm-bindgen and the programs that read what it leaves in the wasm speak a private format that changes with each version.
pub fn every_wasm_bindgen_has_one_version(house: &House) -> Vec<String> {
    const READERS: &[&str] = &["wasm-bindgen-cli-support", "wasm-bindgen-cli"];
    let mut faults = Vec::new();
    if let Some(lock) = house.file("Cargo.lock") {
        let in_use = locked_version(&lock.text, "wasm-bindgen");
        for reader in READERS {
            let version = locked_version(&lock.text, reader);
            if version.is_some() && version != in_use {
                faults.push(format!(
                    "Cargo.lock: {reader} {} reads what wasm-bindgen {} writes: they must be the same version",
                    version.unwrap_or_default(),
                    in_use.unwrap_or_default()
                ));
            }
        }
    }
    for dependency in house.crates.iter().flat_map(|package| &package.dependencies) {
        if READERS.contains(&dependency.name.as_str()) && !dependency.requirement.starts_with('=') {
            faults.push(format!("{} must be pinned with `=` to wasm-bindgen's version", dependency.name));
        }
    }
    faults
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

/// Whether the line names this place, not a folder of the same name deeper inside something else.
fn names_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !place.starts_with('/')
            || !before.is_some_and(|letter| letter.is_alphanumeric() || "._-}*".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{house, package};
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found() {
        let text = concat!("fine\nlet path = \"/ro", "ot/x\";\ntarget/ro", "ot/x");
        assert_eq!(
            nothing_names_a_machine_or_a_mirror(&house(&[("a.rs", text)])),
            [concat!("a.rs:2: names a place on one machine (/ro", "ot/)")]
        );
    }

    #[test]
    fn a_lock_file_that_names_a_registry_is_found() {
        let house = house(&[("package-lock.json", "\"resolved\": \"https://mirror.example/x.tgz\"")]);
        assert_eq!(nothing_names_a_machine_or_a_mirror(&house).len(), 1);
    }

    #[test]
    fn a_lock_file_that_is_missing_is_found() {
        assert_eq!(
            the_lock_files_are_committed(&house(&[("Cargo.lock", "")])),
            ["package-lock.json is not committed: builds must be repeatable"]
        );
    }

    const LOCK: &str =
        "name = \"wasm-bindgen\"\nversion = \"0.2.130\"\n\nname = \"wasm-bindgen-cli-support\"\nversion = \"";

    #[test]
    fn one_version_of_wasm_bindgen_is_allowed() {
        let house = house(&[("Cargo.lock", &format!("{LOCK}0.2.130\""))]);
        assert_eq!(every_wasm_bindgen_has_one_version(&house), Vec::<String>::new());
    }

    #[test]
    fn two_versions_of_wasm_bindgen_are_found() {
        let mut house = house(&[("Cargo.lock", &format!("{LOCK}0.2.129\""))]);
        let reader = ("wasm-bindgen-cli-support", cargo_metadata::DependencyKind::Normal);
        house.crates.push(package("xtask", &[reader]));
        assert_eq!(
            every_wasm_bindgen_has_one_version(&house),
            [
                "Cargo.lock: wasm-bindgen-cli-support 0.2.129 reads what wasm-bindgen 0.2.130 writes: they must be the same version",
                "wasm-bindgen-cli-support must be pinned with `=` to wasm-bindgen's version"
            ]
        );
    }
}
