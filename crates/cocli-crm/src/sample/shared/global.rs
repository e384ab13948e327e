//! Settings of the root, sync states, and the indexes that all campaigns share.

use std::io;

use crate::sample::times::{DAY_US, TAKEN_US, aware};
use crate::sample::tree::Tree;

use super::{record, units};

/// Domains of known companies and their shards: the first two digits of their SHA-256.
const SHARDS: &[(&str, &str, &str)] = &[
    ("harbor-light-planning.example", "7f", "harbor-light-planning"),
    ("orchard-tax-group.example", "d8", "orchard-tax-group"),
    ("nine-to-five-dental.example", "ec", "nine-to-five-dental"),
];
/// Columns of the domain index.
const DOMAIN_COLUMNS: usize = 21;

/// Everything outside campaigns.
pub(super) fn write(tree: &mut Tree) -> io::Result<()> {
    let at_us = TAKEN_US - DAY_US;
    tree.file("config/cocli_config.toml", "[campaign]\nname = \"roadmap\"\n\n[tui]\ntheme = \"dark\"\n", at_us)?;
    let synced = "{\"roadmap_prospects_last_sync\": 1795118340.25, \"roadmap_companies_last_sync\": 1795118340.25}";
    tree.file(".smart_sync_state.json", synced, at_us)?;
    tree.file(".smart_sync_up_state.json", "{\"roadmap_prospects_last_sync\": 1795118340.25}", at_us)?;
    tree.file("remote_updates/config_1795100000.json", "{\"pi-1\": {\"gm-list\": 2}}", at_us)?;
    let cache =
        [units(&["place_id", "name", "phone"]), units(&["ChIJ-9Oz1x_Kd4gRhours000001", "Nine to Five Dental", ""])];
    tree.file("cache/google_maps_cache.usv", cache.join("\n") + "\n", at_us)?;
    domains(tree, at_us)?;
    let witness = units(&["2026-11-10T08:00:00+00:00", "17", "pi-1"]) + "\n";
    tree.file("indexes/scraped-tiles/30.2/-97.8/financial-advisor.usv", &witness, at_us)?;
    tree.file("indexes/scraped-tiles/30.3/-97.8/financial-advisor.usv", &witness, at_us)?;
    let area = "{\"phrase\": \"dentist\", \"lat_min\": 40.4, \"lon_min\": -74.5, \"items_found\": 9}";
    tree.file("indexes/scraped_areas/dentist/lat404_lon-745/area.json", area, at_us)
}

fn domains(tree: &mut Tree, at_us: i64) -> io::Result<()> {
    for (domain, shard, slug) in SHARDS {
        let (time, mut columns) = (aware(at_us), [""; DOMAIN_COLUMNS]);
        (columns[0], columns[1], columns[16], columns[17]) = (domain, slug, "1", slug);
        (columns[18], columns[19], columns[20]) = ("False", &time, &time);
        let row = units(&columns) + "\n";
        tree.file(&format!("indexes/domains/inbox/{shard}/{domain}.usv"), &row, at_us)?;
        tree.file(&format!("indexes/domains/shards/{shard}.usv"), &row, at_us)?;
    }
    let manifest = "indexes/domains/manifests/8d3a1f0e-52c4-4a7b-9d0e-0b6f2c9a7e11.usv";
    let mut text = units(&["shard_id", "path", "record_count", "schema_version", "updated_at"]) + "\n";
    for (_, shard, _) in SHARDS {
        let path = format!("indexes/domains/shards/{shard}.usv");
        text.push_str(&(units(&[shard, &path, "1", "1", &aware(at_us)]) + "\n"));
    }
    tree.file(manifest, text, at_us)?;
    tree.file("indexes/domains/LATEST", manifest, at_us)?;
    let tags = record(&[
        "info@harbor-light-planning.example",
        "harbor-light-planning.example",
        "harbor-light-planning",
        "manual",
        &aware(at_us),
        &aware(at_us),
        &aware(at_us),
        "unknown",
        "roadmap",
    ]);
    tree.file("campaigns/roadmap/indexes/emails/shards/7f.usv", tags, at_us)
}
