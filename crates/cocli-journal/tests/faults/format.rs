//! What a journal refuses to write, and what it lets a commit know.

use cocli_journal::RefusedCommit;

use super::common::*;
use super::*;

#[test]
fn what_breaks_the_format_is_refused_alone() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    let mut sealing = draft("x");
    sealing.target = cocli_model::Target::system();
    sealing.field = "seal".parse().unwrap();
    let wide: Vec<_> = (0..5).map(|_| draft(&"x".repeat(60_000))).collect();
    let commits = [
        commit("one"),
        cocli_journal::Commit::new(vec![sealing]),
        cocli_journal::Commit::new(Vec::new()),
        cocli_journal::Commit::new((0..1_001).map(|_| draft("x")).collect()),
        cocli_journal::Commit::new(wide),
        commit("two"),
    ];
    let written = journal.append(&commits, NOON_MS).unwrap();
    let answers: Vec<bool> = written.commits.iter().map(Result::is_ok).collect();
    assert_eq!(answers, [true, false, false, false, false, true]);
    assert!(matches!(written.commits[2], Err(RefusedCommit::Empty)));
    assert!(matches!(written.commits[3], Err(RefusedCommit::TooManyRows(1_001))));
    assert!(matches!(written.commits[4], Err(RefusedCommit::TooLarge(_))));
    let seqs: Vec<u64> = written.commits.iter().flatten().map(|placed| placed.first().seq).collect();
    assert_eq!(seqs, [2, 3], "no gap where they would have stood");
    let before = stored(&disk);
    let written = journal.append(&commits[1..5], NOON_MS).unwrap();
    assert!(written.datagrams.is_empty());
    assert_eq!(stored(&disk), before, "nothing but refusals writes nothing");
}

#[test]
fn a_commit_may_be_named_by_where_it_stands() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    let note = cocli_journal::Commit::placed(|at| {
        let company: cocli_model::Target = "companies/acme".parse().unwrap();
        let target = company.note(at.stamp, at.epoch, at.first).unwrap();
        vec![cocli_model::Draft { target, ..draft("a note") }]
    });
    let written = journal.append(&[commit("before"), note], NOON_MS).unwrap();
    let placed = written.commits[1].as_ref().unwrap();
    let (_, row) = placed.datagram.named_rows().nth(placed.row).unwrap();
    let want = format!("{}.{}", placed.first().epoch, placed.first().seq);
    assert!(row.columns()[4].ends_with(&want), "{} ends with {want}", row.columns()[4]);
}
