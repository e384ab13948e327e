//! Segments come back, and whatever is wrong with one is refused whole.

use cocli_model::datagram::Header;
use cocli_model::{
    Author, Cause, Context, Draft, Environment, Field, Operator, Origin, Rank, SigningKey, Stamp, Value,
};

use super::*;

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn sealed_by(n: u8, first: u64, prev: Option<Cid>, value: &str) -> Datagram {
    let id = NodeId::of_key(key(n).verifying_key().as_bytes());
    let author = Author { name: "pi-1".parse().unwrap(), id };
    let header = Header { author, environment: Environment::Test, epoch: Epoch::from_random([7; 5]), first, prev };
    let draft = Draft {
        campaign: "".into(),
        target: "companies/acme".parse().unwrap(),
        field: Field::new("city", Operator::Set).unwrap(),
        value: Some(Value::string(value).unwrap()),
        cause: Cause::Names(Context::default()),
        origin: Origin::of(Rank::Human),
    };
    let stamp = Stamp::from_us(1_771_236_672_000_000 + i64::try_from(first).unwrap()).unwrap();
    Datagram::seal(header, &[(stamp, vec![draft])], [u8::try_from(first).unwrap(); 16], &key(n)).unwrap()
}

/// A journal of `n` datagrams of one row each.
fn journal(n: u64) -> Vec<Datagram> {
    let mut datagrams: Vec<Datagram> = Vec::new();
    for first in 1..=n {
        let prev = datagrams.last().map(Datagram::cid);
        datagrams.push(sealed_by(1, first, prev, &format!("city {first}")));
    }
    datagrams
}

fn usv(datagrams: &[Datagram]) -> Vec<u8> {
    let mut text = Vec::new();
    datagrams.iter().for_each(|datagram| datagram.write_usv(&mut text));
    text
}

fn compressed(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, LEVEL).unwrap()
}

#[test]
fn a_segment_comes_back_and_its_name_says_what_it_holds() {
    let journal = journal(40);
    let (name, bytes) = pack(&journal[4..30]).unwrap().unwrap();
    assert_eq!((name.first, name.last), (5, 30));
    assert_eq!(name.to_string().parse(), Ok(name));
    let back = unpack(&name, &bytes, &key(1).verifying_key()).unwrap();
    assert_eq!(usv(&back), usv(&journal[4..30]));
    assert_eq!(pack(&[]).unwrap(), None);
}

#[test]
fn names_sort_as_their_rows_and_no_other_text_is_one() {
    let (name, _) = pack(&journal(1)).unwrap().unwrap();
    let of = |first, last| SegmentName { first, last, ..name }.to_string();
    let mut names = [of(10, 11), of(2, 9), of(1, 1), of(100, 2_000)];
    names.sort();
    assert_eq!(names, [of(1, 1), of(2, 9), of(10, 11), of(100, 2_000)]);
    let good = of(2, 9);
    for bad in [
        good.replace("wal/", "packs/"),
        good.replace(".zst", ""),
        good.replace("-9", "-1"),
        good.replace("00002-", "2-"),
        good.replace("-9", "-09"),
        format!("{good}/x"),
        "wal/".to_owned(),
    ] {
        assert!(bad.parse::<SegmentName>().is_err(), "{bad}");
    }
}

#[test]
fn r73_altered_and_unsigned_segments_are_refused_whole() {
    let journal = journal(3);
    let (name, bytes) = pack(&journal).unwrap().unwrap();
    let owner = key(1).verifying_key();
    let refused = |name: &SegmentName, bytes: &[u8]| unpack(name, bytes, &owner).unwrap_err();

    let altered = String::from_utf8(usv(&journal)).unwrap().replace("city 2", "town 2");
    assert!(matches!(refused(&name, &compressed(altered.as_bytes())), SegmentError::NoDatagram { .. }));
    let cut = usv(&journal);
    assert!(matches!(refused(&name, &compressed(&cut[..cut.len() - 3])), SegmentError::NoDatagram { .. }));
    let foreign = sealed_by(2, 1, None, "mine");
    let (foreign_name, foreign_bytes) = pack(&[foreign]).unwrap().unwrap();
    assert!(matches!(refused(&foreign_name, &foreign_bytes), SegmentError::Unsigned { first: 1 }));
    assert!(matches!(refused(&name, &foreign_bytes), SegmentError::NotAsNamed));
    let hole = compressed(&usv(&[journal[0].clone(), journal[2].clone()]));
    assert!(matches!(refused(&name, &hole), SegmentError::Unchained { first: 3 }));
    assert!(matches!(refused(&name, &compressed(b"")), SegmentError::NotAsNamed));
    assert!(matches!(refused(&name, b"no zstd"), SegmentError::Compressed(_)));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        if let Ok(back) = unpack(&name, &flipped, &owner) {
            assert_eq!(usv(&back), usv(&journal), "byte {at}: another text was believed");
        }
    }
}

#[test]
fn r73_a_segment_that_would_fill_the_memory_is_refused_at_its_bound() {
    let (name, _) = pack(&journal(1)).unwrap().unwrap();
    let bomb = compressed(&vec![b'x'; usize::try_from(READ_BYTES_MAX).unwrap() + 1]);
    assert!(bomb.len() < 10_000, "{}", bomb.len());
    assert!(matches!(unpack(&name, &bomb, &key(1).verifying_key()), Err(SegmentError::TooLarge)));
}
