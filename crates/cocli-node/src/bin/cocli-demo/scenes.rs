//! What is played, in order. Each scene ends with claims that were checked.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{Origin, Rank, Target, Value};
use cocli_node::socket::{DraftText, Level, Request};
use serde_json::Value as Json;

use crate::node::Node;
use crate::stage::{Stage, holds, say, until};

/// Clients that write at once while a node is killed.
const WRITERS: usize = 4;
/// Acknowledged writes before the kill.
const WRITES_BEFORE_KILL: usize = 40;

/// Plays all scenes.
pub(crate) fn play(stage: &mut Stage, list: &Path) -> Result<()> {
    let companies = load(stage, list)?;
    let slugs = companies_of(&stage.nodes[0])?;
    ensure!(slugs.len() as u64 == companies && slugs.len() >= 4, "too few companies in {}", list.display());
    set_a_field(stage, &slugs[0])?;
    edit_apart(stage, &slugs[1])?;
    kill_in_mid_burst(stage, &slugs[2])?;
    delete_against_edit(stage, &slugs[3])
}

fn load(stage: &Stage, list: &Path) -> Result<u64> {
    say(&format!("\nana reads {}", list.display()));
    let started = Instant::now();
    let [ana, others @ ..] = &stage.nodes[..] else { bail!("nobody is on the stage") };
    let words = ["company", "add", "--from", &list.to_string_lossy(), "-o", "json"];
    let output = ana.cli.try_run(&words)?;
    // 7: read in part; what was refused is counted below.
    ensure!(matches!(output.status.code(), Some(0 | 7)), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Json = serde_json::from_slice(&output.stdout).context("the report of company add")?;
    let count = |what: &str| report[what].as_u64().unwrap_or(0);
    let (lines, added) = (count("lines"), count("added"));
    ensure!(added > 0, "nothing was added: {report}");
    let accounted = added + count("updated") + count("unchanged") + count("refused");
    ensure!(accounted == lines, "{accounted} of {lines} lines are accounted for: {report}");
    ensure!(ana.companies()? == added, "ana lists {} of {added}", ana.companies()?);
    holds(&format!("{lines} lines, {added} companies added in {:.1} s", started.elapsed().as_secs_f64()));
    let hash = stage.settle()?;
    for node in others {
        ensure!(node.companies()? == added, "{} lists {} of {added}", node.name, node.companies()?);
    }
    holds(&format!("{added} companies on ben and cleo {:.1} s after ana began", started.elapsed().as_secs_f64()));
    holds(&format!("one state on all three: {hash}"));
    Ok(added)
}

fn companies_of(node: &Node) -> Result<Vec<String>> {
    let names = node.cli.run(&["company", "ls", "--all", "-o", "name"])?;
    Ok(names.lines().filter_map(|name| name.strip_prefix("company/").map(str::to_owned)).collect())
}

fn set_a_field(stage: &Stage, slug: &str) -> Result<()> {
    say(&format!("\nana sets the city of {slug}"));
    let target = format!("companies/{slug}");
    let [ana, others @ ..] = &stage.nodes[..] else { bail!("nobody is on the stage") };
    let began = Instant::now();
    ana.cli.run(&["company", "set", slug, "city=Kraków"])?;
    let returned = began.elapsed();
    for node in others {
        until(&format!("{} shows it", node.name), || {
            Ok((node.shows(&target, "city")?.as_deref() == Some("Kraków")).then_some(()))
        })?;
        let shown = began.elapsed();
        let after = shown.saturating_sub(returned).as_secs_f64() * 1000.0;
        holds(&format!(
            "{} shows it {:.1} ms after the command began, {after:.1} ms after it returned",
            node.name,
            shown.as_secs_f64() * 1000.0
        ));
    }
    for node in others {
        let said = node.prints(slug, "city")?;
        ensure!(said == "Kraków", "`cocli show` on {} says {said:?}", node.name);
    }
    Ok(())
}

/// Cuts a node's cables, on both ends, or mends them.
fn cables(stage: &Stage, alone: usize, cut: bool) -> Result<()> {
    for (index, node) in stage.nodes.iter().enumerate() {
        for (other, peer) in stage.nodes.iter().enumerate() {
            if index != other && (index == alone || other == alone) {
                let peer = peer.name.to_owned();
                let request = if cut { Request::BlockPeer { peer } } else { Request::UnblockPeer { peer } };
                node.ask(&request).with_context(|| format!("the cables of {}", node.name))?;
            }
        }
    }
    let want = if cut { 0 } else { stage.nodes.len() - 1 };
    until("the cables are as they should be", || {
        Ok((stage.nodes[alone].status()?.sync.peers_online == want).then_some(()))
    })
}

fn edit_apart(stage: &Stage, slug: &str) -> Result<()> {
    say(&format!("\nben is cut off; ana and ben both set the phone of {slug}"));
    let (ana, ben, cleo) = (&stage.nodes[0], &stage.nodes[1], &stage.nodes[2]);
    cables(stage, 1, true)?;
    ana.cli.run(&["company", "set", slug, "phone=+17145550150"])?;
    ben.cli.run(&["company", "set", slug, "phone=+17145550160"])?;
    let said = ben.prints(slug, "phone")?;
    ensure!(said == "+17145550160", "ben, alone, shows {said:?}");
    ensure!(ben.status()?.sync.unsent_records > 0, "ben knows of nothing unsent");
    holds("ben works on alone, and knows that his record is unsent");
    cables(stage, 1, false)?;
    stage.settle()?;
    for node in &stage.nodes {
        let text = node.cli.run(&["conflicts", "show", slug, "-o", "json"])?;
        let both = text.contains("+17145550150") && text.contains("+17145550160");
        ensure!(both, "{} does not show both values: {text}", node.name);
        let (shown, first) = (node.prints(slug, "phone")?, ana.prints(slug, "phone")?);
        ensure!(shown == first, "{} shows {shown:?}, ana {first:?}", node.name);
    }
    holds("healed: every node shows the conflict with both values, and the same winner");
    say(cleo.cli.run(&["conflicts", "show", slug, "-o", "table"])?.trim_end());
    cleo.cli.run(&["conflicts", "resolve", slug, "phone", "--keep", "B"])?;
    let kept = cleo.prints(slug, "phone")?;
    stage.settle()?;
    for node in &stage.nodes {
        let open = node.cli.json(&["conflicts", "ls"])?;
        ensure!(open.as_array().is_some_and(Vec::is_empty), "{} still lists {open}", node.name);
        ensure!(node.prints(slug, "phone")? == kept, "{} shows another value", node.name);
    }
    holds(&format!("cleo keeps B ({kept}): no conflict is left on any node"));
    Ok(())
}

/// One write through a daemon: of a field of its own, replacing nothing.
fn write(node: &Node, target: &str, field: &str) -> Result<Json> {
    let draft = Draft {
        campaign: "".into(),
        target: target.parse::<Target>()?,
        field: Field::new(field, Operator::Set)?,
        value: Some(Value::string(field)?),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    };
    let commits = vec![vec![DraftText::of(&draft)]];
    Ok(node.ask(&Request::Write { commits, level: Level::Local, timeout_ms: 0 })?)
}

fn kill_in_mid_burst(stage: &mut Stage, slug: &str) -> Result<()> {
    say(&format!("\n{WRITERS} clients write to cleo at once; she is killed in the middle of it"));
    let target = format!("companies/{slug}");
    let cleo = &stage.nodes[2];
    let acknowledged = AtomicUsize::new(0);
    let outcomes: Vec<(Vec<String>, usize)> = std::thread::scope(|scope| {
        let writer = |writer: usize| {
            let (target, acknowledged) = (&target, &acknowledged);
            scope.spawn(move || {
                let mut fields = Vec::new();
                for n in 0.. {
                    let field = format!("burst-{writer}-{n}");
                    if write(cleo, target, &field).is_err() {
                        return (fields, 1);
                    }
                    fields.push(field);
                    acknowledged.fetch_add(1, Ordering::AcqRel);
                }
                (fields, 0)
            })
        };
        let writers: Vec<_> = (0..WRITERS).map(writer).collect();
        let killed = until("enough writes are acknowledged", || {
            Ok((acknowledged.load(Ordering::Acquire) >= WRITES_BEFORE_KILL).then_some(()))
        });
        // Also if they were not: the writers end with the daemon.
        let _ = std::process::Command::new("kill").args(["-KILL", &cleo.pid().to_string()]).status();
        let outcomes = writers.into_iter().map(|writer| writer.join().unwrap_or_default()).collect();
        killed.map(|()| outcomes)
    })?;
    let in_flight: usize = outcomes.iter().map(|(_, lost)| lost).sum();
    let fields: Vec<String> = outcomes.into_iter().flat_map(|(fields, _)| fields).collect();
    stage.nodes[2].kill()?;
    ensure!(in_flight > 0, "no write was in flight at the kill");
    holds(&format!("SIGKILL after {} acknowledged writes, with {in_flight} in flight", fields.len()));
    stage.nodes[2].start()?;
    until("cleo is back", || stage.all_online())?;
    stage.settle()?;
    for node in &stage.nodes {
        let shown = node.cli.json(&["history", slug, "--limit", "100000"])?.to_string();
        for field in &fields {
            ensure!(
                shown.contains(&format!("\"{field}\"")),
                "{field}, acknowledged, is not in history on {}",
                node.name
            );
        }
    }
    holds("started again: every acknowledged write is in history on all three nodes");
    Ok(())
}

fn delete_against_edit(stage: &Stage, slug: &str) -> Result<()> {
    say(&format!("\ncleo is cut off; ana deletes {slug} while cleo edits it"));
    let (ana, cleo) = (&stage.nodes[0], &stage.nodes[2]);
    let before = ana.companies()?;
    cables(stage, 2, true)?;
    ana.cli.run(&["company", "rm", slug, "-y"])?;
    ensure!(ana.companies()? == before - 1, "ana still lists it");
    cleo.cli.run(&["company", "set", slug, "city=Placentia"])?;
    cables(stage, 2, false)?;
    stage.settle()?;
    for node in &stage.nodes {
        let city = node.prints(slug, "city")?;
        ensure!(city == "Placentia", "{} shows {city:?}", node.name);
        ensure!(node.companies()? == before, "{} lists {} of {before}", node.name, node.companies()?);
        let listed = node.cli.json(&["conflicts", "ls"])?.to_string();
        ensure!(listed.contains("deleted-and-edited") && listed.contains(slug), "{} lists {listed}", node.name);
    }
    holds("healed: it is shown whole on all three, and listed as deleted by ana, edited by cleo");
    ana.cli.run(&["company", "rm", slug, "-y"])?;
    stage.settle()?;
    for node in &stage.nodes {
        ensure!(node.companies()? == before - 1, "{} lists {} of {}", node.name, node.companies()?, before - 1);
    }
    holds("ana, who has seen the edit now, deletes it again: it is gone everywhere");
    Ok(())
}
