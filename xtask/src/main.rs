//! The project's tasks: `cargo xtask demo | test | fuzz | widget | pictures | bench | chaos | dist | tidy`. This file only reads the
//! command line.

#![allow(clippy::print_stdout, reason = "a task talks to the person who runs it")]

mod bench;
mod chaos;
mod demo;
mod dist;
mod fuzz;
mod pictures;
mod shell;
mod test;
mod tidy;
mod tools;
mod widget;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What can be done with this project from the command line.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start a shop, the login service and an emulated WeChat on this computer, to try the login in a browser
    Demo(demo::Options),
    /// Run every check and every test, those in a real browser too
    Test(test::Options),
    /// Change at random what strangers send, and see that nothing breaks
    Fuzz(fuzz::Options),
    /// Build the widget into target/widget/dist, the npm package into target/widget/npm, and print what it weighs
    Widget,
    /// Take the docs' pictures of the widget anew, into docs/pictures
    Pictures,
    /// Measure how soon a person can log in, in a real browser, and how many the service logs in, beside Node.js programs that do the
    /// same; an hour, and nothing else should run meanwhile
    Bench(bench::Options),
    /// Have people log in while nodes, stores and WeChat fail hundreds of times, and look for what was lost or doubled; some minutes
    Chaos(chaos::Options),
    /// Build what is released into target/dist: the service, the emulator, the widget, the npm package, and their checksums
    Dist(dist::Options),
    /// Check what keeps the house in order: who may use whom, sizes, names, versions
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Widget => widget::run(),
        Task::Pictures => pictures::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Chaos(options) => chaos::run(&options),
        Task::Dist(options) => dist::run(&options),
        Task::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
