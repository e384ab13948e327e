//! What the tests of this crate share: nodes on simulated disks, and an oracle.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

use cocli_journal::group::{Answer, Done, Reply};
use cocli_journal::sim::{Dice, SimDisk};
use cocli_journal::{AppendError, Commit, Config, Disk, GroupCommit, Identity, Journal, Machine, Place, Role, Written};
use cocli_model::author::{Author, Environment};
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{Datagram, NodeId, Origin, Rank, SigningKey, Target, Value};

pub const MINUTE_MS: i64 = 60_000;
/// 2026-11-20T12:00:00Z.
pub const NOON_MS: i64 = 1_795_176_000_000;
/// 2026-11-21T00:00:00Z.
pub const MIDNIGHT_MS: i64 = NOON_MS + 12 * 60 * MINUTE_MS;

pub fn place() -> Place {
    Place::new("/data", "/state")
}

pub fn identity(number: u8, name: &str) -> Identity {
    let key = SigningKey::from_bytes(&[number; 32]);
    let id = NodeId::of_key(key.verifying_key().as_bytes());
    Identity { author: Author { name: name.parse().unwrap(), id }, key, environment: Environment::Test }
}

pub fn machine(boot: u64) -> Machine {
    Machine { machine: "machine".to_owned(), boot: format!("boot-{boot}") }
}

pub fn config(boot: u64) -> Config {
    Config {
        place: place(),
        identity: identity(1, "pi"),
        machine: machine(boot),
        holder: "test".to_owned(),
        role: Role::Daemon,
    }
}

pub fn open(disk: &SimDisk, boot: u64, seed: u64) -> Journal {
    open_as(disk, config(boot), seed)
}

pub fn open_as(disk: &SimDisk, config: Config, seed: u64) -> Journal {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Journal::open(disk, config, Box::new(Dice::new(seed))).unwrap()
}

pub fn draft(value: &str) -> Draft {
    Draft {
        campaign: "".into(),
        target: "companies/acme".parse::<Target>().unwrap(),
        field: Field::new("name", Operator::Set).unwrap(),
        value: Some(Value::string(value).unwrap()),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    }
}

pub fn commit(value: &str) -> Commit {
    Commit::new(vec![draft(value)])
}

pub fn append_one(journal: &mut Journal, value: &str, now_ms: i64) -> Result<Written, AppendError> {
    journal.append(&[commit(value)], now_ms)
}

/// Every datagram in every journal file, by file, as a plain reader of the bytes finds it.
pub fn stored(disk: &SimDisk) -> BTreeMap<String, Vec<Datagram>> {
    let wal = place().wal();
    let mut found = BTreeMap::new();
    for name in disk.list(&wal).unwrap().into_iter().filter(|name| name.ends_with(".usv")) {
        let bytes = disk.get(&wal.join(&name)).unwrap();
        found.insert(name, datagrams(&bytes));
    }
    found
}

pub fn datagrams(bytes: &[u8]) -> Vec<Datagram> {
    let pieces = cocli_model::usv::scan(bytes).into_iter();
    let whole = pieces.filter_map(|piece| match piece {
        cocli_model::usv::Piece::Datagram { datagram, .. } => Some(*datagram),
        _ => None,
    });
    whole.collect()
}

/// The values of all records on a disk, with the dots they stand at.
pub fn values(disk: &SimDisk) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for datagram in stored(disk).into_values().flatten() {
        for (name, row) in datagram.named_rows() {
            let columns = row.columns();
            if columns[5] == "name" {
                values.push((name.dot.to_string(), columns[6].to_owned()));
            }
        }
    }
    values
}

pub fn only_file(disk: &SimDisk) -> std::path::PathBuf {
    let names = disk.list(&place().wal()).unwrap();
    assert_eq!(names.len(), 1, "{names:?}");
    place().wal().join(&names[0])
}

pub fn quarantine(disk: &SimDisk) -> Vec<String> {
    disk.list(&place().quarantine()).unwrap_or_default()
}

pub fn len(disk: &SimDisk, path: &Path) -> u64 {
    disk.get(path).unwrap().len() as u64
}

/// A thread that owns a journal under group commit, as a daemon's does.
pub struct Clerk(mpsc::Sender<Message>);

enum Message {
    Write(Vec<Commit>, Reply),
    Work(Box<dyn FnOnce(&mut GroupCommit) + Send>),
    Ready,
}

impl Clerk {
    pub fn of(journal: Journal) -> Clerk {
        let (orders, came) = mpsc::channel();
        let ready: mpsc::Sender<Message> = orders.clone();
        let ready = Mutex::new(ready);
        let mut group =
            GroupCommit::new(journal, Box::new(move || drop(ready.lock().unwrap().send(Message::Ready)))).unwrap();
        std::thread::spawn(move || {
            while let Ok(first) = came.recv() {
                for message in std::iter::once(first).chain(came.try_iter()) {
                    match message {
                        Message::Write(commits, reply) => group.hand_in(commits, reply),
                        Message::Work(work) => work(&mut group),
                        Message::Ready => {}
                    }
                }
                group.done().into_iter().for_each(Done::answer);
                while group.may_seal() {
                    // Whoever waits has been told why.
                    let Ok(sealed) = group.seal(NOON_MS, false) else { continue };
                    group.sync_behind(sealed);
                    group.done().into_iter().for_each(Done::answer);
                }
            }
        });
        Clerk(orders)
    }

    /// Hands commits in, and waits for the answer.
    pub fn submit(&self, commits: Vec<Commit>) -> Answer {
        let (reply, answer) = mpsc::channel();
        self.0.send(Message::Write(commits, Box::new(move |told| reply.send(told).unwrap()))).unwrap();
        answer.recv().unwrap()
    }

    /// Works on the group itself.
    pub fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut GroupCommit) -> T + Send + 'static) -> T {
        let (done, result) = mpsc::channel();
        self.0.send(Message::Work(Box::new(move |group| done.send(work(group)).unwrap()))).unwrap();
        result.recv().unwrap()
    }
}
