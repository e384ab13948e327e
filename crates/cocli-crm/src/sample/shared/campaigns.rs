//! Two campaigns: settings, one with a password in plain text, prospects, exclusions.

use std::io;

use crate::sample::facts::Facts;
use crate::sample::listing;
use crate::sample::times::{DAY_US, TAKEN_US, aware};
use crate::sample::tree::Tree;
use crate::sample::truth::Truth;

use super::{CAMPAIGNS, place_shard};

/// Where the prospects of the first campaign are.
const PROSPECTS: &str = "campaigns/roadmap/indexes/google_maps_prospects";
/// Columns that rows of an older model lack.
const MISSING: usize = 3;

/// The settings of `roadmap`; line 14 is the one that should not be there.
const ROADMAP: &str = r#"[campaign]
name = "roadmap"
tag = "roadmap"

[prospecting]
queries = ["financial advisor", "wealth management"]
locations = ["Austin,TX", "Brea,CA"]
radius_miles = 15

[aws]
data_bucket_name = "cocli-data-roadmap"

[mail]
password = "correct-horse-battery-staple"
from = "hello@roadmap.example"
"#;
const SECRET_LINE: usize = 14;

const FULLERTON: &str = "[campaign]\nname = \"fullerton\"\n\n[prospecting]\nqueries = [\"dentist\"]\n";

/// Both campaigns.
pub(super) fn write(listed: &[Facts], ragged: usize, tree: &mut Tree, truth: &mut Truth) -> io::Result<()> {
    let at_us = TAKEN_US - 3 * DAY_US;
    for (name, text) in CAMPAIGNS.iter().zip([ROADMAP, FULLERTON]) {
        tree.file(&format!("campaigns/{name}/config.toml"), text, at_us)?;
    }
    truth.campaigns = CAMPAIGNS.len();
    truth.secrets = vec![("campaigns/roadmap/config.toml".to_owned(), SECRET_LINE)];
    tree.file("campaigns/roadmap/.last_pi_sync", aware(at_us), at_us)?;
    let excluded = "{\"slug\": \"odd-phones-garage\", \"domain\": null, \"reason\": \"competitor\", \
        \"created_at\": \"2026-10-01T08:00:00+00:00\", \"campaign\": \"roadmap\"}";
    tree.file("campaigns/roadmap/exclude/odd-phones-garage.json", excluded, at_us)?;
    tree.file("campaigns/fullerton/exclude/acme_example.json", excluded, at_us)?;
    tree.file(&format!("{PROSPECTS}/datapackage.json"), datapackage(), at_us)?;
    prospects(listed, ragged, tree, truth)
}

/// A checkpoint, the first of the ragged files, and rows beside it: a file for each place,
/// the other ragged ones among them.
fn prospects(listed: &[Facts], ragged: usize, tree: &mut Tree, truth: &mut Truth) -> io::Result<()> {
    let mut sorted: Vec<&Facts> = listed.iter().collect();
    sorted.sort_by_key(|facts| &facts.place_id);
    let mut rows: Vec<String> = sorted.into_iter().map(listing::row).collect();
    rows.extend(listed.first().map(|facts| listing::short_row(facts, MISSING)));
    let mut file = |name: String, text: String, is_ragged: bool| {
        truth.ragged.extend(is_ragged.then(|| name.clone()));
        tree.file(&name, text, TAKEN_US - 2 * DAY_US)
    };
    file(format!("{PROSPECTS}/prospects.checkpoint.usv"), rows.concat(), true)?;
    for (number, facts) in listed.iter().enumerate() {
        let place_id = facts.place_id.as_deref().unwrap_or_default();
        let is_ragged = number + 1 < ragged;
        let old = if is_ragged { listing::short_row(facts, MISSING) } else { String::new() };
        let name = format!("{PROSPECTS}/wal/{}/{place_id}.usv", place_shard(place_id));
        file(name, old + &listing::row(facts), is_ragged)?;
    }
    Ok(())
}

/// What describes the prospects, without their fields' descriptions.
fn datapackage() -> String {
    let header = listing::header();
    let fields: Vec<String> = header
        .trim_end()
        .split('\u{1f}')
        .map(|name| format!("{{\"name\": \"{name}\", \"type\": \"string\"}}"))
        .collect();
    format!(
        "{{\"profile\": \"tabular-data-package\", \"name\": \"google_maps_prospects\", \"resources\": [{{\"name\": \
         \"prospects\", \"path\": \"prospects.checkpoint.usv\", \"format\": \"usv\", \"dialect\": {{\"delimiter\": \
         \"\\u001f\", \"header\": false}}, \"schema\": {{\"fields\": [{}]}}}}]}}",
        fields.join(", ")
    )
}
