//! The times of a sample, and how the original writes them.

use cocli_model::stamp::Stamp;

use super::sizes::Age;

/// Microseconds of a second, a minute and a day.
pub(super) const SECOND_US: i64 = 1_000_000;
/// A minute.
pub(super) const MINUTE_US: i64 = 60 * SECOND_US;
/// A day.
pub(super) const DAY_US: i64 = 24 * 60 * MINUTE_US;
/// When the folder was taken: 2026-11-20T20:00:00Z. Nothing in it was written later.
pub const TAKEN_US: i64 = 1_795_204_800 * SECOND_US;

/// The beginning of a round of edits, of 1 to [`Age::ROUNDS`].
pub(super) fn round_us(round: u8) -> i64 {
    TAKEN_US - i64::from(Age::ROUNDS + 1 - round) * DAY_US
}

/// `2026-02-16T10:11:12.123004`, or without microseconds if there are none.
pub(super) fn naive(at_us: i64) -> String {
    let text = Stamp::from_us(at_us).unwrap_or(Stamp::EPOCH).to_string();
    let text = text.strip_suffix("+00:00").unwrap_or(&text);
    text.strip_suffix(".000000").unwrap_or(text).to_owned()
}

/// As `datetime.isoformat()` of an aware time: `…+00:00`.
pub(super) fn aware(at_us: i64) -> String {
    naive(at_us) + "+00:00"
}

/// As models are written: `…Z`.
pub(super) fn zulu(at_us: i64) -> String {
    naive(at_us) + "Z"
}

/// `20260216`.
pub(super) fn day(at_us: i64) -> String {
    naive(at_us)[..10].replace('-', "")
}
