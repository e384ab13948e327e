//! Stdout: data in the format that was asked for. A closed pipe ends the talk quietly.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value as Json;

use crate::args::Format;

/// A path as people call it: from where they are, if it is below.
pub(crate) fn path(path: &Path) -> String {
    let here = std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    match here.filter(|below| !below.as_os_str().is_empty()) {
        Some(below) => format!("./{}", below.display()),
        None => path.display().to_string(),
    }
}

/// Only these fields of an object, each named by its keys with dots between; its schema
/// always. What is not there is left out.
pub(crate) fn only(json: &Json, fields: &[String]) -> Json {
    if fields.is_empty() {
        return json.clone();
    }
    let mut all = serde_json::Map::new();
    for path in std::iter::once("schema").chain(fields.iter().map(String::as_str)) {
        let keys: Vec<&str> = path.split('.').collect();
        let Some(value) = keys.iter().try_fold(json, |at, key| at.get(key)) else { continue };
        put(&mut all, &keys, value);
    }
    Json::Object(all)
}

fn put(all: &mut serde_json::Map<String, Json>, keys: &[&str], value: &Json) {
    match keys {
        [] => {}
        [last] => drop(all.insert((*last).to_owned(), value.clone())),
        [key, below @ ..] => {
            let object = all.entry(*key).or_insert_with(|| Json::Object(serde_json::Map::new()));
            object.as_object_mut().into_iter().for_each(|object| put(object, below, value));
        }
    }
}

/// What a list consists of, in every format it can be printed in.
#[derive(Debug, Default)]
pub(crate) struct List {
    /// Headings of the columns; shown on a terminal only.
    pub(crate) columns: Vec<String>,
    /// One line each: its cells, its JSON, its name.
    pub(crate) lines: Vec<Line>,
}

/// One line of a list.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) cells: Vec<String>,
    pub(crate) json: Json,
    pub(crate) name: String,
}

impl List {
    /// An empty list with these columns.
    pub(crate) fn of(columns: &[&str]) -> List {
        List { columns: columns.iter().map(ToString::to_string).collect(), lines: Vec::new() }
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, cells: Vec<String>, json: Json, name: impl Into<String>) {
        self.lines.push(Line { cells, json, name: name.into() });
    }

    /// Prints it. A table has headings only where `headed` says so.
    pub(crate) fn print(&self, format: Format, headed: bool) -> io::Result<()> {
        let mut out = stdout();
        match format {
            Format::Table | Format::Md => write!(out, "{}", self.table(headed))?,
            Format::Plain => {
                for line in &self.lines {
                    let cells: Vec<String> = line.cells.iter().map(|cell| plain(cell)).collect();
                    writeln!(out, "{}", cells.join("\t"))?;
                }
            }
            Format::Json => {
                let all: Vec<&Json> = self.lines.iter().map(|line| &line.json).collect();
                writeln!(out, "{}", serde_json::to_string(&all).map_err(io::Error::other)?)?;
            }
            Format::Jsonl => {
                for line in &self.lines {
                    writeln!(out, "{}", line.json)?;
                }
            }
            Format::Name => {
                for line in &self.lines {
                    writeln!(out, "{}", line.name)?;
                }
            }
        }
        out.flush()
    }

    fn table(&self, headed: bool) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(width) = width() {
            table.set_width(width);
        }
        if headed && !self.lines.is_empty() {
            table.set_header(self.columns.iter().map(|column| column.to_uppercase()));
        }
        for line in &self.lines {
            table.add_row(line.cells.iter().map(|cell| visible(cell)));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// Prints text as it is.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints one JSON value on a line.
pub(crate) fn json(value: &Json) -> io::Result<()> {
    text(&format!("{value}\n"))
}

fn stdout() -> impl Write {
    io::BufWriter::new(anstream::stdout())
}

/// The width to fit tables into: that of the terminal, where there is one.
fn width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok())
}

/// A cell in tab-separated output: one line, no tab, nothing lost.
fn plain(cell: &str) -> String {
    cell.chars()
        .flat_map(|c| match c {
            '\t' => "\\t".chars().collect::<Vec<_>>(),
            '\n' => "\\n".chars().collect(),
            '\r' => "\\r".chars().collect(),
            c => vec![c],
        })
        .collect()
}

/// A cell on a terminal: what would steer it is shown instead.
pub(crate) fn visible(cell: &str) -> String {
    let steers =
        |c: char| cocli_model::json::is_control(c) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    cell.chars().map(|c| if steers(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_never_steer_a_terminal_and_never_break_a_line() {
        for (cell, on_terminal, in_pipe) in [
            ("Café", "Café", "Café"),
            ("a\tb\nc", "a\\u{9}b\\u{a}c", "a\\tb\\nc"),
            ("\u{1b}[31mred", "\\u{1b}[31mred", "\u{1b}[31mred"),
            ("\u{202e}evil", "\\u{202e}evil", "\u{202e}evil"),
        ] {
            assert_eq!(visible(cell), on_terminal, "{cell:?}");
            assert_eq!(plain(cell), in_pipe, "{cell:?}");
        }
    }
}
