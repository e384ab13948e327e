//! Moving folders and files of entities into the trash, and back.

use cocli_model::{Stamp, Target};
use rustix::fs::{RenameFlags, renameat, renameat_with};
use rustix::io::Errno;

use super::error::FilesError;
use super::place::Root;
use super::probe::{Probe, ask};
use super::{BatchReport, Left, LeftWhy, Moved, Step};

/// Moves the folder of a hidden entity, with everything in it, into the trash.
pub(super) fn hide(
    root: &Root,
    target: &Target,
    now: Stamp,
    report: &mut BatchReport,
    probe: Probe<'_>,
) -> Result<(), FilesError> {
    let from = target.as_str();
    if !root.exists(from) {
        return Ok(());
    }
    let io = |source| FilesError::Io { path: root.full(from), source };
    let to = root.free_trash(now, from).map_err(io)?;
    rename(root, from, &to)?;
    report.moved.push(Moved { from: from.to_owned(), to });
    ask(probe, Step::Moved)
}

/// Brings the folder of an entity back that is shown again and has none.
pub(super) fn bring_back(
    root: &Root,
    target: &Target,
    report: &mut BatchReport,
    probe: Probe<'_>,
) -> Result<(), FilesError> {
    let entity = target.parent().unwrap_or_else(|| target.clone());
    let to = entity.as_str();
    if root.exists(to) {
        return Ok(());
    }
    let io = |source| FilesError::Io { path: root.full(to), source };
    let Some(from) = root.newest_trash(&entity).map_err(io)? else { return Ok(()) };
    root.make_parents(to).map_err(io)?;
    rename(root, &from, to)?;
    report.moved.push(Moved { from, to: to.to_owned() });
    ask(probe, Step::Moved)
}

/// Moves the file of a target that is listed no more into the trash; `false` if somebody
/// wrote in between.
pub(super) fn retire(
    root: &Root,
    path: &str,
    before: &blake3::Hash,
    now: Stamp,
    report: &mut BatchReport,
) -> Result<bool, FilesError> {
    let io = |source| FilesError::Io { path: root.full(path), source };
    let to = root.free_trash(now, &format!("single/{path}")).map_err(io)?;
    rename(root, path, &to)?;
    let moved = root.read(&to).map_err(io)?.unwrap_or_default();
    if blake3::hash(&moved) == *before {
        report.moved.push(Moved { from: path.to_owned(), to });
        return Ok(true);
    }
    // If they saved once more, that stands, and what was moved stays in the trash.
    if !root.exists(path) {
        rename(root, &to, path)?;
    }
    report.left.push(Left { path: path.to_owned(), why: LeftWhy::EditedMeanwhile });
    Ok(false)
}

fn rename(root: &Root, from: &str, to: &str) -> Result<(), FilesError> {
    let fd = root.fd();
    let done = match renameat_with(fd, from, fd, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => renameat(fd, from, fd, to),
        done => done,
    };
    done.map_err(|errno| FilesError::Io { path: root.full(from), source: errno.into() })
}
