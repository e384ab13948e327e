//! No circles between the files of a crate: what one file uses never leads back to it.
//!
//! Every file is a module. A module and the modules below it are one *room*; the rooms
//! that stand side by side in one module must not use each other in a circle. Between a
//! module and the modules below it uses go both ways by nature: the parent declares and
//! exports them, and they are its inside.
//!
//! Read from the text: `use` declarations and paths that begin with `crate`, `super`,
//! `self` or a module's name. A name that a module only exports counts as a use of where
//! it is defined. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// A module's place in its crate: `["fold", "cell"]`.
type Module = Vec<String>;

/// The modules of one crate: what each uses, and what each exports from elsewhere.
#[derive(Default)]
struct Modules {
    /// The text of each file, without comments, strings and tests.
    texts: BTreeMap<Module, String>,
    /// `(module, exported name)` to the path behind it.
    exports: BTreeMap<(Module, String), Module>,
}

/// Names every circle, and fails if there is one.
pub(crate) fn run() -> Result<()> {
    let circles = find(&workspace::root())?;
    circles.iter().for_each(|circle| eprintln!("circles: {circle}"));
    ensure!(circles.is_empty(), "{} circles between files", circles.len());
    println!("circles: none between files");
    Ok(())
}

/// One line for each circle in any crate of the workspace.
fn find(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let crates = std::fs::read_dir(root.join("crates")).context("list crates/")?;
    let mut folders: Vec<PathBuf> = crates.filter_map(|entry| Some(entry.ok()?.path().join("src"))).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    for folder in folders {
        let mut texts = BTreeMap::new();
        read(&folder, &folder, &mut texts)?;
        let name = folder.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        found.extend(judge(texts).into_iter().map(|rooms| format!("{name}: a circle between {}", rooms.join(" and "))));
    }
    Ok(found)
}

fn read(base: &Path, folder: &Path, texts: &mut BTreeMap<Module, String>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            read(base, &path, texts)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let inside = path.strip_prefix(base).expect("a file below its folder").with_extension("");
            let mut module: Module = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
                module.pop();
            }
            texts.entry(module).or_default().push_str(&plain(&text));
        }
    }
    Ok(())
}

/// A file's text up to its tests, without comments and without what strings say.
fn plain(text: &str) -> String {
    let tests = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    let mut out = String::new();
    for line in text[..tests].lines() {
        let code = line.split("//").next().unwrap_or_default();
        for (index, part) in code.split('"').enumerate() {
            if index % 2 == 0 {
                out.push_str(part);
            }
        }
        out.push('\n');
    }
    out
}

/// The rooms of every circle.
fn judge(texts: BTreeMap<Module, String>) -> Vec<Vec<String>> {
    let mut modules = Modules { texts, exports: BTreeMap::new() };
    modules.read_exports();
    let mut rooms: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (module, text) in &modules.texts {
        for used in modules.uses(module, text) {
            let shared = module.iter().zip(&used).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.get(shared), used.get(shared)) {
                let edges = rooms.entry(module[..shared].to_vec()).or_default();
                edges.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    rooms.iter().filter_map(|(place, edges)| circle(place, edges)).collect()
}

/// Rooms that lead back to themselves, if any.
fn circle(place: &Module, edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let name = |room: &String| [place.as_slice(), std::slice::from_ref(room)].concat().join("::");
    let inside: Vec<String> = edges.keys().filter(|room| reach(room, edges).contains(room)).map(name).collect();
    (!inside.is_empty()).then_some(inside)
}

/// Every room that `start` leads to.
fn reach<'a>(start: &'a String, edges: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a String> {
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    let mut open = vec![start];
    while let Some(room) = open.pop() {
        open.extend(edges.get(room).into_iter().flatten().filter(|next| seen.insert(next)));
    }
    seen
}

impl Modules {
    fn read_exports(&mut self) {
        let mut exports = BTreeMap::new();
        for (module, text) in &self.texts {
            for (path, exported) in declarations(text) {
                let Some(name) = path.last().filter(|_| exported) else { continue };
                if let Some(target) = self.place(module, &path) {
                    exports.insert((module.clone(), name.clone()), target);
                }
            }
        }
        self.exports = exports;
    }

    /// The modules that a file uses.
    fn uses(&self, module: &Module, text: &str) -> BTreeSet<Module> {
        let named = declarations(text).into_iter().filter(|(_, exported)| !exported).map(|(path, _)| path);
        let mut used: BTreeSet<Module> =
            named.chain(inline_paths(text)).filter_map(|path| self.place(module, &path)).collect();
        used.remove(module);
        used
    }

    /// The module that defines what `path` names, seen from `module`.
    fn place(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut at = module.clone();
        match path.first()?.as_str() {
            "crate" => at.clear(),
            "self" | "super" => {}
            first => {
                let child = [module.as_slice(), &[first.to_owned()]].concat();
                if !self.texts.contains_key(&child) {
                    return None;
                }
            }
        }
        for part in path {
            match part.as_str() {
                "crate" | "self" => {}
                "super" => {
                    at.pop()?;
                }
                name => {
                    let child = [at.as_slice(), &[name.to_owned()]].concat();
                    if let Some(behind) = self.exports.get(&(at.clone(), name.to_owned())) {
                        return Some(behind.clone());
                    }
                    if !self.texts.contains_key(&child) {
                        return Some(at);
                    }
                    at = child;
                }
            }
        }
        Some(at)
    }
}

/// Every path that a `use` declares, and whether it is exported again.
fn declarations(text: &str) -> Vec<(Vec<String>, bool)> {
    let mut found = Vec::new();
    for statement in text.split(';') {
        let Some(at) =
            statement.rfind("use ").filter(|at| *at == 0 || !statement.as_bytes()[at - 1].is_ascii_alphanumeric())
        else {
            continue;
        };
        let line = statement[..at].rsplit('\n').next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with("pub") {
            expand(&[], statement[at + 4..].trim(), line.starts_with("pub"), &mut found);
        }
    }
    found
}

/// Opens the braces of a `use` tree.
fn expand(prefix: &[String], tree: &str, exported: bool, found: &mut Vec<(Vec<String>, bool)>) {
    let (head, braces) = match tree.split_once('{') {
        Some((head, rest)) => (head, rest.rsplit_once('}').map(|(inside, _)| inside)),
        None => (tree, None),
    };
    let head = head.split(" as ").next().unwrap_or_default();
    let parts = head.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned);
    let path: Vec<String> = prefix.iter().cloned().chain(parts).collect();
    match braces {
        None => found.push((path, exported)),
        Some(inside) => outer_commas(inside).into_iter().for_each(|tree| expand(&path, tree, exported, found)),
    }
}

/// The parts between commas that stand in no inner braces.
fn outer_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Paths within code that begin with `crate`, `super`, `self` or a module's name.
fn inline_paths(text: &str) -> Vec<Vec<String>> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c: char| !word(c)).filter(|path| path.contains("::"));
    words
        .map(|path| {
            path.split("::").map(|part| part.trim_matches(':').to_owned()).filter(|part| !part.is_empty()).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_seen_between_rooms_and_not_between_a_room_and_its_inside() {
        type Files = &'static [(&'static str, &'static str)];
        let cases: [(&str, Files, usize); 6] = [
            ("one way", &[("", "mod a; mod b;"), ("a", "use crate::b::X;"), ("b", "")], 0),
            ("both ways", &[("a", "use crate::b::X;"), ("b", "fn f() { crate::a::g() }")], 1),
            (
                "by way of a third",
                &[("a", "use super::b;"), ("b", "use super::c::{self, Y};"), ("c", "use crate::a;")],
                1,
            ),
            ("an inside", &[("a", "mod b; pub use b::X; pub trait T {}"), ("a::b", "use super::T;")], 0),
            ("through an export", &[("", "pub use a::X;"), ("a", "use crate::b::Y;"), ("b", "use crate::X;")], 1),
            ("inside of another", &[("a::x", "use crate::b::Y;"), ("b", "use crate::a::x::Z;"), ("a", "")], 1),
        ];
        for (name, files, want) in cases {
            let module = |path: &str| path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
            let texts = files.iter().map(|(path, text)| (module(path), (*text).to_owned())).collect();
            let circles = judge(texts);
            assert_eq!(circles.len(), want, "{name}: {circles:?}");
        }
    }
}
