//! One row of a journal: columns between US, RS behind the last, no line end.

use crate::sample::dice::Dice;
use crate::sample::facts::Facts;
use crate::sample::phone;
use crate::sample::times::{DAY_US, SECOND_US, TAKEN_US, aware};
use crate::sample::words::{CATEGORIES, SERVICES};

use super::NODES;

/// Days before the folder was taken on which rows of all versions were written.
const DAYS: usize = 6;
/// The last of them.
const LAST_DAY: usize = 6;

/// A row and where it goes.
pub(in crate::sample) struct Row {
    pub(super) at_us: i64,
    pub(super) node: usize,
    pub(super) text: String,
}

impl Row {
    /// A row as the original writes it today (version 3).
    pub(in crate::sample) fn new(at_us: i64, node: usize, target: &str, field: &str, value: &str) -> Row {
        Row::of_version(3, at_us, node, [target, field, value])
    }

    /// Version 1 has no campaign and no environment, version 2 no environment.
    pub(in crate::sample) fn of_version(version: u8, at_us: i64, node: usize, what: [&str; 3]) -> Row {
        let time = aware(at_us);
        let head: &[&str] = match version {
            1 => &[&time, NODES[node]],
            2 => &[&time, NODES[node], "roadmap"],
            _ => &[&time, NODES[node], "roadmap", "prod"],
        };
        let columns: Vec<&str> = head.iter().chain(&what).copied().chain([""]).collect();
        Row { at_us, node, text: columns.join("\u{1f}") + "\u{1e}" }
    }
}

/// A row from before the rounds of edits, of a field that those do not touch.
pub(super) fn before_edits(facts: &Facts, target: &str, dice: &mut Dice) -> Row {
    let domain = facts.domain.as_deref().unwrap_or("unknown.example");
    let lists = |dice: &mut Dice, of: &[&str]| format!("[{}, {}]", json(dice.pick(of)), json(dice.pick(of)));
    let (field, value) = match dice.below(9) {
        0 => ("email", format!("Email:sales@{domain}")),
        1 => ("categories", lists(dice, CATEGORIES)),
        2 => ("services", lists(dice, SERVICES)),
        3 => ("email_contexts", format!("{{{}: {}}}", json(&format!("info@{domain}")), json("Büro é 📞"))),
        4 => ("callback_at", "None".to_owned()),
        5 => ("average_rating", format!("{}.{}", 3 + dice.below(2), dice.below(10))),
        6 => ("tags", "[\"from-the-journal\"]".to_owned()),
        7 => ("phone_1", phone::odd(&facts.number, dice.below(4))),
        _ => ("field_of_a_later_model", "yes".to_owned()),
    };
    let version = [3, 3, 3, 2, 1][dice.below(5)];
    let mut at_us = TAKEN_US - (LAST_DAY + dice.below(DAYS)) as i64 * DAY_US - dice.below(70_000_000_000) as i64;
    if dice.one_in(10) {
        at_us = at_us / SECOND_US * SECOND_US;
    }
    Row::of_version(version, at_us, dice.below(NODES.len()), [target, field, &value])
}

/// A text as Python's `json.dumps` writes it: everything beyond ASCII escaped.
pub(super) fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out + "\""
}
