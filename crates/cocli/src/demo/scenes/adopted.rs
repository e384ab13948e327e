//! A fourth node joins, with a folder that the original tool left.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use cocli_crm::sample::{KNOWN, Sample, Says};
use serde_json::Value as Json;

use crate::demo::node::Node;
use crate::demo::stage::Stage;

/// Who joins.
const NAME: &str = "dora";
/// Companies of the folder.
const COMPANIES: usize = 60;

pub(super) fn join(stage: &mut Stage<'_>) -> Result<()> {
    let talk = &stage.backstage.talk;
    let root = stage.folder().join(NAME).join("data");
    std::fs::create_dir_all(&root)?;
    let truth = Sample::of(COMPANIES).write(&root)?;
    talk.say(&format!(
        "\n{NAME} brings a folder of the original: {} companies, {} people, {} rows in its journals",
        truth.companies, truth.people, truth.wal_rows
    ));
    let before = stage.nodes[0].companies()?;
    let dora = Node::init(NAME, (stage.folder(), stage.spare_port), stage.backstage, None)?;
    let listed = dora.companies()?;
    ensure!(listed > 0, "nothing was adopted");
    talk.holds(&format!("{NAME} adopted it in place and lists {listed} companies; the others have no name"))?;
    stage.touched.extend(files_of_companies(&root)?.into_iter().map(|file| (NAME, file)));
    stage.nodes.push(dora);
    stage.nodes.iter_mut().take(3).try_for_each(Node::stop)?;
    stage.introduce()?;
    stage.nodes.iter_mut().try_for_each(Node::start)?;
    stage.wait_online()?;
    stage.settle()?;
    let all = stage.nodes[0].companies()?;
    ensure!(all == before + listed, "ana lists {all}, not {before} and {listed}");
    show_what_was_there(stage)?;
    let talk = &stage.backstage.talk;
    talk.holds(&format!("all four list {all} companies, and ana shows what stood in {NAME}'s old files"))?;
    Ok(())
}

/// Everything that is known of the sample's stumbling blocks shows on another node.
fn show_what_was_there(stage: &Stage<'_>) -> Result<()> {
    let ana = &stage.nodes[0];
    for known in KNOWN {
        for (field, says) in known.says {
            let wanted = match says {
                Says::Text(text) => Json::from(*text),
                Says::List(items) => Json::from(items.to_vec()),
            };
            let shown = ana.shown(&format!("companies/{}", known.slug), field)?;
            let shown = shown.with_context(|| format!("ana shows no {field} of {}", known.slug))?;
            ensure!(shown == wanted, "ana shows {shown} as {field} of {}, and not {wanted}", known.slug);
        }
    }
    Ok(())
}

/// The Markdown files of companies, from `companies` on.
fn files_of_companies(root: &std::path::Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root.join("companies"))? {
        let slug = PathBuf::from(entry?.file_name());
        for below in ["", "notes", "meetings"] {
            let folder = root.join("companies").join(&slug).join(below);
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            files.extend(entries.map(|entry| slug.join(below).join(entry.file_name())));
        }
    }
    Ok(files)
}
