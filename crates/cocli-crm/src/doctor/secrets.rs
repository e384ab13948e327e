//! Secrets that lie open in configuration: where, never what.

use std::fs;
use std::path::{Path, PathBuf};

use super::{DoctorError, Report, Verdict};

/// Words in a key that say that its value is a secret.
const SECRET: [&str; 8] = ["password", "passwd", "secret", "token", "api_key", "apikey", "access_key", "private_key"];
/// How references begin: the secret itself is elsewhere.
const REFERENCES: [&str; 5] = ["env:", "file:", "cmd:", "keyring:", "op://"];
/// Folders that are looked through, and how deep.
const PLACES: [&str; 3] = ["config", "campaigns", ".cocli"];
const DEPTH_MAX: usize = 5;
/// Files that are looked at, and bytes of each, at most.
const FILES_MAX: usize = 10_000;
const FILE_BYTES_MAX: u64 = 1 << 20;

pub(super) fn examine(root: &Path, report: &mut Report) -> Result<(), DoctorError> {
    let mut files = Vec::new();
    for place in PLACES {
        collect(&root.join(place), DEPTH_MAX, &mut files)?;
    }
    files.sort();
    let mut found = false;
    for path in &files {
        let Ok(text) = fs::read_to_string(path) else { continue };
        for line in lines_with_secrets(&text) {
            found = true;
            let shown = path.strip_prefix(root).unwrap_or(path).display();
            report
                .push("Secrets", Verdict::Fail, format!("{shown}:{line} looks like a password"))
                .way_out("move it out of the folder and write a reference there: env:NAME or file:PATH");
        }
    }
    if !found {
        report.push("Secrets", Verdict::Ok, "no secret lies open in configuration");
    }
    Ok(())
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DoctorError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(DoctorError::Io { path: folder.to_owned(), source }),
    };
    for entry in entries.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() && depth > 1 && !is_bulk(&path) {
            collect(&path, depth - 1, files)?;
        } else if kind.is_file() && is_config(&path) && files.len() < FILES_MAX {
            files.extend(entry.metadata().ok().filter(|found| found.len() <= FILE_BYTES_MAX).map(|_| path));
        }
    }
    Ok(())
}

/// Folders of a campaign that hold data, a file for each task or page.
fn is_bulk(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    ["indexes", "queues", "raw", "exports", "scraped_data", "quarantine", "trash", "objects", "pending"].contains(&name)
}

fn is_config(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".toml") || name.ends_with(".ini") || name == ".env" || name.ends_with(".env")
}

/// Numbers of lines, from 1, on which a secret stands.
fn lines_with_secrets(text: &str) -> Vec<usize> {
    let is_secret = |line: &str| {
        let line = line.trim();
        let Some((key, value)) = line.split_once('=') else { return false };
        let key = key.trim().to_lowercase();
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        !line.starts_with('#')
            && SECRET.iter().any(|word| key.contains(word))
            && value.len() >= 4
            && !matches!(value, "true" | "false" | "none" | "null")
            && !value.starts_with(['[', '{', '$'])
            && !REFERENCES.iter().any(|begin| value.starts_with(begin))
    };
    text.lines().zip(1..).filter(|(line, _)| is_secret(line)).map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_secrets_are_found_and_references_are_not() {
        let text = "[aws]\n# password = \"x123\"\nprofile = \"p\"\nsecret_key = \"abcd1234\"\nDB_PASSWORD='hunter2'\n\
                    token = \"env:TOKEN\"\napi_key = \"\"\ntoken_file = \"file:/run/t\"\nuse_token = true\n";
        assert_eq!(lines_with_secrets(text), [4, 5]);
    }

    #[test]
    fn a_report_names_file_and_line_and_never_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let campaign = folder.path().join("campaigns/test/roadmap");
        fs::create_dir_all(&campaign).unwrap();
        fs::write(campaign.join("config.toml"), "[smtp]\npassword = \"hunter2\"\n").unwrap();
        let mut report = Report::default();
        examine(folder.path(), &mut report).unwrap();
        assert_eq!(report.lines[0].says, "campaigns/test/roadmap/config.toml:2 looks like a password");
        assert!(!format!("{report:?}").contains("hunter2"));
    }
}
