//! Dates as people type them, read against a clock that is given.
//!
//! | typed | meaning |
//! | --- | --- |
//! | `2026-12-01`, `2026-12-01 14:30`, RFC 3339 | as it says |
//! | `now`, `today`, `tomorrow`, `yesterday`, `eow`, `eom` | a day; the end of a week is its Friday |
//! | `tue`, `next tue`, `last tue` | the nearest such day that is not today |
//! | `dec 1`, `1 dec 2027` | without a year, the nearest |
//! | `+3d`, `in 2 weeks`, `2h ago` | from now; days and more are whole days |
//!
//! A day may be followed by a time (`9am`, `14:30`, `noon`), and a time alone is one of today
//! or of the day beside it. What could be before or behind us is where [`Lean`] says. What
//! is not understood is refused, never guessed at.

mod reading;
mod words;

use jiff::civil::DateTime;
use jiff::{Timestamp, Zoned};

use reading::Reading;
use words::{Unit, unit};

/// What can be typed, for those who typed something else.
pub const EXAMPLES: &str = "tomorrow 9am, next tue 10:00, 2026-12-01 14:30, +3d, eow";

/// The same for durations.
pub const DURATIONS: &str = "45m, 1h, 1h30m, 90 min";

/// Letters of a date at most.
const TEXT_CHARS_MAX: usize = 64;

/// Minutes of a duration at most: four weeks.
const MINUTES_MAX: u32 = 4 * 7 * 24 * 60;

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {0:?} as a {1}")]
pub struct DateError(String, &'static str);

impl DateError {
    /// Whether it was to be a duration.
    #[must_use]
    pub fn is_duration(&self) -> bool {
        self.1 == DURATION
    }
}

const DATE: &str = "date";
const DURATION: &str = "duration";

/// Where a date is looked for that could be before us or behind us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// Ahead: a meeting.
    Future,
    /// Behind: what was.
    Past,
}

/// A moment as somebody meant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When; the first of the day if no time was named.
    pub at: Zoned,
    /// Whether a time was named.
    pub has_time: bool,
}

/// The moment that `text` means at the time `now`, in its zone.
///
/// # Errors
/// [`DateError`], also for what lies before 1970.
pub fn parse(text: &str, now: &Zoned, lean: Lean) -> Result<Moment, DateError> {
    let refuse = || DateError(text.chars().take(TEXT_CHARS_MAX).collect(), DATE);
    let typed = text.trim();
    if typed.is_empty() || typed.chars().count() > TEXT_CHARS_MAX {
        return Err(refuse());
    }
    let read = exact(typed, now).or_else(|| Reading::of(typed, now, lean).read());
    read.filter(|moment| moment.at.timestamp() >= Timestamp::UNIX_EPOCH).ok_or_else(refuse)
}

/// Minutes of a duration: `45m`, `1h`, `1h30m`, `90 min`.
///
/// # Errors
/// [`DateError`]; none, and more than four weeks, are no duration.
pub fn minutes(text: &str) -> Result<u32, DateError> {
    let refuse = || DateError(text.chars().take(TEXT_CHARS_MAX).collect(), DURATION);
    let typed: String = text.to_lowercase().split_whitespace().collect();
    let mut rest = typed.as_str();
    let mut sum = 0_u32;
    while !rest.is_empty() {
        let (number, behind) = words::number(rest).ok_or_else(refuse)?;
        let letters = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (word, behind) = behind.split_at(letters);
        let each = match unit(word) {
            Some(Unit::Minute) => 1,
            Some(Unit::Hour) => 60,
            Some(Unit::Day) => 24 * 60,
            _ => return Err(refuse()),
        };
        sum = number.checked_mul(each).and_then(|minutes| sum.checked_add(minutes)).ok_or_else(refuse)?;
        rest = behind;
    }
    if (1..=MINUTES_MAX).contains(&sum) { Ok(sum) } else { Err(refuse()) }
}

/// What carries its own date: ISO 8601 and RFC 3339.
fn exact(text: &str, now: &Zoned) -> Option<Moment> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment { at: at.to_zoned(now.time_zone().clone()), has_time: true });
    }
    let at = text.parse::<DateTime>().ok()?;
    let at = at.to_zoned(now.time_zone().clone()).ok()?;
    Some(Moment { at, has_time: text.len() > "2026-12-01".len() })
}

#[cfg(test)]
mod tests;
