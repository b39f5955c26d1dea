//! `cargo xtask fuzz --minutes N`: what strangers send, changed at random, for so long at each target. What it finds is printed, and belongs
//! into `server/tests/fuzz`, which every run of the tests tries again.

use std::time::Duration;

use anyhow::Result;

use crate::{shell, widget};

/// The tests of `server/tests/fuzz`, each a target.
const TARGETS: &[&str] = &[
    "requests_of_strangers_break_nothing",
    "no_configuration_breaks_the_program_or_prints_a_secret",
    "words_of_weixin_and_of_pages_break_no_reader",
];

/// How long.
#[derive(clap::Args)]
pub struct Options {
    /// Minutes for each target
    #[arg(long, default_value_t = 10)]
    minutes: u64,
}

pub fn run(options: &Options) -> Result<()> {
    let time = Duration::from_secs(60 * options.minutes);
    for target in TARGETS {
        shell::heading(target);
        shell::run(
            shell::cargo()
                .args([
                    "test",
                    "--package=weixin-login",
                    "--test=fuzz",
                    "--",
                    "--exact",
                    "--nocapture",
                    target,
                ])
                .env("WEIXIN_LOGIN_WIDGET_DIR", widget::dist())
                .env("WEIXIN_LOGIN_FUZZ_SECONDS", time.as_secs().to_string()),
        )?;
    }
    Ok(())
}
