//! `cargo xtask pictures`: builds the widget and its gallery, and has a browser take the docs' pictures of them.

use anyhow::Result;

use crate::{shell, tools, widget};

pub fn run() -> Result<()> {
    tools::packages(false, tools::in_ci())?;
    widget::run()?;
    shell::heading("the pictures");
    let folder = shell::root().join("docs/pictures");
    shell::run(
        shell::cargo()
            .args(["run", "--package=weixin-login-e2e", "--bin=weixin-login-pictures", "--"])
            .arg(folder),
    )
}
