//! The floors of the house (DESIGN §11): a crate imports only from floors below.
//!
//! - Every crate of the workspace stands in [`HOUSE`] or among the [`TOOLS`]; a new one
//!   fails the check until it is given its place.
//! - Nobody imports a tool, and there are no circles, dev-dependencies included.
//! - A crate reaches nothing that its floor must never know, however far down.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::workspace;

/// What decides state: no clock, dice, disk or socket, itself or through others.
const WORLD: &[&str] = &[
    "async-std",
    "getrandom",
    "hyper",
    "libp2p",
    "mio",
    "notify",
    "rand",
    "redb",
    "reqwest",
    "rusqlite",
    "rustix",
    "socket2",
    "tempfile",
    "tokio",
];
/// What opens sockets. (`mio` is no proof of it: file watching is built on it too.)
const NETWORK: &[&str] = &["hyper", "libp2p", "reqwest", "socket2", "tokio", "cocli-mesh"];
/// What knows what a record means.
const MEANING: &[&str] = &["cocli-model", "cocli-replica", "cocli-store", "cocli-crm"];

/// Crate, floor, and what it must not reach.
const HOUSE: &[(&str, u8, &[&str])] = &[
    ("cocli-model", 0, WORLD),
    ("cocli-replica", 1, WORLD),
    ("cocli-placement", 1, WORLD),
    ("cocli-journal", 2, NETWORK),
    ("cocli-store", 2, NETWORK),
    ("cocli-mesh", 3, MEANING),
    ("cocli-bucket", 3, MEANING),
    ("cocli-control", 3, &["cocli-crm", "cocli-store"]),
    ("cocli-objects", 4, &["cocli-crm"]),
    ("cocli-crm", 4, NETWORK),
    ("cocli-work", 4, &[]),
    ("cocli-client", 5, &[]),
    ("cocli-node", 5, &[]),
    ("cocli", 6, &[]),
];

/// What looks at the house from outside.
const TOOLS: &[&str] = &["cocli-bench", "cocli-dev", "cocli-sim"];

/// Kinds of dependencies that end up in the product, as `cargo metadata` writes them.
const PRODUCTION_KINDS: [Option<&str>; 2] = [None, Some("build")];

/// The crates that know no world, whether they exist yet or not.
pub(crate) fn logic() -> impl Iterator<Item = &'static str> {
    HOUSE.iter().filter(|(_, _, banned)| *banned == WORLD).map(|(name, ..)| *name)
}

/// One crate as the check sees it.
#[derive(Debug, Default)]
struct Crate {
    /// Other crates of the workspace it names, dev-dependencies included.
    workspace: BTreeSet<String>,
    /// Everything production code reaches, by name.
    reaches: BTreeSet<String>,
}

/// Checks the workspace and prints what stands where.
pub(crate) fn run() -> Result<()> {
    let crates = read(&workspace::metadata()?);
    let findings = judge(&crates);
    for finding in &findings {
        eprintln!("floors: {finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings against the floors of docs/ARCHITECTURE.md", findings.len());
    }
    println!("floors: {} crates in their places", crates.len());
    Ok(())
}

/// The workspace's crates from `cargo metadata`.
fn read(metadata: &Value) -> BTreeMap<String, Crate> {
    let members = strings(&metadata["workspace_members"]);
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let name = |id: &str| packages.get(id).map_or("", |package| text(&package["name"]));
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let own: BTreeSet<&str> = members.iter().map(|id| name(id)).collect();
    let mut crates = BTreeMap::new();
    for id in &members {
        let dependencies = list(&packages[id]["dependencies"]).map(|dependency| text(&dependency["name"]));
        let workspace =
            dependencies.filter(|other| own.contains(other) && *other != name(id)).map(str::to_owned).collect();
        let reaches = reach(id, &nodes).into_iter().map(|id| name(id).to_owned()).collect();
        crates.insert(name(id).to_owned(), Crate { workspace, reaches });
    }
    crates
}

/// Every package that production code of `start` links, by id.
fn reach<'a>(start: &'a str, nodes: &BTreeMap<&'a str, &'a Value>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        let Some(node) = nodes.get(id) else { continue };
        for dependency in list(&node["deps"]) {
            let linked = list(&dependency["dep_kinds"]).any(|kind| PRODUCTION_KINDS.contains(&kind["kind"].as_str()));
            if linked && seen.insert(text(&dependency["pkg"])) {
                open.push(text(&dependency["pkg"]));
            }
        }
    }
    seen
}

/// Everything that is not as the floors want it.
fn judge(crates: &BTreeMap<String, Crate>) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, it) in crates {
        let place = HOUSE.iter().find(|(house, ..)| house == name);
        if place.is_none() && !TOOLS.contains(&name.as_str()) {
            findings.push(format!("{name} has no floor: give it one in crates/cocli-dev/src/floors.rs"));
        }
        for below in &it.workspace {
            if TOOLS.contains(&below.as_str()) && place.is_some() {
                findings.push(format!("{name} imports {below}, which looks at the house from outside"));
            }
            let floor_of = |name: &str| HOUSE.iter().find(|(house, ..)| *house == name).map(|(_, floor, _)| *floor);
            if let (Some(upper), Some(lower)) = (floor_of(name), floor_of(below))
                && lower >= upper
            {
                findings.push(format!("{name} (floor {upper}) imports {below} (floor {lower})"));
            }
        }
        let banned = place.map_or(&[][..], |(_, _, banned)| *banned);
        for reached in banned.iter().filter(|banned| it.reaches.contains(**banned)) {
            findings.push(format!("{name} reaches {reached}, which it must never know"));
        }
    }
    findings.extend(circle(crates));
    findings
}

/// One circle among the crates, if there is any: crates that are left when those that
/// import nobody left are taken away again and again.
fn circle(crates: &BTreeMap<String, Crate>) -> Option<String> {
    let mut left: BTreeSet<&String> = crates.keys().collect();
    loop {
        let free: Vec<&String> = left
            .iter()
            .copied()
            .filter(|name| !crates[*name].workspace.iter().any(|below| left.contains(below)))
            .collect();
        if free.is_empty() {
            break;
        }
        left.retain(|name| !free.contains(name));
    }
    (!left.is_empty()).then(|| format!("a circle among {left:?}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn strings(value: &Value) -> Vec<&str> {
    list(value).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(edges: &[(&str, &str)], reaches: &[(&str, &str)]) -> BTreeMap<String, Crate> {
        let mut crates: BTreeMap<String, Crate> = BTreeMap::new();
        for (from, to) in edges {
            crates.entry((*to).to_owned()).or_default();
            crates.entry((*from).to_owned()).or_default().workspace.insert((*to).to_owned());
        }
        for (from, to) in reaches {
            crates.entry((*from).to_owned()).or_default().reaches.insert((*to).to_owned());
        }
        crates
    }

    #[test]
    fn what_the_floors_allow_and_what_they_refuse() {
        type Edges = &'static [(&'static str, &'static str)];
        let cases: [(&str, Edges, Edges, usize); 9] = [
            ("downwards", &[("cocli", "cocli-node"), ("cocli-node", "cocli-model")], &[], 0),
            ("upwards", &[("cocli-model", "cocli-replica")], &[], 1),
            ("sideways", &[("cocli-journal", "cocli-store")], &[], 1),
            ("a tool looks in", &[("cocli-sim", "cocli-replica")], &[], 0),
            ("a tool is used", &[("cocli-node", "cocli-sim")], &[], 1),
            ("a circle of tools", &[("cocli-sim", "cocli-bench"), ("cocli-bench", "cocli-sim")], &[], 1),
            ("a crate without a floor", &[("cocli-attic", "cocli-model")], &[], 1),
            ("logic reaches a runtime", &[], &[("cocli-replica", "tokio")], 1),
            ("a road knows records", &[], &[("cocli-mesh", "cocli-model")], 1),
        ];
        for (name, edges, reaches, want) in cases {
            let findings = judge(&house(edges, reaches));
            assert_eq!(findings.len(), want, "{name}: {findings:?}");
        }
    }

    #[test]
    fn dependencies_of_this_workspace_follow_the_floors() {
        let crates = read(&workspace::metadata().unwrap());
        assert!(crates.contains_key("cocli-model") && crates.len() > 5, "the workspace was read: {crates:?}");
        assert!(crates["cocli-model"].reaches.contains("blake3"), "edges were followed");
        assert_eq!(judge(&crates), Vec::<String>::new());
    }
}
