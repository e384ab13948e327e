//! Notes: one record of text, one file, never overwritten by another of the same minute.

use cocli_journal::{Commit, journal::At};
use cocli_model::value::{VALUE_BYTES_MAX, ValueError};
use cocli_model::{Cause, Context, Draft, Field, Operator, Origin, Rank, Target, Value};
use cocli_store::StateError;

use crate::folder::{CommitError, Committed, Folder, View};
use crate::resolve::{self, Noun, ResolveError};

/// A note to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNote {
    /// Its title; may be empty.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Its tags.
    pub tags: Vec<String>,
}

/// Why a note was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// There is nothing in it.
    #[error("a note needs a text")]
    Empty,
    /// It is longer than a record may be.
    #[error("a note of {bytes} bytes is over the limit of {VALUE_BYTES_MAX}; keep it in a file and note where")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A text that is no value.
    #[error("the note cannot be written")]
    Value(#[source] ValueError),
    /// Nobody is meant.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}

/// Adds a note to the company or person that `who` means. The answer is whom and the note;
/// with `dry_run` the note has no place yet.
///
/// # Errors
/// [`NoteError`].
pub fn add(
    folder: &mut Folder,
    who: &str,
    note: &NewNote,
    dry_run: bool,
) -> Result<(Target, Option<Target>, Committed), CommitError<NoteError>> {
    let fields = fields_of(note).map_err(CommitError::Plan)?;
    let mut about = None;
    let plan = |view: &View<'_, '_>| {
        let target = resolve::find(view.tx(), Noun::Any, who)?;
        about = Some(target.clone());
        Ok(vec![Commit::placed(move |at| rows(&target, at, &fields))])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    let about = about.expect("a plan that succeeded named its company");
    let at = committed.commits.first();
    let note = at.and_then(|at| about.note(at.stamp, at.first.epoch, at.first.seq));
    Ok((about, note, committed))
}

/// What a note consists of.
type Fields = Vec<(Field, Value)>;

fn fields_of(note: &NewNote) -> Result<Fields, NoteError> {
    if note.body.trim().is_empty() {
        return Err(NoteError::Empty);
    }
    let value = |text: &str| {
        Value::string(text).map_err(|error| match error {
            ValueError::TooLarge { bytes } => NoteError::TooLarge { bytes },
            error => NoteError::Value(error),
        })
    };
    let field = |name, op| Field::new(name, op).expect("our own field names are short");
    let mut fields = vec![(field("body", Operator::Set), value(&note.body)?)];
    if !note.title.trim().is_empty() {
        fields.push((field("title", Operator::Set), value(note.title.trim())?));
    }
    let mut tags: Vec<&str> = note.tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()).collect();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags {
        fields.push((field("tags", Operator::Add), value(tag)?));
    }
    Ok(fields)
}

/// The rows of a note that stands at `at`. They replace nothing: its name is new.
fn rows(about: &Target, at: At, fields: &Fields) -> Vec<Draft> {
    let Some(target) = about.note(at.stamp, at.epoch, at.first) else { return Vec::new() };
    let row = |(field, value): &(Field, Value)| Draft {
        campaign: "".into(),
        target: target.clone(),
        field: field.clone(),
        value: Some(value.clone()),
        cause: Cause::Names(Context::default()),
        origin: Origin::of(Rank::Human),
    };
    fields.iter().map(row).collect()
}
