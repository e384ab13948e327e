//! What any bytes must satisfy in each decoder: refused with a reason, or one value with
//! that one text. Nothing panics, whatever comes.
//!
//! The bodies of fuzz targets; `crates/cocli-dev/tests/decoders.rs` runs the same as
//! properties in `make test`. Decoders whose body stands beside them (`value`, `json`,
//! `field`, `target`, `slug`) are not here.

#![allow(dead_code, reason = "each fuzz target uses one of these")]

use std::path::Path;
use std::sync::Arc;

use cocli_journal::segment::{self, SegmentName};
use cocli_journal::sim::{Dice, SimDisk};
use cocli_journal::{Commit, Config, Disk, Identity, Journal, JournalFile, Machine, Place, Role};
use cocli_model::cid::Cid;
use cocli_model::context::{NAMES_MAX, RANGES_MAX};
use cocli_model::datagram::{DATAGRAM_BYTES_MAX, ROWS_MAX};
use cocli_model::front::FrontMatter;
use cocli_model::row::{US, row_text};
use cocli_model::seal::Seal;
use cocli_model::usv::{self, Piece};
use cocli_model::{
    Author, Cause, Context, Coverage, Datagram, Dot, Draft, Environment, Field, Name, NodeId, Operator, Origin, Row,
    SigningKey, Stamp, Target, Value,
};
use cocli_replica::sync::Message;
use cocli_replica::sync::wire as frames;

/// One row, as it stands between two ends of rows.
pub fn row(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let column = text.split(US).nth(1).unwrap_or_default();
    let author: Author = column.parse().unwrap_or_else(|_| "pi~aaaaaaaaaaaa".parse().expect("an author"));
    let Ok(row) = Row::parse(text, &author) else { return };
    assert_eq!(row.text(), text, "a row keeps its text");
    assert_eq!(row.columns().join("\x1f"), text, "a row is its columns");
    if let Ok(record) = row.record() {
        let again = row_text(&record.draft, record.stamp, &author, row.environment(), row.epoch(), row.seq());
        assert_eq!(again, text, "a record has one text");
    }
}

/// What stands behind the `;` of column 8.
pub fn context(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(context) = Context::parse(text) {
        assert_eq!(context.to_string(), text, "a context has one text");
        assert!(context.names().len() <= NAMES_MAX, "the limit holds");
        let mut names = context.names().to_vec();
        names.reverse();
        assert_eq!(Context::new(names).as_ref(), Ok(&context), "the order of writing does not matter");
    }
    if let Ok(coverage) = Coverage::parse(text) {
        assert_eq!(coverage.to_string(), text, "a coverage has one text");
        assert!(coverage.ranges().len() <= RANGES_MAX && coverage.names().names().len() <= NAMES_MAX);
    }
}

/// Short texts with a form: stamps, origins, dots, names, authors, CIDs, seals.
pub fn word(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let printed = [
        text.parse::<Stamp>().ok().map(|word| word.to_string()),
        text.parse::<Origin>().ok().map(|word| word.to_string()),
        text.parse::<Dot>().ok().map(|word| word.to_string()),
        text.parse::<Name>().ok().map(|word| word.to_string()),
        text.parse::<Author>().ok().map(|word| word.to_string()),
        text.parse::<Cid>().ok().map(|word| word.to_string()),
        Seal::parse(text).map(|seal| seal.to_text()),
    ];
    for printed in printed.into_iter().flatten() {
        assert_eq!(printed, text, "what parses prints back");
    }
    if let Ok(stamp) = text.parse::<Stamp>() {
        assert_eq!(Stamp::from_us(stamp.us()), Ok(stamp), "a stamp is its microseconds");
    }
}

/// A journal file.
pub fn usv(data: &[u8]) {
    let mut at = 0;
    for piece in usv::scan(data) {
        let (Piece::Datagram { range, .. } | Piece::Bad { range, .. } | Piece::Tail { range }) = &piece;
        assert_eq!(range.start, at, "the pieces are all of the file");
        assert!(range.end > at, "no piece is empty");
        at = range.end;
        if let Piece::Datagram { range, datagram } = &piece {
            let mut written = Vec::new();
            datagram.write_usv(&mut written);
            assert!(written == data[range.clone()], "a datagram has one text");
            assert_eq!(Datagram::from_wire(&datagram.to_wire()).as_ref(), Ok(&**datagram), "and one wire form");
        }
    }
    assert_eq!(at, data.len(), "the pieces are all of the file");
}

/// A datagram as it travels.
pub fn wire(data: &[u8]) {
    let Ok(datagram) = Datagram::from_wire(data) else { return };
    assert!(datagram.to_wire() == data, "a datagram has one wire form");
    assert!(datagram.n() <= ROWS_MAX && data.len() <= DATAGRAM_BYTES_MAX, "the limits hold");
    let mut written = Vec::new();
    datagram.write_usv(&mut written);
    match &usv::scan(&written)[..] {
        [Piece::Datagram { datagram: again, .. }] => assert_eq!(**again, datagram, "the file says the same"),
        pieces => panic!("a datagram's own text is not one datagram: {pieces:?}"),
    }
}

/// The name of a file in `wal/`.
pub fn journal_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(file) = text.parse::<JournalFile>() else { return };
    assert_eq!(file.to_string(), text, "a file has one name");
    let path = std::path::Path::new(text);
    assert!(path.components().count() == 1 && path.file_name().is_some(), "{text:?} leaves its folder");
}

/// A segment from a bucket: its key on the first line, and behind it the object.
pub fn segment(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(key), Some(bytes)) = (parts.next(), parts.next()) else { return };
    let Ok(key) = std::str::from_utf8(key) else { return };
    let Ok(name) = key.parse::<SegmentName>() else { return };
    assert_eq!(name.to_string(), key, "a segment has one key");
    let owner = SigningKey::from_bytes(&[1; 32]).verifying_key();
    if let Ok(datagrams) = segment::unpack(&name, bytes, &owner) {
        let packed = segment::pack(&datagrams).expect("what was read is written");
        assert!(packed.is_some_and(|(again, _)| again == name), "a segment holds what its key says");
    }
}

/// A Markdown file with front matter: read and edited, or refused, and no byte lost.
pub fn front(data: &[u8]) {
    let Ok(front) = FrontMatter::parse(data) else { return };
    assert_eq!(front.text().as_bytes(), data, "what is read is kept");
    let keys: Vec<String> = front.keys().map(str::to_owned).chain(["another key".to_owned()]).collect();
    for key in &keys {
        for value in [serde_json::json!("a: 'b' # c"), serde_json::json!([1, "x"]), serde_json::Value::Null] {
            let mut edited = front.clone();
            let Ok(patch) = edited.set(key, &value) else { continue };
            assert_eq!(edited.values()[key], value, "an edit is read back");
            assert_eq!(edited.body(), front.body(), "an edit leaves the body");
            edited.apply(&patch.inverse()).expect("an edit can be taken back");
            assert_eq!(edited.text(), front.text(), "and then nothing has changed");
        }
    }
}

/// A frame of the roads `push` and `sync`.
pub fn message(data: &[u8]) {
    let Ok(message) = frames::decode(data) else { return };
    let again = match &message {
        Message::Push(datagram) => frames::push(datagram),
        Message::Have(have) => frames::have(have),
        Message::Want(asks) => frames::want(asks),
        Message::Range(range) => frames::range(range.journal, &range.datagrams, range.end),
        Message::Alive(alive) => frames::alive(alive),
        Message::Unknown(_) => return,
    };
    // Not byte for byte: keys of a later version were passed over, absent lists are empty.
    assert_eq!(frames::decode(&again).as_ref(), Ok(&message), "what was read is written and read again");
}

/// The journal of a node whose newest file holds these bytes: it opens, goes on, and loses
/// no datagram that its node ever sealed.
pub fn recovery(data: &[u8]) {
    let key = SigningKey::from_bytes(&std::array::from_fn(|i| u8::try_from(i).expect("32 bytes")));
    let author = Author { name: "pi-4".parse().expect("a name"), id: NodeId::of_key(key.verifying_key().as_bytes()) };
    let place = Place::new("/data", "/state");
    let disk = SimDisk::new(1);
    for folder in [place.wal(), place.own(), place.state().to_path_buf()] {
        disk.make_dir(&folder).expect("an empty disk takes folders");
    }
    disk.put(&place.wal().join("20260216_pi-4~tc5ikmckyy47.k5q2wxyz.usv"), data);
    for round in 0..2 {
        let identity = Identity { author: author.clone(), key: key.clone(), environment: Environment::Prod };
        let machine = Machine { machine: "machine".to_owned(), boot: "boot".to_owned() };
        let config = Config { place: place.clone(), identity, machine, holder: "fuzz".to_owned(), role: Role::Command };
        let on: Arc<dyn Disk> = Arc::new(disk.clone());
        let mut journal = Journal::open(on, config, Box::new(Dice::new(round))).expect("any bytes can be opened");
        let written = journal.append(&[one_commit()], 1_771_236_700_000).expect("and gone on from");
        assert!(written.commits.iter().all(Result::is_ok), "a commit is taken");
        journal.close().expect("and closed");
    }
    let after = everything(&disk, &place);
    let mut genuine = usv::scan(data).into_iter().filter_map(|piece| match piece {
        Piece::Datagram { range, datagram } if datagram.verify(&key.verifying_key()).is_ok() => Some(range),
        _ => None,
    });
    let kept = |text: &[u8]| after.iter().any(|file| file.windows(text.len()).any(|window| window == text));
    assert!(genuine.all(|range| kept(&data[range])), "a sealed datagram is gone");
}

fn one_commit() -> Commit {
    Commit::new(vec![Draft {
        campaign: "".into(),
        target: "companies/acme".parse::<Target>().expect("a target"),
        field: Field::new("city", Operator::Set).expect("a field"),
        value: Some(Value::string("Brea").expect("a value")),
        cause: Cause::nothing(&Operator::Set),
        origin: "human".parse().expect("an origin"),
    }])
}

/// The bytes of every journal file and of everything in quarantine.
fn everything(disk: &SimDisk, place: &Place) -> Vec<Vec<u8>> {
    let names = |folder: &Path| disk.list(folder).unwrap_or_default();
    let files = [place.wal(), place.quarantine()];
    files.iter().flat_map(|folder| names(folder).into_iter().filter_map(|name| disk.get(&folder.join(name)))).collect()
}
