//! What stands in a data root beside companies, people and journals, a few files each.

mod campaigns;
mod global;
mod queues;

use std::io;

use super::facts::Facts;
use super::tree::Tree;
use super::truth::Truth;

/// Campaigns of a sample.
const CAMPAIGNS: [&str; 2] = ["roadmap", "fullerton"];

/// Writes all of it. `listed` are companies of listings, one for each ragged file and more.
pub(super) fn write(listed: &[Facts], ragged: usize, tree: &mut Tree, truth: &mut Truth) -> io::Result<()> {
    global::write(tree)?;
    campaigns::write(listed, ragged, tree, truth)?;
    queues::write(listed, tree)
}

/// Columns between US.
fn units(columns: &[&str]) -> String {
    columns.join("\u{1f}")
}

/// A row of dialect B: US between, RS and LF behind.
fn record(columns: &[&str]) -> String {
    units(columns) + "\u{1e}\n"
}

/// The shard of a place id: its character at index 5, if it is a letter or a digit.
fn place_shard(place_id: &str) -> char {
    place_id.chars().nth(5).filter(char::is_ascii_alphanumeric).unwrap_or('_')
}
