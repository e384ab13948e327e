//! Files and links below one root, each with its time. Nothing that exists is ever replaced.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::sizes::FileTimes;
use super::times::{SECOND_US, TAKEN_US};

/// Seconds over which the files of a copy are spread.
const COPY_S: usize = 600;

/// A tree that grows.
pub(super) struct Tree {
    root: PathBuf,
    /// The root as absolute paths in the tree name it.
    home: PathBuf,
    times: FileTimes,
    pub(super) files: usize,
    pub(super) bytes: u64,
}

impl Tree {
    /// An empty folder, which is made if it is not there.
    pub(super) fn new(root: &Path, home: Option<&Path>, times: FileTimes) -> io::Result<Tree> {
        fs::create_dir_all(root)?;
        if fs::read_dir(root)?.next().is_some() {
            let text = format!("{} is not empty", root.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        let root = root.canonicalize()?;
        let home = home.map_or_else(|| root.clone(), Path::to_owned);
        Ok(Tree { root, home, times, files: 0, bytes: 0 })
    }

    /// A file of these bytes, last written then.
    pub(super) fn file(&mut self, name: &str, bytes: impl AsRef<[u8]>, at_us: i64) -> io::Result<()> {
        let bytes = bytes.as_ref();
        let path = self.root.join(name);
        let mut file = match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
                File::create_new(&path)?
            }
            other => other?,
        };
        file.write_all(bytes)?;
        let at_us = match self.times {
            FileTimes::Spread => at_us.min(TAKEN_US),
            FileTimes::Together => TAKEN_US + (self.files % COPY_S) as i64 * SECOND_US,
        };
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_micros(at_us.unsigned_abs()))?;
        self.files += 1;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// A link that names `to` by its absolute path.
    pub(super) fn link(&mut self, name: &str, to: &str) -> io::Result<()> {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        std::os::unix::fs::symlink(self.home.join(to), path)
    }

    /// The absolute path of what is below the root, as files of the tree say it.
    pub(super) fn absolute(&self, name: &str) -> String {
        self.home.join(name).to_string_lossy().into_owned()
    }
}
