//! A walk over a data folder of the original, by its text alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder whose regular files were read.
pub struct Walk {
    pub root: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    links: BTreeSet<String>,
}

/// All files and links below a folder.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found
}

/// Every time in front matter, without its zone.
pub fn times(text: &str) -> Vec<String> {
    let quoted = text.lines().filter_map(|line| line.split_once(": '")?.1.strip_suffix('\''));
    quoted
        .filter(|it| it.len() >= 19 && it.as_bytes()[10] == b'T')
        .map(|it| it.trim_end_matches('Z').to_owned())
        .collect()
}

/// The lines of front matter, without those around it.
pub fn front(text: &str) -> Vec<&str> {
    let text = text.trim_start_matches('\u{feff}').strip_prefix("---").unwrap();
    text.lines().skip_while(|line| line.is_empty()).take_while(|line| *line != "---").collect()
}

impl Walk {
    pub fn of(root: &Path) -> Walk {
        let mut walk = Walk { root: root.to_owned(), files: BTreeMap::new(), links: BTreeSet::new() };
        for path in files(root) {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_symlink() {
                walk.links.insert(name);
            } else {
                walk.files.insert(name, fs::read(path).unwrap());
            }
        }
        walk
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.files[name].clone()).unwrap()
    }

    pub fn regular_files(&self) -> usize {
        self.files.len()
    }

    pub fn bytes(&self) -> u64 {
        self.files.values().map(|bytes| bytes.len() as u64).sum()
    }

    pub fn folders(&self, below: &str) -> usize {
        fs::read_dir(self.root.join(below)).unwrap().count()
    }

    pub fn count(&self, first: &str, then: &str) -> usize {
        self.files.keys().chain(&self.links).filter(|name| name.starts_with(first) && name.contains(then)).count()
    }

    /// Slug and text of each company.
    pub fn indexes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(name, bytes)| {
            let slug = name.strip_prefix("companies/")?.strip_suffix("/_index.md")?;
            Some((slug, std::str::from_utf8(bytes).unwrap()))
        })
    }

    pub fn companies(&self, of: impl Fn(&str) -> bool) -> usize {
        self.indexes().filter(|(_, text)| of(text)).count()
    }

    pub fn tags_disagree(&self) -> usize {
        let differs = |(slug, text): &(&str, &str)| {
            let Some(listed) = self.files.get(&format!("companies/{slug}/tags.lst")) else { return false };
            let lines = text.lines().skip_while(|line| *line != "tags:").skip(1);
            let inside: String =
                lines.map_while(|line| line.strip_prefix("- ")).map(|tag| format!("{tag}\n")).collect();
            inside.as_bytes() != listed.as_slice()
        };
        self.indexes().filter(differs).count()
    }

    /// Companies that share a domain or a phone, wherever it stands; the longer slug second.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut own = |slug: &str, what: String| owners.entry(what).or_default().insert(slug.to_owned());
        for (name, bytes) in
            self.files.iter().filter(|(name, _)| name.starts_with("companies/") && name.ends_with(".md"))
        {
            let slug = name.split('/').nth(1).unwrap();
            for line in std::str::from_utf8(bytes).unwrap().lines() {
                match line.split_once(": ") {
                    Some(("domain", domain)) => drop(own(slug, domain.to_owned())),
                    Some((key, phone)) if key.starts_with("phone") => drop(own(slug, digits(phone))),
                    _ => {}
                }
            }
        }
        for row in self.journal_rows() {
            let columns: Vec<&str> = row.split('\u{1f}').rev().collect();
            if columns[2].starts_with("phone") {
                own(columns[3].trim_start_matches("companies/"), digits(columns[1]));
            }
        }
        let shared: BTreeSet<Vec<String>> = owners.into_values().filter(|it| it.len() > 1).map(by_length).collect();
        assert!(shared.iter().all(|slugs| slugs.len() == 2), "{shared:?}");
        shared.into_iter().map(|slugs| (slugs[0].clone(), slugs[1].clone())).collect()
    }

    pub fn ragged(&self) -> Vec<String> {
        let usv = self.files.iter().filter(|(name, _)| name.ends_with(".usv") && !name.starts_with("wal/"));
        let ragged = usv.filter(|(_, bytes)| {
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(|line| line.iter().filter(|byte| **byte == 0x1f).count()).collect::<BTreeSet<_>>().len() > 1
        });
        ragged.map(|(name, _)| name.clone()).collect()
    }

    pub fn secrets(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for (name, bytes) in self.files.iter().filter(|(name, _)| name.ends_with(".toml")) {
            let lines = std::str::from_utf8(bytes).unwrap().lines().zip(1..);
            found.extend(
                lines.filter(|(line, _)| line.starts_with("password")).map(|(_, number)| (name.clone(), number)),
            );
        }
        found
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let journals = self.files.iter().filter(|(name, _)| name.starts_with("wal/") && name.ends_with(".usv"));
        journals.flat_map(|(_, bytes)| bytes.split(|byte| *byte == 0x1e)).filter(|piece| !piece.is_empty())
    }

    /// Rows of any version that are whole and about something.
    pub fn journal_rows(&self) -> Vec<String> {
        self.pieces().filter(|piece| is_row(piece)).map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect()
    }

    pub fn journal_damage(&self) -> usize {
        self.pieces().filter(|piece| !is_row(piece)).count()
    }
}

/// The last ten digits.
fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    assert!(digits.len() >= 10, "{phone:?} is no phone");
    digits[digits.len() - 10..].to_owned()
}

fn by_length(slugs: BTreeSet<String>) -> Vec<String> {
    let mut slugs: Vec<String> = slugs.into_iter().collect();
    slugs.sort_by_key(String::len);
    slugs
}

fn is_row(piece: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(piece) else { return false };
    let columns: Vec<&str> = text.split('\u{1f}').collect();
    let Some(target) = columns.len().checked_sub(4).and_then(|at| columns.get(at)) else { return false };
    let target = target.strip_prefix("companies/");
    (6..=8).contains(&columns.len()) && columns[0].starts_with("2026-") && target.is_some_and(|it| !it.contains('/'))
}
