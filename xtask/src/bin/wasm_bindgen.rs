//! `wasm-bindgen`, the program, for wasm-pack: it looks for one of the widget's own version, and would fetch another.
//!
//! The builds here use the library. This is the same, so that Cargo.lock pins both.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
