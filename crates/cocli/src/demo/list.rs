//! A list for those who bring none: plausible companies as CSV,
//! `name,domain,website,phone,city,state,country`.
//!
//! - The same count and seed give the same bytes, on every machine.
//! - Every domain is a firm of its own; about one name in forty is also the name of
//!   another firm, and about one in eight holds characters beyond ASCII.
//! - Phone numbers are of the ranges kept for fiction, domains end in `.example`.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// The list is the same at every demo.
const SEED: u64 = 1;

/// The first line.
const COLUMNS: &str = "name,domain,website,phone,city,state,country";
/// One firm in this many carries the name of an earlier one.
const TWIN_EVERY: u64 = 40;

/// Owner, and the same for a domain.
const OWNERS: &[(&str, &str)] = &[
    ("Acme", "acme"),
    ("Brea", "brea"),
    ("Summit", "summit"),
    ("Cedar", "cedar"),
    ("Ortega", "ortega"),
    ("Nakamura", "nakamura"),
    ("Müller", "mueller"),
    ("O'Brien", "obrien"),
    ("Søndergård", "sondergard"),
    ("Lefèvre", "lefevre"),
    ("Castañeda", "castaneda"),
    ("Blue Mesa", "blue-mesa"),
    ("Ironwood", "ironwood"),
    ("Harbor", "harbor"),
    ("Kowalski", "kowalski"),
    ("Nguyễn", "nguyen"),
    ("Whitaker", "whitaker"),
    ("Delgado", "delgado"),
    ("Larkspur", "larkspur"),
    ("Pacific", "pacific"),
    ("東京", "tokyo"),
    ("Zielińska", "zielinska"),
    ("Redstone", "redstone"),
    ("Fairview", "fairview"),
];
/// Trade, and the same for a domain.
const TRADES: &[(&str, &str)] = &[
    ("Roofing", "roofing"),
    ("Wealth Partners", "wealth"),
    ("Planning", "planning"),
    ("Advisors", "advisors"),
    ("Plumbing & Heating", "plumbing"),
    ("Dental", "dental"),
    ("Landscaping", "landscaping"),
    ("Café", "cafe"),
    ("Auto Repair", "auto"),
    ("Law Group", "law"),
    ("Bakery", "bakery"),
    ("Solar", "solar"),
    ("Property Management", "property"),
    ("Physiotherapie", "physio"),
    ("Electric", "electric"),
    ("Insurance", "insurance"),
];
/// City, state, area code.
const CITIES: &[(&str, &str, u16)] = &[
    ("Brea", "CA", 714),
    ("Albuquerque", "NM", 505),
    ("Rio Rancho", "NM", 505),
    ("Austin", "TX", 512),
    ("Española", "NM", 505),
    ("Cañon City", "CO", 719),
    ("Portland", "OR", 503),
    ("Duluth", "MN", 218),
    ("San José", "CA", 408),
    ("Boise", "ID", 208),
    ("Omaha", "NE", 402),
    ("Savannah", "GA", 912),
];

/// SplitMix64: small, fast, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.roll() % from.len() as u64;
        &from[usize::try_from(at).expect("an index below a length fits")]
    }
}

/// Writes a list of `count` companies into a folder; its place.
pub(super) fn write(folder: &Path, count: u64) -> anyhow::Result<PathBuf> {
    let path = folder.join("companies.csv");
    std::fs::write(&path, text(&rows(count, SEED))).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

fn text(rows: &[String]) -> String {
    format!("{COLUMNS}\n{}\n", rows.join("\n"))
}

/// The rows, without the header.
fn rows(count: u64, seed: u64) -> Vec<String> {
    let mut dice = Dice(seed);
    let mut names: Vec<(String, String)> = Vec::new();
    (1..=count).map(|number| row(number, &mut dice, &mut names)).collect()
}

fn row(number: u64, dice: &mut Dice, names: &mut Vec<(String, String)>) -> String {
    let (name, stem) = if !names.is_empty() && dice.roll().is_multiple_of(TWIN_EVERY) {
        dice.pick(names).clone()
    } else {
        let ((owner, owner_stem), (trade, trade_stem)) = (*dice.pick(OWNERS), *dice.pick(TRADES));
        // Beyond the first few hundred firms names repeat unless a branch tells them apart.
        let branch = if number > 200 { format!(" {number}") } else { String::new() };
        (format!("{owner} {trade}{branch}"), format!("{owner_stem}-{trade_stem}"))
    };
    names.push((name.clone(), stem.clone()));
    let (city, state, area) = *dice.pick(CITIES);
    let domain = format!("{stem}-{number}.example");
    let line = dice.roll() % 100;
    let phone = format!("({area}) 555-01{line:02}");
    format!("{name},{domain},https://www.{domain}/,{phone},{city},{state},United States")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_gives_the_same_companies_and_another_seed_others() {
        assert_eq!(rows(200, 7), rows(200, 7));
        assert_ne!(rows(200, 7), rows(200, 8));
    }

    #[test]
    fn domains_are_unique_and_names_are_like_peoples() {
        let text = text(&rows(2_000, SEED));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(records.len(), 2_000);
        assert!(records.iter().all(|record| record.len() == 7 && record.iter().all(|column| !column.is_empty())));
        let distinct = |column: usize| records.iter().map(|record| &record[column]).collect::<HashSet<_>>().len();
        assert_eq!(distinct(1), 2_000, "every domain once");
        assert!((1_800..1_990).contains(&distinct(0)), "some firms share a name: {}", distinct(0));
        let beyond_ascii = records.iter().filter(|record| !record[0].is_ascii()).count();
        assert!(beyond_ascii > 100, "{beyond_ascii} names beyond ASCII");
    }
}
