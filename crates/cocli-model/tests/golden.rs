//! Golden vectors of the formats (docs/formats.md): fixed keys, salts and drafts, and the
//! bytes they have been since format version 1.
//!
//! The files in `golden/` are yesterday's files. A change that alters a byte of them, or
//! that can no longer read them, breaks every journal that exists: it takes a new version
//! of the format, not new vectors. Each test compares what is made today with what
//! stands there, and reads what stands there back.

#![allow(clippy::unwrap_used)]

use cocli_model::datagram::Header;
use cocli_model::seal::{RowKeys, Salt, Seal, commitment};
use cocli_model::usv::{self, Piece};
use cocli_model::{
    Author, Cause, Check, Cid, Clock, Context, Coverage, Datagram, Draft, Environment, Field, Name, NodeId, Operator,
    Origin, Range, Rank, SigningKey, Stamp, StoredRow, Target, Value,
};

/// The private key is the bytes 0 to 31.
fn key() -> SigningKey {
    SigningKey::from_bytes(&std::array::from_fn(|i| u8::try_from(i).unwrap()))
}

fn author() -> Author {
    let id = NodeId::of_key(key().verifying_key().as_bytes());
    Author { name: "pi-4".parse().unwrap(), id }
}

fn salt(first: u8) -> Salt {
    std::array::from_fn(|i| first.wrapping_add(u8::try_from(i).unwrap()))
}

fn draft(target: &str, field: &str, value: Option<&str>, cause: Cause, origin: &str) -> Draft {
    Draft {
        campaign: "".into(),
        target: target.parse().unwrap(),
        field: field.parse().unwrap(),
        value: value.map(|value| Value::from_text(value).unwrap()),
        cause,
        origin: origin.parse().unwrap(),
    }
}

fn nothing() -> Cause {
    Cause::Names(Context::default())
}

/// The first datagram: an epoch is opened, a company is created. Two commits.
fn first() -> Datagram {
    let header = Header {
        author: author(),
        environment: Environment::Prod,
        epoch: "k5q2wxyz".parse().unwrap(),
        first: 1,
        prev: None,
    };
    let mut clock = Clock::default();
    let opened = clock.tick(1_771_236_672_123);
    let created = clock.tick(1_771_236_672_123);
    let acme = "companies/acme";
    let system =
        Draft { value: Some(Value::string("").unwrap()), ..draft("system", "epoch", Some("x"), nothing(), "system") };
    let rows = vec![
        draft(acme, "!", Some(r#"{"new":{"domain":"acme.example"}}"#), Cause::nothing(&Operator::Visibility), "human"),
        draft(acme, "name", Some("Ácme Roofing 屋根"), nothing(), "human"),
        draft(acme, "zip_code", Some(r#""78701""#), nothing(), "import:leads.csv"),
        draft(acme, "employees", Some("12"), nothing(), "worker:website"),
        draft(acme, "hours", Some(r#"{"mon":["9:00","17:00"]}"#), nothing(), "listing:overture"),
        draft(acme, "tags+", Some("prospect"), nothing(), "human"),
        draft(acme, r#""a\u001fb+""#, Some(r#""line\nbreak""#), nothing(), "legacy:2026-02-13T11:39:36Z"),
    ];
    Datagram::seal(header, &[(opened, vec![system]), (created, rows)], salt(16), &key()).unwrap()
}

/// The second: a register replaced, an element removed, a value withdrawn and one
/// restated, the company hidden.
fn second() -> Datagram {
    let before = first();
    let named = |index: usize| Cause::Names(Context::new(vec![before.name(index)]).unwrap());
    let header = Header { first: before.last() + 1, prev: Some(before.cid()), ..before.header().clone() };
    let at = |us: i64| Stamp::from_us(before.last_stamp().us() + us).unwrap();
    let restated = format!("worker:website@{}", before.last_stamp());
    let acme = "companies/acme";
    let range = Range { last: before.name(before.n() - 1) };
    let elsewhere: Name = "zzzzzzzzzzzz.22222222.9223372036854775807.abc234".parse().unwrap();
    let covered = Cause::Coverage(Coverage::new(vec![range], vec![elsewhere]).unwrap());
    let commits = [
        (at(1), vec![draft(acme, "name", Some("Acme"), named(2), "human")]),
        (at(2), vec![draft(acme, "tags-", Some("prospect"), named(6), "human")]),
        (
            at(3),
            vec![
                draft(acme, "employees~", None, named(4), "human"),
                draft(acme, "employees", Some("12"), named(4), &restated),
            ],
        ),
        (at(1_000_000), vec![draft(acme, "!", Some("true"), covered, "human")]),
    ];
    Datagram::seal(header, &commits, salt(32), &key()).unwrap()
}

/// The second with its row `index` (from 0) erased, as an erasing node writes it.
fn erased(index: usize) -> Vec<u8> {
    let whole = second();
    let seal = whole.seal_value();
    let keys = (0..whole.n()).map(|i| if i == index { None } else { seal.keys.key(i) }).collect();
    let mut bytes = Vec::new();
    for (i, row) in whole.rows().iter().enumerate() {
        let StoredRow::Row(row) = row else { panic!("nothing is erased yet") };
        if i == index {
            let hash = commitment(&seal.keys.key(i).unwrap(), row.text());
            bytes.extend_from_slice(format!("#erased {}", data_encoding::BASE64URL_NOPAD.encode(&hash)).as_bytes());
        } else {
            bytes.extend_from_slice(row.text().as_bytes());
        }
        bytes.extend_from_slice(b"\x1e\n");
    }
    let seal = Seal { keys: RowKeys::Remaining(keys), ..seal };
    let (stamp, author) = (whole.last_stamp(), author());
    let row = format!("{stamp}\x1f{author}\x1f\x1fprod\x1fsystem\x1fseal\x1f{}\x1f\x1fsystem\x1e\n", seal.to_text());
    bytes.extend_from_slice(row.as_bytes());
    bytes
}

fn usv_of(datagrams: &[Datagram]) -> Vec<u8> {
    let mut bytes = Vec::new();
    datagrams.iter().for_each(|datagram| datagram.write_usv(&mut bytes));
    bytes
}

/// The block that a datagram's CID is the hash of.
fn block_of(datagram: &Datagram) -> Vec<u8> {
    let keys = datagram.seal_value().keys;
    let text = |row: &StoredRow| if let StoredRow::Row(row) = row { row.text().to_owned() } else { unreachable!() };
    let rows = datagram.rows().iter().enumerate();
    let commitments: Vec<[u8; 32]> = rows.map(|(i, row)| commitment(&keys.key(i).unwrap(), &text(row))).collect();
    datagram.header().block(&commitments)
}

/// Hex in lines of 32 bytes, as it stands in the files.
fn hex(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|line| data_encoding::HEXLOWER.encode(line) + "\n").collect()
}

fn unhex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.replace('\n', "").as_bytes()).unwrap()
}

/// The whole datagrams of a journal file that holds nothing else.
fn read(bytes: &[u8]) -> Vec<Datagram> {
    let pieces = usv::scan(bytes).into_iter();
    let whole = pieces.map(|piece| match piece {
        Piece::Datagram { datagram, .. } => *datagram,
        piece => panic!("{piece:?}"),
    });
    whole.collect()
}

#[test]
fn keys_ids_and_checks_are_what_they_were() {
    let first = first();
    let facts = format!(
        "public key  {}\nnode        {}\nfirst cid   {}\nbinary cid  {}\nfirst sig   {}\nfirst names {}\nsecond cid  {}\nsecond sig  {}\n",
        data_encoding::HEXLOWER.encode(key().verifying_key().as_bytes()),
        author(),
        first.cid(),
        data_encoding::HEXLOWER.encode(&first.cid().to_bytes()),
        data_encoding::HEXLOWER.encode(first.sig()),
        (0..first.n()).map(|index| first.name(index).to_string()).collect::<Vec<_>>().join("\n            "),
        second().cid(),
        data_encoding::HEXLOWER.encode(second().sig()),
    );
    assert_eq!(facts, include_str!("golden/facts.txt"));
}

#[test]
fn a_check_is_the_first_six_letters_of_a_commitment() {
    assert_eq!(Check::of(&[0; 32]).as_str(), "aaaaaa");
    assert_eq!(Check::of(&[255; 32]).as_str(), "777777");
    let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    assert_eq!(Check::of(&bytes).as_str(), "aaaqea");
}

#[test]
fn a_journal_file_is_what_it_was_and_is_read_back() {
    let golden = include_bytes!("golden/journal.usv");
    let datagrams = [first(), second()];
    assert_eq!(String::from_utf8(usv_of(&datagrams)).unwrap(), String::from_utf8(golden.to_vec()).unwrap());
    let back = read(golden);
    assert_eq!(back, datagrams);
    for datagram in &back {
        datagram.verify(&key().verifying_key()).unwrap();
    }
    assert_eq!(back[1].prev(), Some(back[0].cid()));
}

#[test]
fn a_signed_block_is_what_it_was_and_hashes_to_its_cid() {
    let cases = [
        ("first", first(), include_str!("golden/first.block.hex")),
        ("second", second(), include_str!("golden/second.block.hex")),
    ];
    for (name, datagram, golden) in cases {
        assert_eq!(hex(&block_of(&datagram)), golden, "{name}");
        assert_eq!(Cid::of_block(&unhex(golden)), datagram.cid(), "{name}");
    }
}

#[test]
fn a_wire_form_is_what_it_was_and_is_read_back() {
    let cases = [
        ("first", first(), include_str!("golden/first.wire.hex")),
        ("second", second(), include_str!("golden/second.wire.hex")),
    ];
    for (name, datagram, golden) in cases {
        assert_eq!(hex(&datagram.to_wire()), golden, "{name}");
        let back = Datagram::from_wire(&unhex(golden)).unwrap();
        assert_eq!(back, datagram, "{name}");
        back.verify(&key().verifying_key()).unwrap();
    }
}

#[test]
fn an_erased_row_keeps_cid_names_and_signature() {
    let whole = second();
    let cases = [
        ("in the middle", 2, &include_bytes!("golden/erased.usv")[..], include_str!("golden/erased.wire.hex")),
        ("the last", 4, include_bytes!("golden/erased-last.usv"), include_str!("golden/erased-last.wire.hex")),
    ];
    for (name, index, file, wire) in cases {
        assert_eq!(erased(index), file, "{name}");
        let back = read(file).remove(0);
        assert_eq!(
            (back.cid(), back.sig(), back.last_stamp()),
            (whole.cid(), whole.sig(), whole.last_stamp()),
            "{name}"
        );
        assert_eq!(back.name(index), whole.name(index), "{name}");
        back.verify(&key().verifying_key()).unwrap();
        assert_eq!(hex(&back.to_wire()), wire, "{name}");
        assert_eq!(Datagram::from_wire(&unhex(wire)).unwrap(), back, "{name}");
    }
}

#[test]
fn one_changed_byte_anywhere_in_a_journal_file_is_seen() {
    let golden = include_bytes!("golden/journal.usv");
    for at in 0..golden.len() {
        let mut bytes = golden.to_vec();
        bytes[at] ^= 1;
        let genuine = |piece: &Piece| match piece {
            Piece::Datagram { datagram, .. } => datagram.verify(&key().verifying_key()).is_ok(),
            _ => false,
        };
        assert!(!usv::scan(&bytes).iter().all(genuine), "byte {at} changed unseen");
    }
}

#[test]
fn rows_say_what_their_drafts_said() {
    let first = first();
    let system = first.rows()[0].clone();
    let StoredRow::Row(row) = system else { panic!("not erased") };
    let record = row.record().unwrap();
    assert_eq!(record.draft.target, Target::system());
    assert_eq!(record.draft.field, Field::new("epoch", Operator::Set).unwrap());
    assert_eq!(record.draft.origin, Origin::of(Rank::System));
    assert!(first.named_rows().all(|(_, row)| row.record().is_ok()), "every row is understood");
}
