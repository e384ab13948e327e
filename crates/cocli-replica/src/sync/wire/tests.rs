use super::*;
use crate::sync::message::{
    Alive, Ask, ENTRIES_MAX, End, Entry, Exchange, FRAME_BYTES_MAX, Have, Part, RUN_ROWS_MAX, RUNS_MAX, Range, Run,
};
use crate::sync::name::{Branch, JournalId, Mark, Short};
use proptest::collection::vec;
use proptest::prelude::*;

fn journal() -> impl Strategy<Value = JournalId> {
    ("[a-z2-7]{12}", "[a-z2-7]{8}")
        .prop_map(|(id, epoch)| JournalId { id: id.parse().unwrap(), epoch: epoch.parse().unwrap() })
}

fn seq() -> impl Strategy<Value = u64> {
    prop_oneof![1..300u64, 1..=cocli_model::dot::SEQ_MAX]
}

fn branch() -> impl Strategy<Value = Branch> {
    prop_oneof![
        Just(Branch::Main),
        any::<[u8; 5]>().prop_map(|short| Branch::Fork(Short(short))),
        (seq(), any::<Option<[u8; 5]>>()).prop_map(|(first, short)| Branch::Island { first, short: short.map(Short) }),
    ]
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let run = (seq(), 0..RUN_ROWS_MAX, any::<[u8; 16]>());
    let told = |(from, more, mark): (u64, u64, [u8; 16])| {
        let to = from.saturating_add(more).min(cocli_model::dot::SEQ_MAX);
        Run { from, to, mark: Mark(mark) }
    };
    prop::collection::btree_set(run.prop_map(told), 0..5).prop_map(|runs| runs.into_iter().collect())
}

fn entry() -> impl Strategy<Value = Entry> {
    (journal(), branch(), prop::option::of((seq(), any::<[u8; 16]>())), runs()).prop_map(
        |(journal, leaf, tip, runs)| Entry {
            journal,
            leaf,
            seq: tip.map_or(0, |tip| tip.0),
            mark: tip.map(|tip| Mark(tip.1)),
            runs,
        },
    )
}

fn a_have() -> impl Strategy<Value = Have> {
    let exchange = (any::<[u8; 32]>(), any::<u64>(), any::<u64>(), any::<u64>())
        .prop_map(|(hash, session, base, version)| Exchange { hash, session, base, version });
    (vec(entry(), 0..5), prop::option::of(exchange), any::<Option<(u64, u64)>>())
        .prop_map(|(entries, exchange, known)| Have { entries, exchange, known })
}

fn an_ask() -> impl Strategy<Value = Ask> {
    let run = (seq(), any::<[u8; 16]>()).prop_map(|(to, mark)| Part::Run { to, mark: Mark(mark) });
    let part = prop_oneof![run, branch().prop_map(Part::Leaf)];
    (journal(), seq(), any::<Option<[u8; 4]>>(), part, vec((seq(), any::<[u8; 8]>()), 0..4))
        .prop_map(|(journal, from, after, part, locator)| Ask { journal, from, after, part, locator })
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(
        have_message in a_have(),
        asks in vec(an_ask(), 0..4),
        (whose, datagrams) in (journal(), vec(vec(any::<u8>(), 0..20), 0..4)),
        (sent_ms, echo_ms, frontier, state, fold_version) in any::<(i64, Option<(i64, i64)>, [u8; 32], [u8; 32], u32)>(),
        (version, known) in any::<((u64, u64), (u64, u64))>(),
        peers in vec("[a-z2-7]{12}", 0..3),
    ) {
        let frame = have(&have_message);
        prop_assert_eq!(decode(&frame), Ok(Message::Have(have_message)));
        let frame = want(&asks);
        prop_assert_eq!(decode(&frame), Ok(Message::Want(asks)));
        let frame = range(whose, &datagrams, End::More);
        let slices = datagrams.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(decode(&frame), Ok(Message::Range(Range { journal: whose, datagrams: slices, end: End::More })));
        let peers = peers.iter().map(|peer| peer.parse().unwrap()).collect();
        let told = Alive { sent_ms, echo_ms, frontier, state, fold_version, version, known, peers };
        let frame = alive(&told);
        prop_assert_eq!(decode(&frame), Ok(Message::Alive(told)));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic_or_lie(bytes in vec(any::<u8>(), 0..200), kind in 0..8u8) {
        check(&bytes);
        check(&[&[0x82, kind][..], &bytes[..]].concat());
    }

    #[test]
    fn a_frame_cut_short_is_refused(have_message in a_have(), cut in 1..40usize) {
        let frame = have(&have_message);
        let kept = frame.len().saturating_sub(cut).max(2);
        prop_assert!(kept == frame.len() || decode(&frame[..kept]).is_err());
    }

    /// 64 bytes an entry and 32 a run beyond gaps, message overhead apart.
    #[test]
    fn r50_an_entry_is_at_most_64_bytes_and_32_a_run(entry in entry()) {
        let empty = have(&Have::default()).len();
        let room = 64 + 32 * entry.runs.len();
        let frame = have(&Have { entries: vec![entry], ..Have::default() });
        prop_assert!(frame.len() - empty <= room, "{} bytes", frame.len() - empty);
    }
}

#[test]
fn no_frame_begins_like_a_packet_of_the_original() {
    let whose = JournalId { id: "aaaaaaaaaaaa".parse().unwrap(), epoch: "aaaaaaaa".parse().unwrap() };
    let frames = [push(&[]), have(&Have::default()), want(&[]), range::<&[u8]>(whose, &[], End::Done)];
    for frame in frames {
        assert!(!frame[0].is_ascii_alphanumeric(), "{:02x}", frame[0]);
    }
}

#[test]
fn kinds_and_fields_of_a_later_version_are_passed_over() {
    let unknown_kind = [0x82, 0x18, 0x63, 0xa0];
    assert_eq!(decode(&unknown_kind), Ok(Message::Unknown(0x63)));
    // {0: [], 99: "x"}
    let unknown_field = [0x82, 0x02, 0xa2, 0x00, 0x80, 0x18, 0x63, 0x61, 0x78];
    assert_eq!(decode(&unknown_field), Ok(Message::Have(Have::default())));
    let keys_fall = [0x82, 0x02, 0xa2, 0x18, 0x63, 0x61, 0x78, 0x00, 0x80];
    assert!(matches!(decode(&keys_fall), Err(WireError::Malformed(_))));
}

/// An array's head with a stated length, whatever follows.
fn array_of(length: u32) -> Vec<u8> {
    [&[0x9a][..], &length.to_be_bytes()].concat()
}

#[test]
fn r42_what_is_beyond_a_limit_is_refused_before_memory_is_taken() {
    let journal = [&[0x4d][..], &[0; 13]].concat();
    let mark = [&[0x50][..], &[0; 16]].concat();
    let entry = |seq: &[u8], runs: &[u8]| {
        let head = [0x82, 0x02, 0xa1, 0x00, 0x81, 0x85];
        [&head[..], &journal, seq, &mark, &[0xf6], runs].concat()
    };
    let last = [0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let longer = [0x1b, 0, 0, 0, 1, 0, 0, 0, 0];
    let too_far = [0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0];
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a gigabyte of entries", [&[0x82, 2, 0xa1, 0][..], &array_of(1 << 30)].concat(), "frontier entries"),
        ("sequence 2^63", entry(&too_far, &[0x80]), "no row"),
        ("a gap list of a billion", entry(&[5], &array_of(1 << 30)), "parts of runs"),
        ("runs that do not rise", entry(&[5], &[&[0x86, 7, 2], &mark[..], &[7, 2], &mark].concat()), "rise"),
        ("a run beyond the last row", entry(&[5], &[&[0x83], &last[..], &[1], &mark].concat()), "no row"),
        ("a run of 2^32 rows and one", entry(&[5], &[&[0x83, 7], &longer[..], &mark].concat()), "no row"),
        ("a gigabyte of asks", [&[0x82, 3, 0xa1, 0][..], &array_of(1 << 30)].concat(), "asks"),
        ("a gigabyte of datagrams", [&[0x82, 4, 0xa1, 1][..], &array_of(1 << 30)].concat(), "datagrams"),
        ("a frame over a mebibyte", vec![0; FRAME_BYTES_MAX + 1], "bytes where"),
        ("nothing", vec![], "not a message"),
        ("an ASCII letter", b"H\x1fcamp".to_vec(), "not a message"),
    ];
    for (name, frame, reason) in cases {
        let error = decode(&frame).expect_err(name).to_string();
        assert!(error.contains(reason), "{name}: {error}");
    }
    const { assert!(ENTRIES_MAX * 64 < FRAME_BYTES_MAX && RUNS_MAX * 32 < FRAME_BYTES_MAX) };
}
