//! The documentation shows the samples word for word, and the OpenAPI documents hold against a fuzzer.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use weixin_emulator::{Emulator, Options, Scenario};
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::provider::{Provider, Registration};

#[test]
fn the_pages_show_the_samples_word_for_word() -> Result<()> {
    let docs = samples().join("../../docs/clients");
    for (page, sample) in [
        ("express.md", "express/app.mjs"),
        ("express-openid-connect.md", "express-openid-connect/app.mjs"),
        ("oauth4webapi.md", "oauth4webapi/app.mjs"),
        ("passport.md", "passport/app.mjs"),
        ("better-auth.md", "better-auth/app.mjs"),
        ("mozilla-django-oidc.md", "mozilla/app.py"),
        ("social-core.md", "social/app.py"),
        ("allauth.md", "allauth/app.py"),
        ("pyoidc.md", "pyoidc/app.py"),
        ("authjs.md", "authjs/app.mjs"),
        ("django.md", "django/app.py"),
        ("apache.md", "apache/site.conf"),
        ("go.md", "go/main.go"),
        ("nextjs.md", "next/auth.js"),
        ("nextjs.md", "next/app/api/auth/[...nextauth]/route.js"),
        ("nextjs.md", "next/app/me/route.js"),
        ("nextjs.md", "next/app/logout/route.js"),
        ("nginx.md", "nginx/site.conf"),
        ("spa.md", "spa/app.js"),
    ] {
        let text = std::fs::read_to_string(docs.join(page)).context(page)?;
        let code = std::fs::read_to_string(samples().join(sample)).context(sample)?;
        assert!(text.contains(&code), "docs/clients/{page} does not show tests/clients/{sample}");
    }
    Ok(())
}

/// Compose files and workflows, which nobody can run here, are held against the schemas of those who run them.
#[test]
fn compose_files_and_workflows_are_as_their_schemas_say() -> Result<()> {
    let root = samples().join("../..");
    let workflows = std::fs::read_dir(root.join(".github/workflows"))?
        .map(|entry| Ok(entry?.path()))
        .chain([Ok(root.join("tests/emulator/samples/github-actions.yml"))])
        .collect::<Result<Vec<_>>>()?;
    let compose =
        ["deploy/compose/compose.yaml", "tests/emulator/samples/compose.yml"].map(|file| root.join(file));
    for (schema, files) in [("github-workflows", workflows), ("compose-spec", compose.to_vec())] {
        let mut check = Command::new(packages::python()?.with_file_name("check-jsonschema"));
        let output = check.arg(format!("--builtin-schema=vendor.{schema}")).args(files).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// An editor that is given the schema says what the program would say.
#[tokio::test]
async fn the_scenarios_schema_takes_what_the_emulator_takes() -> Result<()> {
    let check = packages::python()?.with_file_name("check-jsonschema");
    let emulator = Emulator::start(Options::default()).await?;
    let schema = reqwest::get(format!("{}/control/scenario.schema.json", emulator.control_url())).await?;
    let folder = tempfile::tempdir()?;
    let (schema_file, file) = (folder.path().join("schema.json"), folder.path().join("scenario.json"));
    std::fs::write(&schema_file, schema.text().await?)?;
    let person = r#"{"people":[{"id":"li-lei","nickname":"李雷"}],"auto":{"phone":{"answer":"allow","after_millis":200}}}"#;
    for (text, well) in [
        (serde_json::to_string(&Scenario::default())?, true),
        (person.to_owned(), true),
        (person.replace("people", "poeple"), false),
        (person.replace("allow", "perhaps"), false),
        (person.replace(r#""id":"li-lei","#, ""), false),
        (r#"{"cors":"none"}"#.to_owned(), false),
    ] {
        assert_eq!(Scenario::parse(&text).is_ok(), well, "{text}");
        std::fs::write(&file, &text)?;
        let output = Command::new(&check).arg("--schemafile").arg(&schema_file).arg(&file).output()?;
        assert_eq!(output.status.success(), well, "{text}: {}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

#[tokio::test]
async fn schemathesis_finds_no_server_error() -> Result<()> {
    let python = packages::python()?;
    let registration = Registration { public: true, ..Registration::default() };
    let provider = Provider::start("http://localhost:1", registration).await?;
    let document: Value = reqwest::get(format!("{}/openapi.json", provider.issuer)).await?.json().await?;
    let paths = document["paths"].as_object().context("paths")?.values();
    let operations: usize = paths.filter_map(Value::as_object).map(serde_json::Map::len).sum();
    assert!(operations >= 7, "{document}");
    let folder = tempfile::tempdir()?;
    let output = tokio::process::Command::from({
        let mut command = Command::new(python.with_file_name("schemathesis"));
        command.arg("run").arg(format!("{}/openapi.json", provider.issuer)).args([
            "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            "--max-examples=30",
            "--generation-deterministic",
            "--no-color",
        ]);
        command.env("SCHEMATHESIS_HOOKS", samples().join("schemathesis_hooks.py")).current_dir(folder.path());
        command
    })
    .output()
    .await?;
    let said = String::from_utf8_lossy(&output.stdout);
    // A fuzzer that is turned away at the door finds nothing.
    assert!(said.contains(&format!("Tested: {operations}\n")) && !said.contains("Rate limited"), "{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[tokio::test]
async fn schemathesis_finds_no_server_error_in_the_emulators_control_api() -> Result<()> {
    let python = packages::python()?;
    let emulator = Emulator::start(Options::default()).await?;
    let address = format!("{}/control/openapi.json", emulator.control_url());
    let document: Value = reqwest::get(&address).await?.json().await?;
    let paths = document["paths"].as_object().context("paths")?.values();
    let operations: usize = paths.filter_map(Value::as_object).map(serde_json::Map::len).sum();
    let folder = tempfile::tempdir()?;
    let mut command = tokio::process::Command::new(python.with_file_name("schemathesis"));
    // The events go on for ever.
    command.args(["run", &address, "--exclude-path=/control/events"]).args([
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--max-examples=30",
        "--generation-deterministic",
        "--no-color",
    ]);
    command.env("SCHEMATHESIS_HOOKS", samples().join("schemathesis_control.py")).current_dir(folder.path());
    let output = command.output().await?;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&format!("Tested: {}\n", operations - 1)), "{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
