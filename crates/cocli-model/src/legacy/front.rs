//! Files with front matter as the original and its helpers left them.
//!
//! What our own reader takes is taken as it is. Two kinds of damage are known and read
//! through: a first line without its line end (`---all_emails:`), and front matter of
//! which single keys are no YAML, which costs these keys.

use crate::front::{FrontError, FrontMatter, Values};

/// What a file of the original holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OriginalFile {
    /// The values of its keys.
    pub values: Values,
    /// The text behind them, without the blank line in front and the last line end.
    pub body: String,
    /// Keys, or lines where there is no key, that could not be read.
    pub odd: Vec<String>,
    /// Whether the file is sound: our own reader takes it.
    pub is_sound: bool,
}

/// Reads a file. One without front matter is all body.
///
/// # Errors
/// Not even its parts can be told: no text, too large, or front matter without an end.
pub fn read_file(bytes: &[u8]) -> Result<OriginalFile, FrontError> {
    let refused = match FrontMatter::parse(bytes) {
        Ok(front) if front.is_there() => {
            let (values, body) = (front.values().clone(), trimmed(front.body()));
            return Ok(OriginalFile { values, body, odd: Vec::new(), is_sound: true });
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    if let Some(error @ (FrontError::NotUtf8(_) | FrontError::Nul(_) | FrontError::TooLarge(_))) = refused {
        return Err(error);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| FrontError::NotUtf8(error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("---") else {
        return Ok(OriginalFile { body: trimmed(text), ..OriginalFile::default() });
    };
    let (front, body) = parts(rest).ok_or(FrontError::Unclosed)?;
    let (values, odd) = key_by_key(front);
    Ok(OriginalFile { values, body: trimmed(body), odd, is_sound: false })
}

/// Front matter and body, given what follows the first `---`.
fn parts(rest: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if at > 0 && line.trim_end() == "---" {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// Reads each key with the lines that belong to it by itself. Of a key that stands twice
/// the last counts, as in the original.
fn key_by_key(front: &str) -> (Values, Vec<String>) {
    let (mut values, mut odd) = (Values::new(), Vec::new());
    for entry in entries(front) {
        let read = FrontMatter::parse(format!("---\n{entry}\n---\n").as_bytes());
        match read {
            Ok(front) => values.extend(front.values().clone()),
            Err(_) => odd.push(name_of(&entry)),
        }
    }
    (values, odd)
}

fn entries(front: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in front.lines().filter(|line| !line.trim().is_empty()) {
        let belongs = line.starts_with([' ', '\t', '-']);
        match entries.last_mut().filter(|_| belongs) {
            Some(entry) => {
                entry.push('\n');
                entry.push_str(line);
            }
            None => entries.push(line.to_owned()),
        }
    }
    entries
}

fn name_of(entry: &str) -> String {
    let first = entry.lines().next().unwrap_or_default();
    first.split(':').next().unwrap_or_default().chars().take(40).collect()
}

fn trimmed(body: &str) -> String {
    let body = body.replace("\r\n", "\n");
    let body = body.strip_prefix('\n').unwrap_or(&body);
    body.strip_suffix('\n').unwrap_or(body).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sound_files_and_known_damage_are_read() {
        let sound = b"---\nname: Acme\nhours: 9am --- 5pm\n---\n\nBody\nline2\n";
        let file = read_file(sound).unwrap();
        assert!(file.is_sound);
        assert_eq!((file.values["hours"].clone(), file.body.as_str()), (json!("9am --- 5pm"), "Body\nline2"));

        let glued = b"---all_emails:\n- a@b.com\nname: Acme\n---\nBody\n";
        let file = read_file(glued).unwrap();
        assert!(!file.is_sound);
        assert_eq!(
            (file.values["all_emails"].clone(), file.values["name"].clone()),
            (json!(["a@b.com"]), json!("Acme"))
        );

        let half = b"---\nname: Acme\nhours: \"9am\ncity: Brea\ncity: Yorba\n---\n";
        let file = read_file(half).unwrap();
        assert_eq!((file.values["name"].clone(), file.values["city"].clone()), (json!("Acme"), json!("Yorba")));
        assert_eq!(file.odd, ["hours"]);

        assert_eq!(read_file(b"no front\n").unwrap().body, "no front");
        assert_eq!(read_file(b"---\nname: Acme\n").unwrap_err(), FrontError::Unclosed);
        assert!(matches!(read_file(b"---\nname: \0\n---\n"), Err(FrontError::Nul(_))));
    }
}
