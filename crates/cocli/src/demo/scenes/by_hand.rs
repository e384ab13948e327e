//! A file changed with a plain text tool, by somebody who knows nothing of cocli.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::demo::stage::Stage;

/// What the tool does to the line of the city: another value, and a remark behind it.
const SCRIPT: &str = "s/^city: .*$/city: Lisboa  # they moved/";

pub(super) fn edit(stage: &mut Stage<'_>, slug: &str) -> Result<()> {
    let talk = &stage.backstage.talk;
    talk.say(&format!("\nben changes the city of {slug} with sed, in the file"));
    let [ana, ben, cleo] = &stage.nodes[..] else { bail!("three are on the stage") };
    let place = PathBuf::from(format!("{slug}/_index.md"));
    let file = ben.cli.data().join("companies").join(&place);
    let text = || std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()));
    ana.cli.run(&["company", "set", slug, "city=Kraków"])?;
    stage.backstage.until("ben's file shows the city", || Ok(text()?.contains("city: Kraków\n").then_some(())))?;
    let done = Command::new("sed").args(["-i", SCRIPT]).arg(&file).status().context("run sed")?;
    ensure!(done.success(), "sed ended with {done}");
    let typed = text()?;
    ben.cli.run(&["scan"])?;
    let target = format!("companies/{slug}");
    for node in [ana, cleo] {
        stage.backstage.until(&format!("{} shows what ben typed", node.name), || {
            Ok((node.shows(&target, "city")?.as_deref() == Some("Lisboa")).then_some(()))
        })?;
    }
    ensure!(text()? == typed && typed.contains("# they moved"), "ben's file is not as he left it");
    talk.holds("what ben typed shows on ana and cleo, and his file keeps every byte of it, the remark too")?;
    stage.touched.insert(("ben", place));
    Ok(())
}
