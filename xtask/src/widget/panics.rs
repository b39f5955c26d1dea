//! A panic in a browser is a trap, whatever it would have said: std has nowhere to write it to. So its words are left out, and all
//! that makes words of values with them: a twentieth of what crosses the wire.
//!
//! Nothing else in the widget formats. What does is found here, before a person finds it as a trap.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail};
use walrus::ir::{Call, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, DataId, DataKind, FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module};

/// What every panic ends in.
const PANIC: &str = "::rust_begin_unwind";
/// What makes words.
const WORDS: [&str; 2] = ["::fmt::", "::panic::PanicPayload>::"];
/// What begins one, and hands on what it would say: where it traps at once, nobody keeps those words for it.
const BEGINNINGS: [&str; 4] = [
    "core::panicking::",
    "alloc::raw_vec::handle_error",
    "alloc::raw_vec::capacity_overflow",
    "wasm_bindgen::throw_str",
];
/// What they would say, in the words of `core`, `alloc`, `std`, wasm-bindgen and talc; what is not there is passed over.
const SAYINGS: [&str; 25] = [
    "assertion `left ",
    " right` failed",
    "\n  left: ",
    "\n right: ",
    "cannot access a Thread Local Storage value during or after destruction: ",
    "finish: callbacks should be Some",
    "finish: result should be None",
    "attempted to take ownership of Rust value while it was borrowed",
    "recursive use of an object detected which would lead to unsafe aliasing in rust",
    "FnOnce called more than once",
    "capacity overflow",
    "Attempted to initialize thread-local while it is being dropped",
    "LazyCell instance has previously been poisoned",
    "`async fn` resumed after completion",
    "RefCell already mutably borrowed",
    "RefCell already borrowed",
    "called `Result::unwrap_throw()` on an `Err` value",
    "called `Option::unwrap_throw()` on a `None` value",
    "closure invoked recursively or after being dropped",
    "internal error: entered unreachable code: The JS binding should only ever produce a valid value or the specific 'invalid' value",
    "internal error: entered unreachable code",
    "AccessError",
    "null pointer passed to rust",
    "Tried to shrink to a larger capacity",
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
     5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899",
];
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
    let begins = |name: &str| BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
    let beginnings = module.funcs.iter_local().map(|(id, _)| id);
    let beginnings = beginnings.filter(|id| module.funcs.get(*id).name.as_deref().is_some_and(begins));
    let traps: BTreeSet<FunctionId> = silent.keys().copied().chain(beginnings).collect();
    for id in &traps {
        let signature = module.types.get(module.funcs.get(*id).ty());
        let (parameters, results) = (signature.params().to_owned(), signature.results().to_owned());
        let arguments = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        module.funcs.get_mut(*id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
    let registry = registry();
    let all: Vec<DataId> = module.data.iter().map(|data| data.id()).collect();
    let mut blanked = BTreeMap::new();
    for id in &all {
        let data = module.data.get_mut(*id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(at)), .. } = data.kind else { continue };
        let names = forget_sources(&mut data.value, &registry);
        blanked.extend(names.into_iter().map(|name| (at as u32 + name.start as u32, name.len() as u32)));
        forget_sayings(&mut data.value);
    }
    for id in &all {
        forget_places(&mut module.data.get_mut(*id).value, &blanked);
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

/// Blanks the names of source files, each of which ends in `.rs` and a zero. Only a panic's words had them. Says where they were.
fn forget_sources(data: &mut [u8], registry: &str) -> Vec<Range<usize>> {
    let mut blanked = Vec::new();
    let mut from = 0;
    while let Some(length) = data[from..].windows(4).position(|found| found == b".rs\0") {
        let end = from + length + 3;
        // A name has no byte that a path has not, and does not begin before the one before it has ended.
        let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/\\:._- ".contains(byte);
        let run = data[from..end].iter().rev().take_while(|byte| is_path(byte)).count();
        let name = String::from_utf8_lossy(&data[end - run..end]).into_owned();
        let source = SOURCES.iter().chain([&registry]).filter_map(|source| name.find(source)).min();
        if let Some(start) = source {
            let name = end - run + start..end;
            data[name.clone()].fill(0);
            blanked.push(name);
        }
        from = end;
    }
    blanked
}

/// Blanks what a panic says of where it was (`core::panic::Location`): a name that is blank now by its address and its length, a line
/// and a column.
fn forget_places(data: &mut [u8], blanked: &BTreeMap<u32, u32>) {
    let number = |data: &[u8], at: usize| {
        data.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
    };
    for at in (0..data.len()).step_by(4) {
        let length = number(data, at).and_then(|name| blanked.get(&name));
        if length.is_some() && number(data, at + 4).as_ref() == length && at + 16 <= data.len() {
            data[at..at + 16].fill(0);
        }
    }
}

/// Blanks what panics would say, and what their numbers would be made of.
fn forget_sayings(data: &mut [u8]) {
    for saying in SAYINGS.map(str::as_bytes) {
        if let Some(at) = data.windows(saying.len()).position(|found| found == saying) {
            data[at..at + saying.len()].fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_panic_was_is_blanked_by_the_name_and_its_length() {
        let place = |name: u32, length: u32| [name, length, 12, 5].map(u32::to_le_bytes).concat();
        let kept = [place(65_548, 8), place(65_540, 19)].concat();
        let mut data = [place(65_540, 18), kept.clone(), vec![1, 2, 3]].concat();
        forget_places(&mut data, &BTreeMap::from([(65_540, 18)]));
        assert_eq!(data, [vec![0; 16], kept, vec![1, 2, 3]].concat());
    }

    #[test]
    fn what_a_panic_would_say_is_blanked() {
        let mut data = b"cancelcapacity overflowerror".to_vec();
        forget_sayings(&mut data);
        assert_eq!(data, b"cancel\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0error");
    }

    #[test]
    fn the_names_of_sources_are_blanked_and_nothing_beside_them() {
        let mut data =
            b"application/json/rustc/5980/library/core/src/cell.rs\0/session/opt/cargo/registry/src/b/c.rs\0widget/src/http.rs\0a.rs\0zh"
                .to_vec();
        let blanked = forget_sources(&mut data, "/opt/cargo/registry/src/");
        assert_eq!(blanked.len(), 3);
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
