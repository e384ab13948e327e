//! Which plain scalars PyYAML would read back as something else than a text: YAML 1.1's
//! booleans, numbers, nulls and times.

/// Words that are no text.
const WORDS: &[&str] = &[
    "yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE", "on", "On", "ON", "off",
    "Off", "OFF", "~", "null", "Null", "NULL", "", "<<", "=", ".nan", ".NaN", ".NAN",
];

/// True if a plain scalar of this text is read as a text.
pub(super) fn is_text(scalar: &str) -> bool {
    !(WORDS.contains(&scalar) || is_integer(scalar) || is_float(scalar) || is_time(scalar))
}

fn unsigned(scalar: &str) -> &str {
    scalar.strip_prefix(['-', '+']).unwrap_or(scalar)
}

/// Not empty, and of nothing but these.
fn only(text: &str, of: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(of)
}

fn is_integer(scalar: &str) -> bool {
    let digits = unsigned(scalar);
    if let Some(rest) = digits.strip_prefix("0b") {
        return only(rest, |c| matches!(c, '0' | '1' | '_'));
    }
    if let Some(rest) = digits.strip_prefix("0x") {
        return only(rest, |c| c.is_ascii_hexdigit() || c == '_');
    }
    match digits.strip_prefix('0') {
        Some("") => true,
        Some(octal) => only(octal, |c| matches!(c, '0'..='7' | '_')),
        None => is_sexagesimal(digits, '1'),
    }
}

/// `10` or `1:30:00`, beginning with a digit from `first` on.
fn is_sexagesimal(digits: &str, first: char) -> bool {
    let mut parts = digits.split(':');
    let head = parts.next().unwrap_or_default();
    head.starts_with(|c: char| (first..='9').contains(&c))
        && only(head, |c| c.is_ascii_digit() || c == '_')
        && parts.all(|part| match part.as_bytes() {
            [low] => low.is_ascii_digit(),
            [high, low] => (b'0'..=b'5').contains(high) && low.is_ascii_digit(),
            _ => false,
        })
}

fn is_float(scalar: &str) -> bool {
    let number = unsigned(scalar);
    if matches!(number, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let Some((whole, rest)) = number.split_once('.') else { return false };
    let (fraction, exponent) = match rest.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, Some(exponent)),
        None => (rest, None),
    };
    let exponent_fits = exponent
        .is_none_or(|it| it.strip_prefix(['-', '+']).is_some_and(|digits| only(digits, |c| c.is_ascii_digit())));
    let fraction_fits = fraction.chars().all(|c| c.is_ascii_digit() || c == '_');
    if whole.is_empty() {
        // Without a sign, and with a digit at its head.
        return number == scalar
            && fraction.starts_with(|c: char| c.is_ascii_digit())
            && fraction_fits
            && exponent_fits;
    }
    let whole_fits = is_sexagesimal(whole, '0') && (exponent.is_none() || !whole.contains(':'));
    whole_fits && fraction_fits && exponent_fits
}

/// `2026-02-16`, or with a time behind `T`, `t`, spaces or tabs, and a zone or none.
fn is_time(scalar: &str) -> bool {
    let Some(end) = scalar.find(['T', 't', ' ', '\t']) else {
        return digits_between(scalar, '-', &[(4, 4), (2, 2), (2, 2)]);
    };
    let (date, rest) = scalar.split_at(end);
    let time = match rest.strip_prefix(['T', 't']) {
        Some(time) => time,
        None => rest.trim_start_matches([' ', '\t']),
    };
    let (clock, zone) = match time.find(['Z', '+', '-', ' ', '\t']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    digits_between(date, '-', &[(4, 4), (1, 2), (1, 2)])
        && digits_between(clock, ':', &[(1, 2), (2, 2), (2, 2)])
        && fraction.chars().all(|c| c.is_ascii_digit())
        && is_zone(zone)
}

fn is_zone(zone: &str) -> bool {
    let bare = zone.trim_start_matches([' ', '\t']);
    if zone.is_empty() || bare == "Z" {
        return true;
    }
    let Some(offset) = bare.strip_prefix(['-', '+']) else { return false };
    digits_between(offset, ':', &[(1, 2)]) || digits_between(offset, ':', &[(1, 2), (2, 2)])
}

/// Runs of digits of these lengths, with one character between.
fn digits_between(text: &str, between: char, lengths: &[(usize, usize)]) -> bool {
    text.split(between).count() == lengths.len()
        && text.split(between).zip(lengths).all(|(run, (least, most))| {
            (*least..=*most).contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_digit())
        })
}
