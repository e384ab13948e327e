//! How things are called and written for people: times, values, changes.

pub(crate) mod files;

use cocli_crm::fields::{FieldChange, short_name};
use cocli_crm::history::Fate;
use cocli_crm::resolve::Noun;
use cocli_model::{Rank, Stamp, Target, Value};
use cocli_replica::fold::{LeftAlone, Slot, Why};
use jiff::Timestamp;

/// A stamp as RFC 3339 in UTC, to the second.
pub(crate) fn time(stamp: Stamp) -> String {
    format!("{}Z", &stamp.to_string()[..19])
}

/// How long before `now_ms` a stamp was: `12 s`, `3 min`, `5 h`, `2 d`.
pub(crate) fn age(stamp: Stamp, now_ms: i64) -> String {
    let seconds = (now_ms - stamp.us() / 1000).max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A time in milliseconds since 1970 as RFC 3339.
pub(crate) fn time_of_ms(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// A value as JSON, so that nothing about it is left to guess.
pub(crate) fn quoted(value: Option<&Value>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_json().to_string())
}

/// A value as bare text, where it is one.
pub(crate) fn bare(value: &Value) -> String {
    match (value.as_str(), value.to_json()) {
        (Some(text), _) => text.into_owned(),
        (None, serde_json::Value::Array(items)) => {
            let item = |item: &serde_json::Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            items.iter().map(item).collect::<Vec<_>>().join(", ")
        }
        (None, json) => json.to_string(),
    }
}

/// The name a command line takes: `company/acme`.
pub(crate) fn name_of(target: &Target) -> String {
    match (target.as_str().split_once('/'), Noun::of(target)) {
        (Some((_, rest)), Some(noun)) => format!("{}/{rest}", noun.one()),
        _ => target.to_string(),
    }
}

/// How an entity is called in a sentence: `company acme`.
pub(crate) fn called(target: &Target) -> String {
    let noun = Noun::of(target).unwrap_or(Noun::Any);
    format!("{} {}", noun.one(), slug_of(target))
}

/// The slug of a target, or of what it belongs to.
pub(crate) fn slug_of(target: &Target) -> String {
    target.slug().map_or_else(|| target.to_string(), |slug| slug.to_string())
}

/// A change of one field: `phone 1 -> 2 values`, `tags +roofing`, `city "Brea" -> "Yorba Linda"`.
pub(crate) fn change(change: &FieldChange) -> String {
    let field = short_name(&change.field);
    if change.field.is_set() {
        let added = change.added().map(|value| format!("+{}", bare(value)));
        let removed = change.removed().map(|value| format!("-{}", bare(value)));
        let all: Vec<String> = added.chain(removed).collect();
        return if all.is_empty() { format!("{field} confirmed") } else { format!("{field} {}", all.join(" ")) };
    }
    match (change.before.as_slice(), change.after.as_slice()) {
        (before, after) if before == after => format!("{field} confirmed"),
        ([], [value]) => format!("{field} {}", quoted(Some(value))),
        ([_], []) => format!("{field} emptied"),
        ([before], [after]) => format!("{field} {} -> {}", quoted(Some(before)), quoted(Some(after))),
        (before, [_]) => format!("{field} {} -> 1 value", before.len()),
        (before, after) => format!("{field} {} -> {} values", before.len(), after.len()),
    }
}

/// What became of a record.
pub(crate) fn fate(fate: Fate) -> String {
    match fate {
        Fate::Current => "current".to_owned(),
        Fate::KeptBeside { shown: Rank::Human } => "kept beside: a machine never replaces a person".to_owned(),
        Fate::KeptBeside { shown } => format!("kept beside: {} stands", shown.word()),
        Fate::InConflict => "kept beside: two people differ".to_owned(),
        Fate::SameAsShown => "says the same".to_owned(),
        Fate::Replaced => "replaced".to_owned(),
        Fate::TookBack => "took back".to_owned(),
    }
}

/// What became of a record, by the rank of its writer.
pub(crate) fn fate_of(rank: Rank, of: Fate) -> String {
    match of {
        Fate::KeptBeside { shown: Rank::Human } => {
            let article = if rank == Rank::Import { "an" } else { "a" };
            format!("kept beside: {article} {} never replaces a person", rank.word())
        }
        of => fate(of),
    }
}

/// A cell: `phone`, `tags "roofing"`, or that it is about being there at all.
pub(crate) fn slot(slot: &Slot) -> String {
    match slot {
        Slot::Field(field) => short_name(field).to_owned(),
        Slot::Element(field, element) => format!("{} {}", short_name(field), quoted(Some(element))),
        Slot::Visibility => "!".to_owned(),
    }
}

/// What an undo left, and why.
pub(crate) fn left_alone(left: &LeftAlone) -> String {
    let why = match left.why {
        Why::ChangedSince => "was changed since",
        Why::Outranked => "is somebody else's word",
        Why::WaitsForGap => "waits for records that have not arrived",
    };
    format!("{} {} {why}", slug_of(&left.key.target), slot(&left.key.slot))
}

/// Lower-case hexadecimal, for hashes that people compare by eye.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `1 company`, `2 companies`.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cocli_model::FieldName;

    fn strings(texts: &[&str]) -> Vec<Value> {
        texts.iter().map(|text| Value::string(text).unwrap()).collect()
    }

    #[test]
    fn changes_are_told_in_a_few_words() {
        let cases: [(&str, &[&str], &[&str], &str); 7] = [
            ("phone_number", &["1"], &["1", "2"], "phone 1 -> 2 values"),
            ("phone_number", &["1", "2"], &["1"], "phone 2 -> 1 value"),
            ("tags", &["a"], &["a", "roofing"], "tags +roofing"),
            ("tags", &["a"], &["b"], "tags +b -a"),
            ("city", &["Brea"], &["Yorba Linda"], "city \"Brea\" -> \"Yorba Linda\""),
            ("city", &[], &["Brea"], "city \"Brea\""),
            ("city", &["Brea"], &[], "city emptied"),
        ];
        for (field, before, after, want) in cases {
            let field = FieldName::new(field).unwrap();
            assert_eq!(change(&FieldChange { field, before: strings(before), after: strings(after) }), want);
        }
    }

    #[test]
    fn ages_and_counts_read_as_people_say_them() {
        let stamp = Stamp::from_us(1_000_000_000).unwrap();
        for (seconds, want) in [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7_300, "2 h"), (200_000, "2 d"), (-9, "0 s")]
        {
            assert_eq!(age(stamp, (1_000 + seconds) * 1000), want);
        }
        for (n, want) in [(1, "1 row"), (0, "0 rows"), (1_204, "1,204 rows"), (1_000_000, "1,000,000 rows")] {
            assert_eq!(count(n, "row", "rows"), want);
        }
    }
}
