//! `.cocli/adopting`: somebody began to adopt the original's folder and is not done.
//!
//! As long as it is there, files are neither written nor read for edits: what a file says
//! that nobody adopted yet is no edit of anybody's. It is there before the folder is marked
//! as ours, so that no crash in between leaves a marked folder which was not adopted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::durable::{self, Readers};

fn path(root: &Path) -> PathBuf {
    root.join(".cocli").join("adopting")
}

/// Notes that it begins.
pub(crate) fn begin(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root.join(".cocli"))?;
    durable::replace(&path(root), "not adopted to its end: cocli init goes on\n", Readers::Anybody)
}

/// Whether it began and did not end. A note that cannot be looked for counts as none: then
/// nothing else in that folder can be read either.
pub(crate) fn is_on(root: &Path) -> bool {
    path(root).exists()
}

/// Notes that it is done.
pub(crate) fn end(root: &Path) -> io::Result<()> {
    durable::remove(&path(root))
}
