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

mod words;

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp, ToSpan, Zoned};

use words::{Unit, month, time_of, unit, weekday};

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

/// Words on their way to a moment.
struct Reading<'a> {
    words: Vec<String>,
    now: &'a Zoned,
    lean: Lean,
}

impl<'a> Reading<'a> {
    fn of(text: &str, now: &'a Zoned, lean: Lean) -> Reading<'a> {
        let lower = text.to_lowercase().replace(',', " ");
        let words = lower.split_whitespace().filter(|word| !matches!(*word, "at" | "on" | "@"));
        Reading { words: words.map(str::to_owned).collect(), now, lean }
    }

    fn read(mut self) -> Option<Moment> {
        if let Some(moment) = self.counted() {
            return Some(moment);
        }
        let time = self.take_time();
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let today = self.now.date();
        let day = match words[..] {
            [] => return self.time_alone(time?),
            ["now"] if time.is_none() => return Some(Moment { at: self.now.clone(), has_time: true }),
            ["today"] => Some(today),
            ["tomorrow" | "tmr"] => today.tomorrow().ok(),
            ["yesterday"] => today.yesterday().ok(),
            ["eow"] => self.end_of_week(),
            ["eom"] => Some(today.last_of_month()),
            [day] => self.weekday(day, self.lean).or_else(|| day.parse().ok()),
            ["next", day] => self.weekday(day, Lean::Future),
            ["last", day] => self.weekday(day, Lean::Past),
            [month, day] => self.in_a_year(month, day),
            [month, day, year] => named(month, day, year.parse().ok().filter(|year| *year >= 1970)?),
            _ => None,
        };
        self.at(day?, time)
    }

    fn at(&self, day: Date, time: Option<Time>) -> Option<Moment> {
        let at = day.to_datetime(time.unwrap_or(Time::midnight())).to_zoned(self.now.time_zone().clone()).ok()?;
        Some(Moment { at, has_time: time.is_some() })
    }

    /// `+3d`, `in 3 days`, `3 days ago`; a time may follow days and more.
    fn counted(&mut self) -> Option<Moment> {
        let words = self.words.clone();
        let (sign, rest) = match words.split_first()? {
            (first, rest) if first == "in" => (1, rest.join("")),
            (first, _) if first.starts_with('+') => (1, words.join("").split_off(1)),
            (first, _) if first.starts_with('-') => (-1, words.join("").split_off(1)),
            _ => (-1, words.join("").strip_suffix("ago")?.to_owned()),
        };
        let (count, rest) = words::number(&rest)?;
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (word, behind) = rest.split_at(letters);
        let span = i64::from(count) * sign;
        let unit = unit(word)?;
        if let Unit::Minute | Unit::Hour = unit {
            let span = if unit == Unit::Hour { Span::new().try_hours(span) } else { Span::new().try_minutes(span) };
            let at = self.now.checked_add(span.ok()?).ok()?;
            return behind.is_empty().then_some(Moment { at, has_time: true });
        }
        let day = self.now.date().checked_add(unit.days(span)?).ok()?;
        let time = if behind.is_empty() { None } else { Some(time_of(behind)?) };
        self.at(day, time)
    }

    /// Takes the time from the end of the words: `9am`, `9 am`, `14:30`.
    fn take_time(&mut self) -> Option<Time> {
        let last = self.words.last()?;
        let (time, taken) = match (time_of(last), self.words.len().checked_sub(2)) {
            (Some(time), _) => (time, 1),
            (None, Some(before)) => (time_of(&format!("{}{last}", self.words[before]))?, 2),
            _ => return None,
        };
        self.words.truncate(self.words.len() - taken);
        Some(time)
    }

    fn time_alone(&self, time: Time) -> Option<Moment> {
        let today = self.at(self.now.date(), Some(time))?;
        let day = match self.lean {
            Lean::Future if today.at < *self.now => self.now.date().tomorrow().ok()?,
            Lean::Past if today.at > *self.now => self.now.date().yesterday().ok()?,
            _ => return Some(today),
        };
        self.at(day, Some(time))
    }

    /// The Friday of this week; on a weekend that of the next.
    fn end_of_week(&self) -> Option<Date> {
        let today = self.now.date();
        let friday = 4_i64;
        let ahead = (friday - i64::from(today.weekday().to_monday_zero_offset())).rem_euclid(7);
        today.checked_add(ahead.days()).ok()
    }

    /// The nearest day of this name that is not today.
    fn weekday(&self, name: &str, lean: Lean) -> Option<Date> {
        self.now.date().nth_weekday(if lean == Lean::Future { 1 } else { -1 }, weekday(name)?).ok()
    }

    /// A day of a month, in the nearest year that leans right.
    fn in_a_year(&self, month: &str, day: &str) -> Option<Date> {
        let today = self.now.date();
        let there = named(month, day, today.year())?;
        match self.lean {
            Lean::Future if there < today => named(month, day, today.year() + 1),
            Lean::Past if there > today => named(month, day, today.year() - 1),
            _ => Some(there),
        }
    }
}

/// A day of a month, in either order: `dec 1`, `1st dec`.
fn named(one: &str, other: &str, year: i16) -> Option<Date> {
    let (month, day) = match (month(one), month(other)) {
        (Some(month), None) => (month, other),
        (None, Some(month)) => (month, one),
        _ => return None,
    };
    let (day, behind) = words::number(day)?;
    let is_day = matches!(behind, "" | "st" | "nd" | "rd" | "th" | ".");
    Date::new(year, month, i8::try_from(day).ok()?).ok().filter(|_| is_day)
}

#[cfg(test)]
mod tests;
