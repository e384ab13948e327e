//! What is to be proved: the list in `docs/proof.toml`.

use anyhow::{Context, Result, bail, ensure};
use toml_edit::{DocumentMut, Table};

use super::tests::Test;

/// The kinds of claims, in the order of the table, with their headings.
pub(super) const KINDS: [(&str, &str); 5] =
    [("law", "Laws"), ("fault", "Faults"), ("number", "Numbers"), ("input", "Bad input"), ("done", "Done means")];

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// `L4`, `R24`, `N1`, `D3.2`: unique.
    pub(super) id: String,
    /// One of [`KINDS`].
    pub(super) kind: String,
    /// The claim in a sentence.
    pub(super) says: String,
    /// Parts of names of tests that prove it, besides those that carry its id.
    pub(super) tests: Vec<String>,
    /// A command that ends with 0 only if it holds.
    pub(super) command: Option<String>,
    /// A row of the scoreboard that says `met` only if it holds.
    pub(super) row: Option<String>,
    /// Where a missed aim is explained: a file and a heading in it, `docs/profiles.md#Apply`.
    pub(super) profile: Option<String>,
    /// What none of these show, by hand.
    pub(super) part: Option<String>,
}

impl Claim {
    /// Whether a test proves something of it: by its id, or because it is named.
    pub(super) fn is_shown_by(&self, test: &Test) -> bool {
        let carries_id = matches!(self.kind.as_str(), "law" | "fault") && test.ids().any(|id| id == self.id);
        carries_id || self.tests.iter().any(|pattern| test.is_meant_by(pattern))
    }
}

/// Reads the list; refuses unknown keys, unknown kinds and ids said twice.
pub(super) fn parse(text: &str) -> Result<Vec<Claim>> {
    let document: DocumentMut = text.parse().context("docs/proof.toml is no TOML")?;
    let tables =
        document.get("claim").and_then(|item| item.as_array_of_tables()).context("no [[claim]] in docs/proof.toml")?;
    let claims = tables.iter().map(claim).collect::<Result<Vec<_>>>()?;
    for (index, claim) in claims.iter().enumerate() {
        ensure!(
            !claims[..index].iter().any(|other| other.id == claim.id),
            "{} stands twice in docs/proof.toml",
            claim.id
        );
    }
    Ok(claims)
}

fn claim(table: &Table) -> Result<Claim> {
    let text = |key: &str| table.get(key).and_then(|item| item.as_str()).map(str::to_owned);
    let id = text("id").context("a claim without id")?;
    if let Some((key, _)) = table
        .iter()
        .find(|(key, _)| !matches!(*key, "id" | "kind" | "says" | "tests" | "command" | "row" | "profile" | "part"))
    {
        bail!("{id}: unknown key {key:?}");
    }
    let kind = text("kind").with_context(|| format!("{id}: no kind"))?;
    ensure!(KINDS.iter().any(|(known, _)| *known == kind), "{id}: unknown kind {kind:?}");
    let says = text("says").with_context(|| format!("{id}: says nothing"))?;
    let patterns = table.get("tests").and_then(|item| item.as_array());
    let tests = patterns.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect();
    Ok(Claim {
        id,
        kind,
        says,
        tests,
        command: text("command"),
        row: text("row"),
        profile: text("profile"),
        part: text("part"),
    })
}
