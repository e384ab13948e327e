//! Places in the data folder, reached from one open directory: paths come from validated
//! targets and are never absolute.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use cocli_model::{Stamp, Target};
use rustix::fs::{Mode, OFlags, RawDir, mkdirat, openat};

use super::error::FilesError;

/// The folder whose presence proves that the data folder is mounted.
pub(super) const OWN: &str = ".cocli";
/// Where files are made before they are exchanged; on the file system of the views.
pub(super) const TEMP: &str = ".cocli/tmp";
/// Where folders of hidden entities go, by the day.
pub(super) const TRASH: &str = ".cocli/trash";
/// Where bytes go that are nobody's edit and no view of ours.
pub(super) const QUARANTINE: &str = ".cocli/quarantine/views";
/// Held while views are written.
pub(super) const LOCK: &str = ".cocli/views.lock";
/// Folders of one slug in the trash of one day at most.
pub(super) const TRASHED_MAX: usize = 1_000;

/// The data folder, open.
#[derive(Debug)]
pub(super) struct Root {
    dir: OwnedFd,
    path: PathBuf,
}

impl Root {
    /// Opens the data folder; refused without its marker, which an unmounted disk lacks.
    pub(super) fn open(path: &Path) -> Result<Root, FilesError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let not_there = |_| FilesError::NotMounted { path: path.to_owned() };
        let dir = rustix::fs::open(path, flags, Mode::empty()).map_err(not_there)?;
        let root = Root { dir, path: path.to_owned() };
        root.check()?;
        Ok(root)
    }

    /// Refuses if the marker is gone.
    pub(super) fn check(&self) -> Result<(), FilesError> {
        match rustix::fs::statat(&self.dir, OWN, rustix::fs::AtFlags::empty()) {
            Ok(found) if rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir() => Ok(()),
            _ => Err(FilesError::NotMounted { path: self.path.clone() }),
        }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// The absolute path, for messages and for what the standard library does better.
    pub(super) fn full(&self, relative: &str) -> PathBuf {
        self.path.join(relative)
    }

    /// Makes the folders above `relative`, which is of our own making.
    pub(super) fn make_parents(&self, relative: &str) -> io::Result<()> {
        for (at, _) in relative.match_indices('/') {
            match mkdirat(&self.dir, &relative[..at], Mode::from_bits_truncate(0o777)) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The whole of a file; `None` if there is none. Links are not followed.
    pub(super) fn read(&self, relative: &str) -> io::Result<Option<Vec<u8>>> {
        use std::io::Read;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match openat(&self.dir, relative, flags, Mode::empty()) {
            Ok(fd) => {
                let mut file = File::from(fd);
                let mut bytes = Vec::with_capacity(1_024);
                file.read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn exists(&self, relative: &str) -> bool {
        rustix::fs::statat(&self.dir, relative, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// The names in a folder, sorted; none if there is no such folder.
    pub(super) fn names(&self, relative: &str) -> io::Result<Vec<String>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = match openat(&self.dir, relative, flags, Mode::empty()) {
            Ok(dir) => dir,
            Err(rustix::io::Errno::NOENT) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut buffer = Vec::with_capacity(8_192);
        let mut entries = RawDir::new(dir, buffer.spare_capacity_mut());
        let mut names = Vec::new();
        while let Some(entry) = entries.next() {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Moves bytes to quarantine under their hash, synced before they may be replaced.
    pub(super) fn quarantine(&self, bytes: &[u8]) -> io::Result<String> {
        let name = self.aside(bytes, true)?;
        File::open(self.full(QUARANTINE))?.sync_all()?;
        Ok(name)
    }

    /// As [`Root::quarantine`], for many: whoever calls syncs the file system.
    pub(super) fn put_aside(&self, bytes: &[u8]) -> io::Result<String> {
        self.aside(bytes, false)
    }

    /// Whole or not at all: what is there under its hash need not be looked at again.
    fn aside(&self, bytes: &[u8], synced: bool) -> io::Result<String> {
        let name = format!("{QUARANTINE}/{}.md", blake3::hash(bytes).to_hex());
        self.make_parents(&name)?;
        if !self.exists(&name) {
            let (path, part) = (self.full(&name), self.full(&format!("{name}.part")));
            fs::write(&part, bytes)?;
            if synced {
                File::open(&part)?.sync_all()?;
            }
            fs::rename(&part, &path)?;
        } else if synced {
            File::open(self.full(&name))?.sync_all()?;
        }
        Ok(name)
    }

    /// A free place in the trash of that day for `what`, a target or the file of one.
    pub(super) fn free_trash(&self, now: Stamp, what: &str) -> io::Result<String> {
        let day = now.date();
        for i in 0..TRASHED_MAX {
            let suffix = if i == 0 { String::new() } else { format!("~{i}") };
            let place = format!("{TRASH}/{day}/{what}{suffix}");
            if !self.exists(&place) {
                self.make_parents(&place)?;
                return Ok(place);
            }
        }
        Err(io::Error::other(format!("over {TRASHED_MAX} folders of {what} in the trash of {day}")))
    }

    /// The folder of an entity that was put last into the trash.
    pub(super) fn newest_trash(&self, target: &Target) -> io::Result<Option<String>> {
        for day in self.names(TRASH)?.into_iter().rev() {
            let numbered = |i: usize| match i {
                0 => format!("{TRASH}/{day}/{target}"),
                i => format!("{TRASH}/{day}/{target}~{i}"),
            };
            if let Some(last) = (0..TRASHED_MAX).take_while(|i| self.exists(&numbered(*i))).last() {
                return Ok(Some(numbered(last)));
            }
        }
        Ok(None)
    }
}
