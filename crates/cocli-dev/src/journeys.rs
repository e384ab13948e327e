//! The journeys in `docs/journeys/`: how many of their blocks run, and how many wait.
//!
//! A block is `console` (run by trycmd) or `shell-session` (run by our shell runner). One
//! that cannot run yet is marked `ignore`, and the line before it says why.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// What a file of journeys holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    run: usize,
    ignored: usize,
    /// Line numbers of ignored blocks that give no reason.
    unexplained: Vec<usize>,
}

/// Prints `run, ignored, total`; refuses ignored blocks without a reason.
pub(crate) fn run() -> Result<()> {
    let folder = workspace::root().join("docs/journeys");
    let (mut run, mut ignored) = (0, 0);
    for path in files(&folder)? {
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let totals = count(&text);
        if let Some(line) = totals.unexplained.first() {
            bail!("{}:{line}: an ignored block without `<!-- ignored: reason -->` before it", path.display());
        }
        run += totals.run;
        ignored += totals.ignored;
    }
    println!("journeys: {run} run, {ignored} ignored, {} total", run + ignored);
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    Ok(paths)
}

fn count(text: &str) -> Totals {
    let mut totals = Totals::default();
    let mut inside = false;
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            let mut words = info.split(',');
            let runnable = matches!(words.next(), Some("console" | "trycmd" | "shell-session"));
            if !inside && runnable && words.any(|word| word == "ignore") {
                totals.ignored += 1;
                if !before.starts_with("<!-- ignored: ") {
                    totals.unexplained.push(number + 1);
                }
            } else if !inside && runnable {
                totals.run += 1;
            }
            inside = !inside;
        }
        if !line.is_empty() {
            before = line;
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_counted_once_and_ignored_ones_need_a_reason() {
        let text = "```console\n$ cocli\n```\n<!-- ignored: no daemon yet -->\n```console,ignore\n$ a\n```\n\
                    ```text\n```\n```shell-session,ignore\n```\n";
        assert_eq!(count(text), Totals { run: 1, ignored: 2, unexplained: vec![10] });
    }
}
