//! Proof that clippy bites: code that reads the clock, the disk, a socket or dice, under
//! the `clippy.toml` of each logic crate, must be refused, line by line.
//!
//! A bait crate is written to `target/bites/`, outside the workspace, and linted there.
//! Every line of [`BAIT`] that ends in `// refused` must be named by clippy, and no other.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{floors, workspace};

const BAIT: &str = include_str!("bites/bait.rs");

const MANIFEST: &str = "\
[package]
name = \"bait\"
version = \"0.0.0\"
edition = \"2024\"

[lib]
path = \"bait.rs\"

[workspace]

[dependencies]
jiff = { version = \"0.2\", default-features = false, features = [\"std\", \"alloc\"] }
";

/// Lints the bait under the rules of every logic crate.
pub(crate) fn run() -> Result<()> {
    let root = workspace::root();
    let folder = root.join("target/bites");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    workspace::write(&folder.join("Cargo.toml"), MANIFEST)?;
    workspace::write(&folder.join("bait.rs"), BAIT)?;
    // The same versions as the workspace, so that nothing is fetched.
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).context("copy Cargo.lock")?;
    let wanted = wanted();
    let logic: Vec<&str> = floors::logic().filter(|name| root.join("crates").join(name).is_dir()).collect();
    for logic in &logic {
        let rules = root.join("crates").join(logic).join("clippy.toml");
        std::fs::copy(&rules, folder.join("clippy.toml")).with_context(|| format!("copy {}", rules.display()))?;
        let refused = refused(&folder)?;
        let missed: Vec<_> = wanted.difference(&refused).map(|line| line_text(*line)).collect();
        let extra: Vec<_> = refused.difference(&wanted).map(|line| line_text(*line)).collect();
        ensure!(
            missed.is_empty() && extra.is_empty(),
            "{logic}: not refused: {missed:#?}; refused in error: {extra:#?}"
        );
    }
    println!("bites: clippy refuses {} ways out of {} logic crates", wanted.len(), logic.len());
    Ok(())
}

/// Numbers, from 1, of the lines that must be refused.
fn wanted() -> BTreeSet<u64> {
    (1..).zip(BAIT.lines()).filter(|(_, line)| line.ends_with("// refused")).map(|(number, _)| number).collect()
}

fn line_text(number: u64) -> &'static str {
    (1..).zip(BAIT.lines()).find(|(n, _)| *n == number).map_or("", |(_, line)| line.trim())
}

/// Numbers of the lines that clippy refuses.
fn refused(folder: &Path) -> Result<BTreeSet<u64>> {
    let mut command = workspace::cargo();
    command.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target")).env_remove("CARGO_ENCODED_RUSTFLAGS");
    // Configuration is no part of the fingerprint of a lint run: touch the source.
    std::fs::write(folder.join("bait.rs"), BAIT).context("touch the bait")?;
    let output = command.args(["clippy", "--quiet", "--message-format=json"]).output().context("run cargo clippy")?;
    let mut lines = BTreeSet::new();
    let mut others = Vec::new();
    for message in
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok())
    {
        let message = &message["message"];
        match message["code"]["code"].as_str() {
            Some("clippy::disallowed_methods" | "clippy::disallowed_types" | "clippy::disallowed_macros") => {
                let spans = message["spans"].as_array().into_iter().flatten();
                lines.extend(spans.filter_map(|span| span["line_start"].as_u64()));
            }
            Some(_) => others.push(message["rendered"].to_string()),
            None => {}
        }
    }
    if !output.status.success() || !others.is_empty() {
        bail!("the bait does not lint: {}\n{}", others.join("\n"), String::from_utf8_lossy(&output.stderr));
    }
    Ok(lines)
}
