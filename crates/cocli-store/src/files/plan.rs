//! What is to be done for a target's file: decided from the state and from what stands
//! in its place, before anything is touched.

use cocli_model::Target;
use cocli_model::front::FrontMatter;
use cocli_model::target::TargetKind;

use super::Left;
use super::LeftWhy;
use super::book::{Page, Stale};
use super::error::FilesError;
use super::place::Root;
use super::render::{View, render, traces};
use super::restyle::restyle;
use super::swap::Before;
use crate::state::{StateError, Tx};

/// Records of one target that are looked through for the origin of an unknown text.
const TRACES_MAX: usize = 10_000;

/// What the state wants of a file.
#[derive(Debug)]
pub(super) enum Wish {
    /// This file.
    Show { path: String, view: View },
    /// No file.
    Retire { path: String },
    /// Nothing while its entity is in the trash.
    Rest,
    /// Its whole folder away.
    Hide,
}

/// What a look at the disk made of a wish.
#[derive(Debug)]
pub(super) enum Step {
    Write {
        path: String,
        view: View,
        before: Before,
    },
    /// It stands there already; `adopt` if the book did not know.
    Keep {
        path: String,
        view: View,
        adopt: bool,
    },
    Remove {
        path: String,
        before: blake3::Hash,
    },
    Leave(Left),
    Nothing,
}

/// What has been decided for the targets of a batch.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) taken: Vec<Stale>,
    /// One for each of these, in the same order.
    pub(super) steps: Vec<Step>,
}

pub(super) fn wish(tx: &Tx<'_>, target: &Target) -> Result<Wish, StateError> {
    let Some(path) = target.relative_path() else { return Ok(Wish::Rest) };
    if let Some(parent) = target.parent()
        && tx.is_hidden_now(&parent)?
    {
        return Ok(Wish::Rest);
    }
    let Some(entity) = tx.entity(target)? else { return Ok(Wish::Rest) };
    if entity.visibility.is_hidden() && matches!(target.kind(), TargetKind::Company | TargetKind::Person) {
        return Ok(Wish::Hide);
    }
    Ok(match render(&entity) {
        Some(view) => Wish::Show { path, view },
        None => Wish::Retire { path },
    })
}

/// The first file of a target, and of those below it, that somebody edited and nobody has
/// read: until it is, its folder stays where it is.
pub(super) fn unread(tx: &Tx<'_>, root: &Root, target: &Target) -> Result<Option<String>, FilesError> {
    for target in tx.below_of(target)?.into_iter().chain([target.clone()]) {
        let (Some(path), Some(no)) = (target.relative_path(), tx.number_of(&target)?) else { continue };
        // What cannot be read moves as it is.
        let Ok(Some(found)) = root.read(&path) else { continue };
        let says_nothing = found.iter().all(|byte| *byte == 0);
        if says_nothing || tx.is_version(no, &blake3::hash(&found))? {
            continue;
        }
        let is_known = tx.page(no)?.newest.is_some();
        if is_known || !is_of_records(tx, &target, &found)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Looks at the disk. Bytes that are nobody's edit go to quarantine here.
pub(super) fn look(tx: &Tx<'_>, root: &Root, stale: &Stale, wish: Wish) -> Result<Step, FilesError> {
    match wish {
        Wish::Rest | Wish::Hide => Ok(Step::Nothing),
        Wish::Retire { path } => look_at_retired(tx, root, stale, path),
        Wish::Show { path, view } => look_at_shown(tx, root, stale, path, view),
    }
}

fn look_at_retired(tx: &Tx<'_>, root: &Root, stale: &Stale, path: String) -> Result<Step, FilesError> {
    let found = match root.read(&path) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Step::Nothing),
        Err(error) => return Ok(unreadable(path, &error)),
    };
    let before = blake3::hash(&found);
    // What people's hands were on is theirs, also of an entity that has no name: only a delete
    // moves it, with its folder.
    if tx.page(stale.no)?.styled {
        return Ok(Step::Nothing);
    }
    Ok(if tx.is_version(stale.no, &before)? {
        Step::Remove { path, before }
    } else {
        Step::Leave(Left { path, why: LeftWhy::Edited })
    })
}

fn look_at_shown(tx: &Tx<'_>, root: &Root, stale: &Stale, path: String, view: View) -> Result<Step, FilesError> {
    let page = tx.page(stale.no)?;
    let found = match root.read(&path) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Step::Write { path, view, before: Before::Nothing }),
        Err(error) => return Ok(unreadable(path, &error)),
    };
    let hash = blake3::hash(&found);
    let is_newest = page.newest.as_ref() == Some(hash.as_bytes());
    if found == view.text.as_bytes() {
        return Ok(Step::Keep { path, view, adopt: page.unmarked || !is_newest });
    }
    let is_ours = is_newest || tx.is_version(stale.no, &hash)?;
    if is_ours && page.styled {
        return Ok(restyled(stale, path, &found, &view, page.unmarked || !is_newest));
    }
    if !is_ours && !is_explained(tx, root, stale, &page, &found, &view)? {
        return Ok(Step::Leave(Left { path, why: LeftWhy::Edited }));
    }
    Ok(Step::Write { path, view, before: Before::Bytes(hash) })
}

/// What is to be done with a file that people's hands were on.
fn restyled(stale: &Stale, path: String, found: &[u8], view: &View, adopt: bool) -> Step {
    match restyle(&stale.target, found, view) {
        Ok(view) if view.text.as_bytes() == found => Step::Keep { path, view, adopt },
        Ok(view) => Step::Write { path, view, before: Before::Bytes(blake3::hash(found)) },
        Err(error) => Step::Leave(Left { path, why: LeftWhy::Unreadable(error.to_string()) }),
    }
}

fn unreadable(path: String, error: &std::io::Error) -> Step {
    Step::Leave(Left { path, why: LeftWhy::Unreadable(error.to_string()) })
}

/// Whether bytes that no version has are nobody's edit all the same: torn by a power cut
/// before their batch was marked, or a view that a lost `state.db` had known.
fn is_explained(
    tx: &Tx<'_>,
    root: &Root,
    stale: &Stale,
    page: &Page,
    found: &[u8],
    view: &View,
) -> Result<bool, FilesError> {
    let unknown = page.newest.is_none();
    if !unknown && !page.unmarked {
        return Ok(false);
    }
    if is_torn(found, view.text.as_bytes()) {
        if !found.is_empty() {
            root.quarantine(found)
                .map_err(|source| FilesError::Io { path: root.full(super::place::QUARANTINE), source })?;
        }
        return Ok(true);
    }
    Ok(unknown && is_of_records(tx, &stale.target, found)?)
}

/// Whether a text is made of nothing but what records of its target said.
fn is_of_records(tx: &Tx<'_>, target: &Target, found: &[u8]) -> Result<bool, FilesError> {
    let Ok(text) = std::str::from_utf8(found) else { return Ok(false) };
    let history = tx.history_of(target, None, TRACES_MAX)?;
    Ok(traces(target, history.iter()).explain(text))
}

/// Whether a file is what a write cut short leaves: nothing, zeros, a piece of the view, or
/// front matter that nobody closed.
fn is_torn(found: &[u8], view: &[u8]) -> bool {
    view.starts_with(found) || !FrontMatter::parse(found).is_ok_and(|text| text.is_there())
}
