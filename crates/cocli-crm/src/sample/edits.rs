//! The later edits of a folder, in rounds of a day: what a copy of another age has not seen.

use super::dice::Dice;
use super::facts::Facts;
use super::phone;
use super::plan::Kind;
use super::sizes::{Age, Sample};
use super::style::Style;
use super::times::{MINUTE_US, round_us};
use super::truth::{Edit, Road};

/// One in this many ordinary companies was edited later.
const EDITED_EVERY: usize = 6;
/// Of those, one in this many by a person in a file without any time in it.
const TIMELESS_EVERY: usize = 5;

/// What was changed late in one company.
pub(super) struct Edits {
    /// Of this copy, in order of time.
    pub(super) list: Vec<Edit>,
    /// It is one that is edited, in a copy of any age.
    pub(super) is_edited: bool,
    /// Its front matter holds no time at all, in a copy of any age.
    pub(super) is_timeless: bool,
}

impl Edits {
    /// The edits of a company that a copy of this age has.
    pub(super) fn of(sample: &Sample, facts: &Facts) -> Edits {
        let mut dice = Dice::of(sample.seed, "edits", facts.index);
        let may = facts.kind == Kind::Ordinary && facts.style == Style::Dumped;
        if !may || !dice.one_in(EDITED_EVERY) {
            return Edits { list: Vec::new(), is_edited: false, is_timeless: false };
        }
        let is_timeless = dice.one_in(TIMELESS_EVERY);
        let always = 1 + dice.below(usize::from(Age::ROUNDS));
        let mut list = Vec::new();
        for round in 1..=Age::ROUNDS {
            let roads: &[Road] = match (is_timeless, dice.below(3)) {
                (true, _) => &[Road::File],
                (false, 0) => &[Road::Wal],
                (false, 1) => &[Road::Save],
                _ => &[Road::Wal, Road::Save],
            };
            let at_us = round_us(round) + dice.below(600_000_000) as i64;
            // Behind the numbers that companies have from the start.
            let later = 2 * sample.companies + facts.index * usize::from(Age::ROUNDS) + usize::from(round);
            let phone = format!("1{}", phone::number(facts.city.area, later));
            let is_taken = usize::from(round) == always || dice.one_in(2);
            if is_taken && round <= sample.age.newest() {
                list.extend(roads.iter().map(|road| edit(facts, *road, round, at_us, &phone)));
            }
        }
        Edits { list, is_edited: true, is_timeless }
    }

    /// The last one whose value is in the front matter itself.
    pub(super) fn last_save(&self) -> Option<&Edit> {
        self.list.iter().rev().find(|edit| edit.road != Road::Wal)
    }

    /// The phone that the last save found in the journal, and so wrote into the file too.
    pub(super) fn saved_phone(&self) -> Option<&str> {
        let saved_us = self.last_save()?.at_us;
        let before = self.list.iter().rev().find(|edit| edit.road == Road::Wal && edit.at_us <= saved_us)?;
        Some(&before.value)
    }
}

fn edit(facts: &Facts, road: Road, round: u8, at_us: i64, phone: &str) -> Edit {
    let (field, value, at_us) = match road {
        Road::Wal => ("phone_number", phone.to_owned(), at_us),
        Road::Save | Road::File => {
            ("hours", format!("Mon-Fri {}:30-17:00, as told on call {round}", 6 + round), at_us + MINUTE_US)
        }
    };
    Edit { slug: facts.slug.clone(), field, value, round, at_us, road }
}
