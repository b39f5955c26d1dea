//! The program: an emulator for people and for programs in other languages. It reads its arguments, prints one line of JSON when it
//! is ready, and waits.

mod program;

use std::process::ExitCode;

use clap::Parser;
use program::arguments::{Arguments, Command, Serve};
use program::{announcement, environment};
use weixin_emulator::Emulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "warn,weixin_emulator=info".into()),
        )
        .init();
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Command::Ca(folder)) => environment::ca(folder),
        Some(Command::Env(env)) => environment::env(env),
        None => serve(arguments.serve).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(word) => {
            eprintln!("weixin-emulator: {word}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(serve: Serve) -> Result<(), String> {
    let options = serve.options()?;
    let emulator = Emulator::start(options.clone()).await.map_err(|error| error.to_string())?;
    // Taken before the line is printed: who reads it may stop us at once.
    let stopped = stop_signal().map_err(|error| error.to_string())?;
    announcement::announce(&emulator, &options);
    stopped.await;
    Ok(())
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(windows)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_c, ctrl_close};
    let (mut pressed, mut closed) = (ctrl_c()?, ctrl_close()?);
    Ok(async move {
        tokio::select! {
            _ = pressed.recv() => {}
            _ = closed.recv() => {}
        }
    })
}
