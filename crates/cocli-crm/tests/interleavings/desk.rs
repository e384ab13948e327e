//! The folder that is edited, and another node of its cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cocli_crm::company::{self, NewCompany};
use cocli_crm::entity::SlugRule;
use cocli_crm::note::{self, NewNote};
use cocli_crm::phone::Region;
use cocli_crm::{Folder, Home, roster};
use cocli_journal::Role;
use cocli_model::{Environment, Target};
use tempfile::TempDir;

pub const SLUG: &str = "acme";

pub fn home_in(dir: &Path) -> Home {
    let at = |name: &str| dir.join(name);
    Home::at(at("data"), at("state"), at("cache"))
}

/// A folder by a clock that stands, but for a millisecond at each look.
pub fn open(dir: &Path, clock_ms: &Arc<AtomicI64>) -> Folder {
    let clock_ms = Arc::clone(clock_ms);
    let now = Arc::new(move || clock_ms.fetch_add(1, Ordering::Relaxed));
    Folder::open(&home_in(dir), Role::Command, now).unwrap()
}

/// Two nodes.
pub struct Desk {
    here: TempDir,
    there: TempDir,
    clock_ms: Arc<AtomicI64>,
    pub files: Vec<PathBuf>,
}

impl Desk {
    pub fn new() -> Desk {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (dir, name) in [(&here, "laptop"), (&there, "pi")] {
            Folder::init(&home_in(dir.path()), name.parse().unwrap(), Environment::Test, Vec::new()).unwrap();
        }
        let members = |dir: &TempDir| roster::Roster::read(&roster::path(home_in(dir.path()).root())).unwrap();
        for (of, to) in [(&here, &there), (&there, &here)] {
            for member in members(of).members() {
                roster::add(&roster::path(home_in(to.path()).root()), member).unwrap();
            }
        }
        let clock_ms = Arc::new(AtomicI64::new(1_790_000_000_000));
        let mut desk = Desk { here, there, clock_ms, files: Vec::new() };
        let note = desk.set_up();
        let path = |target: &Target| desk.data().join(target.relative_path().unwrap());
        desk.files = vec![path(&format!("companies/{SLUG}").parse().unwrap()), path(&note)];
        desk
    }

    fn set_up(&mut self) -> Target {
        let mut folder = open(self.here.path(), &self.clock_ms);
        let new = NewCompany {
            name: "Acme".to_owned(),
            assignments: vec!["city=Brea".parse().unwrap()],
            slug: SlugRule::Plain,
            allow_duplicate: false,
            region: Region::Us,
        };
        company::add(&mut folder, &new, false).unwrap();
        let text = NewNote { title: "Call".to_owned(), body: "First line".to_owned(), tags: Vec::new() };
        let (_, note, _) = note::add(&mut folder, SLUG, &text, false).unwrap();
        self.send();
        note.unwrap()
    }

    pub fn here(&self) -> &Path {
        self.here.path()
    }

    pub fn data(&self) -> PathBuf {
        home_in(self.here.path()).root().to_owned()
    }

    /// The other node does something, and its records arrive.
    pub fn there(&self, work: impl FnOnce(&mut Folder)) {
        let mut folder = open(self.there.path(), &self.clock_ms);
        folder.catch_up().unwrap();
        work(&mut folder);
        carry(home_in(self.there.path()).root(), &self.data());
    }

    /// What was written here arrives there.
    pub fn send(&self) {
        carry(&self.data(), home_in(self.there.path()).root());
    }

    pub fn now_ms(&self) -> i64 {
        self.clock_ms.load(Ordering::Relaxed)
    }

    /// Goes on behind what the worker's clock says.
    pub fn pass_ms(&self, ms: i64) {
        self.clock_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Every byte that is somewhere in the folder, but not where the fold makes and keeps
    /// files.
    pub fn everything(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut open = vec![self.data()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()) {
                match entry.is_dir() {
                    true if entry.ends_with(".cocli/tmp") => {}
                    true => open.push(entry),
                    false => all.extend(fs::read(&entry).unwrap()),
                }
            }
        }
        all
    }

    pub fn kept(&self) -> usize {
        fs::read_dir(self.data().join(".cocli/tmp")).unwrap().count()
    }
}

/// Carries every journal of the writer's side that is longer there.
fn carry(from: &Path, to: &Path) {
    for entry in fs::read_dir(from.join("wal")).unwrap().map(|entry| entry.unwrap()) {
        let (bytes, at) = (fs::read(entry.path()).unwrap(), to.join("wal").join(entry.file_name()));
        if fs::metadata(&at).map_or(0, |meta| meta.len()) < bytes.len() as u64 {
            let new = to.join(".cocli/carried");
            fs::write(&new, bytes).unwrap();
            fs::rename(new, at).unwrap();
        }
    }
}
