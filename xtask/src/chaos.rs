//! `cargo xtask chaos`: people log in while nodes, stores and WeChat fail, many times more often than in the tests, and a program looks
//! for what was lost or doubled. Its figures can be put into docs/reliability.md.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{shell, tools};

#[derive(clap::Args)]
pub struct Options {
    /// How often something happens in each of the runs
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// A part of the name of the runs that are wanted; without it all of them
    only: Option<String>,
    /// Another build of the service, a release one say
    #[arg(long)]
    program: Option<PathBuf>,
    /// Puts the figures into docs/reliability.md
    #[arg(long)]
    write: bool,
}

/// What stands around a table of the document, whose lines begin with these words.
struct Table {
    begin: &'static str,
    end: &'static str,
    first_words: &'static [&'static str],
}

const TABLES: [Table; 1] = [Table {
    begin: "<!-- figures of `cargo xtask chaos --write` -->\n",
    end: "<!-- end of the figures -->\n",
    first_words: &["| one node", "| three nodes"],
}];

pub fn run(options: &Options) -> Result<()> {
    tools::packages(false, false)?;
    let mut runs = shell::cargo();
    // One after the other: each has the machine for itself.
    runs.args(["test", "--package=weixin-login", "--test=nodes", "--", "--nocapture", "--test-threads=1"])
        .env("CHAOS_ROUNDS", options.rounds.to_string());
    if let Some(only) = &options.only {
        runs.arg(only);
    }
    if let Some(program) = &options.program {
        runs.env("CHAOS_PROGRAM", fs::canonicalize(program).with_context(|| program.display().to_string())?);
    }
    let mut figures = Vec::new();
    let succeeded = shell::watch(&mut runs, |line| {
        if let Some(at) = line.find("| ").filter(|_| line.trim_end().ends_with('|')) {
            figures.push(line[at..].trim_end().to_owned());
        }
    })?;
    if !succeeded {
        bail!("something was lost, doubled or came back: what it was stands above, and SEED repeats it");
    }
    println!("\n{}", figures.join("\n"));
    if options.write {
        let file = shell::root().join("docs/reliability.md");
        let text = fs::read_to_string(&file).context("docs/reliability.md")?;
        fs::write(&file, TABLES.iter().try_fold(text, |text, table| table.with(&text, &figures))?)?;
    }
    Ok(())
}

impl Table {
    /// The document with new figures in this table. A run that was not made keeps the figures that it has.
    fn with(&self, text: &str, figures: &[String]) -> Result<String> {
        let (before, rest) =
            text.split_once(self.begin).context("docs/reliability.md has no place for figures")?;
        let (old, after) =
            rest.split_once(self.end).context("docs/reliability.md has no end of the figures")?;
        let name = |line: &str| line.split('|').nth(1).map(str::trim).unwrap_or_default().to_owned();
        let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
        for new in figures.iter().filter(|line| self.first_words.iter().any(|words| line.starts_with(words)))
        {
            match lines.iter_mut().find(|line| name(line) == name(new)) {
                Some(line) => new.clone_into(line),
                None => lines.push(new.clone()),
            }
        }
        Ok(format!("{before}{}{}\n{}{after}", self.begin, lines.join("\n"), self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_figures_take_the_place_of_the_old_ones_and_others_stay() {
        let table = Table { begin: "<b>\n", end: "<e>\n", first_words: &["| one", "| two"] };
        let text = "before\n<b>\n| what | times |\n|---|---|\n| one | 20 |\n| two | 20 |\n<e>\nafter\n";
        let figures = ["| two | 200 |", "| flood | 1 |"].map(String::from);
        assert_eq!(
            table.with(text, &figures).expect("a table"),
            "before\n<b>\n| what | times |\n|---|---|\n| one | 20 |\n| two | 200 |\n<e>\nafter\n"
        );
    }
}
