//! Datagrams: both forms, the rules that span rows, seals and signatures.

#![allow(clippy::unwrap_used)]

use cocli_model::row::RowError;
use cocli_model::usv::{Piece, scan};
use cocli_model::{
    Cause, Cid, Context, Datagram, DatagramError, Draft, Environment, Epoch, Field, NodeId, Operator, Origin, Rank,
    Row, SigningKey, Stamp, StoredRow, Value, datagram::Header,
};
use proptest::prelude::*;

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn header(first: u64, prev: Option<Cid>) -> Header {
    let id = NodeId::of_key(key(1).verifying_key().as_bytes());
    Header {
        author: cocli_model::Author { name: "pi-1".parse().unwrap(), id },
        environment: Environment::Test,
        epoch: Epoch::from_random([7; 5]),
        first,
        prev,
    }
}

fn draft(value: &str) -> Draft {
    Draft {
        campaign: "roadmap".into(),
        target: "companies/acme".parse().unwrap(),
        field: Field::new("city", Operator::Set).unwrap(),
        value: Some(Value::string(value).unwrap()),
        cause: Cause::Names(Context::default()),
        origin: Origin::of(Rank::Human),
    }
}

fn at(us: i64) -> Stamp {
    Stamp::from_us(1_771_236_672_000_000 + us).unwrap()
}

fn sealed(values: &[&str]) -> Datagram {
    let commits: Vec<_> = values.iter().enumerate().map(|(i, value)| (at(i as i64), vec![draft(value)])).collect();
    Datagram::seal(header(1, None), &commits, [3; 16], &key(1)).unwrap()
}

#[test]
fn l05_a_seal_is_the_word_of_one_key_over_every_byte() {
    let datagram = sealed(&["Brea", "Placentia"]);
    assert!(datagram.verify(&key(1).verifying_key()).is_ok());
    assert!(matches!(datagram.verify(&key(2).verifying_key()), Err(DatagramError::WrongSignature(..))));
    let wire = datagram.to_wire();
    for at in 0..wire.len() {
        let mut forged = wire.clone();
        forged[at] ^= 1;
        let accepted = Datagram::from_wire(&forged).is_ok_and(|d| d.verify(&key(1).verifying_key()).is_ok());
        assert!(!accepted, "byte {at} of the wire form can be changed");
    }
}

/// Small-order keys and non-canonical encodings are where lax and strict rules part
/// (*Taming the many EdDSAs*, 2020, table 6): the strict verdict is "no" everywhere.
#[test]
fn r85_signatures_that_lax_rules_accept_are_refused() {
    let datagram = sealed(&["Brea"]);
    let identity: [u8; 32] = {
        let mut point = [0; 32];
        point[0] = 1;
        point
    };
    let small_order = ed25519_dalek::VerifyingKey::from_bytes(&identity).unwrap();
    let mut sig = [0; 64];
    sig[..32].copy_from_slice(&identity);
    assert!(!cocli_model::seal::verifies(&small_order, &datagram.cid(), &sig), "a key of small order signs anything");
    // S + L is the same scalar to a lax verifier.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleable = *datagram.sig();
    let mut carry = 0u16;
    for (byte, add) in malleable[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert!(!cocli_model::seal::verifies(&key(1).verifying_key(), &datagram.cid(), &malleable));
}

#[test]
fn r85_two_signatures_of_one_cid_leave_one_datagram() {
    let datagram = sealed(&["Brea"]);
    let wire = datagram.to_wire();
    let mut other = wire.clone();
    let sig = wire.windows(64).position(|window| window == datagram.sig()).unwrap();
    other[sig] ^= 1;
    let other = Datagram::from_wire(&other).unwrap();
    assert_eq!(other.cid(), datagram.cid(), "the signature is no part of the id");
    assert!(other.verify(&key(1).verifying_key()).is_err());
}

#[test]
fn rules_that_span_rows_are_kept() {
    let day = 86_400_000_000;
    let midnight = Stamp::from_us((at(0).us() / day + 1) * day).unwrap();
    let seal = |commits: &[(Stamp, Vec<Draft>)], first, prev| {
        Datagram::seal(header(first, prev), commits, [3; 16], &key(1)).map(|_| ()).map_err(|error| error.to_string())
    };
    let one = |stamp| (stamp, vec![draft("x")]);
    let some = Some(Cid::from_digest([1; 32]));
    let cases = [
        ("no rows", seal(&[], 1, None), false),
        ("one row", seal(&[one(at(0))], 1, None), true),
        ("a thousand rows", seal(&[(at(0), vec![draft("x"); 1_000])], 1, None), true),
        ("a thousand and one", seal(&[(at(0), vec![draft("x"); 1_001])], 1, None), false),
        ("stamps that fall", seal(&[one(at(1)), one(at(0))], 1, None), false),
        ("equal stamps of two commits", seal(&[one(at(1)), one(at(1))], 1, None), false),
        ("r15: two dates", seal(&[one(at(1)), one(midnight)], 1, None), false),
        ("prev in an epoch's first", seal(&[one(at(0))], 1, some), false),
        ("no prev later", seal(&[one(at(0))], 2, None), false),
        ("sequence 0", seal(&[one(at(0))], 0, some), false),
        ("r42: sequence 2^63", seal(&[one(at(0))], 1 << 63, some), false),
        ("the last sequence", seal(&[one(at(0))], (1 << 63) - 1, some), true),
        ("over 256 KiB", seal(&[(at(0), vec![draft(&"x".repeat(60_000)); 5])], 1, None), false),
    ];
    for (name, result, accepted) in cases {
        assert_eq!(result.is_ok(), accepted, "{name}: {result:?}");
    }
    let mut user_seal = draft("x");
    user_seal.target = "system".parse().unwrap();
    user_seal.field = Field::new("seal", Operator::Set).unwrap();
    user_seal.origin = Origin::of(Rank::System);
    assert!(seal(&[(at(0), vec![user_seal])], 1, None).is_err(), "no user write may use the field seal");
}

#[test]
fn r11_what_ends_a_row_stands_in_no_column_whatever_its_meaning() {
    let (Header { author, .. }, datagram) = (header(1, None), sealed(&["Brea"]));
    let StoredRow::Row(row) = &datagram.rows()[0] else { panic!("it was not erased") };
    assert!(Row::parse(row.text(), &author).is_ok());
    for column in 0..row.columns().len() {
        for end in ['\x1e', '\n'] {
            let mut columns = row.columns().map(str::to_owned);
            columns[column].push(end);
            let read = Row::parse(&columns.join("\x1f"), &author);
            assert!(matches!(read, Err(RowError::EndInside(_))), "column {}: {read:?}", column + 1);
        }
    }
}

#[test]
fn a_wire_form_with_a_longer_head_anywhere_is_refused() {
    let wire = sealed(&["Brea"]).to_wire();
    let mut refused = 0;
    for at in 0..wire.len() {
        // Rewrites a one-byte head (text, bytes, array or map of fewer than 24) as two.
        let (major, n) = (wire[at] & 0xe0, wire[at] & 0x1f);
        if n < 24 {
            let longer = [&wire[..at], &[major | 24, n], &wire[at + 1..]].concat();
            assert!(Datagram::from_wire(&longer).is_err(), "byte {at}");
            refused += 1;
        }
    }
    assert!(refused > 100);
}

#[test]
fn r02_a_torn_file_is_its_whole_datagrams_and_a_tail() {
    let datagram = sealed(&["Brea", "Placentia"]);
    let mut file = Vec::new();
    datagram.write_usv(&mut file);
    let whole = file.len();
    datagram.write_usv(&mut file);
    for cut in whole + 1..file.len() {
        let pieces = scan(&file[..cut]);
        assert_eq!(pieces.len(), 2, "cut at {cut}");
        assert!(matches!(&pieces[0], Piece::Datagram { range, .. } if *range == (0..whole)));
        assert!(matches!(&pieces[1], Piece::Tail { range } if *range == (whole..cut)));
    }
}

#[test]
fn one_bad_datagram_costs_one_datagram() {
    let datagram = sealed(&["Brea", "Placentia"]);
    let mut one = Vec::new();
    datagram.write_usv(&mut one);
    let row = one.windows(2).position(|end| end == b"\x1e\n").unwrap() + 2;
    let file = [one.clone(), one[..row].to_vec(), one.clone(), one.clone()].concat();
    let good = |file: &[u8]| scan(file).iter().filter(|piece| matches!(piece, Piece::Datagram { .. })).count();
    assert_eq!(good(&file), 3, "a torn datagram in front of a good one");
    for at in 0..one.len() {
        let mut file = [one.clone(), one.clone(), one.clone()].concat();
        file[one.len() + at] ^= 0x40;
        assert!(good(&file) >= 2, "a flipped bit at {at} costs more than its datagram");
        let covered: usize = scan(&file)
            .iter()
            .map(|piece| match piece {
                Piece::Datagram { range, .. } | Piece::Bad { range, .. } | Piece::Tail { range } => range.len(),
            })
            .sum();
        assert_eq!(covered, file.len(), "every byte is accounted for");
    }
}

proptest! {
    /// Both forms of a datagram give it back, and each has one byte string.
    #[test]
    fn r10_both_forms_come_back_whatever_the_values(values in prop::collection::vec(any::<String>(), 1..20)) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let datagram = sealed(&values);
        let wire = datagram.to_wire();
        prop_assert_eq!(datagram.wire_bytes(), wire.len());
        prop_assert_eq!(&Datagram::from_wire(&wire).unwrap(), &datagram);
        let mut file = Vec::new();
        datagram.write_usv(&mut file);
        match &scan(&file)[..] {
            [Piece::Datagram { datagram: read, range }] => {
                prop_assert_eq!(&**read, &datagram);
                prop_assert_eq!(range.clone(), 0..file.len());
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    /// Bytes from outside are a datagram or refused, and never more than that.
    #[test]
    fn r11_any_bytes_are_refused_or_canonical(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(datagram) = Datagram::from_wire(&bytes) {
            prop_assert_eq!(datagram.to_wire(), bytes.clone());
        }
        let _ = scan(&bytes);
    }
}

mod written {
    //! A draft becomes the row that reading its text gives, whatever stands in its fields.

    use super::*;
    use cocli_model::context::Context;
    use cocli_model::dot::{Dot, Name};

    fn any_text() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(vec![
            "",
            "a",
            "@",
            ":",
            "\x1f",
            "\x1e",
            "\n",
            "é",
            "2026-02-16T10:11:12.123004+00:00",
        ]);
        prop::collection::vec(odd, 0..4).prop_map(|parts| parts.concat())
    }

    fn any_origin() -> impl Strategy<Value = Origin> {
        let rank = prop::sample::select(vec![Rank::Legacy, Rank::Worker, Rank::Human, Rank::System]);
        let restated = prop::option::of((0..1i64 << 50).prop_map(|us| Stamp::from_us(us).unwrap()));
        (rank, prop::option::of(any_text()), restated).prop_map(|(rank, detail, restated)| Origin {
            rank,
            detail: detail.map(|detail| detail.as_str().into()),
            restated,
        })
    }

    fn any_cause() -> impl Strategy<Value = Cause> {
        let name = |seq: u64| Name {
            dot: Dot { id: "tc5ikmckyq47".parse().unwrap(), epoch: "k5qk5qyz".parse().unwrap(), seq },
            check: "pofcpf".parse().unwrap(),
        };
        let names = prop::collection::vec((1..100u64).prop_map(name), 0..4);
        prop_oneof![
            names.prop_map(|names| Cause::Names(Context::new(names).unwrap())),
            Just(Cause::nothing(&Operator::Visibility)),
        ]
    }

    fn any_draft() -> impl Strategy<Value = Draft> {
        let op = prop::sample::select(vec![
            Operator::Set,
            Operator::Add,
            Operator::Remove,
            Operator::Withdraw,
            Operator::Visibility,
        ]);
        let target = prop::sample::select(vec!["companies/acme", "system", "objects/a/b"]);
        let value = prop::option::of(any_text().prop_map(|text| Value::string(&text).unwrap()));
        (any_text(), target, any_text(), op, value, any_cause(), any_origin()).prop_map(
            |(campaign, target, name, op, value, cause, origin)| Draft {
                campaign: campaign.as_str().into(),
                target: target.parse().unwrap(),
                field: Field { name: cocli_model::field::FieldName::new(&name).unwrap(), op },
                value,
                cause,
                origin,
            },
        )
    }

    proptest! {
        #[test]
        fn a_draft_becomes_the_row_that_its_text_says(draft in any_draft(), us in 0..1i64 << 50, seq in 0..3u64) {
            let (header, stamp) = (header(1, None), Stamp::from_us(us).unwrap());
            let made = Row::of_draft(draft.clone(), stamp, &header.author, header.environment, header.epoch, seq);
            if let Ok(row) = made {
                let read = Row::parse(row.text(), &header.author);
                prop_assert_eq!(read.as_ref(), Ok(&row));
                prop_assert_eq!(row.columns()[6], draft.value.as_ref().map_or("", |value| value.as_text()));
            }
        }
    }
}
