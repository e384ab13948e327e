//! The words that dates are made of.

use jiff::Span;
use jiff::civil::{Time, Weekday};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

impl Unit {
    /// A span of whole days or more; `None` of what is shorter, or out of any range.
    pub(super) fn days(self, count: i64) -> Option<Span> {
        let span = Span::new();
        match self {
            Unit::Day => span.try_days(count).ok(),
            Unit::Week => span.try_weeks(count).ok(),
            Unit::Month => span.try_months(count).ok(),
            Unit::Minute | Unit::Hour => None,
        }
    }
}

pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "week" | "weeks" => Unit::Week,
        "mo" | "month" | "months" => Unit::Month,
        _ => return None,
    })
}

/// The number a text begins with, and what follows it.
pub(super) fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

/// A time of day: `9am`, `9:30pm`, `14:30`, `noon`.
pub(super) fn time_of(word: &str) -> Option<Time> {
    match word {
        "noon" => return Time::new(12, 0, 0, 0).ok(),
        "midnight" => return Some(Time::midnight()),
        _ => {}
    }
    let (clock, afternoon) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(false)),
        (_, Some(clock)) => (clock, Some(true)),
        _ => (word, None),
    };
    let (hour, minute) = match (clock.split_once(':'), afternoon) {
        (Some((hour, minute)), _) if minute.len() == 2 => (hour, minute.parse().ok()?),
        (None, Some(_)) => (clock, 0),
        _ => return None,
    };
    let hour: i8 = hour.parse().ok().filter(|hour| (0..24).contains(hour))?;
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    Time::new(hour, minute, 0, 0).ok()
}

pub(super) fn weekday(name: &str) -> Option<Weekday> {
    let days = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    days.iter().find(|(day, _)| name.len() >= 3 && day.starts_with(name)).map(|(_, day)| *day)
}

pub(super) fn month(name: &str) -> Option<i8> {
    let months = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = months.iter().position(|month| name.len() >= 3 && month.starts_with(name))?;
    i8::try_from(at + 1).ok()
}
