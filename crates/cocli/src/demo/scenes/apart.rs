//! Two sides that do not hear of each other, and what they make of it when they do.

use anyhow::{Context, Result, ensure};
use cocli_node::socket::Request;
use serde_json::Value as Json;

use crate::demo::stage::Stage;

/// Cuts a node's cables, on both ends.
fn cut(stage: &Stage<'_>, alone: usize) -> Result<()> {
    cables(stage, alone, |peer| Request::BlockPeer { peer })?;
    let others = stage.nodes.len() - 2;
    let why = format!("{} is cut off", stage.nodes[alone].name);
    stage.wait_peers(&why, |index| if index == alone { 0 } else { others })
}

/// Mends them.
fn heal(stage: &Stage<'_>, alone: usize) -> Result<()> {
    cables(stage, alone, |peer| Request::UnblockPeer { peer })?;
    stage.wait_online()
}

fn cables(stage: &Stage<'_>, alone: usize, request: impl Fn(String) -> Request) -> Result<()> {
    for (index, node) in stage.nodes.iter().enumerate() {
        for (other, peer) in stage.nodes.iter().enumerate() {
            if index != other && (index == alone || other == alone) {
                let asked = node.ask(&request(peer.name.to_owned()));
                asked.with_context(|| format!("the cables of {}", node.name))?;
            }
        }
    }
    Ok(())
}

pub(super) fn edit_on_both_sides(stage: &Stage<'_>, slug: &str) -> Result<()> {
    let talk = &stage.backstage.talk;
    talk.say(&format!("\nben is cut off; ana and ben both set the phone of {slug}"));
    let (ana, ben, cleo) = (&stage.nodes[0], &stage.nodes[1], &stage.nodes[2]);
    cut(stage, 1)?;
    ana.cli.run(&["company", "set", slug, "phone=+17145550150"])?;
    ben.cli.run(&["company", "set", slug, "phone=+17145550160"])?;
    for (node, own) in [(ana, "+17145550150"), (ben, "+17145550160")] {
        let said = node.prints(slug, "phone")?;
        ensure!(said == own, "{}, apart, shows {said:?}", node.name);
    }
    stage.backstage.until("ben knows of what is unsent", || {
        Ok(ben.status()?.filter(|status| status.sync.unsent_records > 0).map(|_| ()))
    })?;
    talk.holds("each shows its own; ben works on alone, and knows that his record is unsent")?;
    heal(stage, 1)?;
    stage.settle()?;
    let winner = ana.prints(slug, "phone")?;
    for node in &stage.nodes {
        let text = node.cli.run(&["conflicts", "show", slug, "-o", "json"])?;
        let both = text.contains("+17145550150") && text.contains("+17145550160");
        ensure!(both, "{} does not show both values: {text}", node.name);
        let shown = node.prints(slug, "phone")?;
        ensure!(shown == winner, "{} shows {shown:?}, ana {winner:?}", node.name);
    }
    talk.holds("healed: every node shows the conflict with both values, and the same winner")?;
    talk.say(cleo.cli.run(&["conflicts", "show", slug, "-o", "table"])?.trim_end());
    cleo.cli.run(&["conflicts", "resolve", slug, "phone", "--keep", "B"])?;
    let kept = cleo.prints(slug, "phone")?;
    ensure!(["+17145550150", "+17145550160"].contains(&kept.as_str()), "cleo kept {kept:?}");
    stage.settle()?;
    for node in &stage.nodes {
        let open = node.cli.json(&["conflicts", "ls"])?;
        ensure!(open.as_array().is_some_and(Vec::is_empty), "{} still lists {open}", node.name);
        let shown = node.prints(slug, "phone")?;
        ensure!(shown == kept, "{} shows {shown:?}, cleo kept {kept:?}", node.name);
    }
    talk.holds(&format!("cleo keeps B ({kept}): no conflict is left on any node"))?;
    Ok(())
}

pub(super) fn delete_against_edit(stage: &Stage<'_>, slug: &str) -> Result<()> {
    let talk = &stage.backstage.talk;
    talk.say(&format!("\ncleo is cut off; ana deletes {slug} while cleo edits it"));
    let (ana, cleo) = (&stage.nodes[0], &stage.nodes[2]);
    let before = ana.companies()?;
    let all_list = |want: u64| -> Result<()> {
        for node in &stage.nodes {
            let listed = node.companies()?;
            ensure!(listed == want, "{} lists {listed} of {want}", node.name);
        }
        Ok(())
    };
    cut(stage, 2)?;
    ana.cli.run(&["company", "rm", slug, "-y"])?;
    ensure!(ana.companies()? == before - 1, "ana still lists it");
    cleo.cli.run(&["company", "set", slug, "city=Placentia"])?;
    heal(stage, 2)?;
    stage.settle()?;
    all_list(before)?;
    for node in &stage.nodes {
        let city = node.prints(slug, "city")?;
        ensure!(city == "Placentia", "{} shows {city:?}", node.name);
        let listed = node.cli.json(&["conflicts", "ls"])?;
        let lists = |conflict: &Json| conflict["kind"] == "deleted-and-edited" && conflict.to_string().contains(slug);
        ensure!(listed.as_array().is_some_and(|all| all.iter().any(lists)), "{} lists {listed}", node.name);
    }
    talk.holds("healed: it is shown whole on all three, and listed as deleted by ana, edited by cleo")?;
    ana.cli.run(&["company", "rm", slug, "-y"])?;
    stage.settle()?;
    all_list(before - 1)?;
    talk.holds("ana, who has seen the edit now, deletes it again: it is gone everywhere")?;
    Ok(())
}
