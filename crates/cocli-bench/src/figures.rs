//! Numbers as people read them.

/// A whole number with commas.
pub(crate) fn count(n: f64) -> String {
    let digits = format!("{:.0}", n.abs());
    let mut text = if n < 0.0 { "-".to_owned() } else { String::new() };
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds, in the unit that leaves one to three digits before the point.
pub(crate) fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    if value < 10.0 { format!("{value:.2} {unit}") } else { format!("{value:.0} {unit}") }
}

/// So many of something a second.
pub(crate) fn rate(n: f64, seconds: f64, what: &str) -> String {
    format!("{} {what}/s", count(n / seconds))
}

/// Bytes in MB of a million.
pub(crate) fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

/// A share as percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A multiple.
pub(crate) fn times(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3} ×") } else { format!("{ratio:.2} ×") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        let cases = [
            ("small", count(7.0), "7"),
            ("thousands", count(1_234_567.4), "1,234,567"),
            ("a hundred thousand", count(100_000.0), "100,000"),
            ("negative", count(-1_200.0), "-1,200"),
            ("microseconds", time(0.000_012), "12 µs"),
            ("milliseconds", time(0.001_234), "1.23 ms"),
            ("seconds", time(12.3), "12 s"),
            ("rate", rate(3_000.0, 2.0, "records"), "1,500 records/s"),
            ("share", percent(0.857), "86 %"),
            ("multiple", times(1.234), "1.23 ×"),
        ];
        for (name, got, want) in cases {
            assert_eq!(got, want, "{name}");
        }
    }
}
