//! A folder and its journals: what is folded, what is refused, what goes back in time.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cocli_crm::company::{self, NewCompany};
use cocli_crm::entity::{self, SlugRule};
use cocli_crm::fields::{Assignment, Op};
use cocli_crm::folder::{CaughtUp, Notice};
use cocli_crm::phone::Region;
use cocli_crm::resolve::Noun;
use cocli_crm::{Folder, FolderError, Home, conflict, log, roster, scratch, undo};
use cocli_journal::{Branch, JournalFile, Role};
use cocli_model::datagram::Header;
use cocli_model::target::TargetKind;
use cocli_model::{
    Author, Cause, Datagram, Draft, Environment, Epoch, Field, FieldName, Operator, Origin, Rank, SigningKey, Stamp,
    Value,
};
use cocli_replica::fold::Cells;
use cocli_store::StateError;
use tempfile::TempDir;

/// A node with a folder of its own.
struct Node {
    dir: TempDir,
}

impl Node {
    fn new(name: &str) -> Node {
        let node = Node { dir: tempfile::tempdir().unwrap() };
        Folder::init(&node.home(), name.parse().unwrap(), Environment::Test, Vec::new()).unwrap();
        node
    }

    fn home(&self) -> Home {
        let at = |name: &str| self.dir.path().join(name);
        Home::at(at("data"), at("state"), at("cache"))
    }

    fn wal(&self) -> PathBuf {
        self.dir.path().join("data/wal")
    }

    /// Opens the folder, not caught up.
    fn open(&self) -> Folder {
        let clock = Arc::new(AtomicI64::new(1_790_000_000_000));
        let now = Arc::new(move || clock.fetch_add(1, Ordering::Relaxed));
        Folder::open(&self.home(), Role::Command, now).unwrap()
    }

    fn knows(&self, other: &Node) {
        let members = roster::Roster::read(&roster::path(other.home().root())).unwrap();
        for member in members.members() {
            roster::add(&roster::path(self.home().root()), member).unwrap();
        }
    }

    fn takes_journals_of(&self, other: &Node) {
        for entry in fs::read_dir(other.wal()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), self.wal().join(entry.file_name())).unwrap();
        }
    }
}

fn add(folder: &mut Folder, name: &str) {
    let new = NewCompany {
        name: name.to_owned(),
        assignments: Vec::new(),
        slug: SlugRule::Plain,
        allow_duplicate: false,
        region: Region::Us,
    };
    company::add(folder, &new, false).unwrap();
}

fn set(folder: &mut Folder, who: &str, assignment: &str) {
    entity::set(folder, (Noun::Company, who), &[assignment.parse().unwrap()], false).unwrap();
}

fn count(folder: &Folder) -> u64 {
    folder.read(|tx| tx.count_listed(TargetKind::Company)).unwrap()
}

fn shown(folder: &Folder, who: &str, field: &str) -> Option<Value> {
    let field = FieldName::new(field).unwrap();
    let target = format!("companies/{who}").parse().unwrap();
    folder.read(|tx| tx.entity(&target)).unwrap().and_then(|entity| entity.shown(&field))
}

fn hash(folder: &Folder) -> String {
    folder.read(|tx| tx.state_hash()).unwrap().to_string()
}

fn only_journal(node: &Node) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(node.wal()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    files.pop().unwrap()
}

#[test]
fn commands_of_two_processes_by_turns_see_each_other_and_never_conflict() {
    let node = Node::new("pi");
    let (mut one, mut two) = (node.open(), node.open());
    add(&mut one, "Acme Roofing");
    for round in 0..20 {
        let folder = if round % 2 == 0 { &mut two } else { &mut one };
        set(folder, "acme-roofing", &format!("city=City {round}"));
    }
    one.catch_up().unwrap();
    assert_eq!(shown(&one, "acme-roofing", "city").unwrap().as_text(), "City 19");
    assert!(one.read(|tx| conflict::open(tx, 10)).unwrap().is_empty());
    two.catch_up().unwrap();
    assert_eq!(hash(&one), hash(&two));
    assert_eq!(fs::read_dir(node.wal()).unwrap().count(), 1, "one epoch, one file");
}

#[test]
fn threads_that_all_write_at_once_lose_nothing() {
    let node = Node::new("pi");
    add(&mut node.open(), "Acme Roofing");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let mut folder = node.open();
            scope.spawn(move || {
                for n in 0..10 {
                    set(&mut folder, "acme-roofing", &format!("tags+=w{writer}-{n}"));
                }
            });
        }
    });
    let mut folder = node.open();
    folder.catch_up().unwrap();
    let tags = shown(&folder, "acme-roofing", "tags").unwrap().to_json();
    assert_eq!(tags.as_array().unwrap().len(), 40);
}

#[test]
fn l7_catching_up_costs_what_is_new_and_nothing_when_nothing_is() {
    let node = Node::new("pi");
    let mut writer = node.open();
    let mut reader = node.open();
    for n in 0..50 {
        add(&mut writer, &format!("Firm {n}"));
    }
    // The state is shared: a reader with a state of its own has to fold.
    let own = Home::at(node.home().root(), node.dir.path().join("state"), node.dir.path().join("other-cache"));
    let mut behind = Folder::open(&own, Role::Command, Arc::new(|| 0)).unwrap();
    let first = behind.catch_up().unwrap();
    assert_eq!((first.datagrams, first.rows), (50, 101), "50 commits of two rows, and the epoch's");
    assert_eq!(behind.catch_up().unwrap(), CaughtUp::default());
    set(&mut writer, "firm-7", "city=Brea");
    let next = behind.catch_up().unwrap();
    assert_eq!((next.datagrams, next.rows), (1, 1));
    assert_eq!(reader.catch_up().unwrap(), CaughtUp::default(), "what the writer folded is there for all");
    assert_eq!(hash(&behind), hash(&reader));
}

/// A datagram that says it is `author`'s and is sealed by another key.
fn forged_journal(author: &Author) -> Datagram {
    first_datagram(author, "abcdefgh".parse().unwrap(), &SigningKey::from_bytes(&[9; 32]))
}

/// A whole journal: one datagram.
fn first_datagram(author: &Author, epoch: Epoch, key: &SigningKey) -> Datagram {
    let draft = Draft {
        campaign: "".into(),
        target: "companies/forged".parse().unwrap(),
        field: Field::new("name", Operator::Set).unwrap(),
        value: Some(Value::string("Forged Firm").unwrap()),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    };
    let header = Header { author: author.clone(), environment: Environment::Test, epoch, first: 1, prev: None };
    let stamp = Stamp::from_us(1_790_000_000_000_000).unwrap();
    Datagram::seal(header, &[(stamp, vec![draft])], [7; 16], key).unwrap()
}

/// Puts a datagram into the file that is its journal's.
fn put(node: &Node, datagram: &Datagram) {
    let mut bytes = Vec::new();
    datagram.write_usv(&mut bytes);
    fs::write(node.wal().join(JournalFile::of(datagram, Branch::Main).to_string()), bytes).unwrap();
}

#[test]
fn l5_only_members_are_folded_and_only_under_their_own_key() {
    let (here, friend, stranger) = (Node::new("here"), Node::new("friend"), Node::new("stranger"));
    here.knows(&friend);
    add(&mut friend.open(), "Friend Firm");
    add(&mut stranger.open(), "Stranger Firm");
    here.takes_journals_of(&friend);
    here.takes_journals_of(&stranger);
    let mut folder = here.open();
    let report = folder.catch_up().unwrap();
    assert_eq!((report.strangers.len(), count(&folder)), (1, 1));
    // A whole journal under a member's name that the member did not sign.
    let author = friend.open().author();
    let forged = forged_journal(&author);
    let name = JournalFile::of(&forged, Branch::Main).to_string();
    put(&here, &forged);
    let report = folder.catch_up().unwrap();
    assert_eq!((report.rejected, report.datagrams, count(&folder)), (1, 0, 1), "{report:?}");
    fs::remove_file(here.wal().join(&name)).unwrap();
    // A stranger who becomes a member is read from the beginning.
    here.knows(&stranger);
    folder.reload_roster().unwrap();
    folder.catch_up().unwrap();
    assert_eq!(count(&folder), 2);
}

#[test]
fn what_is_damaged_is_named_and_what_follows_it_is_folded() {
    let (here, friend) = (Node::new("here"), Node::new("friend"));
    here.knows(&friend);
    let mut theirs = friend.open();
    for name in ["One", "Two", "Three"] {
        add(&mut theirs, &format!("Firm {name}"));
    }
    here.takes_journals_of(&friend);
    let path = here.wal().join(only_journal(&friend).file_name().unwrap());
    let whole = fs::read(&path).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    fs::write(&path, text.replacen("Firm Two", "Firm Tvo", 1)).unwrap();
    let mut folder = here.open();
    let report = folder.catch_up().unwrap();
    assert_eq!(report.damaged.len(), 1, "{report:?}");
    assert_eq!(count(&folder), 2, "one and three");
    assert_eq!(folder.catch_up().unwrap().datagrams, 0, "not read again and again");
    // Mended, it is whole; offsets of before mean nothing any more.
    fs::write(&path, &whole).unwrap();
    folder.rebuild("mended").unwrap();
    assert_eq!(count(&folder), 3);
}

#[test]
fn r79_a_state_ahead_of_its_journals_is_made_again() {
    let (here, friend) = (Node::new("here"), Node::new("friend"));
    here.knows(&friend);
    let mut theirs = friend.open();
    add(&mut theirs, "Firm One");
    here.takes_journals_of(&friend);
    let path = here.wal().join(only_journal(&friend).file_name().unwrap());
    let before = fs::read(&path).unwrap();
    add(&mut theirs, "Firm Two");
    here.takes_journals_of(&friend);
    let mut folder = here.open();
    folder.catch_up().unwrap();
    assert_eq!(count(&folder), 2);
    // The folder goes back in time, the cache does not.
    fs::write(&path, before).unwrap();
    let mut folder = here.open();
    folder.catch_up().unwrap();
    assert_eq!(count(&folder), 1);
    let notices = folder.take_notices();
    assert!(matches!(&notices[..], [Notice::Rebuilt(why)] if why.contains("back in time")), "{notices:?}");
    // Forward again.
    here.takes_journals_of(&friend);
    folder.catch_up().unwrap();
    assert_eq!(count(&folder), 2);
    assert!(folder.take_notices().is_empty());
}

#[test]
fn r79_own_records_survive_every_harm_to_the_state() {
    let node = Node::new("here");
    let mut folder = node.open();
    for n in 0..5 {
        add(&mut folder, &format!("Firm {n}"));
    }
    set(&mut folder, "firm-1", "city=Brea");
    let want = hash(&folder);
    let db = node.home().state_db(folder.marker().id);
    drop(folder);
    let whole = fs::read(&db).unwrap();
    let mut flipped = whole.clone();
    for at in (4_096..flipped.len()).step_by(997) {
        flipped[at] ^= 0x55;
    }
    let harms: [(&str, Option<&[u8]>); 4] = [
        ("gone", None),
        ("cut", Some(&whole[..whole.len() / 3])),
        ("flipped", Some(&flipped)),
        ("text", Some(b"hello")),
    ];
    for (name, bytes) in harms {
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{side}", db.display()));
        }
        match bytes {
            None => fs::remove_file(&db).unwrap(),
            Some(bytes) => fs::write(&db, bytes).unwrap(),
        }
        let mut folder = node.open();
        // Damage that only shows where it is read is met at the latest by a rebuild.
        let caught_up = folder.catch_up();
        if caught_up.is_err()
            || folder.read(|tx| tx.counters()).is_err()
            || hash(&folder) != want
            || count(&folder) != 5
        {
            folder.rebuild(name).unwrap();
        }
        assert_eq!((hash(&folder), count(&folder)), (want.clone(), 5), "{name}");
    }
}

#[test]
fn journals_that_are_all_gone_are_never_read_as_everything_deleted() {
    let node = Node::new("here");
    add(&mut node.open(), "Acme Roofing");
    let journal = only_journal(&node);
    let bytes = fs::read(&journal).unwrap();
    fs::remove_file(&journal).unwrap();
    let mut folder = node.open();
    assert!(matches!(folder.catch_up(), Err(FolderError::JournalsGone { journals: 1, .. })));
    assert_eq!(count(&folder), 1, "the state is as it was");
    fs::write(&journal, bytes).unwrap();
    folder.catch_up().unwrap();
}

/// A daemon stores a journal and folds it while a command looks at both.
#[test]
fn a_journal_that_somebody_folds_meanwhile_is_not_taken_for_one_that_is_gone() {
    const JOURNALS: u8 = 250;
    let (here, friend) = (Node::new("here"), Node::new("friend"));
    here.knows(&friend);
    let (author, key) = (friend.open().author(), friend.open().node().key.clone());
    let catch_up = |folder: &mut Folder| {
        folder.catch_up().unwrap();
        assert_eq!(folder.take_notices(), [], "nothing went back in time");
    };
    std::thread::scope(|scope| {
        let (mut command, mut daemon) = (here.open(), here.open());
        let here = &here;
        let daemon = scope.spawn(move || {
            for n in 0..JOURNALS {
                put(here, &first_datagram(&author, Epoch::from_random([n; 5]), &key));
                catch_up(&mut daemon);
            }
        });
        while !daemon.is_finished() {
            catch_up(&mut command);
        }
    });
    let mut folder = here.open();
    assert_eq!(folder.catch_up().unwrap(), CaughtUp::default());
}

/// `cocli fold` beside a running daemon: whoever has the old state open goes over to the
/// new one, and its end takes nothing from it.
#[test]
fn a_state_that_another_process_makes_anew_is_followed() {
    let node = Node::new("here");
    let (mut daemon, mut command) = (node.open(), node.open());
    add(&mut daemon, "Acme Roofing");
    command.catch_up().unwrap();
    command.rebuild("asked for").unwrap();
    add(&mut daemon, "Brea Plumbing");
    let followed = |notice: &Notice| matches!(notice, Notice::Rebuilt(why) if why.contains("another process"));
    assert!(daemon.take_notices().iter().any(followed));
    assert_eq!(command.catch_up().unwrap(), CaughtUp::default(), "both have one state");
    assert_eq!((count(&daemon), count(&command)), (2, 2));
    // A connection to the old file that ends last.
    let late = node.open();
    command.rebuild("asked for").unwrap();
    let want = hash(&command);
    let db = node.home().state_db(command.marker().id);
    let log = || fs::metadata(format!("{}-wal", db.display())).unwrap().len();
    assert!(log() > 0, "what was folded stands in the log");
    drop(daemon);
    drop(late);
    assert!(log() > 0, "and is still there");
    assert_eq!(hash(&node.open()), want);
}

#[test]
fn foreign_files_in_wal_are_named_and_left_alone() {
    let node = Node::new("here");
    add(&mut node.open(), "Acme Roofing");
    for name in ["20261120_vm.usv", "remote_pi.usv", "x (conflicted copy).usv", "notes.txt"] {
        fs::write(node.wal().join(name), "rubbish\n").unwrap();
    }
    let report = node.open().catch_up().unwrap();
    assert_eq!(report.foreign, ["20261120_vm.usv", "remote_pi.usv", "x (conflicted copy).usv"]);
    assert_eq!(fs::read_to_string(node.wal().join("20261120_vm.usv")).unwrap(), "rubbish\n");
}

#[test]
fn two_nodes_with_the_same_journals_have_one_state_and_scratch_makes_it_again() {
    let (one, two) = (Node::new("one"), Node::new("two"));
    one.knows(&two);
    two.knows(&one);
    let (mut a, mut b) = (one.open(), two.open());
    add(&mut a, "Acme Roofing");
    two.takes_journals_of(&one);
    b.catch_up().unwrap();
    set(&mut a, "acme-roofing", "phone=714-555-0150");
    set(&mut b, "acme-roofing", "phone=714-555-0160");
    entity::remove(&mut b, (Noun::Company, "acme-roofing"), false).unwrap();
    set(&mut a, "acme-roofing", "city=Brea");
    undo::undo(&mut a, None, false).unwrap();
    one.takes_journals_of(&two);
    two.takes_journals_of(&one);
    a.catch_up().unwrap();
    b.catch_up().unwrap();
    assert_eq!(hash(&a), hash(&b));
    for node in [&one, &two] {
        let empty = tempfile::tempdir().unwrap();
        let made = scratch::fold(empty.path(), &node.wal(), Some(a.roster()), 0).unwrap();
        assert_eq!((made.hash.to_string(), made.unsigned, made.rejected), (hash(&a), 0, 0));
    }
    let verified = log::verify(&a, None).unwrap();
    assert!(verified.is_sound() && verified.journals.len() == 2, "{verified:?}");
}

#[test]
fn an_edited_file_is_left_as_it_is_and_told() {
    let node = Node::new("here");
    let mut folder = node.open();
    add(&mut folder, "Acme Roofing");
    let file = node.home().root().join("companies/acme-roofing/_index.md");
    let edited = fs::read_to_string(&file).unwrap() + "\nMy own words.\n";
    fs::write(&file, &edited).unwrap();
    set(&mut folder, "acme-roofing", "city=Brea");
    assert_eq!(fs::read_to_string(&file).unwrap(), edited);
    let notices = folder.take_notices();
    assert!(notices.iter().any(|notice| matches!(notice, Notice::FileLeft(_))), "{notices:?}");
}

#[test]
fn a_fold_that_fails_half_way_folds_nothing_twice() {
    let node = Node::new("here");
    let mut folder = node.open();
    add(&mut folder, "Acme Roofing");
    let want = hash(&folder);
    let failed: Result<(), StateError> = folder.state_mut().transaction(|tx| {
        tx.add_to_counter("x", 1)?;
        Err(StateError::Full)
    });
    assert!(failed.is_err());
    folder.catch_up().unwrap();
    assert_eq!(hash(&folder), want);
}

#[test]
fn a_state_folder_inside_the_data_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let inside = Home::at(dir.path(), dir.path().join("state"), dir.path().join("cache"));
    let refused = Folder::init(&inside, "here".parse().unwrap(), Environment::Test, Vec::new());
    assert!(matches!(refused, Err(cocli_crm::folder::InitError::StateInside(_))));
    assert!(!Path::new(&dir.path().join("state")).exists());
}

/// One field twice in one command is one record, or the command would be in conflict with
/// itself.
#[test]
fn one_command_never_conflicts_with_itself() {
    let node = Node::new("here");
    let mut folder = node.open();
    add(&mut folder, "Acme Roofing");
    let assignments: Vec<Assignment> = ["phone=714-555-0101", "phone+=714-555-0102", "phone-=+17145550101"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let (_, committed) = entity::set(&mut folder, (Noun::Company, "acme-roofing"), &assignments, false).unwrap();
    assert_eq!(committed.commits[0].rows, 1);
    assert_eq!(shown(&folder, "acme-roofing", "phone_number").unwrap().as_text(), "+17145550102");
    assert!(assignments.iter().any(|assignment| assignment.op == Op::Remove));
}
