//! When the original wrote something.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::front::Values;
use crate::origin::{Origin, Rank};
use crate::stamp::Stamp;

/// A key whose time is not when its file was written: when somebody is to be called.
const NOT_WRITTEN_AT: [&str; 1] = ["callback_at"];

/// A time as the original writes it: ISO 8601, with or without a zone, fraction or time of
/// day. Without a zone it is UTC.
#[must_use]
pub fn time_of(text: &str) -> Option<Stamp> {
    // Its notes end in `+00:00Z`, which it could not read back itself.
    let text = text.trim();
    let text = text.strip_suffix("+00:00Z").unwrap_or(text);
    // Every time begins so; most texts do not, and they are many.
    if text.len() < 10 || !text.as_bytes()[..4].iter().all(u8::is_ascii_digit) || text.as_bytes()[4] != b'-' {
        return None;
    }
    let utc = |civil: DateTime| Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let time = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| utc(text.parse::<DateTime>().ok()?))
        .or_else(|| utc(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))?;
    Stamp::from_us(time.as_microsecond()).ok()
}

/// The greatest time inside front matter: when its file was written at the earliest.
#[must_use]
pub fn greatest_time(values: &Values) -> Option<Stamp> {
    let written = values.iter().filter(|(key, _)| !NOT_WRITTEN_AT.contains(&key.as_str()));
    written.filter_map(|(_, value)| value.as_str().and_then(time_of)).max()
}

/// The origin of a value that was last written in the original's folder at `time`.
#[must_use]
pub fn origin_at(time: Stamp) -> Origin {
    let moment = Timestamp::from_microsecond(time.us()).expect("every stamp is a time between 1970 and 9999");
    Origin { rank: Rank::Legacy, detail: Some(moment.to_string().into()), restated: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_in_every_form_the_original_has() {
        let cases = [
            ("2026-02-13T11:39:36.339391", Some("2026-02-13T11:39:36.339391+00:00")),
            ("2026-02-13T11:39:36.339391+00:00", Some("2026-02-13T11:39:36.339391+00:00")),
            ("2026-02-13T11:39:36Z", Some("2026-02-13T11:39:36.000000+00:00")),
            ("2026-02-13 11:39:36", Some("2026-02-13T11:39:36.000000+00:00")),
            ("2026-02-13T12:39:36+01:00", Some("2026-02-13T11:39:36.000000+00:00")),
            ("2026-03-01T12:00:05+00:00Z", Some("2026-03-01T12:00:05.000000+00:00")),
            ("2026-02-13", Some("2026-02-13T00:00:00.000000+00:00")),
            ("1969-12-31T23:59:59Z", None),
            ("2026-13-01", None),
            ("78701", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(time_of(text).map(|time| time.to_string()).as_deref(), want, "{text:?}");
        }
    }

    #[test]
    fn the_greatest_time_is_of_writing_and_its_origin_compares_by_it() {
        let values = json!({
            "name": "Acme", "last_enriched": "2026-02-13T11:39:36.339391", "list_found_at": "2026-01-01T00:00:00Z",
            "callback_at": "2027-01-01T09:00:00Z", "zip_code": "78701", "reviews_count": 3,
        });
        let values = serde_json::from_value(values).unwrap();
        let time = greatest_time(&values).unwrap();
        assert_eq!(time.to_string(), "2026-02-13T11:39:36.339391+00:00");
        assert_eq!(origin_at(time).legacy_time(), Some(time));
        assert_eq!(origin_at(time).to_string(), "legacy:2026-02-13T11:39:36.339391Z");
        assert_eq!(origin_at(Stamp::EPOCH).legacy_time(), Some(Stamp::EPOCH));
    }
}
