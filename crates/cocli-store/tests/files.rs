//! Views: right bytes, only what changed, and whole after a crash at any step.

#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cocli_model::{Datagram, Rank, Stamp};
use cocli_store::files::{FilesError, LeftWhy, Standing, Step, Swept, Writer};
use cocli_store::{FolderId, StateDb, StateError};
use tempfile::TempDir;
use world::{Dice, Node, World, draft};

const ACME: &str = "companies/acme/_index.md";
const NOTE: &str = "companies/acme/notes/2026-02-16T10-11-12Z-abcdefgh.5";

/// A data folder and its state.
struct Desk {
    folder: TempDir,
    db: StateDb,
    writer: Writer,
}

impl Desk {
    fn new() -> Desk {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("data/.cocli")).unwrap();
        let (db, _) = StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap();
        let writer = Writer::open(&folder.path().join("data")).unwrap();
        Desk { folder, db, writer }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn fold(&mut self, datagrams: &[Datagram]) {
        self.db
            .transaction::<_, StateError>(|tx| {
                datagrams.iter().try_for_each(|datagram| tx.fold_datagram(datagram).map(|_| ()))
            })
            .unwrap();
    }

    fn write(&mut self) -> cocli_store::files::BatchReport {
        self.writer.write_all(&mut self.db, today()).unwrap()
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    fn waits(&self) -> bool {
        self.db.read::<_, StateError>(|tx| tx.has_stale_views()).unwrap()
    }
}

fn today() -> Stamp {
    "2026-03-01T00:00:00.000000+00:00".parse().unwrap()
}

fn human(target: &str, field: &str, value: &str) -> cocli_model::Draft {
    draft(target, field, value, Rank::Human)
}

/// Every file below `companies` and its bytes.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.join("companies")];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_company_and_a_note_as_people_read_them() {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    let rows = vec![
        human("companies/acme", "zip_code", "78701x"),
        human("companies/acme", "name", "Acme, Inc."),
        human("companies/acme", "favourite colour", "teal: dark"),
        human("companies/acme", "tags+", "zebra"),
        human("companies/acme", "tags+", "apple"),
        human("companies/acme", "phone", "+17145550142"),
        human("companies/acme", "reviews_count", "3"),
        human("companies/acme", "email", "null"),
        human("companies/acme", "email_contexts", "{\"a@b.example\":\"Sales é\"}"),
        human("companies/acme", "products", "[]"),
        human("companies/acme", "description", "\"Body text\\nline2\""),
        human(NOTE, "title", "First call"),
        human(NOTE, "body", "They --- said: yes"),
    ];
    desk.fold(&[node.seal(rows, 13)]);
    let report = desk.write();
    assert_eq!(report.written, [ACME.to_owned(), format!("{NOTE}.md")]);
    let wanted = "---\n\
        name: Acme, Inc.\n\
        tags:\n- apple\n- zebra\n\
        zip_code: 78701x\n\
        phone: '+17145550142'\n\
        email_contexts: {\"a@b.example\": \"Sales é\"}\n\
        reviews_count: 3\n\
        products: []\n\
        favourite colour: 'teal: dark'\n\
        ---\n\nBody text\nline2\n";
    assert_eq!(desk.text(ACME), wanted);
    let note = "---\ntimestamp: 2026-02-16T10:11:12Z\ntitle: First call\n---\n\nThey --- said: yes\n";
    assert_eq!(desk.text(&format!("{NOTE}.md")), note);
    assert_eq!(desk.write(), Default::default());
}

#[test]
fn l02_equal_state_gives_equal_bytes() {
    for seed in 0..12 {
        let world = World::run(seed, 60, seed % 3 == 0);
        let mut trees = Vec::new();
        for round in 0..2 {
            let mut desk = Desk::new();
            let mut datagrams = world.all.clone();
            Dice::new(seed * 2 + round).shuffle(&mut datagrams);
            for some in datagrams.chunks(if round == 0 { 1 } else { datagrams.len() }) {
                desk.fold(some);
                desk.write();
            }
            trees.push(tree(&desk.root()));
        }
        assert_eq!(trees[0], trees[1], "seed {seed}");
    }
}

#[test]
fn l07_only_what_changed_is_touched() {
    use std::os::unix::fs::MetadataExt;
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    let names: Vec<_> = (0..300).map(|i| human(&format!("companies/c-{i}"), "name", "Some name")).collect();
    desk.fold(&[node.seal(names, 300)]);
    assert_eq!(desk.write().written.len(), 300);
    let inode = |path: &str| fs::metadata(desk.root().join(path)).unwrap().ino();
    let before: Vec<u64> = (0..300).map(|i| inode(&format!("companies/c-{i}/_index.md"))).collect();
    desk.fold(&[node.seal(vec![human("companies/c-7", "city", "Brea")], 1)]);
    let report = desk.write();
    assert_eq!(report.written, ["companies/c-7/_index.md"]);
    assert_eq!(report.unchanged, 0);
    let inode = |path: &str| fs::metadata(desk.root().join(path)).unwrap().ino();
    let moved = (0..300).filter(|i| inode(&format!("companies/c-{i}/_index.md")) != before[*i]).count();
    assert_eq!(moved, 1);

    // What changes nothing that is shown waits for nothing: a worker beside a person.
    desk.fold(&[node.seal(vec![draft("companies/c-8", "name", "Other", Rank::Worker)], 1)]);
    let report = desk.write();
    assert_eq!((report.written.len(), report.unchanged), (0, 1));
}

/// What a change writes into `state.db`, in pages: among many companies at most one page more
/// for each that changed (its cells lie far from those of the next), and nothing else grows.
#[test]
fn l07_a_change_among_many_writes_one_page_a_company_more_than_among_few() {
    const CHANGED: usize = 100;
    const FIELDS: [&str; 5] = ["name", "phone", "city", "email", "website"];
    let mut pages = Vec::new();
    for present in [200, 2_000] {
        let (mut desk, mut node) = (Desk::new(), Node::new(1));
        let rows = |company: usize, fields: &[&str], what: &str| -> Vec<cocli_model::Draft> {
            let target = format!("companies/company-{company:05}");
            let row = |field: &&str| draft(&target, field, &format!("{field}, {what}, {company}"), Rank::Import);
            fields.iter().map(row).collect()
        };
        let all: Vec<_> = (0..present).flat_map(|company| rows(company, &FIELDS, "first")).collect();
        let first: Vec<Datagram> = all.chunks(500).map(|rows| node.seal(rows.to_vec(), 5)).collect();
        desk.fold(&first);
        desk.write();
        let wal = desk.folder.path().join("state.db-wal");
        let before = fs::metadata(&wal).unwrap().len();
        let spread = (0..CHANGED).map(|n| n * (present / CHANGED));
        let change: Vec<_> = spread.flat_map(|company| rows(company, &FIELDS[1..], "then")).collect();
        let change = node.seal(change, 4);
        desk.fold(&[change]);
        assert_eq!(desk.write().written.len(), CHANGED);
        // A frame of the log is a page with 24 bytes in front, and nothing was folded back yet.
        pages.push((fs::metadata(&wal).unwrap().len() - before) as usize / (4_096 + 24));
    }
    assert!(pages[0] > 20 && pages[1] <= pages[0] + CHANGED + CHANGED / 4, "{pages:?}");
}

#[test]
fn a_file_that_somebody_edited_is_left_alone() {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    desk.fold(&[node.seal(vec![human("companies/acme", "name", "Acme")], 1)]);
    desk.write();
    let mine = "---\nname: Acme\nfavourite: teal # mine\n---\n";
    fs::write(desk.root().join(ACME), mine).unwrap();
    desk.fold(&[node.seal(vec![human("companies/acme", "city", "Brea")], 1)]);
    let report = desk.write();
    assert_eq!(report.written, Vec::<String>::new());
    assert_eq!((report.left[0].path.as_str(), &report.left[0].why), (ACME, &LeftWhy::Edited));
    assert_eq!(desk.text(ACME), mine);

    // Empty, but of a batch that was marked: somebody's doing, too.
    fs::write(desk.root().join(ACME), "").unwrap();
    desk.fold(&[node.seal(vec![human("companies/acme", "city", "Bree")], 1)]);
    assert_eq!(desk.write().left.len(), 1);
    assert_eq!(desk.text(ACME), "");
}

/// A desk whose file of Acme is about to be written anew.
fn waiting_desk() -> Desk {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    desk.fold(&[node.seal(vec![human("companies/acme", "name", "Acme")], 1)]);
    desk.write();
    desk.fold(&[node.seal(vec![human("companies/acme", "city", "Brea")], 1)]);
    desk
}

fn later() -> Stamp {
    Stamp::from_us(today().us() + 10_000_000).unwrap()
}

const BEFORE: &str = "---\nname: Acme\n---\n";
const OURS: &str = "---\nname: Acme\ncity: Brea\n---\n";
const FIRST: &str = "---\nname: Acme\n# typed first\n---\n";
const SECOND: &str = "---\nname: Acme\n# typed then\n---\n";

#[test]
fn r75_an_edit_while_the_file_is_exchanged_survives() {
    for at in [Step::TempWritten, Step::Exchanged] {
        let mut desk = waiting_desk();
        let old = fs::File::options().append(true).open(desk.root().join(ACME)).unwrap();
        let mut probe = |step: Step| {
            if step == at {
                use std::io::Write;
                (&old).write_all(b"typed meanwhile\n").unwrap();
            }
            true
        };
        let report = desk.writer.write_batch_probed(&mut desk.db, today(), &mut probe).unwrap();
        assert_eq!(report.left[0].why, LeftWhy::EditedMeanwhile, "{at:?}");
        assert_eq!(desk.text(ACME), format!("{BEFORE}typed meanwhile\n"), "{at:?}");
        assert_eq!(desk.writer.sweep(&desk.db, later()).unwrap(), Swept::default());
    }
}

/// What is done to a file that was taken by the fold while somebody edited it, and what is
/// found where afterwards.
type Act = fn(&Path);

#[test]
fn r75_whoever_edits_again_while_an_edit_goes_back_loses_neither() {
    let cases: [(&str, Act, &str, Option<&str>); 4] = [
        ("saved over ours", |at| save_over(at, SECOND), SECOND, Some(FIRST)),
        ("wrote into ours", |at| fs::write(at, SECOND).unwrap(), SECOND, Some(FIRST)),
        ("took ours away", |at| fs::remove_file(at).unwrap(), FIRST, None),
        ("did nothing", |_| {}, FIRST, None),
    ];
    for (name, act, stands, late) in cases {
        let mut desk = waiting_desk();
        let at = desk.root().join(ACME);
        let mut probe = |step: Step| {
            match step {
                Step::TempWritten => save_over(&at, FIRST),
                Step::Overtaken => act(&at),
                _ => {}
            }
            true
        };
        let report = desk.writer.write_batch_probed(&mut desk.db, today(), &mut probe).unwrap();
        assert_eq!(report.left[0].why, LeftWhy::EditedMeanwhile, "{name}");
        assert_eq!(desk.text(ACME), stands, "{name}");
        let swept = desk.writer.sweep(&desk.db, later()).unwrap();
        assert_eq!(swept.late.len(), usize::from(late.is_some()), "{name}");
        if let Some(late) = late {
            let kept = desk.writer.settle_late(&swept.late[0]).unwrap().unwrap();
            assert_eq!(desk.text(&kept), late, "{name}");
        }
        assert_eq!(fs::read_dir(desk.root().join(".cocli/tmp")).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn r75_who_writes_into_ours_after_it_went_back_is_found() {
    let mut desk = waiting_desk();
    let at = desk.root().join(ACME);
    let mut held = None;
    let mut probe = |step: Step| {
        match step {
            Step::TempWritten => save_over(&at, FIRST),
            Step::Overtaken => held = Some(fs::File::options().append(true).open(&at).unwrap()),
            _ => {}
        }
        true
    };
    desk.writer.write_batch_probed(&mut desk.db, today(), &mut probe).unwrap();
    std::io::Write::write_all(&mut held.unwrap(), b"typed late\n").unwrap();
    assert_eq!(desk.text(ACME), FIRST);
    let late = desk.writer.sweep(&desk.db, later()).unwrap().late;
    assert_eq!(desk.text(&late[0].path), format!("{OURS}typed late\n"));
}

/// As most editors save: another file, renamed over the old one.
fn save_over(at: &Path, text: &str) {
    let new = at.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, at).unwrap();
}

#[test]
fn r75_what_is_typed_after_a_crash_is_an_edit() {
    // With the line ends of another system, too: whole is whole.
    for typed in [FIRST.to_owned(), FIRST.replace('\n', "\r\n"), format!("\u{feff}{FIRST}")] {
        for stop in [Step::Exchanged, Step::Placed, Step::BeforeSync, Step::Synced] {
            let mut desk = waiting_desk();
            let stopped = desk.writer.write_batch_probed(&mut desk.db, today(), &mut |step| step != stop);
            assert!(matches!(stopped, Err(FilesError::Stopped(_))));
            fs::write(desk.root().join(ACME), &typed).unwrap();
            assert_eq!(desk.write().left[0].why, LeftWhy::Edited, "{stop:?}");
            assert_eq!(desk.text(ACME), typed, "{stop:?}");
            let target = "companies/acme".parse().unwrap();
            let standing = desk.db.read::<_, FilesError>(|tx| desk.writer.look_at(tx, &target)).unwrap();
            assert!(matches!(standing, Standing::Edited(_)), "{stop:?}: {standing:?}");
        }
    }
}

#[test]
fn r75_an_edit_that_came_out_just_before_a_crash_is_in_quarantine() {
    for stop in [Step::Exchanged, Step::Overtaken] {
        let mut desk = waiting_desk();
        let at = desk.root().join(ACME);
        let mut probe = |step: Step| {
            if step == Step::TempWritten {
                save_over(&at, FIRST);
            }
            step != stop
        };
        let stopped = desk.writer.write_batch_probed(&mut desk.db, today(), &mut probe);
        assert!(matches!(stopped, Err(FilesError::Stopped(_))), "{stop:?}");
        assert_eq!(desk.text(ACME), OURS);
        desk.write();
        let swept = desk.writer.sweep(&desk.db, later()).unwrap();
        assert_eq!((swept.late.len(), desk.text(&swept.quarantined[0])), (0, FIRST.to_owned()), "{stop:?}");
    }
}

#[test]
fn r75_a_company_that_is_deleted_while_somebody_edits_it_waits_until_that_was_read() {
    for path in [ACME.to_owned(), format!("{NOTE}.md")] {
        let mut desk = Desk::new();
        let mut node = Node::new(1);
        let first = node.seal(vec![human("companies/acme", "name", "Acme"), human(NOTE, "body", "old")], 2);
        desk.fold(std::slice::from_ref(&first));
        desk.write();
        let before = desk.text(&path);
        fs::write(desk.root().join(&path), before.replace("---\n", "---\n# typed\n")).unwrap();
        desk.fold(&[node.seal(vec![hide("companies/acme", "true", &first)], 1)]);
        let report = desk.write();
        assert_eq!((report.moved.len(), &report.left[0].path), (0, &path));
        // It says again what the fold wrote, and nothing holds it any more.
        fs::write(desk.root().join(&path), before).unwrap();
        let target = "companies/acme".parse().unwrap();
        desk.db.transaction::<_, StateError>(|tx| tx.make_stale(&target)).unwrap();
        assert_eq!(desk.write().moved.len(), 1);
        let scanned = desk.db.read(|tx| desk.writer.scan(tx)).unwrap();
        assert_eq!((scanned.files, scanned.gone), (2, vec![]), "in the trash is not gone");
    }
}

#[test]
fn a_scan_sees_a_write_within_the_same_tick_and_of_the_same_length() {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    let names: Vec<_> = (0..200).map(|i| human(&format!("companies/c-{i}"), "name", "One")).collect();
    desk.fold(&[node.seal(names, 200)]);
    let path = |i: usize| desk.folder.path().join(format!("data/companies/c-{i}/_index.md"));
    let mut placed = 0;
    let mut probe = |step: Step| {
        if step == Step::Placed {
            fs::write(path(placed), "---\nname: Two\n---\n").unwrap();
            placed += 1;
        }
        true
    };
    desk.writer.write_batch_probed(&mut desk.db, today(), &mut probe).unwrap();
    let scanned = desk.db.read(|tx| desk.writer.scan(tx)).unwrap();
    assert_eq!((placed, scanned.files, scanned.touched.len()), (200, 200, 200));
}

#[test]
fn what_is_written_into_a_replaced_file_is_found() {
    let mut desk = waiting_desk();
    let mut held = fs::File::options().append(true).open(desk.root().join(ACME)).unwrap();
    assert_eq!(desk.write().written, [ACME]);
    std::io::Write::write_all(&mut held, b"typed late\n").unwrap();
    assert_eq!(desk.writer.sweep(&desk.db, today()).unwrap(), Swept::default(), "too early to look");
    let swept = desk.writer.sweep(&desk.db, later()).unwrap();
    assert_eq!((swept.late[0].target.as_str(), swept.quarantined.len()), ("companies/acme", 0));
    let standing = desk.db.read::<_, FilesError>(|tx| desk.writer.look_at_late(tx, &swept.late[0])).unwrap();
    assert!(matches!(standing, Standing::Edited(_)), "{standing:?}");
    assert_eq!(desk.writer.sweep(&desk.db, later()).unwrap(), swept, "until somebody takes it");
    let kept = desk.writer.settle_late(&swept.late[0]).unwrap().unwrap();
    assert_eq!(desk.text(&kept), format!("{BEFORE}typed late\n"));
    assert_eq!(fs::read_dir(desk.root().join(".cocli/tmp")).unwrap().count(), 0);
}

/// A state with views of every kind of change waiting: new, changed, hidden, shown again.
fn busy_desk() -> Desk {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    let first = node.seal(
        vec![
            human("companies/acme", "name", "Acme"),
            human("companies/gone", "name", "Gone"),
            human("companies/back", "name", "Back"),
            human("companies/back/notes/2026-02-16T10-11-12Z-abcdefgh.5", "body", "before"),
            human(NOTE, "body", "old"),
        ],
        5,
    );
    desk.fold(std::slice::from_ref(&first));
    desk.write();
    let away = node.seal(vec![hide("companies/back", "true", &first)], 1);
    desk.fold(std::slice::from_ref(&away));
    assert_eq!(desk.write().moved.len(), 1);
    let second = node.seal(
        vec![
            human("companies/acme", "city", "Brea"),
            human("companies/new", "name", "New"),
            human("companies/new/notes/2026-02-16T10-11-12Z-abcdefgh.5", "body", "hello"),
            human("companies/back/notes/2026-02-17T10-11-12Z-abcdefgh.6", "body", "while hidden"),
            hide("companies/back", "false", &away),
            human(NOTE, "title", "Titled"),
        ],
        6,
    );
    desk.fold(std::slice::from_ref(&second));
    desk.fold(&[node.seal(vec![hide("companies/gone", "true", &second)], 1)]);
    desk
}

/// A `!` that covers all its writer wrote up to the end of `seen`.
fn hide(target: &str, value: &str, seen: &Datagram) -> cocli_model::Draft {
    let mut draft = human(target, "!", value);
    let range = cocli_model::Range { last: seen.name(seen.n() - 1) };
    draft.cause = cocli_model::Cause::Coverage(cocli_model::Coverage::new(vec![range], vec![]).unwrap());
    draft
}

#[test]
fn r16_r04_a_crash_at_any_step_leaves_old_or_new_and_converges() {
    let mut wanted_desk = busy_desk();
    let old = tree(&wanted_desk.root());
    let mut steps = 0;
    wanted_desk
        .writer
        .write_batch_probed(&mut wanted_desk.db, today(), &mut |_| {
            steps += 1;
            true
        })
        .unwrap();
    wanted_desk.write();
    let new = tree(&wanted_desk.root());
    assert!(steps > 20 && old != new, "{steps} steps");
    for stop in 0..steps {
        let mut desk = busy_desk();
        let root = desk.root();
        let mut at = 0;
        let mut last = Step::Planned;
        let mut probe = |step: Step| {
            // At every moment each path shows its old view or its new one.
            let now = tree(&root);
            for (path, bytes) in &now {
                let fits =
                    old.get(path) == Some(bytes) || new.get(path) == Some(bytes) || path.starts_with("companies/back");
                assert!(fits, "{path:?} at step {at} ({step:?}): {}", String::from_utf8_lossy(bytes));
            }
            for path in old.keys().filter(|path| new.contains_key(*path)) {
                assert!(now.contains_key(path), "{path:?} is gone at step {at} ({step:?})");
            }
            at += 1;
            last = step;
            at <= stop
        };
        let stopped = desk.writer.write_batch_probed(&mut desk.db, today(), &mut probe);
        assert!(matches!(stopped, Err(FilesError::Stopped(_))), "step {stop}");
        assert!(desk.waits(), "marked before it was synced: {last:?}");
        // As after a restart.
        desk.writer = Writer::open(&desk.root()).unwrap();
        let report = desk.write();
        assert_eq!(report.left, [], "step {stop} ({last:?})");
        assert_eq!(tree(&desk.root()), new, "step {stop} ({last:?})");
        let later = Stamp::from_us(today().us() + 11_000_000).unwrap();
        assert_eq!(desk.writer.sweep(&desk.db, later).unwrap(), Swept::default(), "step {stop} ({last:?})");
        assert_eq!(fs::read_dir(desk.root().join(".cocli/tmp")).unwrap().count(), 0);
        assert!(!desk.waits());
    }
}

#[test]
fn r81_a_torn_view_of_an_unmarked_batch_is_written_again() {
    type Tear = fn(&str) -> Vec<u8>;
    let torn: [(&str, Tear); 5] = [
        ("empty", |_| Vec::new()),
        ("a piece", |text| text.as_bytes()[..text.len() / 2].to_vec()),
        ("zeros", |text| vec![0; text.len()]),
        ("zeros behind a piece", |text| {
            let mut b = text.as_bytes().to_vec();
            let n = b.len() / 2;
            b[n..].fill(0);
            b
        }),
        ("another's head", |_| b"---\nname: A".to_vec()),
    ];
    for (name, tear) in torn {
        for stop in [Step::BeforeSync, Step::Synced] {
            let mut desk = busy_desk();
            let stopped = desk.writer.write_batch_probed(&mut desk.db, today(), &mut |step| step != stop);
            assert!(stopped.is_err());
            let whole = desk.text(ACME);
            fs::write(desk.root().join(ACME), tear(&whole)).unwrap();
            let report = desk.write();
            assert_eq!(report.left, [], "{name}");
            assert_eq!(desk.text(ACME), whole, "{name}");
        }
    }
    // A complete third text is somebody's, whatever crashed.
    let mut desk = busy_desk();
    let stopped = desk.writer.write_batch_probed(&mut desk.db, today(), &mut |step| step != Step::Synced);
    assert!(stopped.is_err());
    fs::write(desk.root().join(ACME), "---\nname: Mine\n---\n").unwrap();
    assert_eq!(desk.write().left.len(), 1);
    assert_eq!(desk.text(ACME), "---\nname: Mine\n---\n");
}

#[test]
fn a_hidden_company_moves_with_everything_in_it_and_comes_back() {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    let first = node.seal(vec![human("companies/acme", "name", "Acme"), human(NOTE, "body", "old")], 2);
    desk.fold(std::slice::from_ref(&first));
    desk.write();
    fs::write(desk.root().join("companies/acme/mine.txt"), "mine").unwrap();
    let is_there = |path: &str| desk.folder.path().join("data").join(path).exists();
    assert!(is_there(ACME));
    let away = node.seal(vec![hide("companies/acme", "true", &first)], 1);
    desk.fold(std::slice::from_ref(&away));
    let report = desk.write();
    let trash = ".cocli/trash/20260301/companies/acme";
    assert_eq!((report.moved[0].from.as_str(), report.moved[0].to.as_str()), ("companies/acme", trash));
    assert_eq!(tree(&desk.root()), BTreeMap::new());
    assert_eq!(desk.text(&format!("{trash}/mine.txt")), "mine");

    // A note comes while it is hidden, and is there when it is shown again.
    let later = "companies/acme/notes/2026-02-17T10-11-12Z-abcdefgh.9";
    desk.fold(&[node.seal(vec![draft(later, "body", "meanwhile", Rank::Worker)], 1)]);
    assert_eq!(desk.write().written, Vec::<String>::new());
    let back = node.seal(vec![hide("companies/acme", "false", &away)], 1);
    desk.fold(std::slice::from_ref(&back));
    let report = desk.write();
    assert_eq!((report.moved[0].from.as_str(), report.moved[0].to.as_str()), (trash, "companies/acme"));
    assert_eq!(report.left, []);
    assert_eq!(desk.text("companies/acme/mine.txt"), "mine");
    assert!(desk.text(&format!("{later}.md")).contains("meanwhile"));

    // Twice on one day, after somebody made a folder of the same name in between.
    desk.fold(&[node.seal(vec![hide("companies/acme", "true", &back)], 1)]);
    fs::create_dir_all(desk.root().join(trash)).unwrap();
    assert_eq!(desk.write().moved[0].to, format!("{trash}~1"));
}

#[test]
fn r79_views_of_a_lost_state_are_known_again_and_edits_are_left() {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    let first = node.seal(
        vec![
            human("companies/acme", "name", "Acme"),
            human("companies/acme", "tags+", "x"),
            human("companies/acme", "description", "About"),
            human("companies/edited", "name", "Edited"),
            human(NOTE, "body", "old"),
        ],
        5,
    );
    desk.fold(std::slice::from_ref(&first));
    desk.write();
    fs::write(desk.root().join("companies/edited/_index.md"), "---\nname: Edited by hand\n---\n").unwrap();
    let mut more = human("companies/acme", "name", "Acme Two");
    more.cause = cocli_model::Cause::Names(cocli_model::Context::new(vec![first.name(0)]).unwrap());
    let second =
        node.seal(vec![more, human("companies/acme", "city", "Brea"), human("companies/edited", "city", "B")], 3);

    desk.db.rebuild("a test says so").unwrap();
    desk.fold(&[first, second]);
    let report = desk.write();
    assert_eq!(report.written, [ACME]);
    assert_eq!(report.unchanged, 1, "the note stood as it should");
    assert_eq!(report.left.len(), 1);
    assert_eq!(desk.text("companies/edited/_index.md"), "---\nname: Edited by hand\n---\n");
    assert_eq!(desk.text(ACME), "---\nname: Acme Two\ntags:\n- x\ncity: Brea\n---\n\nAbout\n");
}

#[test]
fn without_its_marker_a_folder_is_not_mounted() {
    let mut desk = Desk::new();
    let mut node = Node::new(1);
    desk.fold(&[node.seal(vec![human("companies/acme", "name", "Acme")], 1)]);
    fs::remove_dir_all(desk.root().join(".cocli")).unwrap();
    assert!(matches!(desk.writer.write_all(&mut desk.db, today()), Err(FilesError::NotMounted { .. })));
    assert!(matches!(Writer::open(&desk.root()), Err(FilesError::NotMounted { .. })));
    assert!(matches!(Writer::open(Path::new("/nonexistent")), Err(FilesError::NotMounted { .. })));
    assert!(!desk.root().join("companies").exists());
}
