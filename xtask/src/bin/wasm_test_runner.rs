//! The program that cargo hands the widget's wasm tests to: it serves them to a browser that WebDriver drives.
//!
//! wasm-bindgen's own runner, as a library, so that Cargo.lock pins it to the wasm-bindgen in use.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
