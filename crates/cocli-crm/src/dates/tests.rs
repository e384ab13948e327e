use jiff::tz::TimeZone;

use super::*;

/// Friday, 9 in the morning in California.
fn now() -> Zoned {
    "2026-11-20T09:00:00-08:00[America/Los_Angeles]".parse().unwrap()
}

fn read(text: &str, lean: Lean) -> Option<String> {
    let moment = parse(text, &now(), lean).ok()?;
    let form = if moment.has_time { "%Y-%m-%d %H:%M %Z" } else { "%Y-%m-%d" };
    Some(moment.at.strftime(form).to_string())
}

#[test]
fn dates_are_read_as_they_are_meant() {
    let ahead = [
        ("next tue 10am", "2026-11-24 10:00 PST"),
        ("Tue 10:00", "2026-11-24 10:00 PST"),
        ("friday", "2026-11-27"),
        ("next friday", "2026-11-27"),
        ("tomorrow 9am", "2026-11-21 09:00 PST"),
        ("tomorrow at 9 am", "2026-11-21 09:00 PST"),
        ("today", "2026-11-20"),
        ("now", "2026-11-20 09:00 PST"),
        ("2026-12-01 14:30", "2026-12-01 14:30 PST"),
        ("2026-12-01T14:30", "2026-12-01 14:30 PST"),
        ("2026-12-01T14:30:00Z", "2026-12-01 06:30 PST"),
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01 2pm", "2026-12-01 14:00 PST"),
        ("2027-06-01 noon", "2027-06-01 12:00 PDT"),
        ("+3d", "2026-11-23"),
        ("+3d 10am", "2026-11-23 10:00 PST"),
        ("+2w", "2026-12-04"),
        ("in 3 days", "2026-11-23"),
        ("in 90 minutes", "2026-11-20 10:30 PST"),
        ("+2h", "2026-11-20 11:00 PST"),
        ("eow", "2026-11-20"),
        ("eom 5pm", "2026-11-30 17:00 PST"),
        ("8am", "2026-11-21 08:00 PST"),
        ("10am", "2026-11-20 10:00 PST"),
        ("12am", "2026-11-21 00:00 PST"),
        ("dec 1", "2026-12-01"),
        ("1st Dec 9:30pm", "2026-12-01 21:30 PST"),
        ("Jan 5, 2pm", "2027-01-05 14:00 PST"),
        ("feb 29 2028", "2028-02-29"),
        ("last tue", "2026-11-17"),
    ];
    let back = [
        ("yesterday", "2026-11-19"),
        ("2h ago", "2026-11-20 07:00 PST"),
        ("3 days ago", "2026-11-17"),
        ("-3d", "2026-11-17"),
        ("tue", "2026-11-17"),
        ("10am", "2026-11-19 10:00 PST"),
        ("dec 1", "2025-12-01"),
        ("2026-11-09 12:00", "2026-11-09 12:00 PST"),
    ];
    for (text, want) in ahead {
        assert_eq!(read(text, Lean::Future).as_deref(), Some(want), "{text:?}");
    }
    for (text, want) in back {
        assert_eq!(read(text, Lean::Past).as_deref(), Some(want), "{text:?}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    let long = "x".repeat(1_000);
    let texts = [
        "",
        " ",
        "the 35th",
        "35",
        "2026-13-01",
        "2026-02-30",
        "feb 30",
        "25:00",
        "13pm",
        "0am",
        "9:5",
        "next",
        "tu",
        "tomorrow never",
        "+",
        "+3",
        "+3y",
        "+99999999999d",
        "ago",
        "in",
        "9am 9am",
        "1969-12-31",
        "1 2",
        "noon noon",
        "+3d 25:00",
        "2026-12-01 14:30 x",
        "\u{0}",
        "٣d ago",
        &long,
    ];
    for text in texts {
        assert_eq!(read(text, Lean::Future), None, "{text:?}");
        assert_eq!(read(text, Lean::Past), None, "{text:?}");
    }
}

#[test]
fn a_time_that_a_clock_change_leaves_out_is_the_one_behind_it() {
    let moment = parse("2027-03-14 2:30am", &now(), Lean::Future).unwrap();
    assert_eq!(moment.at.strftime("%H:%M %Z").to_string(), "03:30 PDT");
}

#[test]
fn durations() {
    for (text, want) in [("45m", 45), ("1h", 60), ("1h30m", 90), ("90 min", 90), ("2 hours", 120), ("1d", 1440)] {
        assert_eq!(minutes(text), Ok(want), "{text:?}");
    }
    for text in ["", "0m", "45", "m", "1w", "5000000000m", "99999999h", "-5m", "29d", "1h x"] {
        assert!(minutes(text).is_err(), "{text:?}");
    }
}

proptest::proptest! {
    /// Whatever is typed, reading ends, and what it reads is a moment with the zone of the clock.
    #[test]
    fn no_text_breaks_it(text in "[ a-z0-9:+,.-]{0,24}", words in "(next |last |in |\\+)?[0-9a-z]{1,5}( ?[0-9:apm]{1,6})?") {
        for text in [&text, &words] {
            for lean in [Lean::Future, Lean::Past] {
                if let Ok(moment) = parse(text, &now(), lean) {
                    assert_eq!(moment.at.time_zone(), &TimeZone::get("America/Los_Angeles").unwrap());
                }
            }
            let _ = minutes(text);
        }
    }
}
