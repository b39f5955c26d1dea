//! What is in the programs that others wrote: a software bill of materials (CycloneDX 1.5), and the licences that their text has to go with.
//! All of it is known to cargo: what is built in, its version and licence, and the checksum that Cargo.lock holds it to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::shell;

/// The names of the two files.
pub const BILL: &str = "weixin-login.cdx.json";
pub const LICENSES: &str = "THIRD-PARTY-LICENSES.txt";

/// How files are called in which crates keep their licence.
const TEXTS: &[&str] = &["license", "licence", "copying", "notice", "unlicense"];

/// Writes both, for these of our packages.
pub fn write(programs: &[&str], dist: &Path) -> Result<()> {
    let metadata = MetadataCommand::new()
        .cargo_path(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .current_dir(shell::root())
        .exec()
        .context("cargo could not say what is built in")?;
    let packages = built_in(&metadata, programs)?;
    let sums = checksums()?;
    let bill = serde_json::to_string_pretty(&bill(&packages, &sums))?;
    fs::write(dist.join(BILL), format!("{bill}\n"))?;
    fs::write(dist.join(LICENSES), licenses(&packages)?)?;
    println!("{} crates of others are in the programs", packages.len());
    Ok(())
}

/// What is linked in, as cargo has resolved it: not what only builds or tests.
fn built_in<'a>(metadata: &'a Metadata, programs: &[&str]) -> Result<Vec<&'a Package>> {
    let resolve = metadata.resolve.as_ref().context("cargo has resolved nothing")?;
    let needs: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let normal = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            });
            (&node.id, normal.map(|dependency| &dependency.pkg).collect())
        })
        .collect();
    let ours = metadata.workspace_packages();
    let mut found = BTreeSet::new();
    let mut ahead: Vec<&PackageId> = ours
        .iter()
        .filter(|package| programs.contains(&package.name.as_str()))
        .map(|package| &package.id)
        .collect();
    if ahead.len() != programs.len() {
        bail!("cargo knows not all of {programs:?}");
    }
    while let Some(id) = ahead.pop() {
        if found.insert(id) {
            ahead.extend(needs.get(id).into_iter().flatten());
        }
    }
    let mut packages: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|package| found.contains(&package.id) && package.source.is_some())
        .collect();
    packages.sort_by_key(|package| (package.name.to_string(), package.version.clone()));
    Ok(packages)
}

fn bill(packages: &[&Package], sums: &BTreeMap<(String, String), String>) -> Value {
    let components = packages.iter().map(|package| {
        let (name, version) = (package.name.to_string(), package.version.to_string());
        let purl = format!("pkg:cargo/{name}@{version}");
        let mut component = json!({
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "scope": "required",
        });
        if let Some(license) = &package.license {
            // What Cargo.toml may still write with a slash is `OR` in SPDX.
            component["licenses"] = json!([{ "expression": license.replace('/', " OR ").replace("  ", " ") }]);
        }
        if let Some(sum) = sums.get(&(name, version)) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        if let Some(repository) = &package.repository {
            component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
        }
        component
    });
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "application", "bom-ref": "weixin-login", "name": "weixin-login", "version": env!("CARGO_PKG_VERSION"),
        }},
        "components": components.collect::<Vec<_>>(),
    })
}

/// What Cargo.lock holds each crate to.
fn checksums() -> Result<BTreeMap<(String, String), String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let lock: Lock = toml::from_str(&fs::read_to_string(shell::root().join("Cargo.lock"))?)?;
    let known = lock.package.into_iter();
    Ok(known.filter_map(|locked| Some(((locked.name, locked.version), locked.checksum?))).collect())
}

/// Each text once, with all that it is of.
fn licenses(packages: &[&Package]) -> Result<String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut all = String::from("What others wrote and is in these programs, with its licences.\n\n");
    for package in packages {
        let name = format!("{} {}", package.name, package.version);
        let license = package.license.as_deref().unwrap_or("see its text below");
        all.push_str(&format!("{name}: {license}\n"));
        let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
        for entry in fs::read_dir(folder)? {
            let file = entry?;
            let is_text = file.file_name().to_str().is_some_and(|name| {
                let name = name.to_ascii_lowercase();
                TEXTS.iter().any(|begin| name.starts_with(begin))
            });
            if is_text && file.file_type()?.is_file() {
                let text = String::from_utf8_lossy(&fs::read(file.path())?).trim().replace("\r\n", "\n");
                texts.entry(text).or_default().push(name.clone());
            }
        }
    }
    for (text, of) in texts {
        all.push_str(&format!("\n{}\n{}\n\n{text}\n", "=".repeat(80), of.join(", ")));
    }
    Ok(all)
}
