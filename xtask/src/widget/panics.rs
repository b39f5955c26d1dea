//! A panic in a browser is a trap, whatever it would have said: std has nowhere to write it to. So its words are left out, and all
//! that makes words of values with them: a twentieth of what crosses the wire.
//!
//! Nothing else in the widget formats. What does is found here, before a person finds it as a trap.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use walrus::ir::{Call, Visitor, dfs_in_order};
use walrus::{DataId, FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module};

/// What every panic ends in.
const PANIC: &str = "::rust_begin_unwind";
/// What makes words.
const WORDS: [&str; 2] = ["::fmt::", "::panic::PanicPayload>::"];
/// What the compiler's own sources, other people's and ours are called, in the place of a panic.
const SOURCES: [&str; 4] = ["/rustc/", "widget/src/", "widget/flow/src/", "protocol/src/"];

/// Makes every panic in this wasm a trap alone.
pub fn silence(wasm: &Path) -> Result<()> {
    let mut module = Module::from_file(wasm).context("the wasm cannot be read")?;
    let named = module.funcs.iter().filter_map(|function| Some((function.id(), function.name.as_deref()?)));
    let is_silent = |name: &str| name.ends_with(PANIC) || WORDS.iter().any(|word| name.contains(word));
    let silent: BTreeMap<FunctionId, String> =
        named.filter(|(_, name)| is_silent(name)).map(|(id, name)| (id, name.into())).collect();
    if !silent.values().any(|name| name.ends_with(PANIC)) {
        bail!("no panic ends in {PANIC} any more: the compiler calls it otherwise");
    }
    for (id, function) in module.funcs.iter_local() {
        if !silent.contains_key(&id)
            && let Some(word) = calls(function)
                .iter()
                .filter_map(|called| silent.get(called))
                .find(|name| !name.ends_with(PANIC))
        {
            let name = module.funcs.get(id).name.as_deref().unwrap_or("a function without a name");
            bail!(
                "{name} calls {word}: there is no formatting in the widget, texts are put together by push_str"
            );
        }
    }
    for id in silent.keys() {
        let signature = module.types.get(module.funcs.get(*id).ty());
        let (parameters, results) = (signature.params().to_owned(), signature.results().to_owned());
        let arguments = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        module.funcs.get_mut(*id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
    let registry = registry();
    for id in module.data.iter().map(|data| data.id()).collect::<Vec<DataId>>() {
        forget_sources(&mut module.data.get_mut(id).value, &registry);
    }
    module.emit_wasm_file(wasm)
}

/// What a function calls by name.
fn calls(function: &LocalFunction) -> Vec<FunctionId> {
    #[derive(Default)]
    struct Calls(Vec<FunctionId>);
    impl Visitor<'_> for Calls {
        fn visit_call(&mut self, call: &Call) {
            self.0.push(call.func);
        }
    }
    let mut calls = Calls::default();
    dfs_in_order(&mut calls, function, function.entry_block());
    calls.0
}

/// Where cargo keeps what it compiles of others, by its own rule.
fn registry() -> String {
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let home = set("CARGO_HOME");
    if home.is_empty() { set("HOME") + "/.cargo/registry/src/" } else { home + "/registry/src/" }
}

/// Blanks the names of source files, each of which ends in `.rs` and a zero. Only a panic's words had them.
fn forget_sources(data: &mut [u8], registry: &str) {
    let mut from = 0;
    while let Some(length) = data[from..].windows(4).position(|found| found == b".rs\0") {
        let end = from + length + 3;
        // A name has no byte that a path has not, and does not begin before the one before it has ended.
        let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/\\:._- ".contains(byte);
        let run = data[from..end].iter().rev().take_while(|byte| is_path(byte)).count();
        let name = String::from_utf8_lossy(&data[end - run..end]).into_owned();
        let source = SOURCES.iter().chain([&registry]).filter_map(|source| name.find(source)).min();
        if let Some(start) = source {
            data[end - run + start..end].fill(0);
        }
        from = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_sources_are_blanked_and_nothing_beside_them() {
        let mut data =
            b"application/json/rustc/5980/library/core/src/cell.rs\0/session/opt/cargo/registry/src/b/c.rs\0widget/src/http.rs\0a.rs\0zh"
                .to_vec();
        forget_sources(&mut data, "/opt/cargo/registry/src/");
        let blank = |name: &str| "\0".repeat(name.len());
        let rest = format!(
            "application/json{}\0/session{}\0{}\0a.rs\0zh",
            blank("/rustc/5980/library/core/src/cell.rs"),
            blank("/opt/cargo/registry/src/b/c.rs"),
            blank("widget/src/http.rs")
        );
        assert_eq!(String::from_utf8(data).unwrap(), rest);
    }
}
