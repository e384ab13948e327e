//! Stamps: when something was written, as one integer that also sorts as text.
//!
//! A stamp counts microseconds since 1970 UTC and is written with exactly six
//! fraction digits, `2026-02-16T10:11:12.123004+00:00`, so stamps sort alike as
//! numbers and as text. The [`Clock`] is hybrid and logical (Kulkarni et al., 2014):
//! it follows the cluster's milliseconds, never goes back, and counts inside a
//! millisecond with a carry into it.

use std::fmt;
use std::str::FromStr;

/// How far ahead of our cluster time another node's stamp may be to raise ours.
///
/// Beyond it a stamp is folded but adopted by no clock, so that one node with a
/// clock in the year 2100 cannot drag the cluster there (DESIGN §5).
pub const ADOPT_AHEAD_US_MAX: i64 = 60_000_000;

/// Bytes of a stamp's text.
pub const STAMP_BYTES: usize = 32;

/// The form of a stamp's text, with a zero for every digit.
const SHAPE: &[u8; STAMP_BYTES] = b"0000-00-00T00:00:00.000000+00:00";

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// The last stamp there is: the end of the year 9999.
const LAST_US: i64 = 253_402_300_799_999_999;

/// Microseconds since 1970-01-01T00:00:00 UTC, at most the end of the year 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(i64);

/// A text or number that is no stamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a stamp of the form 2026-02-16T10:11:12.123004+00:00 between 1970 and 9999")]
pub struct StampError {
    text: String,
}

impl Stamp {
    /// The first stamp, 1970-01-01T00:00:00 UTC.
    pub const EPOCH: Stamp = Stamp(0);

    /// A stamp from microseconds since 1970 UTC; refused outside 1970–9999.
    pub fn from_us(us: i64) -> Result<Stamp, StampError> {
        if (0..=LAST_US).contains(&us) { Ok(Stamp(us)) } else { Err(StampError { text: us.to_string() }) }
    }

    /// Microseconds since 1970 UTC.
    #[must_use]
    pub fn us(self) -> i64 {
        self.0
    }

    /// The stamp's UTC date as `YYYYMMDD`, the one in the name of a journal file.
    #[must_use]
    pub fn date(self) -> String {
        let text = self.to_string();
        format!("{}{}{}", &text[0..4], &text[5..7], &text[8..10])
    }

    /// Days since 1970: equal for stamps of one UTC date.
    #[must_use]
    pub fn day(self) -> i64 {
        self.0 / DAY_US
    }
}

impl Stamp {
    /// Appends the stamp's text.
    pub(crate) fn write_to(self, out: &mut String) {
        let text = self.text();
        out.push_str(std::str::from_utf8(&text).expect("digits and signs are ASCII"));
    }

    /// The stamp's text. A stamp is written in every row, so by hand and not by `write!`.
    fn text(self) -> [u8; STAMP_BYTES] {
        let (year, month, day) = civil_from_days(self.day());
        let in_day = self.0 % DAY_US;
        let (second, fraction) = (in_day / 1_000_000, in_day % 1_000_000);
        let mut text = *SHAPE;
        let parts = [(0..4, year), (5..7, month), (8..10, day), (11..13, second / 3_600), (14..16, second / 60 % 60)];
        for (range, number) in parts.into_iter().chain([(17..19, second % 60), (20..26, fraction)]) {
            let mut rest = number;
            for digit in text[range].iter_mut().rev() {
                *digit = b"0123456789"[(rest % 10) as usize];
                rest /= 10;
            }
        }
        text
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).expect("digits and signs are ASCII"))
    }
}

/// Year, month and day of a day counted from 1970 (H. Hinnant, *chrono-compatible
/// low-level date algorithms*), for days that a stamp can have.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day counted from 1970 of a date from 1970 on, its inverse.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl FromStr for Stamp {
    type Err = StampError;

    fn from_str(text: &str) -> Result<Stamp, StampError> {
        parse(text).ok_or_else(|| StampError { text: text.chars().take(64).collect() })
    }
}

/// Reads the one form there is; everything else is `None`.
fn parse(text: &str) -> Option<Stamp> {
    let bytes = text.as_bytes();
    if bytes.len() != STAMP_BYTES {
        return None;
    }
    for (i, (&byte, &want)) in bytes.iter().zip(SHAPE).enumerate() {
        let fits = if want == b'0' && i < 26 { byte.is_ascii_digit() } else { byte == want };
        if !fits {
            return None;
        }
    }
    let number = |from: usize, to: usize| -> i64 {
        bytes[from..to].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
    let days = days_from_civil(year, month, day);
    if year < 1970 || hour > 23 || minute > 59 || second > 59 || civil_from_days(days) != (year, month, day) {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    Stamp::from_us(seconds * 1_000_000 + number(20, 26)).ok()
}

/// The hybrid logical clock of one journal: gives stamps that never regress.
///
/// The last stamp given is persisted with the journal by whoever owns it; nothing
/// here reads a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    last: Stamp,
}

impl Clock {
    /// A clock that goes on after `last`.
    #[must_use]
    pub fn after(last: Stamp) -> Clock {
        Clock { last }
    }

    /// The last stamp given or adopted.
    #[must_use]
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// The next stamp: `max(1000 × cluster_ms, last + 1)`. `cluster_ms` is cluster
    /// time in milliseconds since 1970 and may be anything, also in the past.
    pub fn tick(&mut self, cluster_ms: i64) -> Stamp {
        let now_us = cluster_ms.saturating_mul(1000).clamp(0, LAST_US);
        let next = now_us.max(self.last.0.saturating_add(1)).min(LAST_US);
        self.last = Stamp(if crate::planted::is(crate::planted::Bug::CounterWithoutCarry) {
            now_us.max(self.last.0 / 1000 * 1000) + (self.last.0 + 1) % 1000
        } else {
            next
        });
        self.last
    }

    /// Takes notice of another's stamp, which raises ours only if it is at most
    /// [`ADOPT_AHEAD_US_MAX`] ahead of cluster time. Tells whether it was adoptable.
    pub fn witness(&mut self, other: Stamp, cluster_ms: i64) -> bool {
        let adoptable = other.0 <= cluster_ms.saturating_mul(1000).saturating_add(ADOPT_AHEAD_US_MAX);
        if adoptable && other > self.last {
            self.last = other;
        }
        adoptable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_that_are_stamps_and_texts_that_are_not() {
        let cases = [
            ("1970-01-01T00:00:00.000000+00:00", Some(0)),
            ("1970-01-01T00:00:00.000001+00:00", Some(1)),
            ("9999-12-31T23:59:59.999999+00:00", Some(LAST_US)),
            ("2026-02-16T10:11:12.123004+00:00", Some(1_771_236_672_123_004)),
            ("2026-02-16T10:11:12.123004Z", None),
            ("2026-02-16T10:11:12+00:00", None),
            ("2026-02-30T10:11:12.123004+00:00", None),
            ("2026-13-01T10:11:12.123004+00:00", None),
            ("2026-00-01T10:11:12.123004+00:00", None),
            ("2028-02-29T00:00:00.000000+00:00", Some(1_835_395_200_000_000)),
            ("2100-02-29T00:00:00.000000+00:00", None),
            ("2026-02-16T10:11:60.123004+00:00", None),
            ("2026-02-16T10:11:12.123004+01:00", None),
            ("2026-02-16 10:11:12.123004+00:00", None),
            ("", None),
        ];
        for (text, us) in cases {
            assert_eq!(text.parse::<Stamp>().ok().map(Stamp::us), us, "{text}");
        }
    }

    #[test]
    fn r24_a_thousand_commits_in_one_millisecond_carry_into_it() {
        let mut clock = Clock::default();
        let mut before = Stamp::EPOCH;
        for _ in 0..5_000 {
            let stamp = clock.tick(1_000);
            assert!(stamp > before, "{stamp} does not rise over {before}");
            before = stamp;
        }
        assert_eq!(before.us(), 1_000_000 + 4_999);
    }

    #[test]
    fn r21_a_clock_that_jumps_back_goes_on_from_the_last_stamp() {
        let mut clock = Clock::after(Stamp(5_000_000));
        assert_eq!(clock.tick(0).us(), 5_000_001);
        assert_eq!(clock.tick(-7).us(), 5_000_002);
    }

    #[test]
    fn r23_a_stamp_of_the_year_2100_is_adopted_by_no_clock() {
        let mut clock = Clock::default();
        let far: Stamp = "2100-01-01T00:00:00.000000+00:00".parse().unwrap();
        assert!(!clock.witness(far, 1_000));
        assert_eq!(clock.tick(1_000).us(), 1_000_000);
        assert!(clock.witness(Stamp(1_000_000 + ADOPT_AHEAD_US_MAX), 1_000));
        assert_eq!(clock.tick(1_000).us(), 1_000_000 + ADOPT_AHEAD_US_MAX + 1);
    }

    proptest! {
        #[test]
        fn stamps_sort_alike_as_numbers_and_as_text(a in 0..=LAST_US, b in 0..=LAST_US) {
            let (a, b) = (Stamp(a), Stamp(b));
            prop_assert_eq!(a.to_string().parse::<Stamp>(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.day() == b.day(), a.date() == b.date());
            if let Ok(time) = jiff::Timestamp::from_microsecond(a.0) {
                let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
                prop_assert_eq!(a.to_string()[..10].to_owned(), date.to_string());
            }
        }
    }
}
