//! How moments are written: in the zone of who reads, with the same in UTC behind it.

use cocli_crm::dates::Moment;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};

/// `Tue 2026-11-24 10:00-10:45 PST (18:00 UTC)`; of a day without a time only the day.
pub(crate) fn moment(moment: &Moment, minutes: Option<u32>) -> String {
    let at = &moment.at;
    let day = at.strftime("%a %Y-%m-%d");
    if !moment.has_time {
        return format!("{day} {}", at.strftime("%Z"));
    }
    let ends = minutes.and_then(|minutes| at.checked_add(i64::from(minutes).minutes()).ok());
    let ends = ends.map_or_else(String::new, |ends| {
        let form = if ends.date() == at.date() { "-%H:%M" } else { " - %a %Y-%m-%d %H:%M" };
        ends.strftime(form).to_string()
    });
    format!("{day} {}{ends} {} ({})", at.strftime("%H:%M"), at.strftime("%Z"), in_utc(at))
}

/// The same moment in UTC; its date only where it is another.
fn in_utc(at: &Zoned) -> String {
    let utc = at.with_time_zone(TimeZone::UTC);
    let form = if utc.date() == at.date() { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    utc.strftime(form).to_string()
}

/// As data: RFC 3339 in UTC, or the date alone.
pub(crate) fn utc(moment: &Moment) -> String {
    if moment.has_time { moment.at.timestamp().to_string() } else { moment.at.date().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_with_their_zone_and_in_utc() {
        let cases = [
            ("2026-11-24T10:00[America/Los_Angeles]", true, Some(45), "Tue 2026-11-24 10:00-10:45 PST (18:00 UTC)"),
            ("2026-11-24T10:00[America/Los_Angeles]", true, None, "Tue 2026-11-24 10:00 PST (18:00 UTC)"),
            ("2026-11-24T00:00[America/Los_Angeles]", false, None, "Tue 2026-11-24 PST"),
            (
                "2026-11-24T23:30[America/Los_Angeles]",
                true,
                Some(60),
                "Tue 2026-11-24 23:30 - Wed 2026-11-25 00:30 PST (2026-11-25 07:30 UTC)",
            ),
            ("2026-06-01T10:00[UTC]", true, None, "Mon 2026-06-01 10:00 UTC (10:00 UTC)"),
        ];
        for (at, has_time, minutes, want) in cases {
            let told = moment(&Moment { at: at.parse().unwrap(), has_time }, minutes);
            assert_eq!(told, want, "{at}");
        }
    }
}
