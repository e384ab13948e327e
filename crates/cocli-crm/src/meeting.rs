//! Meetings: a few fields beside the entity they are about. Two of one minute and title are
//! two: their names end in the record that wrote them first.
//!
//! | field | value |
//! | --- | --- |
//! | `timestamp` | RFC 3339 in UTC, or a date if it takes the day |
//! | `title`, `type` | texts; `type` is `meeting`, `phone-call`, … |
//! | `duration_minutes` | a number, if it is known |
//! | `people` | the slug of who comes, or a list of several |
//! | `body` | what was written about it |

mod read;

use cocli_journal::{Commit, journal::At};
use cocli_model::value::ValueError;
use cocli_model::{Cause, Context, Draft, Field, Operator, Origin, Rank, Stamp, Target, Value};
use cocli_store::StateError;
use serde_json::json;

use crate::dates::Moment;
use crate::entity::slug_of;
use crate::fields::{FieldRefused, register};
use crate::folder::{CommitError, Committed, Folder, View};
use crate::resolve::{self, Noun, ResolveError};

pub use read::{MEETINGS_MAX, Meeting, list, read};

/// The kind of a meeting that is of no other.
pub const MEETING: &str = "meeting";

/// A meeting that shall be.
#[derive(Clone, Debug)]
pub struct NewMeeting {
    /// What it is about.
    pub title: String,
    /// When.
    pub at: Moment,
    /// For how long.
    pub minutes: Option<u32>,
    /// What kind it is: `meeting`, `phone-call`, …
    pub kind: String,
    /// Who comes, as typed.
    pub people: Vec<String>,
}

/// A meeting that was added.
#[derive(Clone, Debug)]
pub struct Added {
    /// With whom.
    pub about: Target,
    /// It; `None` of a dry run.
    pub meeting: Option<Target>,
    /// Who comes.
    pub people: Vec<Target>,
}

/// Why a meeting was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeetingError {
    /// Nobody could tell it from another.
    #[error("a meeting needs a title")]
    NoTitle,
    /// The calendar ends before it, or begins behind it.
    #[error("a meeting between 1970 and 9999")]
    Time,
    /// A text that is no value.
    #[error("the meeting cannot be written")]
    Value(#[from] ValueError),
    /// A value that is not taken.
    #[error(transparent)]
    Field(#[from] FieldRefused),
    /// Nobody is meant.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}

/// Adds a meeting with the company or person that `who` means.
///
/// # Errors
/// [`MeetingError`].
pub fn add(
    folder: &mut Folder,
    who: &str,
    new: &NewMeeting,
    dry_run: bool,
) -> Result<(Added, Committed), CommitError<MeetingError>> {
    let moment = stamp_of(new).map_err(CommitError::Plan)?;
    let mut added = None;
    let plan = |view: &View<'_, '_>| {
        let about = resolve::find(view.tx(), Noun::Any, who)?;
        let find = |who: &String| resolve::find(view.tx(), Noun::Person, who);
        let people = new.people.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let fields = fields_of(new, &people)?;
        added = Some(Added { about: about.clone(), meeting: None, people });
        Ok(vec![Commit::placed(move |at| rows(&about, moment, at, &fields))])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    let mut added = added.expect("a plan that succeeded named its company");
    let at = committed.commits.first();
    added.meeting = at.and_then(|at| added.about.meeting(moment, at.first.epoch, at.first.seq));
    Ok((added, committed))
}

/// The time in a meeting's name: the one it was first set for.
fn stamp_of(new: &NewMeeting) -> Result<Stamp, MeetingError> {
    let us = new.at.at.timestamp().as_microsecond();
    Stamp::from_us(us).map_err(|_| MeetingError::Time)
}

/// What a meeting consists of.
type Fields = Vec<(Field, Value)>;

fn fields_of(new: &NewMeeting, people: &[Target]) -> Result<Fields, MeetingError> {
    let title = new.title.trim();
    if title.is_empty() {
        return Err(MeetingError::NoTitle);
    }
    let form = if new.at.has_time { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%d" };
    let zone = if new.at.has_time { jiff::tz::TimeZone::UTC } else { new.at.at.time_zone().clone() };
    let when = new.at.at.with_time_zone(zone).strftime(form).to_string();
    let kind = if new.kind.trim().is_empty() { MEETING } else { new.kind.trim() };
    let field = |name| Field::new(name, Operator::Set).expect("our own field names are short");
    let mut fields = vec![
        (field("timestamp"), Value::string(&when)?),
        (field("title"), Value::string(title)?),
        (field("type"), Value::string(kind)?),
    ];
    if let Some(minutes) = new.minutes {
        fields.push((field("duration_minutes"), Value::from_json(&json!(minutes))?));
    }
    if !people.is_empty() {
        let slugs: Vec<Value> =
            people.iter().map(|person| Value::string(slug_of(person).as_str())).collect::<Result<_, _>>()?;
        let people = field("people");
        let value = register(&people.name, &slugs)?;
        fields.push((people, value));
    }
    Ok(fields)
}

/// The rows of a meeting that stands at `at`. They replace nothing: its name is new.
fn rows(about: &Target, moment: Stamp, at: At, fields: &Fields) -> Vec<Draft> {
    let Some(target) = about.meeting(moment, at.epoch, at.first) else { return Vec::new() };
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
