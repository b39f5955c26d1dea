//! The package itself: what is in it, its types, and that importing it does nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};
use weixin_login_npm::{Project, TARBALL, program, repository, run, workshop};

/// The package as it is installed.
fn installed() -> std::path::PathBuf {
    workshop().unwrap().join("node_modules/weixin-login")
}

/// A folder of a site that has nothing but our package.
fn bare_site() -> TempDir {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("node_modules/weixin-login");
    run(Command::new("mkdir").arg("-p").arg(&place)).unwrap();
    let tarball = workshop().unwrap().join(TARBALL);
    run(Command::new("tar").args(["-xzf"]).arg(tarball).args(["--strip-components=1", "-C"]).arg(&place))
        .unwrap();
    fs::write(folder.path().join("package.json"), r#"{ "type": "module" }"#).unwrap();
    folder
}

/// Runs a module in Node and gives what it printed, as JSON.
fn node(folder: &Path, script: &str) -> Value {
    let said =
        run(Command::new("node").args(["--input-type=module", "-e", script]).current_dir(folder)).unwrap();
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn publint_finds_nothing() {
    let said = run(program("publint").unwrap().args(["--strict", "--pack=npm"]).arg(installed())).unwrap();
    assert!(said.contains("All good!"), "{said}");
}

#[test]
fn the_types_are_right_for_every_entry() {
    // It says by its exit status that it has found something, and leaves before a pipe has taken all that it says.
    let said = NamedTempFile::new().unwrap();
    let mut attw = program("attw").unwrap();
    attw.arg("--format=json").arg(workshop().unwrap().join(TARBALL));
    attw.stdout(said.reopen().unwrap()).status().unwrap();
    let checked: Value = serde_json::from_reader(said).unwrap();
    // The README says so of these: a module that looks for a file beside itself, and scripts that are for pages.
    let for_modules_alone = ["./slim", "./embed", "./wxlogin.global"].map(Value::from);
    let old = ["node10", "node16-cjs"].map(Value::from);
    let problems =
        checked["problems"].as_object().unwrap().values().flat_map(|kind| kind.as_array().unwrap());
    let problems: Vec<&Value> = problems
        .filter(|problem| {
            !(for_modules_alone.contains(&problem["entrypoint"]) && old.contains(&problem["resolutionKind"]))
        })
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let entries: Vec<&str> =
        checked["analysis"]["entrypoints"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(entries, [".", "./slim", "./embed", "./wxlogin", "./wxlogin.global", "./package.json"]);
}

#[test]
fn the_types_catch_mistakes_and_nothing_else() {
    let project = Project::new("type-checked", "type-checked").unwrap();
    run(project.program("tsc").unwrap().arg("--pretty")).unwrap();
}

#[test]
fn the_types_need_no_react() {
    let site = bare_site();
    fs::copy(repository().join("tests/npm/type-checked/dom.ts"), site.path().join("dom.ts")).unwrap();
    let options =
        ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--types", "", "dom.ts"];
    run(program("tsc").unwrap().args(options).current_dir(site.path())).unwrap();
}

#[test]
fn the_version_is_the_workspaces() {
    let text = fs::read_to_string(installed().join("package.json")).unwrap();
    let package: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn importing_it_where_there_is_no_window_does_nothing() {
    let script = "
        const before = Reflect.ownKeys(globalThis);
        const entries = {};
        for (const entry of ['weixin-login', 'weixin-login/slim', 'weixin-login/wxlogin']) {
            entries[entry] = Object.keys(await import(entry));
        }
        const { defineElement, login } = await import('weixin-login');
        defineElement();
        const refused = await login({ clientId: 'shop' }).catch((error) => [error.name, error.code]);
        const left = Reflect.ownKeys(globalThis).filter((name) => !before.includes(name));
        console.log(JSON.stringify({ entries, refused, left }));";
    assert_eq!(
        node(bare_site().path(), script),
        serde_json::json!({
            "entries": {
                "weixin-login": ["LoginError", "WeixinLoginElement", "defineElement", "login"],
                "weixin-login/slim": ["LoginError", "WeixinLoginElement", "defineElement", "login"],
                "weixin-login/wxlogin": ["WxLogin", "default"],
            },
            "refused": ["LoginError", "unsupported"],
            "left": [],
        })
    );
}

#[test]
fn the_classic_script_is_harmless_where_there_is_no_window() {
    let script = "
        const before = Reflect.ownKeys(globalThis);
        await import('weixin-login/embed');
        const left = Reflect.ownKeys(globalThis).filter((name) => !before.includes(name));
        const refused = await weixinLogin.login({ clientId: 'shop' }).catch((error) => error instanceof weixinLogin.LoginError);
        console.log(JSON.stringify({ left, refused }));";
    assert_eq!(
        node(bare_site().path(), script),
        serde_json::json!({ "left": ["weixinLogin"], "refused": true })
    );
}

#[test]
fn the_readme_shows_the_samples_word_for_word() {
    let readme = fs::read_to_string(installed().join("README.md")).unwrap();
    for sample in [
        "next/app/api/weixin/route.ts",
        "next/app/page.tsx",
        "next/app/sign-in.tsx",
        "plain/index.html",
        "plain/page.js",
        "plain/wxlogin-classic.html",
        "vite-react/src/sign-in.tsx",
        "vite-react/vite.config.ts",
        "vite-react/weixin-login.toml",
        "vite-svelte/src/SignIn.svelte",
        "vite-vue/src/SignIn.vue",
        "vite-vue/vite.config.ts",
        "webpack/src/index.js",
    ] {
        let code = fs::read_to_string(repository().join("tests/npm").join(sample)).unwrap();
        assert!(readme.contains(&code), "widget/README.md does not show tests/npm/{sample}");
    }
}
