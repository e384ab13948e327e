//! Meetings as they are listed.

use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Target, Value};
use cocli_store::{StateError, Tx, files};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::dates::Moment;
use crate::fields::items;

/// Meetings that are listed at most.
pub const MEETINGS_MAX: usize = 100_000;
/// Meetings read from the state at a time.
const PAGE: usize = 1_000;
/// What a line shows, in this order.
const FIELDS: [&str; 5] = ["timestamp", "title", "type", "duration_minutes", "people"];

/// A meeting.
#[derive(Clone, Debug, PartialEq)]
pub struct Meeting {
    /// It.
    pub target: Target,
    /// When: as it says, else as its name does; `None` if somebody wrote what cannot be read.
    pub at: Option<Moment>,
    /// What it is about.
    pub title: String,
    /// What kind it is.
    pub kind: String,
    /// For how long.
    pub minutes: Option<u32>,
    /// The slugs of who comes.
    pub people: Vec<String>,
}

/// The meetings with `about`, or all, by their time; those without one come last. Shows
/// times in `zone`.
///
/// # Errors
/// The state cannot be read.
pub fn list(tx: &Tx<'_>, about: Option<&Target>, zone: &TimeZone) -> Result<Vec<Meeting>, StateError> {
    let mut meetings = Vec::new();
    if let Some(about) = about {
        for target in tx.meetings(about)? {
            meetings.extend(read(tx, &target, zone)?);
        }
    } else {
        every(tx, zone, &mut meetings)?;
    }
    let key = |meeting: &Meeting| (meeting.at.is_none(), meeting.at.as_ref().map(|moment| moment.at.timestamp()));
    meetings.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.target.cmp(&b.target)));
    Ok(meetings)
}

fn every(tx: &Tx<'_>, zone: &TimeZone, meetings: &mut Vec<Meeting>) -> Result<(), StateError> {
    let fields = FIELDS.map(field_named);
    let mut after: Option<Target> = None;
    while meetings.len() < MEETINGS_MAX {
        let page = tx.list(TargetKind::Meeting, after.as_ref(), PAGE, &fields)?;
        let Some(last) = page.last() else { break };
        after = Some(last.target.clone());
        for line in page {
            // What belongs to a deleted company is listed no more than that is.
            let rests = line.target.parent().map(|parent| tx.is_hidden_now(&parent)).transpose()?;
            if rests != Some(true) {
                meetings.push(meeting(line.target, &line.fields, zone));
            }
        }
    }
    Ok(())
}

/// One meeting; `None` if it is not there.
///
/// # Errors
/// The state cannot be read.
pub fn read(tx: &Tx<'_>, target: &Target, zone: &TimeZone) -> Result<Option<Meeting>, StateError> {
    let Some(entity) = tx.entity(target)? else { return Ok(None) };
    let values = FIELDS.map(|field| entity.shown(&field_named(field)));
    Ok(Some(meeting(target.clone(), &values, zone)))
}

fn meeting(target: Target, values: &[Option<Value>], zone: &TimeZone) -> Meeting {
    let text =
        |at: usize| values.get(at).and_then(Option::as_ref).and_then(Value::as_str).map(|text| text.into_owned());
    let minutes = values.get(3).and_then(Option::as_ref).and_then(|value| value.to_json().as_u64());
    let people = values.get(4).and_then(Option::as_ref).map(items).unwrap_or_default();
    Meeting {
        at: text(0).or_else(|| files::note_moment(&target)).and_then(|text| moment(&text, zone)),
        title: text(1).unwrap_or_default(),
        kind: text(2).unwrap_or_default(),
        minutes: minutes.and_then(|minutes| u32::try_from(minutes).ok()),
        people: people.iter().filter_map(Value::as_str).map(|slug| slug.into_owned()).collect(),
        target,
    }
}

/// A time as it is written: with a time in UTC, or the date alone.
fn moment(text: &str, zone: &TimeZone) -> Option<Moment> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment { at: at.to_zoned(zone.clone()), has_time: true });
    }
    let at: Zoned = text.parse::<Date>().ok()?.to_zoned(zone.clone()).ok()?;
    Some(Moment { at, has_time: false })
}

fn field_named(name: &str) -> FieldName {
    FieldName::new(name).expect("our own field names are short")
}
