//! The section `bench` of `docs/SCOREBOARD.md`.
//!
//! The file is shared: a section is all between `<!-- section: NAME -->` and
//! `<!-- end: NAME -->`, and whoever writes one leaves the others as they are
//! (`cocli-dev` writes `fuzz`, and reads the rows by name for the table of proofs).
//! Within ours, a row that was measured replaces the row of its name, others stay.

use anyhow::{Context, Result};

use crate::line::Line;
use crate::machine::{Machine, root};

/// Where the scoreboard stands.
pub(crate) const PATH: &str = "docs/SCOREBOARD.md";

const HEAD: &str = "# Scoreboard\n\nMeasured, never typed in. Each section is written by the command it names.\n";
const BEGIN: &str = "<!-- section: bench -->";
const END: &str = "<!-- end: bench -->";
/// Names of the columns.
const COLUMNS: [&str; 8] = ["row", "limit", "ours", "ratio", "wanted", "verdict", "load", "commit"];

/// The rows measured in this run.
#[derive(Debug, Default)]
pub(crate) struct Board {
    entries: Vec<Entry>,
}

/// One row as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry([String; COLUMNS.len()]);

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [row, limit, ours, ratio, wanted, verdict, load, commit] = &self.0;
        write!(f, "  {row}: {ours} (limit {limit}), {ratio}, {wanted}: {verdict} [load {load}, {commit}]")
    }
}

impl Board {
    /// Adds a row with what it was measured on.
    pub(crate) fn add(&mut self, line: &Line, machine: &Machine) -> Entry {
        let [name, limit, ours, ratio, wanted, verdict] = line.columns();
        let entry = Entry([name, limit, ours, ratio, wanted, verdict, machine.load(), machine.commit().to_owned()]);
        self.entries.push(entry.clone());
        entry
    }

    /// Puts the rows into the scoreboard.
    pub(crate) fn write(&self, machine: &Machine) -> Result<()> {
        let path = root().join(PATH);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEAD.to_owned(),
            Err(error) => return Err(error).context("read the scoreboard"),
        };
        let new = path.with_extension("new");
        std::fs::write(&new, self.put_into(&text, machine)).context("write the scoreboard")?;
        std::fs::rename(&new, &path).context("put the scoreboard in place")
    }

    /// `text` with these rows in its section, which is added at the end if it is new.
    fn put_into(&self, text: &str, machine: &Machine) -> String {
        let place = text.find(BEGIN).zip(text.find(END)).filter(|(from, to)| from < to);
        let mut entries = place.map_or_else(Vec::new, |(from, to)| read(&text[from..to]));
        for entry in &self.entries {
            match entries.iter_mut().find(|old| old.0[0] == entry.0[0]) {
                Some(old) => *old = entry.clone(),
                None => entries.push(entry.clone()),
            }
        }
        let section = format!("{BEGIN}\n{}{END}", render(&entries, machine));
        match place {
            Some((from, to)) => format!("{}{section}{}", &text[..from], &text[to + END.len()..]),
            None => format!("{}\n\n{section}\n", text.trim_end()),
        }
    }
}

/// The rows of a section.
fn read(section: &str) -> Vec<Entry> {
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()));
    let entries = cells.filter_map(|cells| cells.collect::<Vec<_>>().try_into().ok().map(Entry));
    entries.filter(|entry| entry.0[0] != COLUMNS[0]).collect()
}

fn render(entries: &[Entry], machine: &Machine) -> String {
    let mut text = format!(
        "## Numbers\n\n`make bench`, release, {machine}. Limit and ours are medians of rounds that alternate; the \
         ratio is the median of the rounds' ratios. *met*: what must be reached is, or the aim if nothing must; \
         *aim*: only aimed at, and not reached. A commit with `+` was measured with changes to it.\n\n"
    );
    let row = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&row(&COLUMNS));
    text.push_str(&row(&["---"; COLUMNS.len()]));
    for entry in entries {
        let cells: Vec<String> = entry.0.iter().map(|cell| cell.replace('|', "/")).collect();
        text.push_str(&row(&cells.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Wanted;

    fn line(name: &str, ours: &str) -> Line {
        let (name, limit, ours) = (name.to_owned(), "100/s".to_owned(), ours.to_owned());
        Line { name, limit, ours, ratio: 0.91, wanted: Wanted::share(Some(0.7), Some(0.85)) }
    }

    #[test]
    fn every_row_prints_limit_ours_ratio_load_commit() {
        let machine = Machine::here();
        let mut board = Board::default();
        let printed = board.add(&line("group commit", "91/s"), &machine).to_string();
        let text = board.put_into(HEAD, &machine);
        let row = text.lines().find(|row| row.starts_with("| group commit |")).unwrap();
        for what in ["100/s", "91/s", "91 %", "met", "≥ 70 %", machine.commit()] {
            assert!(printed.contains(what), "{what} is not printed: {printed}");
            assert!(row.contains(what), "{what} is not on the board: {row}");
        }
        let load: f64 = row.rsplit(" | ").nth(1).unwrap().parse().unwrap();
        assert!(load >= 0.0, "a load is a number");
    }

    #[test]
    fn a_row_replaces_its_elder_and_everything_else_stays() {
        let machine = Machine::here();
        let (mut first, mut second) = (Board::default(), Board::default());
        first.add(&line("a", "1/s"), &machine);
        first.add(&line("b", "2/s"), &machine);
        second.add(&line("a", "3/s"), &machine);
        let others = format!("{HEAD}\n<!-- section: fuzz -->\n| cbor | 9 |\n<!-- end: fuzz -->\n");
        let text = second.put_into(&first.put_into(&others, &machine), &machine);
        let names: Vec<_> = read(&text[text.find(BEGIN).unwrap()..]).into_iter().map(|Entry(cells)| cells).collect();
        let told: Vec<_> = names.iter().map(|cells| (cells[0].as_str(), cells[2].as_str())).collect();
        assert_eq!(told, [("a", "3/s"), ("b", "2/s")]);
        assert!(text.contains("| cbor | 9 |"), "the section of another program stays");
        assert_eq!(second.put_into(&text, &machine), text, "written again, the same");
    }
}
