//! The proof at the end: journals alone make the same state and the same files, everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cocli_model::front::FrontMatter;
use cocli_model::{FieldName, Value};
use cocli_replica::fold::Held;
use cocli_store::files::held_of;
use serde_json::Value as Json;

use super::node::Node;
use super::stage::Stage;

/// Files by their path within a folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Stops the daemons and compares what they leave.
pub(super) fn compare(stage: &mut Stage<'_>) -> Result<()> {
    let talk = &stage.backstage.talk;
    talk.say("\nThe daemons stop; each node's wal/ alone is copied to an empty folder and folded there");
    let hash = stage.settle()?;
    stage.nodes.iter_mut().try_for_each(Node::stop)?;
    let logs: Vec<Files> =
        stage.nodes.iter().map(|node| Ok(ours(files_of(&node.cli.data().join("wal"))?))).collect::<Result<_>>()?;
    compare_journals(stage, &logs)?;
    let made = all_from_scratch(stage, &logs, &hash)?;
    talk.holds(&format!("folded from scratch each of them gives the state the daemons had: {hash}"))?;
    same(stage, &made, "files folded from scratch")?;
    let kept: Vec<Files> = stage.nodes.iter().map(|node| kept(stage, node, &made[0])).collect::<Result<_>>()?;
    same(stage, &kept, "generated files")?;
    let differ = difference(&kept[0], &made[0]);
    ensure!(kept[0] == made[0], "the nodes' files are not those folded from scratch: {differ}");
    talk.holds(&format!(
        "{} files are the same, byte for byte, on all nodes and from scratch; {} that people's hands were on show the same",
        made[0].len() - stage.touched.iter().filter(|(_, path)| made[0].contains_key(path)).count(),
        stage.touched.iter().filter(|(_, path)| made[0].contains_key(path)).count()
    ))?;
    Ok(())
}

/// Our journals, without those that the original left.
fn ours(files: Files) -> Files {
    files.into_iter().filter(|(path, _)| path.to_string_lossy().contains('~')).collect()
}

/// A node's files of companies, where people's hands were not; where they were, what is
/// generated, if theirs shows the same.
fn kept(stage: &Stage<'_>, node: &Node<'_>, made: &Files) -> Result<Files> {
    let mut files = files_of(&node.cli.data().join("companies"))?;
    for (_, path) in stage.touched.iter().filter(|(name, _)| *name == node.name) {
        match (files.remove(path), made.get(path)) {
            (Some(theirs), Some(generated)) => {
                let same = shows(path, &theirs)? == shows(path, generated)?;
                ensure!(same, "{} of {} does not show what the others' does", path.display(), node.name);
                files.insert(path.clone(), generated.clone());
            }
            (None, Some(_)) => bail!("{} is gone from {}", path.display(), node.name),
            _ => {}
        }
    }
    // What the original keeps beside its files is nobody's view.
    files.retain(|path, _| made.contains_key(path) || !is_beside(path));
    Ok(files)
}

fn is_beside(path: &Path) -> bool {
    let beside = ["tags.lst", "contacts", "enrichments"];
    path.iter().any(|part| beside.iter().any(|name| part == *name))
}

/// What a file says, whatever it looks like. A set has no order.
fn shows(path: &Path, bytes: &[u8]) -> Result<Held> {
    let text = FrontMatter::parse(bytes).with_context(|| format!("read {}", path.display()))?;
    let target = format!("companies/{}", path.with_extension("").to_string_lossy().trim_end_matches("/_index"));
    let in_order = |(field, value): (FieldName, Value)| match value.to_json() {
        Json::Array(mut items) if field.is_set() => {
            items.sort_by_key(ToString::to_string);
            Ok((field, Value::from_json(&items.into())?))
        }
        _ => Ok((field, value)),
    };
    held_of(&target.parse()?, &text).0.into_iter().map(in_order).collect()
}

/// The checksums of all journal files, node by node.
fn compare_journals(stage: &Stage<'_>, logs: &[Files]) -> Result<()> {
    let talk = &stage.backstage.talk;
    let sums: Vec<Files> = logs.iter().map(checksums).collect();
    for (node, sums) in stage.nodes.iter().zip(&sums) {
        ensure!(!sums.is_empty(), "{} has no journal", node.name);
    }
    same(stage, &sums, "checksums of journal files")?;
    let mut bytes = 0;
    for (path, sum) in &sums[0] {
        bytes += logs[0][path].len();
        talk.say(&format!("  {}  {}", String::from_utf8_lossy(sum), path.display()));
    }
    talk.holds(&format!("{} journal files, {bytes} bytes, have the same checksums on all nodes", sums[0].len()))?;
    Ok(())
}

fn checksums(files: &Files) -> Files {
    let journals = files.iter().filter(|(path, _)| path.extension().is_some_and(|extension| extension == "usv"));
    journals.map(|(path, bytes)| (path.clone(), blake3::hash(bytes).to_hex().as_bytes().to_vec())).collect()
}

/// Each node's journals, folded all at once.
fn all_from_scratch(stage: &Stage<'_>, logs: &[Files], hash: &str) -> Result<Vec<Files>> {
    std::thread::scope(|scope| {
        let fold = |(node, wal)| scope.spawn(move || from_scratch(stage, node, wal, hash));
        let folds: Vec<_> = stage.nodes.iter().zip(logs).map(fold).collect();
        let made = folds.into_iter().map(|fold| fold.join().unwrap_or_else(|_| bail!("a fold ended in a panic")));
        made.collect()
    })
}

/// Folds a node's journals where nothing else is; the files that come of it.
fn from_scratch(stage: &Stage<'_>, node: &Node<'_>, wal: &Files, hash: &str) -> Result<Files> {
    let scratch = node.cli.at(&stage.folder().join(format!("scratch-{}", node.name)));
    for (name, bytes) in wal {
        let path = scratch.data().join("wal").join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(path, bytes)?;
    }
    let folded = scratch.json(&["fold", "--from-scratch", "--roster", &node.roster().to_string_lossy()])?;
    ensure!(folded["state"] == hash, "from the journals of {} comes {folded}, not {hash}", node.name);
    files_of(&scratch.data().join("companies"))
}

fn same(stage: &Stage<'_>, all: &[Files], what: &str) -> Result<()> {
    for (node, files) in stage.nodes.iter().zip(all) {
        let other = stage.nodes[0].name;
        ensure!(*files == all[0], "{what} of {} and {other} differ: {}", node.name, difference(files, &all[0]));
    }
    Ok(())
}

fn difference(a: &Files, b: &Files) -> String {
    let differs = |path: &&PathBuf| a.get(*path) != b.get(*path);
    let paths: std::collections::BTreeSet<&PathBuf> = a.keys().chain(b.keys()).filter(differs).collect();
    let first = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
    format!("{} files, first {first}", paths.len())
}

/// All files below a folder.
fn files_of(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| format!("list {}", next.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let inside = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                files.insert(inside, std::fs::read(&path)?);
            }
        }
    }
    Ok(files)
}
