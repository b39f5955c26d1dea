//! The emulator's npm package: what its types say is what its code has.

use std::fs;
use std::process::Command;

use serde_json::Value;
use weixin_login_npm::{Project, program, repository, run};

/// A project in TypeScript that has the package, by the files that npm would send.
fn site() -> Project {
    let project = Project::new("emulator-typed", "emulator-typed").unwrap();
    let (from, to) =
        (repository().join("tests/emulator/npm"), project.folder.join("node_modules/weixin-emulator"));
    fs::create_dir_all(&to).unwrap();
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(from.join("package.json")).unwrap()).unwrap();
    let files = manifest["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap());
    for file in files.chain(["package.json"]) {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    project
}

#[test]
fn the_types_catch_mistakes_and_nothing_else() {
    run(site().program("tsc").unwrap().arg("--pretty")).unwrap();
}

#[test]
fn every_method_has_a_type_that_is_used() {
    let used = fs::read_to_string(repository().join("tests/npm/emulator-typed/uses.ts")).unwrap();
    let script = "
        import { Emulator } from './tests/emulator/npm/control.js';
        const own = Object.keys(new Emulator({ controlUrl: '' }));
        console.log(JSON.stringify([...Object.getOwnPropertyNames(Emulator.prototype), ...own]));";
    let said =
        run(Command::new("node").args(["--input-type=module", "-e", script]).current_dir(repository()))
            .unwrap();
    let methods: Vec<String> = serde_json::from_str(&said).unwrap();
    assert!(methods.len() > 20, "{methods:?}");
    for method in methods.iter().filter(|method| !["constructor", "controlUrl"].contains(&method.as_str())) {
        assert!(
            ["emulator", "own"].iter().any(|emulator| used.contains(&format!("{emulator}.{method}("))),
            "{method}"
        );
    }
}

#[test]
fn publint_finds_nothing() {
    let package = repository().join("tests/emulator/npm");
    let said = run(program("publint").unwrap().args(["--strict", "--pack=npm"]).arg(package)).unwrap();
    assert!(said.contains("All good!"), "{said}");
}
