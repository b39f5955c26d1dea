//! What only others run is compared with their own schemas: workflows, compose.yaml, manifests for Kubernetes. Part of `--full`.

use anyhow::{Context, Result};

use crate::{dist, shell, tools};

/// It has the schemas of GitHub's workflows and of compose files in itself.
const SCHEMAS: (&str, &str) = ("check-jsonschema", "0.39.0");
/// The same for Kubernetes.
const KUBERNETES: (&str, &str) = ("kubernetes-validate", "1.37.0");

pub fn check() -> Result<()> {
    let schemas = tools::python_program(SCHEMAS.0, SCHEMAS.1)?;
    let workflows = dist::files(&shell::root().join(".github/workflows"))?;
    let check = |schema: &str| {
        let mut check = shell::program(&schemas);
        check.arg(format!("--builtin-schema={schema}"));
        check
    };
    shell::run(check("vendor.github-workflows").args(workflows)).context("GitHub would not take them")?;
    shell::run(check("vendor.compose-spec").arg("deploy/compose/compose.yaml"))?;
    let kubernetes = tools::python_program(KUBERNETES.0, KUBERNETES.1)?;
    shell::run(shell::program(kubernetes).args([
        "--strict",
        "--quiet",
        "deploy/kubernetes/weixin-login.yaml",
    ]))
}
