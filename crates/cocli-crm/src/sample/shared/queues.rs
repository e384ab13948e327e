//! Queues of the first campaign: tasks, a lease, receipts, a mission.

use std::io;

use crate::sample::facts::Facts;
use crate::sample::times::{DAY_US, TAKEN_US, aware};
use crate::sample::tree::Tree;

use super::{place_shard, record};

/// Where they are.
const QUEUES: &str = "campaigns/roadmap/queues";
/// Tasks of each queue at most.
const TASKS_MAX: usize = 3;

/// A few tasks of each queue.
pub(super) fn write(listed: &[Facts], tree: &mut Tree) -> io::Result<()> {
    let at_us = TAKEN_US - DAY_US;
    let mut file = |name: &str, text: String| tree.file(&format!("{QUEUES}/{name}"), text, at_us);
    for facts in listed.iter().take(TASKS_MAX) {
        let place_id = facts.place_id.as_deref().unwrap_or_default();
        let task = format!(
            "{{\"place_id\": \"{place_id}\", \"campaign_name\": \"roadmap\", \"company_slug\": \"{}\", \
             \"force_refresh\": false, \"attempts\": 0}}",
            facts.slug
        );
        file(&format!("gm-details/pending/{}/{place_id}/task.json", place_shard(place_id)), task)?;
        // 15 columns against a schema of 14: the empty one before the priority.
        let mut call = [""; 15];
        (call[0], call[1], call[14]) = (&facts.slug, "roadmap", "1");
        file(&format!("to-call/pending/{}.usv", facts.slug), record(&call))?;
    }
    let domain = "harbor-light-planning.example";
    let task = format!(
        "{{\"company_slug\": \"harbor-light-planning\", \"domain\": \"{domain}\", \"campaign_name\": \"roadmap\", \
         \"schema_version\": 1, \"force_refresh\": false, \"ttl_days\": 30, \"attempts\": 1}}"
    );
    file(&format!("enrichment/pending/7f/{domain}/task.json"), task)?;
    let (now, later) = (aware(at_us), aware(at_us + 900_000_000));
    let lease = format!(
        "{{\"worker_id\":\"pi-1\",\"created_at\":\"{now}\",\"heartbeat_at\":\"{now}\",\"expires_at\":\"{later}\"}}"
    );
    file(&format!("enrichment/pending/7f/{domain}/lease.json"), lease)?;
    file(
        "enrichment/completed/orchard-tax-group.example.json",
        "{\"domain\": \"orchard-tax-group.example\"}".to_owned(),
    )?;
    discovery(&mut file)
}

fn discovery(file: &mut impl FnMut(&str, String) -> io::Result<()>) -> io::Result<()> {
    let tiles = [("30.2_-97.8", "30.25", "-97.75"), ("33.9_-118.0", "33.95", "-117.95")];
    let rows: String = tiles.iter().map(|(tile, lat, lon)| record(&[tile, "financial advisor", lat, lon])).collect();
    file("discovery-gen/mission.usv", rows.clone())?;
    file("discovery-gen/pending/frontier.usv", rows.clone())?;
    file("discovery-gen/pending/batches/first.usv", rows)?;
    let tile = "3/30.2/-97.8/financial-advisor";
    let row = record(&["30.2_-97.8", "financial advisor", "30.25", "-97.75"]);
    file(&format!("discovery-gen/completed/{tile}.usv"), row)?;
    let receipt = format!(
        "{{\"task_id\": \"{tile}.usv\", \"completed_at\": \"2026-11-10T08:00:00+00:00\", \"worker_id\": \"pi-1\", \
         \"search_phrase\": \"financial advisor\", \"latitude\": 30.2, \"longitude\": -97.8, \"result_count\": 17}}"
    );
    file(&format!("gm-list/completed/results/{tile}.json"), receipt)
}
