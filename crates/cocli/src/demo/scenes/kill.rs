//! SIGKILL while several clients write.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{Origin, Rank, Target, Value};
use cocli_node::socket::{DraftText, Level, Request};

use crate::demo::node::Node;
use crate::demo::stage::Stage;

/// Clients that write at once while a node is killed.
const WRITERS: usize = 4;
/// Acknowledged writes before the kill.
const WRITES_BEFORE_KILL: usize = 40;
/// The node that is killed.
const CLEO: usize = 2;

/// What the clients know in the end.
struct Burst {
    /// Fields whose write was acknowledged.
    acknowledged: Vec<String>,
    /// Writes that were asked for and never answered.
    unanswered: usize,
}

pub(super) fn in_mid_burst(stage: &mut Stage<'_>, slug: &str) -> Result<()> {
    let talk = &stage.backstage.talk;
    talk.say(&format!("\n{WRITERS} clients write to cleo at once; she is killed in the middle of it"));
    let burst = burst(stage, &format!("companies/{slug}").parse()?)?;
    ensure!(burst.unanswered > 0, "nobody was writing at the kill");
    talk.holds(&format!(
        "SIGKILL after {} acknowledged writes; {} more were never answered",
        burst.acknowledged.len(),
        burst.unanswered
    ))?;
    stage.nodes[CLEO].start_again()?;
    stage.wait_online()?;
    stage.settle()?;
    for node in &stage.nodes {
        let shown = node.cli.json(&["history", slug, "--limit", "100000"])?.to_string();
        for field in &burst.acknowledged {
            let there = shown.contains(&format!("\"{field}\""));
            ensure!(there, "{field}, acknowledged, is not in history on {}", node.name);
        }
    }
    talk.holds("started again: every acknowledged write is in history on all three nodes")?;
    Ok(())
}

/// Writes until cleo is dead.
fn burst(stage: &Stage<'_>, target: &Target) -> Result<Burst> {
    let cleo = &stage.nodes[CLEO];
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let writer = |writer: usize| {
            let count = &count;
            scope.spawn(move || {
                let mut fields = Vec::new();
                // It ends with the daemon.
                loop {
                    let field = format!("burst-{writer}-{}", fields.len());
                    if write(cleo, target, &field).is_err() {
                        return fields;
                    }
                    fields.push(field);
                    count.fetch_add(1, Ordering::AcqRel);
                }
            })
        };
        let writers: Vec<_> = (0..WRITERS).map(writer).collect();
        let enough = stage.backstage.until("enough writes are acknowledged", || {
            Ok((count.load(Ordering::Acquire) >= WRITES_BEFORE_KILL).then_some(()))
        });
        let still_writing = writers.iter().filter(|writer| !writer.is_finished()).count();
        // Also if there were not enough: the writers end with her.
        cleo.kill()?;
        let fields = writers.into_iter().map(|writer| writer.join().unwrap_or_default());
        let acknowledged = fields.flatten().collect();
        enough?;
        Ok(Burst { acknowledged, unanswered: still_writing })
    })
}

/// One write through the daemon: of a field of its own, replacing nothing.
fn write(node: &Node<'_>, target: &Target, field: &str) -> Result<()> {
    let draft = Draft {
        campaign: "".into(),
        target: target.clone(),
        field: Field::new(field, Operator::Set)?,
        value: Some(Value::string(field)?),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    };
    let commits = vec![vec![DraftText::of(&draft)]];
    node.ask(&Request::Write { commits, level: Level::Local, timeout_ms: 0 })?;
    Ok(())
}
