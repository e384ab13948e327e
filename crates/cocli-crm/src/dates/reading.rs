//! What words mean, once they are not a date that says itself: a day, then perhaps a time.

use jiff::civil::{Date, Time};
use jiff::{Span, ToSpan, Zoned};

use super::words::{self, Unit, month, time_of, unit, weekday};
use super::{Lean, Moment};

/// Words on their way to a moment.
pub(super) struct Reading<'a> {
    words: Vec<String>,
    now: &'a Zoned,
    lean: Lean,
}

impl<'a> Reading<'a> {
    pub(super) fn of(text: &str, now: &'a Zoned, lean: Lean) -> Reading<'a> {
        let lower = text.to_lowercase().replace(',', " ");
        let words = lower.split_whitespace().filter(|word| !matches!(*word, "at" | "on" | "@"));
        Reading { words: words.map(str::to_owned).collect(), now, lean }
    }

    /// The moment they mean.
    pub(super) fn read(mut self) -> Option<Moment> {
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
