//! The forms to which the original brings values when it loads them (FORMATS B5).

use serde_json::Value as Json;

use crate::value::{Value, ValueError};

/// Fields with a telephone number.
const PHONES: [&str; 3] = ["phone_1", "phone_number", "phone_from_website"];
/// Fields of the model that are whole numbers.
const INTEGERS: [&str; 3] = ["visits_per_day", "reviews_count", "enrichment_ttl_days"];
/// Fields of the model that are other numbers.
const NUMBERS: [&str; 3] = ["average_rating", "latitude", "longitude"];
/// Image names that crawlers took for addresses: `badge_22_8@2x.png`.
const NO_TOP_LEVEL_DOMAINS: [&str; 8] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js"];
/// What stands before an address on pages.
const EMAIL_PREFIXES: [&str; 3] = ["mailto:", "email:", "e-mail:"];

/// Why a value is left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no address: a file name, or a text without domain.
    #[error("{0:?} is no email address")]
    Email(String),
    /// It is a place id of a form that nothing can look up any more.
    #[error("{0:?} is no place id")]
    PlaceId(String),
    /// No record can hold it.
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// A value of a field in the form the original gives it. Lists of addresses lose what is
/// none; categories given as one text are split.
///
/// # Errors
/// [`Refused`]: the original drops it as well, or no record can hold it.
pub fn normalised(field: &str, value: &Json) -> Result<Value, Refused> {
    let text = value.as_str().map(str::trim);
    let json = match (field, text) {
        (_, Some("")) => value.clone(),
        ("email", Some(text)) => Json::String(email(text).ok_or_else(|| Refused::Email(text.to_owned()))?),
        ("all_emails", _) => {
            Json::Array(items(value).filter_map(|item| email(item.as_str()?)).map(Json::String).collect())
        }
        ("place_id", Some(text)) if !is_place_id(text) => return Err(Refused::PlaceId(text.to_owned())),
        ("categories", Some(text)) => Json::Array(parts(text)),
        (field, Some(text)) if PHONES.contains(&field) => Json::String(phone(text)),
        (field, Some(text)) if INTEGERS.contains(&field) => {
            text.parse::<i64>().map_or_else(|_| value.clone(), Json::from)
        }
        (field, Some(text)) if NUMBERS.contains(&field) => {
            text.parse::<f64>().map_or_else(|_| value.clone(), Json::from)
        }
        _ => value.clone(),
    };
    Ok(Value::from_json(&json)?)
}

fn items(value: &Json) -> impl Iterator<Item = &Json> {
    let (list, one) = match value {
        Json::Array(items) => (items.as_slice(), None),
        Json::Null => (&[][..], None),
        other => (&[][..], Some(other)),
    };
    list.iter().chain(one)
}

fn parts(text: &str) -> Vec<Json> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(Json::from).collect()
}

/// An address in lower case without what stood before it; `None` if it is none.
fn email(text: &str) -> Option<String> {
    let mut address = text.trim().to_lowercase();
    for prefix in EMAIL_PREFIXES {
        address = address.strip_prefix(prefix).map_or(address.clone(), |rest| rest.trim().to_owned());
    }
    let (local, domain) = address.split_once('@')?;
    let top = domain.rsplit_once('.')?.1;
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | ',' | ';' | '<' | '>' | '"');
    let is_one = !local.is_empty()
        && top.len() >= 2
        && top.chars().all(|c| c.is_alphabetic() || c == '-')
        && !address.replacen('@', "", 1).contains(strange)
        && !NO_TOP_LEVEL_DOMAINS.contains(&top);
    is_one.then_some(address)
}

/// Digits with the country's code: ten digits are of North America, eleven that begin with
/// a nought are of the United Kingdom. What has letters, or too few digits, stays.
fn phone(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let others =
        text.chars().any(|c| !c.is_ascii_digit() && !matches!(c, ' ' | '\u{a0}' | '.' | '-' | '/' | '(' | ')' | '+'));
    match digits.len() {
        _ if others => text.to_owned(),
        10 if !digits.starts_with('0') => format!("1{digits}"),
        11 if digits.starts_with('0') => format!("44{}", &digits[1..]),
        8..=15 => digits,
        _ => text.to_owned(),
    }
}

/// Place ids of today: letters, digits, `-` and `_`. Older ones were pairs of hexadecimal
/// numbers, `0x…:0x…`.
fn is_place_id(text: &str) -> bool {
    text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The slug of a text by the original's rule: lower case, `/ _ .` and white space to dashes,
/// everything else removed, dashes collapsed; 3 to 255 characters or none.
#[must_use]
pub fn slug_as_there(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            '-' | '/' | '_' | '.' | ' ' | '\t' | '\n' if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let slug = slug.trim_end_matches('-');
    (3..=255).contains(&slug.len()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_take_the_form_the_original_gives_them() {
        let cases = [
            ("phone_number", json!("(714) 555-0142"), json!("17145550142")),
            ("phone_number", json!("414) 321-7507"), json!("14143217507")),
            ("phone_number", json!("626.581.6159"), json!("16265816159")),
            ("phone_number", json!("+44 20 7946 0958"), json!("442079460958")),
            ("phone_1", json!("020 7946 0958"), json!("442079460958")),
            ("phone_1", json!("15125550100"), json!("15125550100")),
            ("phone_number", json!("call reception"), json!("call reception")),
            ("email", json!("Email:Sales@Acme.com"), json!("sales@acme.com")),
            ("email", json!("mailto:x@acme.co.uk"), json!("x@acme.co.uk")),
            ("all_emails", json!(["A@b.com", "badge_22_8@2x.png", "nobody"]), json!(["a@b.com"])),
            ("categories", json!("Roofing; Gutters ;"), json!(["Roofing", "Gutters"])),
            ("reviews_count", json!("12"), json!(12)),
            ("reviews_count", json!("many"), json!("many")),
            ("average_rating", json!("4.5"), json!(4.5)),
            ("zip_code", json!("78701"), json!("78701")),
            ("place_id", json!("ChIJ-9Oz_1"), json!("ChIJ-9Oz_1")),
            ("favourite", json!(null), json!(null)),
        ];
        for (field, given, want) in cases {
            assert_eq!(normalised(field, &given).map(|value| value.to_json()), Ok(want), "{field} {given}");
        }
        for (field, given) in [("email", "badge_22_8@2x.png"), ("email", "nobody"), ("place_id", "0x80:0x12")] {
            assert!(normalised(field, &json!(given)).is_err(), "{field} {given}");
        }
    }

    #[test]
    fn slugs_are_made_as_there() {
        let cases = [
            ("Acme, Inc.", Some("acme-inc")),
            ("a/b_c.d", Some("a-b-c-d")),
            ("AB", None),
            ("  --x--yz ", Some("x-yz")),
        ];
        for (text, want) in cases {
            assert_eq!(slug_as_there(text).as_deref(), want, "{text:?}");
        }
    }
}
