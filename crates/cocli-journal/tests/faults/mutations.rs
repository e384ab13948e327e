//! Any bytes in the place of a journal: nothing panics, nothing signed is taken for lost
//! that is still legible, and with a peer's help the file is what it was.

use cocli_journal::Branch;
use proptest::prelude::*;

use super::common::*;
use super::*;

/// Something done to the bytes of a file.
#[derive(Clone, Debug)]
enum Hand {
    Flip(prop::sample::Index, u8),
    Delete(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Double(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Zero(prop::sample::Index, prop::sample::Index),
    LineEnds,
}

fn any_hand() -> impl Strategy<Value = Hand> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), 0..8_u8).prop_map(|(at, bit)| Hand::Flip(at, bit)),
        (index(), index()).prop_map(|(a, b)| Hand::Delete(a, b)),
        (index(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Hand::Insert(at, bytes)),
        (index(), index()).prop_map(|(a, b)| Hand::Double(a, b)),
        (index(), index()).prop_map(|(a, b)| Hand::Swap(a, b)),
        (index(), index()).prop_map(|(a, b)| Hand::Zero(a, b)),
        Just(Hand::LineEnds),
    ]
}

fn mutate(bytes: &mut Vec<u8>, hand: &Hand) {
    if bytes.is_empty() {
        return;
    }
    let range = |a: &prop::sample::Index, b: &prop::sample::Index| {
        let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
        a.min(b)..a.max(b)
    };
    match hand {
        Hand::Flip(at, bit) => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Hand::Delete(a, b) => drop(bytes.drain(range(a, b))),
        Hand::Insert(at, more) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, more.iter().copied());
        }
        Hand::Double(a, b) => {
            let range = range(a, b);
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.end..range.end, copy);
        }
        Hand::Swap(a, b) => {
            let range = range(a, b);
            bytes.rotate_left(range.start);
        }
        Hand::Zero(a, b) => {
            let range = range(a, b);
            bytes[range].fill(0);
        }
        Hand::LineEnds => *bytes = String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn r09_whatever_is_done_to_a_journal_it_opens_goes_on_and_is_repaired(hands in prop::collection::vec(any_hand(), 1..4), odd in any::<u64>()) {
        let (disk, path, bytes, all) = written(6);
        let mut edited = bytes.clone();
        hands.iter().for_each(|hand| mutate(&mut edited, hand));
        disk.put(&path, &edited);

        let mut journal = open(&disk, 1, 2);
        append_one(&mut journal, "after", NOON_MS).unwrap();
        let again = open(&disk, 1, 3);
        prop_assert_eq!(again.tip(), journal.tip(), "what was appended is found again");
        let found = values(&disk);
        prop_assert!(found.iter().any(|(_, value)| value == "after"));
        for (dot, value) in &found {
            prop_assert!(value == "after" || all.iter().flat_map(Datagram::named_rows).any(|(name, row)| {
                name.dot.to_string() == *dot && row.columns()[6] == value
            }), "{} = {} was never written", dot, value);
        }

        // A peer holds the old epoch whole.
        let mut replicas = replicas(&disk, Some(&journal));
        let signer = identity(1, "pi").key.verifying_key();
        let key = journal_key(&path);
        replicas.look_again(&key, Some(&signer)).unwrap();
        let mut order: Vec<&Datagram> = all.iter().collect();
        order.sort_by_key(|datagram| (datagram.first().wrapping_mul(odd) ^ odd) % 16);
        for datagram in order.into_iter().chain(&all) {
            // In any order; what lies beyond a gap waits, and comes again.
            let _ = replicas.store(datagram, Branch::Main);
        }
        prop_assert!(replicas.sync_all().failed.is_empty());
        let now = disk.get(&path).unwrap();
        prop_assert!(now == bytes, "with a peer's help the file is what it was: {} bytes, {} before; {:?}", now.len(), bytes.len(), replicas.damages().collect::<Vec<_>>());
    }
}

#[test]
fn garbage_longer_than_any_datagram_is_passed_over_in_bounded_memory() {
    let (disk, path, bytes, all) = written(6);
    let middle = bytes.len() / 2;
    let garbage = vec![b'x'; 3 * 1024 * 1024];
    disk.put(&path, &[&bytes[..middle], &garbage, &bytes[middle..]].concat());
    let mut replicas = replicas(&disk, None);
    let damage: Vec<Damage> = replicas.damages().cloned().collect();
    assert_eq!(damage.len(), 1);
    let peer: Vec<Datagram> =
        all.iter().filter(|d| d.first() >= damage[0].from && d.last() <= damage[0].to).cloned().collect();
    replicas.repair(&damage[0], &peer).unwrap();
    assert_eq!(disk.get(&path).unwrap(), bytes);
}
