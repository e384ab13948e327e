//! The merge against its naive judge, over random histories of two to four replicas with
//! gaps, reordering, duplicates, skewed clocks and all origins.

#![allow(clippy::unwrap_used)]

mod world;

use cocli_model::{Context, Name, Rank, Value};
use cocli_replica::fold::{CellKey, Cells, Change, Entity, Entry, MemoryCells, Slot, fold_record, unfold_record};
use proptest::prelude::*;
use world::{FIELDS, World, by_cell, field, naive_shown, naive_siblings, shown, target};

#[derive(Clone, Debug)]
enum Op {
    Set { node: usize, target: usize, field: usize, value: u8, rank: Rank },
    Add { node: usize, target: usize, element: u8, rank: Rank },
    Remove { node: usize, target: usize, element: u8, rank: Rank },
    Unset { node: usize, target: usize, field: usize },
    Hide { node: usize, target: usize, rank: Rank },
    Show { node: usize, target: usize },
    Create { node: usize, target: usize, domain: u8, rank: Rank },
    Undo { node: usize, commit: usize },
    Hear { node: usize, commit: usize },
    Sync,
    Wait { ms: i64 },
}

fn rank() -> impl Strategy<Value = Rank> {
    prop_oneof![
        4 => Just(Rank::Human),
        1 => Just(Rank::Import),
        1 => Just(Rank::Listing),
        3 => Just(Rank::Worker),
        1 => Just(Rank::Legacy)
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let node = 0..4usize;
    let t = 0..2usize;
    prop_oneof![
        6 => (node.clone(), t.clone(), 0..3usize, 0..4u8, rank())
            .prop_map(|(node, target, field, value, rank)| Op::Set { node, target, field, value, rank }),
        3 => (node.clone(), t.clone(), 0..2u8, rank())
            .prop_map(|(node, target, element, rank)| Op::Add { node, target, element, rank }),
        2 => (node.clone(), t.clone(), 0..2u8, rank())
            .prop_map(|(node, target, element, rank)| Op::Remove { node, target, element, rank }),
        1 => (node.clone(), t.clone(), 0..3usize).prop_map(|(node, target, field)| Op::Unset { node, target, field }),
        1 => (node.clone(), t.clone(), rank()).prop_map(|(node, target, rank)| Op::Hide { node, target, rank }),
        1 => (node.clone(), t.clone()).prop_map(|(node, target)| Op::Show { node, target }),
        1 => (node.clone(), t, 0..2u8, rank())
            .prop_map(|(node, target, domain, rank)| Op::Create { node, target, domain, rank }),
        3 => (node.clone(), 0..64usize).prop_map(|(node, commit)| Op::Undo { node, commit }),
        8 => (node, 0..64usize).prop_map(|(node, commit)| Op::Hear { node, commit }),
        1 => Just(Op::Sync),
        3 => (0..3i64).prop_map(|ms| Op::Wait { ms }),
    ]
}

fn skews() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop_oneof![Just(0i64), -3_600_000..3_600_000i64], 2..=4)
}

fn text(n: u8) -> Value {
    Value::string(["Brea", "Placentia", "", "null"][n as usize % 4]).unwrap()
}

fn perform(world: &mut World, op: &Op) -> Option<usize> {
    let count = world.nodes.len();
    match *op {
        Op::Set { node, target: t, field, value, rank } => {
            world.write(node % count, &target(t), FIELDS[field], &Change::Set(text(value)), rank)
        }
        Op::Add { node, target: t, element, rank } => {
            world.write(node % count, &target(t), "tags", &Change::Add(text(element)), rank)
        }
        Op::Remove { node, target: t, element, rank } => {
            world.write(node % count, &target(t), "tags", &Change::Remove(text(element)), rank)
        }
        Op::Unset { node, target: t, field } => {
            world.write(node % count, &target(t), FIELDS[field], &Change::Unset, Rank::Human)
        }
        Op::Hide { node, target: t, rank } => world.visibility(node % count, &target(t), true, rank),
        Op::Show { node, target: t } => world.visibility(node % count, &target(t), false, Rank::Human),
        Op::Create { node, target: t, domain, rank } => {
            let domain = ["acme.example", "acme.test"][domain as usize % 2];
            world.create(node % count, &target(t), "Acme", domain, rank)
        }
        Op::Undo { node, commit } if !world.commits.is_empty() => {
            let node = node % count;
            let held: Vec<usize> = world.nodes[node].held.iter().copied().collect();
            let commit = *held.get(commit % held.len().max(1))?;
            world.undo(node, commit, Rank::Human)
        }
        Op::Hear { node, commit } if !world.commits.is_empty() => {
            let commit = commit % world.commits.len();
            world.deliver(node % count, commit);
            None
        }
        Op::Sync => {
            world.deliver_all();
            None
        }
        Op::Wait { ms } => {
            world.now_ms += ms;
            None
        }
        Op::Undo { .. } | Op::Hear { .. } => None,
    }
}

fn play(skews: &[i64], ops: &[Op]) -> World {
    let mut world = World::new(skews);
    for op in ops {
        perform(&mut world, op);
    }
    world
}

fn judge_cells(world: &World, n: usize) -> Result<(), TestCaseError> {
    let held: Vec<Entry> = world.nodes[n].held.iter().flat_map(|c| world.commits[*c].clone()).collect();
    for (key, entries) in by_cell(&held) {
        if key.slot == Slot::Visibility {
            continue;
        }
        let Ok(cell) = world.nodes[n].cells.cell(&key);
        prop_assert_eq!(&cell.siblings, &naive_siblings(&entries), "{:?}", &key);
        prop_assert_eq!(shown(&world.nodes[n].cells, &key), naive_shown(&key, &entries), "{:?}", &key);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Every cell of every replica, whatever it has heard so far, is what the plain
    /// definition says.
    #[test]
    fn l03_siblings_and_winners_are_those_of_the_definition(skews in skews(), ops in prop::collection::vec(op(), 1..40)) {
        let world = play(&skews, &ops);
        for n in 0..world.nodes.len() {
            judge_cells(&world, n)?;
        }
    }

    /// Same records, same state: whatever the order, duplication or road.
    #[test]
    fn l02_r38_same_records_same_state_hash(skews in skews(), ops in prop::collection::vec(op(), 1..40)) {
        let mut world = play(&skews, &ops);
        world.deliver_all();
        let Ok(first) = world.nodes[0].cells.state_hash();
        for node in &world.nodes {
            let Ok(hash) = node.cells.state_hash();
            prop_assert_eq!(hash, first);
        }
        let mut again = MemoryCells::new();
        for entry in world.entries().iter().rev() {
            let Ok(_) = fold_record(&mut again, entry.name, &entry.record);
        }
        let Ok(hash) = again.state_hash();
        prop_assert_eq!(hash, first);
    }

    /// What is unfolded is as if it had never come.
    #[test]
    fn unfolding_leaves_what_never_came(skews in skews(), ops in prop::collection::vec(op(), 1..30), out in any::<u64>()) {
        let world = play(&skews, &ops);
        let (mut some, mut all) = (MemoryCells::new(), MemoryCells::new());
        let goes = |n: usize| out >> (n % 64) & 1 == 1;
        for (n, commit) in world.commits.iter().enumerate() {
            for entry in commit {
                let Ok(_) = fold_record(&mut all, entry.name, &entry.record);
                if !goes(n) {
                    let Ok(_) = fold_record(&mut some, entry.name, &entry.record);
                }
            }
        }
        for (_, commit) in world.commits.iter().enumerate().filter(|(n, _)| goes(*n)) {
            for entry in commit {
                let Ok(_) = unfold_record(&mut all, entry.name, &entry.record);
            }
        }
        let (Ok(some), Ok(all)) = (some.state_hash(), all.state_hash());
        prop_assert_eq!(some, all);
    }

    /// An undone commit shows what would show had it never been written, whatever was
    /// written beside it; and undoing the undo shows what was there.
    #[test]
    fn r93_undo_shows_what_would_show_had_it_never_been_written(
        skews in skews(),
        before in prop::collection::vec(op(), 1..16),
        written in op(),
        beside in prop::collection::vec(op(), 0..6),
        undoer in 0..4usize,
        after in prop::collection::vec(op(), 0..6),
        redo in any::<bool>(),
    ) {
        let mut world = play(&skews, &before);
        let Some(commit) = perform(&mut world, &written) else { return Ok(()) };
        for op in &beside {
            perform(&mut world, op);
        }
        let undoer = undoer % world.nodes.len();
        world.deliver(undoer, commit);
        let Some(mut undo) = world.undo(undoer, commit, Rank::Human) else { return Ok(()) };
        let mut gone = commit;
        if redo {
            let Some(again) = world.undo(undoer, undo, Rank::Human) else { return Ok(()) };
            (gone, undo) = (undo, again);
        }
        for op in after.iter().filter(|op| !matches!(op, Op::Undo { .. })) {
            perform(&mut world, op);
        }
        world.deliver_all();
        let touched: Vec<CellKey> = world.commits[undo].iter().map(|entry| CellKey::of(&entry.record)).collect();
        let never = as_if_never(&world, gone, undo);
        for key in touched.into_iter().filter(|key| key.slot != Slot::Visibility) {
            let entries = never.get(&key).cloned().unwrap_or_default();
            if entries.iter().any(|entry| entry.rank() == Rank::Legacy) {
                continue;
            }
            let all: Vec<Entry> = by_cell(&world.entries()).remove(&key).unwrap();
            prop_assert_eq!(shown(&world.nodes[0].cells, &key), naive_shown(&key, &entries), "{:#?}\nall {:#?}", &key, all);
        }
    }

    /// No entity without a name is ever listed.
    #[test]
    fn no_hollow_entity_is_listed(skews in skews(), ops in prop::collection::vec(op(), 1..40)) {
        let world = play(&skews, &ops);
        for node in &world.nodes {
            for target in node.cells.targets() {
                let Ok(entity) = Entity::read(&node.cells, &target);
                let named = entity.shown(&field("name")).is_some_and(|name| !name.is_empty_or_null());
                prop_assert!(!entity.is_listed() || named);
            }
        }
    }

    /// A person's delete is effective at once where it is written.
    #[test]
    fn a_persons_delete_is_effective_at_once(skews in skews(), ops in prop::collection::vec(op(), 1..40), node in 0..4usize) {
        let mut world = play(&skews, &ops);
        let node = node % world.nodes.len();
        world.visibility(node, &target(0), true, Rank::Human);
        let Ok(hidden) = world.nodes[node].cells.is_hidden(&target(0));
        prop_assert!(hidden);
    }

    /// A tag that a person removed does not come back with a crawl, seen or unseen.
    #[test]
    fn no_removed_tag_comes_back_from_a_crawl(skews in skews(), ops in prop::collection::vec(op(), 1..30), crawler in 0..4usize) {
        let crawls = |op: &Op| !matches!(op, Op::Undo { .. } | Op::Add { rank: Rank::Human | Rank::Import | Rank::Listing, .. });
        let ops: Vec<Op> = ops.into_iter().filter(crawls).collect();
        let mut world = World::new(&skews);
        world.write(0, &target(0), "tags", &Change::Add(text(0)), Rank::Worker);
        world.write(0, &target(0), "tags", &Change::Remove(text(0)), Rank::Human);
        for op in ops.iter().filter(|op| !matches!(op, Op::Unset { .. })) {
            perform(&mut world, op);
        }
        let crawler = crawler % world.nodes.len();
        world.write(crawler, &target(0), "tags", &Change::Add(text(0)), Rank::Worker);
        world.deliver_all();
        let Ok(cell) = world.nodes[0].cells.cell(&CellKey::element(&target(0), &field("tags"), &text(0)));
        prop_assert!(!cell.is_member());
    }

    /// Whatever piled up, a person who has seen it all and writes leaves one sibling.
    #[test]
    fn r27_sibling_sets_are_bounded_by_concurrent_writers(skews in skews(), ops in prop::collection::vec(op(), 1..40)) {
        let mut world = play(&skews, &ops);
        world.deliver_all();
        let city = CellKey::field(&target(0), &field("city"));
        world.write(0, &target(0), "city", &Change::Set(Value::string("Fullerton").unwrap()), Rank::Human);
        let Ok(cell) = world.nodes[0].cells.cell(&city);
        prop_assert_eq!(cell.siblings.len(), 1, "{:#?}", cell.siblings);
    }
}

/// The history without two commits: whoever named a record of theirs is read as naming
/// what that record stood for or had replaced, as its writer would have seen it.
fn as_if_never(world: &World, commit: usize, undo: usize) -> std::collections::BTreeMap<CellKey, Vec<Entry>> {
    let mut gone: Vec<Entry> = world.commits[commit].iter().chain(&world.commits[undo]).cloned().collect();
    // A restatement stands for its root, and is gone with it.
    let stands_for_gone = |entry: &&Entry| world.commits[commit].iter().any(|g| entry.root() == g.name);
    gone.extend(world.commits.iter().flatten().filter(stands_for_gone).cloned());
    undone_as_well(world, &mut gone);
    undone_beside(world, &mut gone);
    let (mut kept, all) = (Vec::new(), world.entries());
    for (n, entries) in world.commits.iter().enumerate() {
        if n != commit && n != undo {
            let stays = entries.iter().filter(|entry| gone.iter().all(|g| g.name != entry.name));
            kept.extend(stays.map(|entry| without(entry, &gone, &all)));
        }
    }
    by_cell(&kept)
}

/// Who undid what is gone as well would not have, nor have restated anything.
fn undone_as_well(world: &World, gone: &mut Vec<Entry>) {
    let held = |gone: &[Entry], name| gone.iter().any(|g| g.name == name);
    for entries in &world.commits {
        let undoes = |undo: &&Entry| {
            undo.is_undo() && !undo.names().is_empty() && undo.names().iter().all(|name| held(gone, *name))
        };
        let cells: Vec<CellKey> = entries.iter().filter(undoes).map(|undo| CellKey::of(&undo.record)).collect();
        let of_it = |entry: &&Entry| cells.contains(&CellKey::of(&entry.record)) && !held(gone, entry.name);
        let more: Vec<Entry> = entries.iter().filter(of_it).cloned().collect();
        gone.extend(more);
    }
}

/// What replaced something gone and was undone itself is gone with its undo: that would have
/// restated what is now found to be replaced, and could not know.
fn undone_beside(world: &World, gone: &mut Vec<Entry>) {
    let all: Vec<&Entry> = world.commits.iter().flatten().collect();
    let named_by = |undo: &Entry| -> Vec<Entry> {
        all.iter().filter(|entry| undo.names().contains(&entry.name)).map(|entry| (**entry).clone()).collect()
    };
    let is_last = |undo: &Entry| !all.iter().any(|other| other.names().contains(&undo.name));
    for undo in all.iter().filter(|undo| undo.is_undo() && is_last(undo)) {
        let undone = named_by(undo);
        let held = |gone: &[Entry], name| gone.iter().any(|g| g.name == name);
        let replaced = |entry: &&Entry| entry.names().iter().any(|name| held(gone, *name));
        let beside: Vec<Entry> = undone.iter().filter(replaced).cloned().collect();
        if held(gone, undo.name) || beside.is_empty() {
            continue;
        }
        gone.extend(beside);
        if undone.iter().all(|entry| held(gone, entry.name)) {
            gone.push((*undo).clone());
        }
    }
}

fn without(entry: &Entry, gone: &[Entry], all: &[Entry]) -> Entry {
    if entry.names().iter().all(|name| gone.iter().all(|g| g.name != *name)) {
        return entry.clone();
    }
    let mut names = entry.names().to_vec();
    while let Some(found) = names.iter().position(|name| gone.iter().any(|g| g.name == *name)) {
        let name = names.swap_remove(found);
        let through = gone.iter().find(|g| g.name == name).unwrap();
        // A `~` takes back what it names, or what that stands for, and nothing behind it.
        // What outranked it was not replaced by it, and may not have been there at all.
        let outranks = |name: &Name| all.iter().any(|other| other.name == *name && other.rank() > through.rank());
        if !entry.is_withdrawal() || through.is_restatement() {
            names.extend(through.names().iter().filter(|name| !outranks(name)));
        }
    }
    let mut record = (*entry.record).clone();
    record.draft.cause = cocli_model::Cause::Names(Context::new(names).unwrap());
    Entry { name: entry.name, record: std::sync::Arc::new(record) }
}
