//! The proof at the end: journals alone make the same state and the same files, everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cli::Cli;
use crate::node::Node;
use crate::stage::{Stage, holds, say};

/// Files by their path within a folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Stops the daemons and compares what they leave.
pub(crate) fn compare(stage: &mut Stage) -> Result<()> {
    say("\nThe daemons stop; each node's wal/ alone is copied to an empty folder and folded there");
    let hash = stage.settle()?;
    for node in &mut stage.nodes {
        node.stop()?;
    }
    let journals: Vec<Files> = stage.nodes.iter().map(journals_of).collect::<Result<_>>()?;
    same(stage, &journals, "journal files")?;
    let bytes: usize = journals[0].values().map(Vec::len).sum();
    holds(&format!("{} journal files, {bytes} bytes, are the same on all three nodes", journals[0].len()));
    let mut made: Vec<Files> = Vec::new();
    for (node, journals) in stage.nodes.iter().zip(&journals) {
        let base = stage.folder().join(format!("scratch-{}", node.name));
        let scratch = Cli::new(node.cli.program(), &base);
        for (name, bytes) in journals {
            let path = scratch.data().join("wal").join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            std::fs::write(path, bytes)?;
        }
        let roster = node.roster();
        let folded = scratch.json(&["fold", "--from-scratch", "--roster", &roster.to_string_lossy()])?;
        ensure!(folded["state"] == hash, "from the journals of {} comes {folded}, not {hash}", node.name);
        made.push(files_of(&scratch.data().join("companies"))?);
    }
    holds(&format!("folded from scratch each of them gives the state the daemons had: {hash}"));
    same(stage, &made, "files folded from scratch")?;
    let kept: Vec<Files> =
        stage.nodes.iter().map(|node| files_of(&node.data().join("companies"))).collect::<Result<_>>()?;
    same(stage, &kept, "generated files")?;
    ensure!(
        kept[0] == made[0],
        "the nodes' files are not those folded from scratch: {}",
        difference(&kept[0], &made[0])
    );
    holds(&format!("{} generated files are the same, byte for byte, on all nodes and from scratch", made[0].len()));
    Ok(())
}

fn journals_of(node: &Node) -> Result<Files> {
    let mut files = files_of(&node.data().join("wal"))?;
    files.retain(|path, _| path.extension().is_some_and(|extension| extension == "usv"));
    ensure!(!files.is_empty(), "{} has no journal", node.name);
    Ok(files)
}

fn same(stage: &Stage, all: &[Files], what: &str) -> Result<()> {
    for (node, files) in stage.nodes.iter().zip(all) {
        let other = &stage.nodes[0].name;
        ensure!(*files == all[0], "{what} of {} and {other} differ: {}", node.name, difference(files, &all[0]));
    }
    Ok(())
}

fn difference(a: &Files, b: &Files) -> String {
    let differs = |path: &&PathBuf| a.get(*path) != b.get(*path);
    let mut paths: Vec<&PathBuf> = a.keys().chain(b.keys()).filter(differs).collect();
    paths.dedup();
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
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let inside = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                files.insert(inside, std::fs::read(&path)?);
            }
        }
    }
    Ok(files)
}
