//! Taking one file.

use cocli_journal::Commit;
use cocli_model::slug::Identity;
use cocli_model::target::TargetKind;
use cocli_model::{Draft, FieldName, Operator, Origin, Rank, Stamp, Target};
use cocli_replica::fold::{Edit, Entity, Entry, Held, Shown, Version, base_of, plan_edit, plan_edit_without_base};
use cocli_store::files::{Broken, Edited, Standing, Writer};
use cocli_store::{StateError, Tx};

use super::{HandError, Taken};
use crate::folder::{CommitAt, CommitError, Committed, Folder, FolderError, View};

/// Records of a target that are looked through for values that somebody once said.
const HISTORY_MAX: usize = 10_000;

type Failed = CommitError<HandError>;

/// What is to be written of an edit.
#[derive(Debug, Default)]
struct Planned {
    edit: Edit,
    /// What its editor had read, if that is known.
    base: Option<Version>,
    /// Records of it that are in the journal already.
    said: Vec<Entry>,
}

/// Takes what a person changed in the file of a target.
///
/// # Errors
/// [`HandError`], or the folder refused; nothing is lost, and the next call sees the same.
pub fn take(folder: &mut Folder, target: &Target) -> Result<Taken, Failed> {
    let writer = open(folder)?;
    let (standing, planned, committed) = commit(folder, target, |tx| Ok(writer.look_at(tx, target)?))?;
    let edited = match standing {
        Standing::Edited(edited) => edited,
        Standing::Broken(Broken { bytes, why }) => {
            let kept = writer.discard(folder.state_mut(), target, &bytes);
            let kept = kept.map_err(|error| CommitError::Plan(HandError::Files(error)))?;
            folder.write_views_or_tell();
            return Ok(Taken::Broken { why, kept });
        }
        Standing::Older => {
            folder.state_mut().transaction(|tx| tx.make_stale(target)).map_err(FolderError::from)?;
            folder.write_views_or_tell();
            return Ok(Taken::Older);
        }
        _ => return Ok(Taken::Untouched),
    };
    let at = committed.commits.first().copied();
    let mut wrote =
        folder.read(|tx| written(tx, target, at)).map_err(|error| CommitError::Plan(HandError::State(error)))?;
    wrote.extend(planned.said);
    let shows = after(planned.base.unwrap_or_default(), &wrote);
    writer.adopt(folder.state_mut(), target, &edited, &shows).map_err(FolderError::from)?;
    folder.write_views_or_tell();
    Ok(Taken::Edited { committed, refused: planned.edit.refused, odd: edited.odd })
}

/// As [`take`], unless a `stat` says that nobody touched the file, or it is being saved; or it
/// may be one that is not adopted yet.
///
/// # Errors
/// As [`take`].
pub fn take_if_touched(folder: &mut Folder, target: &Target) -> Result<Taken, Failed> {
    if folder.is_adopting() {
        return Ok(Taken::Untouched);
    }
    let failed = |error| CommitError::Plan(HandError::Files(error));
    let writer = open(folder)?;
    let Some(mark) = folder.read(|tx| writer.touched(tx, target)).map_err(failed)? else {
        return Ok(Taken::Untouched);
    };
    let now = Stamp::from_us(folder.now_ms().saturating_mul(1_000)).unwrap_or(Stamp::EPOCH);
    let is_whole = |standing: &Standing| !matches!(standing, Standing::Broken(_));
    if !mark.is_saved(now) && !folder.read(|tx| writer.look_at(tx, target)).is_ok_and(|found| is_whole(&found)) {
        return Ok(Taken::Unsaved);
    }
    take(folder, target)
}

pub(super) fn open(folder: &Folder) -> Result<Writer, Failed> {
    Writer::open(folder.place().root()).map_err(|error| CommitError::Plan(error.into()))
}

/// Commits the edit of whatever `look` finds, if it is one.
pub(super) fn commit_edit(
    folder: &mut Folder,
    target: &Target,
    look: impl FnOnce(&Tx<'_>) -> Result<Standing, HandError>,
) -> Result<(Standing, Committed), Failed> {
    let (standing, _, committed) = commit(folder, target, look)?;
    Ok((standing, committed))
}

fn commit(
    folder: &mut Folder,
    target: &Target,
    look: impl FnOnce(&Tx<'_>) -> Result<Standing, HandError>,
) -> Result<(Standing, Planned, Committed), Failed> {
    let mut seen = None;
    let committed = folder.commit_records(|view| {
        let standing = look(view.tx())?;
        let mut planned = match &standing {
            Standing::Edited(edited) => plan(view.tx(), target, edited)?,
            _ => Planned::default(),
        };
        let mut drafts = std::mem::take(&mut planned.edit.drafts);
        if let Standing::Edited(edited) = &standing
            && is_made_by_hand(view.tx(), target)?
        {
            drafts.insert(0, created(view, target, &edited.held)?);
        }
        let commits = if drafts.is_empty() { Vec::new() } else { vec![Commit::new(drafts)] };
        seen = Some((standing, planned));
        Ok::<_, HandError>(commits)
    })?;
    let (standing, planned) = seen.expect("a plan that succeeded looked at the file");
    Ok((standing, planned, committed))
}

fn plan(tx: &Tx<'_>, target: &Target, edited: &Edited) -> Result<Planned, HandError> {
    let origin = Origin::of(Rank::Human);
    let Some(base) = base_of(&edited.held, &edited.versions) else {
        // Without one it is no entity, and its file would not stay.
        if is_entity(target) && text_of(&edited.held, "name").is_none() {
            return Err(HandError::NoName);
        }
        let history = tx.history_of(target, None, HISTORY_MAX)?;
        let ever = |field: &FieldName, value: &cocli_model::Value| {
            history.iter().any(|entry| entry.record.draft.field.name == *field && entry.value() == Some(value))
        };
        let edit = plan_edit_without_base(target, &edited.held, &ever, &origin)?;
        return Ok(Planned { edit, ..Planned::default() });
    };
    let mut held = edited.held.clone();
    let shown = base.held();
    // A value that no record can hold is not gone: the records keep what they say.
    let odd = edited.odd.iter().filter_map(|key| FieldName::new(key).ok());
    held.extend(odd.filter_map(|field| Some((field.clone(), shown.get(&field)?.clone()))));
    let mut edit = plan_edit(target, &held, base, &origin)?;
    let said = take_said(tx, target, &mut edit.drafts)?;
    Ok(Planned { edit, base: Some(base.clone()), said })
}

/// Whether a person made the file of an entity that nobody created.
fn is_made_by_hand(tx: &Tx<'_>, target: &Target) -> Result<bool, StateError> {
    Ok(is_entity(target) && tx.entity(target)?.is_none())
}

fn is_entity(target: &Target) -> bool {
    matches!(target.kind(), TargetKind::Company | TargetKind::Person)
}

fn text_of(held: &Held, field: &str) -> Option<String> {
    let value = held.iter().find(|(name, _)| name.as_str() == field)?.1;
    value.as_str().map(|text| text.into_owned())
}

/// The row that creates an entity of which there is a file: a person's, by the plain slug that
/// its folder has.
fn created(view: &View<'_, '_>, target: &Target, held: &Held) -> Result<Draft, HandError> {
    let text = |field: &str| text_of(held, field);
    let (place_id, domain, street) = (text("place_id"), text("domain"), text("street_address"));
    let name = text("name").ok_or(HandError::NoName)?;
    let (place_id, domain, street) = (place_id.as_deref(), domain.as_deref(), street.as_deref());
    let identity = Identity { place_id, domain, name: &name, street };
    Ok(view.create(target, &identity.to_json(), &Origin::of(Rank::Human))?)
}

/// Takes out what is in the journal already: of an edit whose file was not taken for ours
/// before a crash, or while another process took it.
fn take_said(tx: &Tx<'_>, target: &Target, drafts: &mut Vec<Draft>) -> Result<Vec<Entry>, StateError> {
    let Some(entity) = tx.entity(target)?.filter(|_| !drafts.is_empty()) else { return Ok(Vec::new()) };
    let mut said = Vec::new();
    let mut rest = Vec::new();
    for draft in drafts.drain(..) {
        let history = tx.history_of(target, Some(&draft.field.name), HISTORY_MAX)?;
        match history.into_iter().find(|entry| entry.record.draft == draft && is_unmistakable(&entity, entry)) {
            Some(entry) => said.push(entry),
            None => rest.push(draft),
        }
    }
    *drafts = rest;
    Ok(said)
}

/// Whether a record that says the same is the same edit: it names what it replaces, which
/// can be replaced once, or it is what stands there now.
fn is_unmistakable(entity: &Entity, entry: &Entry) -> bool {
    if !entry.record.draft.cause.names().names().is_empty() {
        return true;
    }
    let Some(view) = entity.fields.get(&entry.record.draft.field.name) else { return false };
    view.names.contains(&entry.name) || view.elements.values().flatten().any(|name| *name == entry.name)
}

/// The records of a commit.
fn written(tx: &Tx<'_>, target: &Target, at: Option<CommitAt>) -> Result<Vec<Entry>, StateError> {
    let Some(at) = at else { return Ok(Vec::new()) };
    let mut commit = tx.commit(at.first.id, at.first.epoch, at.stamp)?;
    commit.retain(|entry| entry.record.draft.target == *target);
    Ok(commit)
}

/// What a file shows that was edited from `base`, once these records stand for the edit.
fn after(mut base: Version, wrote: &[Entry]) -> Version {
    for entry in wrote {
        let field = &entry.record.draft.field;
        let is_shown = !matches!(field.op, Operator::Withdraw | Operator::Visibility);
        let Some(value) = entry.value().cloned().filter(|_| is_shown) else { continue };
        if field.op == Operator::Set {
            base.0.insert(field.name.clone(), Shown::Register { value, names: vec![entry.name] });
            continue;
        }
        let shown = base.0.entry(field.name.clone()).or_insert_with(|| Shown::Set(Default::default()));
        if let Shown::Register { .. } = shown {
            *shown = Shown::Set(Default::default());
        }
        if let Shown::Set(members) = shown {
            members.remove(&value);
            if field.op == Operator::Add {
                members.insert(value, vec![entry.name]);
            }
        }
    }
    base
}
