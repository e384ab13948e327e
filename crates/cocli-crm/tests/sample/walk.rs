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

    /// Companies of one domain and one phone, the longer slug second.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut same: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (slug, text) in self.indexes() {
            let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
            if let (Some(domain), Some(phone)) = (value("domain: "), value("phone_number: ")) {
                same.entry((domain, phone)).or_default().push(slug.to_owned());
            }
        }
        let twice = same.into_values().filter(|slugs| slugs.len() > 1);
        let by_length = |mut slugs: Vec<String>| {
            slugs.sort_by_key(String::len);
            (slugs[0].clone(), slugs[1].clone())
        };
        twice.map(by_length).collect()
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

fn is_row(piece: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(piece) else { return false };
    let columns: Vec<&str> = text.split('\u{1f}').collect();
    let Some(target) = columns.len().checked_sub(4).and_then(|at| columns.get(at)) else { return false };
    let target = target.strip_prefix("companies/");
    (6..=8).contains(&columns.len()) && columns[0].starts_with("2026-") && target.is_some_and(|it| !it.contains('/'))
}
