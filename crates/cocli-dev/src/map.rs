//! The code map of `docs/ARCHITECTURE.md`: every crate and file with the sentence by which
//! it introduces itself, so that the map says what the files say.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{scoreboard, workspace};

const PATH: &str = "docs/ARCHITECTURE.md";

/// Writes the map into the document.
pub(crate) fn write() -> Result<()> {
    let path = workspace::root().join(PATH);
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {PATH}"))?;
    workspace::write(&path, &scoreboard::with_section(&text, "map", &draw(&workspace::root())?))
}

/// Refuses a crate that the document does not speak of; says if the map of files is old.
pub(crate) fn check() -> Result<()> {
    let root = workspace::root();
    let text = std::fs::read_to_string(root.join(PATH)).with_context(|| format!("read {PATH}"))?;
    let missing = unmentioned(&text, &crates(&root)?);
    ensure!(missing.is_empty(), "{PATH} does not speak of {}", missing.join(", "));
    if text == scoreboard::with_section(&text, "map", &draw(&root)?) {
        println!("map: {PATH} says what the files say");
    } else {
        println!("map: to mend: the code map of {PATH} is old; `make fix` draws it again");
    }
    Ok(())
}

/// Crates that the text before the map does not name.
fn unmentioned(text: &str, crates: &[PathBuf]) -> Vec<String> {
    let told = text.split("<!-- section: map -->").next().unwrap_or_default();
    let names = crates.iter().map(|path| name(path));
    names.filter(|name| !told.contains(&format!("`{name}`"))).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The folders of all crates, sorted.
fn crates(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = children(&root.join("crates"))?;
    found.retain(|path| path.join("Cargo.toml").is_file());
    Ok(found)
}

fn children(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn draw(root: &Path) -> Result<String> {
    let mut text = String::new();
    for path in crates(root)? {
        text.push_str(&format!("### `{}`\n\n", name(&path)));
        for folder in ["src", "tests", "benches", "examples"] {
            if path.join(folder).is_dir() {
                list(&path, &path.join(folder), &mut text)?;
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// One line a file: where it is, and what it says of itself.
fn list(base: &Path, folder: &Path, text: &mut String) -> Result<()> {
    for path in children(folder)? {
        if path.is_dir() {
            list(base, &path, text)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let place = path.strip_prefix(base).expect("a file below its crate").display().to_string();
            let said = introduction(&source).map_or(String::new(), |said| format!(": {said}"));
            text.push_str(&format!("- `{place}`{said}\n"));
        }
    }
    Ok(())
}

/// The first sentence of a file's own documentation.
fn introduction(source: &str) -> Option<String> {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    let end = paragraph.find(". ").map_or(paragraph.len(), |at| at + 1);
    (!paragraph.is_empty()).then(|| paragraph[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_introduces_itself_by_its_first_sentence() {
        let cases = [
            (
                "//! Dots name records;\n//! names mean rows. And more.\n//!\n//! - x\nuse a;\n",
                Some("Dots name records; names mean rows."),
            ),
            ("//! One: `v1.2`.\n", Some("One: `v1.2`.")),
            ("use a;\n//! late\n", None),
        ];
        for (source, want) in cases {
            assert_eq!(introduction(source).as_deref(), want, "{source}");
        }
    }

    #[test]
    fn every_crate_and_room_stands_in_the_architecture() {
        let root = workspace::root();
        let text = std::fs::read_to_string(root.join(PATH)).unwrap();
        let crates = crates(&root).unwrap();
        assert_eq!(unmentioned(&text, &crates), Vec::<String>::new());
        assert!(unmentioned("", &crates).len() == crates.len() && crates.len() > 5);
        assert!(draw(&root).unwrap().contains("- `src/map.rs`: The code map of"), "rooms are listed");
    }
}
