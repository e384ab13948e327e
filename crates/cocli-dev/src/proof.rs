//! `docs/PROOF.md`: every law, fault, number and Done line with what proves it.
//!
//! The list is `docs/proof.toml`, the proofs are found: a test whose name begins with
//! `r24_` or `l04_` proves R24 or L4, and runs here. What no test, command or row of the
//! scoreboard shows is `missing`; what shows a part says which part is not.

mod claims;
mod commands;
mod table;
mod tests;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use crate::scoreboard::Reached;
use crate::{scoreboard, workspace};
use claims::Claim;

/// Whether commands that prove something run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commands {
    /// Each runs, unless it passed on these very sources before.
    Run,
    /// Only a pass on these very sources counts.
    LastResult,
}

/// What is known of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Shown by all of these.
    Proved(Vec<String>),
    /// Shown by these as far as it goes, and what is not shown.
    Part(Vec<String>, Vec<String>),
    /// Shown by nothing, and what was tried.
    Missing(Vec<String>),
}

/// Judges every claim and writes the table.
pub(crate) fn run(commands: Commands) -> Result<()> {
    let root = workspace::root();
    let list = std::fs::read_to_string(root.join("docs/proof.toml")).context("read docs/proof.toml")?;
    let claims = claims::parse(&list)?;
    let found = tests::find()?;
    let wanted = |test: &tests::Test| claims.iter().any(|claim| claim.is_shown_by(test));
    let results = tests::run(found.into_iter().filter(|test| wanted(test)).collect())?;
    let ran = commands::run(claims.iter().filter_map(|claim| claim.command.as_deref()), commands)?;
    let board = std::fs::read_to_string(root.join(scoreboard::PATH)).unwrap_or_default();
    let board: BTreeMap<String, Reached> = scoreboard::rows(&board).into_iter().collect();
    let verdicts: Vec<(&Claim, Verdict)> =
        claims.iter().map(|claim| (claim, judge(claim, &results, &ran, &board))).collect();
    workspace::write(&root.join("docs/PROOF.md"), &table::render(&verdicts))?;
    println!("proof: {}, written to docs/PROOF.md", table::totals(&verdicts));
    Ok(())
}

/// Runs one command of the list, so that long ones can run beside each other; the table
/// finds its pass.
pub(crate) fn run_only(command: &str) -> Result<()> {
    let list = std::fs::read_to_string(workspace::root().join("docs/proof.toml")).context("read docs/proof.toml")?;
    let claims = claims::parse(&list)?;
    let known = claims.iter().any(|claim| claim.command.as_deref() == Some(command));
    ensure!(known, "no claim of docs/proof.toml has the command {command:?}");
    let outcome = commands::run(std::iter::once(command), Commands::Run)?.remove(command);
    ensure!(outcome == Some(commands::Outcome::Passed), "{command:?}: {outcome:?}");
    println!("proof: {command} passed");
    Ok(())
}

/// What tests, commands and scoreboard show of one claim.
fn judge(
    claim: &Claim,
    results: &[(tests::Test, tests::Outcome)],
    ran: &BTreeMap<String, commands::Outcome>,
    board: &BTreeMap<String, Reached>,
) -> Verdict {
    let (mut shown, mut lacking) = (Vec::new(), Vec::new());
    for (test, outcome) in results.iter().filter(|(test, _)| claim.is_shown_by(test)) {
        match outcome {
            tests::Outcome::Passed => shown.push(format!("`{}` ({})", test.name, test.package)),
            tests::Outcome::Failed => lacking.push(format!("`{}` fails", test.name)),
            tests::Outcome::Ignored => lacking.push(format!("`{}` is ignored", test.name)),
        }
    }
    for pattern in claim.tests.iter().filter(|pattern| !results.iter().any(|(test, _)| test.is_meant_by(pattern))) {
        lacking.push(format!("no test `{pattern}`"));
    }
    if let Some(command) = &claim.command {
        match ran.get(command) {
            Some(commands::Outcome::Passed) => shown.push(format!("`{command}`")),
            Some(commands::Outcome::Failed) => lacking.push(format!("`{command}` fails")),
            Some(commands::Outcome::Skipped) => lacking.push(format!("`{command}` has nothing to run yet")),
            None => lacking.push(format!("`{command}` has not run on these sources")),
        }
    }
    if let Some(row) = &claim.row {
        match board.get(row) {
            Some(Reached::Met) => shown.push(format!("`{row}` on the scoreboard")),
            Some(Reached::Aim) if claim.profile.as_deref().is_some_and(is_explained) => {
                shown.push(format!("`{row}` is measured on the scoreboard"));
                lacking.push(format!("the aim is missed; why: {}", claim.profile.as_deref().unwrap_or_default()));
            }
            Some(Reached::Missed | Reached::Aim) => {
                lacking.push(format!("`{row}` on the scoreboard is not reached"));
            }
            Some(Reached::Unknown) => lacking.push(format!("`{row}` on the scoreboard says neither met nor missed")),
            None => lacking.push(format!("no row `{row}` on the scoreboard")),
        }
    }
    lacking.extend(claim.part.clone());
    match (shown.is_empty(), lacking.is_empty()) {
        (true, _) => Verdict::Missing(lacking),
        (false, true) => Verdict::Proved(shown),
        (false, false) => Verdict::Part(shown, lacking),
    }
}

/// Whether a file of the repository has this heading: `docs/profiles.md#Apply`.
fn is_explained(place: &str) -> bool {
    let Some((path, heading)) = place.split_once('#') else { return false };
    let text = std::fs::read_to_string(workspace::root().join(path)).unwrap_or_default();
    text.lines().any(|line| line.strip_prefix("## ") == Some(heading))
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::proof::tests::{Outcome, Test};

    #[test]
    fn a_claim_is_proved_only_if_all_that_is_named_holds() {
        let test =
            |name: &str| Test { package: "cocli-model".to_owned(), name: name.to_owned(), executable: "".into() };
        let results = [
            (test("stamp::tests::r24_carries"), Outcome::Passed),
            (test("r25_r26_equal_stamps"), Outcome::Failed),
            (test("fold::l04_clocks"), Outcome::Passed),
        ];
        let ran = BTreeMap::from([("make demo".to_owned(), commands::Outcome::Passed)]);
        let board = BTreeMap::from([
            ("apply".to_owned(), Reached::Missed),
            ("reach".to_owned(), Reached::Aim),
            ("show".to_owned(), Reached::Met),
        ]);
        let cases = [
            ("a test by its prefix", "id = 'R24'\nkind = 'fault'", "proved"),
            ("a failing test", "id = 'R25'\nkind = 'fault'", "missing"),
            ("not a longer number", "id = 'R2'\nkind = 'fault'", "missing"),
            ("two digits for a law", "id = 'L4'\nkind = 'law'", "proved"),
            ("a note", "id = 'R24'\nkind = 'fault'\npart = 'only one node'", "part"),
            ("a command", "id = 'D1'\nkind = 'done'\ncommand = 'make demo'", "proved"),
            ("a command that never ran", "id = 'D1'\nkind = 'done'\ncommand = 'make sim'", "missing"),
            ("one of two", "id = 'R24'\nkind = 'fault'\ncommand = 'make sim'", "part"),
            ("a missed number", "id = 'N1'\nkind = 'number'\nrow = 'apply'", "missing"),
            ("a missed aim that nobody explained", "id = 'N1'\nkind = 'number'\nrow = 'reach'", "missing"),
            (
                "a missed aim that is explained nowhere",
                "id = 'N1'\nkind = 'number'\nrow = 'reach'\nprofile = 'docs/SCOREBOARD.md#Nothing'",
                "missing",
            ),
            (
                "a missed aim explained",
                "id = 'N1'\nkind = 'number'\nrow = 'reach'\nprofile = 'docs/SCOREBOARD.md#Numbers'",
                "part",
            ),
            (
                "what must be, explained or not",
                "id = 'N1'\nkind = 'number'\nrow = 'apply'\nprofile = 'docs/SCOREBOARD.md#Numbers'",
                "missing",
            ),
            ("a met number", "id = 'N2'\nkind = 'number'\nrow = 'show'", "proved"),
            ("a named test", "id = 'D2'\nkind = 'done'\ntests = ['r24_carries']", "proved"),
            ("a named test that is not", "id = 'R24'\nkind = 'fault'\ntests = ['nowhere']", "part"),
        ];
        for (name, list, want) in cases {
            let claims = claims::parse(&format!("[[claim]]\nsays = 'x'\n{list}\n")).unwrap();
            let got = match judge(&claims[0], &results, &ran, &board) {
                Verdict::Proved(_) => "proved",
                Verdict::Part(..) => "part",
                Verdict::Missing(_) => "missing",
            };
            assert_eq!(got, want, "{name}");
        }
    }
}
