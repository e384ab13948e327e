//! Telephone numbers to E.164, by a few plain rules with the United States as default.
//!
//! | typed | becomes |
//! | --- | --- |
//! | `+` and 8 to 15 digits | `+` and these digits |
//! | `011` and 8 to 15 digits | `+` and these digits, if the region is the US |
//! | 10 digits of a North American number | `+1` and these digits, if the region is the US |
//! | `1` and such 10 digits | `+` and these digits, if the region is the US |
//!
//! Spaces, dots, dashes, slashes and brackets between digits do not count. Whatever else
//! there is (an extension, a letter, too few digits) is no number by these rules and is
//! kept as it was typed: a wrong guess would lose what the person knew.

/// Where a number without a country is taken to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// The United States.
    #[default]
    Us,
    /// Anywhere else: only numbers with their country are read.
    Elsewhere,
}

impl Region {
    /// The region of a country as lists write it; an empty text is the default.
    #[must_use]
    pub fn of_country(country: &str) -> Region {
        let is = |name: &&str| country.trim().eq_ignore_ascii_case(name);
        let us = ["", "us", "usa", "u.s.", "u.s.a.", "united states", "united states of america"];
        if us.iter().any(is) { Region::Us } else { Region::Elsewhere }
    }
}

/// The number in E.164, if the text is one by the rules above.
#[must_use]
pub fn to_e164(text: &str, region: Region) -> Option<String> {
    let text = text.trim();
    let (plus, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut digits = String::new();
    for c in rest.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '\u{a0}' | '.' | '-' | '\u{2010}'..='\u{2013}' | '/' | '(' | ')' => {}
            _ => return None,
        }
    }
    match (plus, region) {
        (true, _) => international(&digits),
        (false, Region::Elsewhere) => None,
        (false, Region::Us) => match digits.strip_prefix("011") {
            Some(abroad) => international(abroad),
            None => north_american(&digits),
        },
    }
}

fn international(digits: &str) -> Option<String> {
    let fits = (8..=15).contains(&digits.len()) && !digits.starts_with('0');
    fits.then(|| format!("+{digits}"))
}

fn north_american(digits: &str) -> Option<String> {
    let ten = if digits.len() == 11 { digits.strip_prefix('1')? } else { digits };
    let bytes = ten.as_bytes();
    // Neither an area code nor an exchange begins with 0 or 1.
    let fits = bytes.len() == 10 && bytes[0] >= b'2' && bytes[3] >= b'2';
    fits.then(|| format!("+1{ten}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_the_rules_and_everything_else_is_left() {
        let us = Region::Us;
        let cases = [
            ("(714) 555-0142", us, Some("+17145550142")),
            ("714.555.0142", us, Some("+17145550142")),
            ("1 714 555 0142", us, Some("+17145550142")),
            ("+1 714 555 0142", us, Some("+17145550142")),
            ("+44 20 7946 0958", us, Some("+442079460958")),
            ("011 44 20 7946 0958", us, Some("+442079460958")),
            ("+44 20 7946 0958", Region::Elsewhere, Some("+442079460958")),
            ("714 555 0142", Region::Elsewhere, None),
            ("555-12", us, None),
            ("714 555 0142 x3", us, None),
            ("(114) 555-0142", us, None),
            ("714 155 0142", us, None),
            ("+0 714 555 0142", us, None),
            ("+12345678901234567", us, None),
            ("call reception", us, None),
            ("", us, None),
        ];
        for (text, region, want) in cases {
            assert_eq!(to_e164(text, region).as_deref(), want, "{text:?} {region:?}");
        }
    }

    #[test]
    fn a_country_tells_the_region() {
        for (country, want) in [("", Region::Us), (" usa ", Region::Us), ("Brazil", Region::Elsewhere)] {
            assert_eq!(Region::of_country(country), want, "{country:?}");
        }
    }
}
