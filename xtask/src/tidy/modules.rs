//! The modules of a crate, and which of them names an item of which other: read from the sources, without the compiler.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

use super::House;

/// `["keys", "master"]`; the crate's own is empty.
pub type Module = Vec<String>;

/// Every module of a crate, those that are written inside a file too. No tests.
pub struct Sources(BTreeMap<Module, Scope>);

/// One file's module names an item of another's.
pub struct Named {
    pub by: Module,
    pub of: Module,
    /// `path:line`
    pub place: String,
}

/// What a module says.
#[derive(Default)]
struct Scope {
    path: String,
    /// The module whose file this is in.
    file: Module,
    defined: BTreeSet<String>,
    imports: Vec<Import>,
    /// Everything that is written `a::b` or alone, outside of `use`.
    paths: Vec<Path>,
}

struct Import {
    /// What it is called here; `*` for all that the module has.
    name: String,
    path: Vec<String>,
    line: usize,
    /// It is handed on.
    public: bool,
}

struct Path {
    names: Vec<String>,
    line: usize,
}

/// Reads all files of a folder but main.rs, which is another crate; else a sentence for each that is no Rust.
pub fn read(house: &House, folder: &str) -> Result<Sources, Vec<String>> {
    let mut scopes = BTreeMap::new();
    let mut tests = BTreeSet::new();
    let mut unread = Vec::new();
    for file in &house.files {
        let Some(path) = file.path.strip_prefix(folder).and_then(|path| path.strip_suffix(".rs")) else {
            continue;
        };
        let module: Module = match path {
            "main" => continue,
            "lib" => Vec::new(),
            _ => path.split('/').filter(|name| *name != "mod").map(Into::into).collect(),
        };
        match syn::parse_file(&file.text) {
            Ok(parsed) => {
                Reader { path: &file.path, file: &module, scopes: &mut scopes, tests: &mut tests }
                    .items(&module, &parsed.items);
            }
            Err(error) => unread.push(format!("{}: cannot be read as Rust: {error}", file.path)),
        }
    }
    scopes.retain(|module: &Module, _| !tests.iter().any(|test: &Module| module.starts_with(test)));
    if unread.is_empty() { Ok(Sources(scopes)) } else { Err(unread) }
}

struct Reader<'a> {
    path: &'a str,
    file: &'a Module,
    scopes: &'a mut BTreeMap<Module, Scope>,
    /// Modules that are there for tests alone.
    tests: &'a mut BTreeSet<Module>,
}

impl Reader<'_> {
    fn items(&mut self, module: &Module, items: &[Item]) {
        let mut scope = Scope { path: self.path.into(), file: self.file.clone(), ..Scope::default() };
        for item in items {
            if let Item::Mod(inner) = item {
                let path = [module.as_slice(), &[inner.ident.to_string()]].concat();
                if is_test(&inner.attrs) {
                    self.tests.insert(path);
                } else if let Some((_, items)) = &inner.content {
                    self.items(&path, items);
                }
                continue;
            }
            scope.visit_item(item);
        }
        self.scopes.insert(module.clone(), scope);
    }
}

impl<'ast> Visit<'ast> for Scope {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Impl(item) => (&item.attrs, None),
            Item::Use(item) => (&item.attrs, None),
            _ => return self.tokens(item.to_token_stream()),
        };
        if is_test(attributes) {
            return;
        }
        self.defined.extend(name.map(Ident::to_string));
        match item {
            Item::Use(item) => self.visit_item_use(item),
            Item::Impl(item) => {
                let mut item = item.clone();
                item.items.retain(|item| match item {
                    syn::ImplItem::Fn(item) => !is_test(&item.attrs),
                    _ => true,
                });
                self.tokens(item.to_token_stream());
            }
            item => self.tokens(item.to_token_stream()),
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let public = !matches!(item.vis, Visibility::Inherited);
        self.imports_of(&item.tree, &mut Vec::new(), public);
    }
}

impl Scope {
    fn imports_of(&mut self, tree: &UseTree, path: &mut Vec<String>, public: bool) {
        let mut import = |name: String, path: Vec<String>, ident: &Ident| {
            self.imports.push(Import { name, path, line: line(ident), public });
        };
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.imports_of(&tree.tree, path, public);
                path.pop();
            }
            UseTree::Group(tree) => {
                for tree in &tree.items {
                    self.imports_of(tree, path, public);
                }
            }
            UseTree::Name(tree) if tree.ident == "self" => {
                import(path.last().cloned().unwrap_or_default(), path.clone(), &tree.ident);
            }
            UseTree::Name(tree) => {
                let name = tree.ident.to_string();
                import(name.clone(), [path.as_slice(), &[name]].concat(), &tree.ident);
            }
            UseTree::Rename(tree) if tree.ident == "self" => {
                import(tree.rename.to_string(), path.clone(), &tree.ident);
            }
            UseTree::Rename(tree) => {
                let path = [path.as_slice(), &[tree.ident.to_string()]].concat();
                import(tree.rename.to_string(), path, &tree.ident);
            }
            UseTree::Glob(tree) => {
                // Whose names these are is not looked into: all of them are taken for the module's own.
                let path = [path.as_slice(), &["*".into()]].concat();
                self.imports.push(Import {
                    name: "*".into(),
                    path,
                    line: tree.star_token.span.start().line,
                    public,
                });
            }
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(_) if !follows_a_dot(&tokens[..at]) => {
                    at = self.path_at(&tokens, at, Vec::new());
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Takes `a::b::c`, and `a::{b, c}` of a `use` inside a function; gives the place after it.
    fn path_at(&mut self, tokens: &[TokenTree], mut at: usize, mut names: Vec<String>) -> usize {
        let mut place = 0;
        while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
            names.push(ident.to_string());
            place = line(ident);
            at += 1;
            if !(is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))) {
                break;
            }
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(_)) => at += 2,
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let mut inside = 0;
                    while inside < inner.len() {
                        inside = self.path_at(&inner, inside, names.clone()).max(inside + 1);
                    }
                    return at + 3;
                }
                _ => break,
            }
        }
        if place > 0 {
            self.paths.push(Path { names, line: place });
        }
        at
    }
}

impl Sources {
    /// Which file names an item of which other.
    pub fn named(&self) -> Vec<Named> {
        let mut named = Vec::new();
        for (module, scope) in &self.0 {
            let imported = scope
                .imports
                .iter()
                .filter(|import| !import.public)
                .map(|import| (&import.path, import.line));
            // A word alone says something only where it was handed on by this very module.
            let handed_on =
                |name: &String| scope.imports.iter().any(|import| import.public && import.name == *name);
            let written = scope.paths.iter().filter(|path| path.names.len() > 1 || handed_on(&path.names[0]));
            let written = written.map(|path| (&path.names, path.line));
            for (path, line) in imported.chain(written) {
                let Some(of) = self.item(module, path, 0).and_then(|of| self.0.get(&of)) else { continue };
                if of.file != scope.file {
                    let place = format!("{}:{line}", scope.path);
                    named.push(Named { by: scope.file.clone(), of: of.file.clone(), place });
                }
            }
        }
        named
    }

    /// The module that an item comes from; `None` for what is no item of this crate, a module for example.
    fn item(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let mut module = from.clone();
        let mut rest = path;
        let mut climbed = false;
        while let [name, behind @ ..] = rest {
            match name.as_str() {
                "crate" => module = Vec::new(),
                "self" => {}
                "super" => drop(module.pop()?),
                _ => break,
            }
            climbed = true;
            rest = behind;
        }
        while let [name, behind @ ..] = rest {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.0.contains_key(&child) {
                module = child;
                climbed = true;
                rest = behind;
                continue;
            }
            let scope = self.0.get(&module)?;
            let import = scope.imports.iter().find(|import| import.name == *name && import.path != path);
            if let Some(import) = import.filter(|_| depth < 16) {
                let path = [import.path.as_slice(), behind].concat();
                // What this module hands on from another crate is asked of this module all the same.
                let own = if climbed && module != *from { Some(module.clone()) } else { None };
                return self.item(&module, &path, depth + 1).or(own);
            }
            return (climbed || scope.defined.contains(name)).then_some(module);
        }
        None
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<Ident>().is_ok_and(|condition| condition == "test")
    })
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':')
}

/// A field, a method or an associated item: no name of the module's own.
fn follows_a_dot(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(first), TokenTree::Punct(second)] => {
            second.as_char() == '.' && first.as_char() != '.'
                || (first.as_char(), second.as_char()) == (':', ':')
        }
        [.., TokenTree::Punct(mark)] => mark.as_char() == '.',
        _ => false,
    }
}

fn line(ident: &Ident) -> usize {
    ident.span().start().line
}
