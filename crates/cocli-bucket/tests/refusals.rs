//! What hubs and readers refuse, step by step: each refusal leaves the bucket as it was.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_bucket::protocol::{
    Answer, Body, Boundary, Checkpoint, Folded, Frontier, Hub, Key, Memory, Outcome, Reader, ReaderStep, Reason,
    Request, Shelf, Step, TRIES_MAX, Taking, Watch,
};

type Tips = BTreeMap<String, u64>;
type Objects = BTreeMap<Key, Body<Tips>>;

fn tips(of: &[(&str, u64)]) -> Tips {
    of.iter().map(|(journal, tip)| ((*journal).to_owned(), *tip)).collect()
}

fn checkpoint(n: u64, frontier: Tips, hub: &str, term: u64) -> (Key, Body<Tips>) {
    let packs = vec!["pack".into()];
    let body = Checkpoint { n, frontier, hub: hub.into(), term, packs, root: "root".into(), fold_version: 1 };
    (Key::Checkpoint(n), Body::Checkpoint(Arc::new(body)))
}

fn boundary(n: u64) -> (Key, Body<Tips>) {
    (Key::Boundary(n), Body::Boundary(Boundary { n, hub: "old".into(), term: 1 }))
}

fn answer(objects: &mut Objects, request: &Request<Tips>) -> Answer<Tips> {
    match request {
        Request::Create(key, _) if objects.contains_key(key) => Answer::Exists,
        Request::Create(key, body) => {
            objects.insert(key.clone(), body.clone());
            Answer::Created
        }
        Request::Get(key) => objects.get(key).map_or(Answer::Absent, |body| Answer::Found(body.clone())),
        Request::List { shelf, after } => {
            let keys = objects.keys().map(ToString::to_string);
            let numbers = keys.filter_map(|key| shelf.number(&key)).filter(|number| Some(*number) > *after);
            Answer::Listed { numbers: numbers.collect(), more: false }
        }
        Request::Delete(key) => {
            objects.remove(key);
            Answer::Deleted
        }
    }
}

fn run(hub: &mut Hub<Tips>, objects: &mut Objects, mut request: Request<Tips>) -> Step<Tips> {
    loop {
        match hub.answered(answer(objects, &request)) {
            Step::Ask(next) => request = next,
            end => return end,
        }
    }
}

fn hub(memory: Memory) -> Hub<Tips> {
    Hub::new("new".into(), "hub".into(), memory)
}

fn folded(frontier: Tips, carried: &[&str], fold_version: u32) -> Folded<Tips> {
    let carried = carried.iter().map(|pack| (*pack).into()).collect();
    Folded { frontier, carried, made: vec!["made".into()], root: "root".into(), fold_version }
}

/// A hub with a lease that looked at a bucket of one checkpoint.
fn ready(objects: &mut Objects) -> Hub<Tips> {
    objects.extend([checkpoint(1, tips(&[("a", 4), ("b", 2)]), "old", 1)]);
    let mut hub = hub(Memory::default());
    let request = hub.take(Taking::Over);
    assert_eq!(run(&mut hub, objects, request), Step::Done(Outcome::Leased(2)), "greater than the checkpoint's term");
    let request = hub.look();
    assert!(matches!(run(&mut hub, objects, request), Step::Done(Outcome::Found(_))));
    hub
}

#[test]
fn r72_a_bucket_that_went_back_is_refused_and_left_alone() {
    let old = Some(Boundary { n: 4, hub: "old".into(), term: 9 });
    let seen = |boundary: Option<Boundary>, newest| Memory { boundary, newest, term: 9 };
    let tip = || tips(&[("a", 1)]);
    let cases: [(&str, Memory, Objects); 5] = [
        ("an empty bucket", seen(None, 1), Objects::new()),
        ("a checkpoint too few", seen(None, 2), Objects::from([checkpoint(1, tip(), "old", 1)])),
        ("a boundary too few", seen(old.clone(), 5), Objects::from([boundary(3), checkpoint(5, tip(), "old", 1)])),
        ("no boundary at all", seen(old, 5), Objects::from([checkpoint(5, tip(), "old", 1)])),
        ("nothing at the boundary", Memory::default(), Objects::from([boundary(3), checkpoint(2, tip(), "old", 1)])),
    ];
    for (name, memory, mut objects) in cases {
        let before = objects.clone();
        for begin in [Hub::look, |hub: &mut Hub<Tips>| hub.take(Taking::Over), Hub::collect] {
            let mut hub = hub(memory.clone());
            let request = begin(&mut hub);
            let end = run(&mut hub, &mut objects, request);
            assert!(matches!(end, Step::Failed(Reason::WentBack { .. })), "{name}: {end:?}");
        }
        let mut reader = Reader::new(memory);
        let mut request = reader.begin();
        let end = loop {
            match reader.answered(answer(&mut objects, &request)) {
                ReaderStep::Ask(next) => request = next,
                end => break end,
            }
        };
        assert!(matches!(end, ReaderStep::Failed(Reason::WentBack { .. })), "{name}: {end:?}");
        assert_eq!(objects, before, "{name}: nothing was changed");
    }
}

#[test]
fn r70_a_pack_that_is_missing_above_the_boundary_is_damage() {
    let mut objects = Objects::from([checkpoint(1, tips(&[("a", 1)]), "old", 1)]);
    let mut reader = Reader::new(Memory::default());
    let mut request = reader.begin();
    let end = loop {
        match reader.answered(answer(&mut objects, &request)) {
            ReaderStep::Ask(next) => request = next,
            end => break end,
        }
    };
    assert_eq!(end, ReaderStep::Failed(Reason::Damaged { checkpoint: 1, pack: "pack".into() }));
}

#[test]
fn r95_what_must_not_follow_a_checkpoint_is_refused_before_anything_is_put() {
    let all = || tips(&[("a", 5), ("b", 2)]);
    let cases = [
        (folded(tips(&[("a", 9)]), &["pack"], 1), Reason::Behind { n: 1 }),
        (folded(tips(&[("a", 9), ("b", 1)]), &["pack"], 1), Reason::Behind { n: 1 }),
        (folded(all(), &["pack"], 0), Reason::OlderRules { n: 1 }),
        (folded(all(), &["another"], 1), Reason::NotCarried("another".into())),
        (Folded { made: vec!["pack".into()], ..folded(all(), &[], 1) }, Reason::NotCarried("pack".into())),
    ];
    for (folded, reason) in cases {
        let mut objects = Objects::new();
        let mut hub = ready(&mut objects);
        assert_eq!(hub.publish(folded), Step::Failed(reason));
        assert_eq!(hub.publish(self::folded(all(), &["pack"], 1)), Step::Failed(Reason::NotSurveyed), "look again");
    }
    assert!(all().is_nowhere_behind(&tips(&[("a", 5)])));
}

#[test]
fn r63_a_put_that_timed_out_is_asked_for_and_recognised() {
    let mut objects = Objects::new();
    let mut hub = ready(&mut objects);
    let Step::Ask(mut request) = hub.publish(folded(tips(&[("a", 5), ("b", 2)]), &["pack"], 1)) else {
        panic!("nothing stands against it")
    };
    let end = loop {
        let done = answer(&mut objects, &request);
        let lost = matches!(request, Request::Create(..));
        match hub.answered(if lost && done == Answer::Created { Answer::Unknown } else { done }) {
            Step::Ask(next) => request = next,
            end => break end,
        }
    };
    assert!(matches!(&end, Step::Done(Outcome::Published(won)) if won.n == 2 && won.term == 2), "{end:?}");
    assert_eq!(hub.memory().newest, 2);
}

#[test]
fn r66_an_older_or_an_equal_term_is_fenced() {
    for (term, by) in [(3, "old"), (2, "old")] {
        let mut objects = Objects::new();
        let mut hub = ready(&mut objects);
        objects.extend([checkpoint(2, tips(&[("a", 4), ("b", 2)]), by, term)]);
        let request = hub.look();
        run(&mut hub, &mut objects, request);
        let end = hub.publish(folded(tips(&[("a", 5), ("b", 2)]), &["pack"], 1));
        assert_eq!(end, Step::Failed(Reason::Fenced { held: Some(2), term, by: by.into() }));
    }
}

#[test]
fn a_store_that_never_answers_ends_an_operation() {
    let mut hub = hub(Memory::default());
    hub.look();
    let steps: Vec<Step<Tips>> = (0..TRIES_MAX).map(|_| hub.answered(Answer::Unknown)).collect();
    assert_eq!(steps.last(), Some(&Step::Failed(Reason::Unanswered)));
    assert!(steps.iter().rev().skip(1).all(|step| matches!(step, Step::Ask(Request::List { .. }))));
}

#[test]
fn a_renewal_is_refused_when_somebody_took_over() {
    let mut objects = Objects::new();
    let mut hub = ready(&mut objects);
    let request = hub.take(Taking::Renewal);
    assert_eq!(run(&mut hub, &mut objects, request), Step::Done(Outcome::Leased(3)));
    let lease = |generation| Key::Lease("hub".into(), generation);
    assert!(!objects.contains_key(&lease(2)), "the generation before is tidied away");
    let taken = cocli_bucket::protocol::Lease { generation: 4, holder: "old".into() };
    objects.insert(lease(4), Body::Lease(taken));
    let request = hub.take(Taking::Renewal);
    assert_eq!(run(&mut hub, &mut objects, request), Step::Failed(Reason::Superseded { newest: 4 }));
    let look: Request<Tips> = Watch::look(&"hub".into(), hub.memory());
    assert_eq!(look, Request::List { shelf: Shelf::Leases("hub".into()), after: Some(2) });
}

#[test]
fn what_cannot_be_read_is_named() {
    let mut objects = Objects::from([checkpoint(1, tips(&[]), "old", 1)]);
    let (_, wrong) = checkpoint(7, tips(&[]), "old", 1);
    objects.insert(Key::Checkpoint(1), wrong);
    let mut hub = hub(Memory::default());
    let request = hub.look();
    let end = run(&mut hub, &mut objects, request);
    assert_eq!(end, Step::Failed(Reason::Unreadable("checkpoints/00000000000000000001.json".into())));
}
