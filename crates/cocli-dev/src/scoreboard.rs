//! `docs/SCOREBOARD.md`: sections between two marks, each written by one program.
//!
//! A section is all between `<!-- section: NAME -->` and `<!-- end: NAME -->`. Whoever
//! writes one leaves the others as they are.

use anyhow::{Context, Result};

use crate::workspace;

const HEAD: &str = "# Scoreboard\n\nMeasured, never typed in. Each section is written by the command it names.\n";

/// Where the scoreboard stands.
pub(crate) const PATH: &str = "docs/SCOREBOARD.md";

/// Puts `body` in place of the section `name`, or at the end.
pub(crate) fn write_section(name: &str, body: &str) -> Result<()> {
    let path = workspace::root().join(PATH);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEAD.to_owned(),
        Err(error) => return Err(error).context("read the scoreboard"),
    };
    workspace::write(&path, &with_section(&text, name, body))
}

/// `text` with `body` as the section `name`, which is added at the end if it is new.
pub(crate) fn with_section(text: &str, name: &str, body: &str) -> String {
    let (begin, end) = (format!("<!-- section: {name} -->"), format!("<!-- end: {name} -->"));
    let section = format!("{begin}\n{}\n{end}", body.trim_end());
    let old = text.find(&begin).zip(text.find(&end)).filter(|(from, to)| from < to);
    match old {
        Some((from, to)) => format!("{}{section}{}", &text[..from], &text[to + end.len()..]),
        None => format!("{}\n\n{section}\n", text.trim_end()),
    }
}

/// What a row of the scoreboard says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// What must be reached is, or the aim if nothing must.
    Met,
    /// What must be reached is not.
    Missed,
    /// Only aimed at, and not reached.
    Aim,
    /// Nothing was wanted.
    Unknown,
}

/// The state of each row of every table: name in the first column; `met`, `missed` or
/// `aim`, or nothing of the kind in one of the others.
pub(crate) fn rows(text: &str) -> Vec<(String, Reached)> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let cells = rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let state = |cells: &[&str]| {
        let says = |word: &str| cells.iter().skip(1).any(|cell| *cell == word);
        match (says("missed"), says("aim"), says("met")) {
            (true, ..) => Reached::Missed,
            (_, true, _) => Reached::Aim,
            (.., true) => Reached::Met,
            _ => Reached::Unknown,
        }
    };
    cells.map(|cells| (cells[0].to_owned(), state(&cells))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_others_stay() {
        let first = with_section(HEAD, "fuzz", "one\n");
        let second = with_section(&first, "bench", "| group commit | 91 % | met |");
        let third = with_section(&second, "fuzz", "two");
        assert!(third.contains("\ntwo\n<!-- end: fuzz -->") && !third.contains("one"));
        assert_eq!(third.matches("group commit").count(), 1);
        assert_eq!(with_section(&third, "fuzz", "two"), third, "written again, the same");
        assert_eq!(rows(&third), vec![("group commit".to_owned(), Reached::Met)]);
    }
}
