//! Golden vectors of the frames (docs/formats.md, 12): one of each kind and of each form a
//! field can have.
//!
//! `golden/frames.hex` was written from the text of the format, by another encoder than
//! ours. A change that alters a byte of it, or that can no longer read it, parts nodes of
//! two releases: it takes a new name of the protocol, not new vectors.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use cocli_model::dot::SEQ_MAX;
use cocli_replica::sync::message::{Alive, Ask, End, Entry, Exchange, Have, Message, Part, Range, Run};
use cocli_replica::sync::{Branch, JournalId, Mark, Short, end_range, wire};
use data_encoding::HEXLOWER;

const MARK: Mark = Mark([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
const SHORT: Short = Short([1, 2, 3, 4, 5]);
const DIGEST: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

fn journal(id: &str, epoch: &str) -> JournalId {
    JournalId { id: id.parse().unwrap(), epoch: epoch.parse().unwrap() }
}

fn first() -> JournalId {
    journal("tc5ikmckyy47", "k5q2wxyz")
}

fn second() -> JournalId {
    journal("aaaaaaaaaaaa", "77777777")
}

/// A datagram's wire form, itself a golden vector.
fn datagram() -> Vec<u8> {
    let text = include_str!("../../cocli-model/tests/golden/first.wire.hex");
    HEXLOWER.decode(text.split_whitespace().collect::<String>().as_bytes()).unwrap()
}

fn entry(journal: JournalId, leaf: Branch, seq: u64, runs: &[(u64, u64)]) -> Entry {
    let runs = runs.iter().map(|(from, to)| Run { from: *from, to: *to, mark: MARK }).collect();
    Entry { journal, leaf, seq, mark: (seq > 0).then_some(MARK), runs }
}

fn greeting() -> Have {
    let exchange = Some(Exchange { hash: [0xab; 32], session: u64::MAX, base: 7, version: 7 });
    Have { entries: Vec::new(), exchange, known: Some((0, 0)) }
}

fn entries() -> Have {
    let entries = vec![
        entry(first(), Branch::Main, 5, &[]),
        entry(first(), Branch::Main, 5, &[(7, 7), (9, 300)]),
        entry(second(), Branch::Main, 0, &[(2, 3)]),
        entry(second(), Branch::Fork(SHORT), SEQ_MAX, &[]),
        entry(second(), Branch::Island { first: 17, short: None }, 24, &[]),
        entry(second(), Branch::Island { first: 17, short: Some(SHORT) }, 24, &[]),
    ];
    Have { entries, exchange: Some(Exchange { hash: [0xab; 32], session: 1, base: 0, version: 65_536 }), known: None }
}

fn asks() -> Vec<Ask> {
    let ask = |journal, from, after, part| Ask { journal, from, after, part, locator: Vec::new() };
    let island = |short| Part::Leaf(Branch::Island { first: 17, short });
    let main = Part::Leaf(Branch::Main);
    vec![
        ask(first(), 1, None, main),
        ask(first(), 6, Some([1, 2, 3, 4]), main),
        ask(first(), 256, None, Part::Run { to: 300, mark: MARK }),
        ask(second(), 6, Some([1, 2, 3, 4]), Part::Leaf(Branch::Fork(SHORT))),
        ask(second(), 17, None, island(None)),
        ask(second(), 17, None, island(Some(SHORT))),
        Ask { locator: vec![(5, DIGEST), (2, DIGEST)], ..ask(first(), 1, None, main) },
    ]
}

fn alive() -> Alive {
    Alive {
        sent_ms: 1_771_236_672_123,
        echo_ms: None,
        frontier: [0xab; 32],
        state: [0xcd; 32],
        fold_version: 1,
        version: (9, 3),
        known: (0, 0),
        peers: Vec::new(),
    }
}

fn alive_with_echo() -> Alive {
    let peers = vec![second().id, first().id];
    let echo_ms = Some((1_771_236_672_123, 1_771_236_672_456));
    Alive { sent_ms: -1, echo_ms, known: (8, 1 << 32), peers, ..alive() }
}

#[test]
fn frames_are_the_bytes_they_have_always_been_and_are_read_back() {
    let form = datagram();
    let range = |journal, datagrams, end| Message::Range(Range { journal, datagrams, end });
    let cases: [(&str, Arc<[u8]>, Message<'_>); 9] = [
        ("push", wire::push(&form), Message::Push(&form)),
        ("have-nothing", wire::have(&Have::default()), Message::Have(Have::default())),
        ("have-greeting", wire::have(&greeting()), Message::Have(greeting())),
        ("have-entries", wire::have(&entries()), Message::Have(entries())),
        ("want-forms", wire::want(&asks()), Message::Want(asks())),
        ("range-done", wire::range(first(), &[&form], End::Done), range(first(), vec![&form], End::Done)),
        ("range-nothing", end_range(second(), End::Nothing), range(second(), Vec::new(), End::Nothing)),
        ("alive-first", wire::alive(&alive()), Message::Alive(alive())),
        ("alive-echo", wire::alive(&alive_with_echo()), Message::Alive(alive_with_echo())),
    ];
    let mut golden = include_str!("golden/frames.hex").lines().map(|line| line.split_once(' ').unwrap());
    for (name, frame, message) in &cases {
        let (called, hex) = golden.next().unwrap();
        assert_eq!((called, hex), (*name, HEXLOWER.encode(frame).as_str()));
        assert_eq!(wire::decode(&HEXLOWER.decode(hex.as_bytes()).unwrap()).as_ref(), Ok(message), "{name}");
    }
    assert!(golden.next().is_none(), "a vector that nothing is compared with");
}
