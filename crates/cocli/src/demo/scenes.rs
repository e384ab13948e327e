//! What is played, in order. Each scene ends with claims that were checked.

#[cfg(feature = "dev")]
mod adopted;
mod apart;
mod by_hand;
mod kill;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value as Json;

use super::node::Node;
use super::stage::Stage;

/// Plays all scenes.
pub(super) fn play(stage: &mut Stage<'_>, list: &Path) -> Result<()> {
    let companies = load(stage, list)?;
    let slugs = companies_of(&stage.nodes[0])?;
    ensure!(slugs.len() as u64 == companies && slugs.len() >= 5, "too few companies in {}", list.display());
    set_a_field(stage, &slugs[0])?;
    apart::edit_on_both_sides(stage, &slugs[1])?;
    kill::in_mid_burst(stage, &slugs[2])?;
    apart::delete_against_edit(stage, &slugs[3])?;
    by_hand::edit(stage, &slugs[4])?;
    adopt(stage)
}

#[cfg(feature = "dev")]
fn adopt(stage: &mut Stage<'_>) -> Result<()> {
    adopted::join(stage)
}

/// The original's folder is made by what only demonstrations and tests are built with.
#[cfg(not(feature = "dev"))]
fn adopt(stage: &mut Stage<'_>) -> Result<()> {
    stage.backstage.talk.say("\n(how a folder of the original is adopted: make demo shows it)");
    Ok(())
}

fn load(stage: &Stage<'_>, list: &Path) -> Result<u64> {
    let talk = &stage.backstage.talk;
    talk.say(&format!("\nana reads {}", list.display()));
    let started = Instant::now();
    let [ana, others @ ..] = &stage.nodes[..] else { bail!("nobody is on the stage") };
    let output = ana.cli.try_run(&["company", "add", "--from", &list.to_string_lossy(), "-o", "json"])?;
    // 7: read in part; what was refused is counted below.
    ensure!(matches!(output.status.code(), Some(0 | 7)), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let report: Json = serde_json::from_slice(&output.stdout).context("the report of company add")?;
    let count = |what: &str| report[what].as_u64().unwrap_or(0);
    let (lines, added, refused) = (count("lines"), count("added"), count("refused"));
    ensure!(added > 0, "nothing was added: {report}");
    let accounted = added + count("updated") + count("unchanged") + refused;
    ensure!(accounted == lines, "{accounted} of {lines} lines are accounted for: {report}");
    ensure!(ana.companies()? == added, "ana lists {} of {added}", ana.companies()?);
    let seconds = started.elapsed().as_secs_f64();
    talk.holds(&format!("ana has {added} companies of {lines} lines, {refused} refused, after {seconds:.1} s"))?;
    let hash = stage.settle()?;
    for node in others {
        ensure!(node.companies()? == added, "{} lists {} of {added}", node.name, node.companies()?);
    }
    talk.holds(&format!("{added} companies on ben and cleo {:.1} s after ana began", started.elapsed().as_secs_f64()))?;
    talk.holds(&format!("one state on all three: {hash}"))?;
    Ok(added)
}

fn companies_of(node: &Node<'_>) -> Result<Vec<String>> {
    let names = node.cli.run(&["company", "ls", "--all", "-o", "name"])?;
    Ok(names.lines().filter_map(|name| name.strip_prefix("company/").map(str::to_owned)).collect())
}

fn set_a_field(stage: &Stage<'_>, slug: &str) -> Result<()> {
    let talk = &stage.backstage.talk;
    talk.say(&format!("\nana sets the city of {slug}"));
    let target = format!("companies/{slug}");
    let [ana, others @ ..] = &stage.nodes[..] else { bail!("nobody is on the stage") };
    let began = Instant::now();
    ana.cli.run(&["company", "set", slug, "city=Kraków"])?;
    let returned = began.elapsed();
    let mut shown = Vec::new();
    for node in others {
        stage.backstage.until(&format!("{} shows it", node.name), || {
            Ok((node.shows(&target, "city")?.as_deref() == Some("Kraków")).then_some(()))
        })?;
        shown.push(began.elapsed());
    }
    for (node, shown) in others.iter().zip(shown) {
        let said = node.prints(slug, "city")?;
        ensure!(said == "Kraków", "`cocli show` on {} says {said:?}", node.name);
        let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
        talk.holds(&format!(
            "{} shows it {:.1} ms after the command began, {:.1} ms after it returned",
            node.name,
            ms(shown),
            ms(shown.saturating_sub(returned))
        ))?;
    }
    Ok(())
}
