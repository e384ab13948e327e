//! The columns of a list, and one line by them.

use cocli_model::Value;
use csv::ByteRecord;

use super::line::Line;
use crate::fields::{self, Assignment, Op};
use crate::phone::Region;

/// Columns of a list at most: more is no list of companies.
pub const COLUMNS_MAX: usize = 256;

/// Why the first line is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// None is called `name`.
    #[error("no column is called \"name\"; there are: {0}")]
    NoName(String),
    /// Two mean one field.
    #[error("two columns are called {0:?}")]
    Twice(String),
    /// There are too many.
    #[error("{0} columns where {COLUMNS_MAX} are allowed")]
    TooMany(usize),
    /// One is not UTF-8, or is no field's name.
    #[error("column {0} has a name that is no field's")]
    Name(usize),
}

/// Column by column the field it fills; `None` for a column without a name.
pub(super) struct Columns(Vec<Option<String>>);

impl Columns {
    pub(super) fn of(header: &ByteRecord) -> Result<Columns, ColumnsError> {
        if header.len() > COLUMNS_MAX {
            return Err(ColumnsError::TooMany(header.len()));
        }
        let mut columns: Vec<Option<String>> = Vec::new();
        for (index, cell) in header.iter().enumerate() {
            let text = std::str::from_utf8(cell).map_err(|_| ColumnsError::Name(index + 1))?;
            let name = field_of(text.trim_start_matches('\u{feff}'));
            let name = match name.as_str() {
                "" => None,
                name => Some(fields::field_name(name).map_err(|_| ColumnsError::Name(index + 1))?.as_str().to_owned()),
            };
            if name.is_some() && columns.contains(&name) {
                return Err(ColumnsError::Twice(text.to_owned()));
            }
            columns.push(name);
        }
        if columns.iter().flatten().any(|name| name == "name") {
            return Ok(Columns(columns));
        }
        let there: Vec<&str> = columns.iter().flatten().map(String::as_str).collect();
        Err(ColumnsError::NoName(there.join(", ")))
    }

    /// A line by these columns, or why it is none.
    pub(super) fn read(&self, record: &ByteRecord) -> Result<Line, String> {
        if record.len() > self.0.len() {
            return Err(format!("{} cells in {} columns", record.len(), self.0.len()));
        }
        let mut cells: Vec<(&str, &str)> = Vec::new();
        for (index, (cell, name)) in record.iter().zip(&self.0).enumerate() {
            let text = std::str::from_utf8(cell).map_err(|error| {
                let at = error.valid_up_to();
                format!("column {} is not UTF-8 at byte {at}", index + 1)
            })?;
            if let Some(name) = name.as_deref().filter(|_| !text.trim().is_empty()) {
                cells.push((name, text.trim()));
            }
        }
        let cell = |name: &str| cells.iter().find(|(of, _)| *of == name).map(|(_, text)| *text);
        let region = Region::of_country(cell("country").unwrap_or_default());
        let name = cell("name").ok_or("no name")?.to_owned();
        let domain = cell("domain").and_then(cocli_store::state::normal_domain);
        let mut assignments = Vec::new();
        for (field, text) in cells.iter().filter(|(field, _)| *field != "name") {
            let assignment = Assignment::new(field, Op::Add, *text).map_err(|error| error.to_string())?;
            let op = if assignment.field.is_set() { Op::Add } else { Op::Set };
            assignments.push(Assignment { op, ..assignment });
        }
        check(&name, &assignments, region)?;
        Ok(Line { name, domain, assignments, region })
    }
}

/// Whether every cell is a value, before anything of the line is planned.
fn check(name: &str, assignments: &[Assignment], region: Region) -> Result<(), String> {
    Value::string(name).map_err(|error| format!("name: {error}"))?;
    for Assignment { field, text, .. } in assignments {
        fields::value_of(field, text, region).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A column's heading as a field: lower case, everything but letters and digits as `_`.
fn field_of(heading: &str) -> String {
    let mut name = String::new();
    for c in heading.trim().to_lowercase().chars() {
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(header: &[&str]) -> Result<Columns, ColumnsError> {
        Columns::of(&ByteRecord::from(header.to_vec()))
    }

    #[test]
    fn headings_become_fields_and_bad_first_lines_are_refused() {
        let Columns(names) = columns(&["\u{feff}Name", "Phone", "Lead  Source", "", "extra domains"]).unwrap();
        let names: Vec<_> = names.iter().map(Option::as_deref).collect();
        let want = [Some("name"), Some("phone_number"), Some("lead_source"), None, Some("extra_domains")];
        assert_eq!(names, want);
        assert!(matches!(columns(&["company", "domain"]), Err(ColumnsError::NoName(_))));
        assert!(matches!(columns(&["name", "phone", "Phone"]), Err(ColumnsError::Twice(_))));
        assert!(matches!(columns(&["x"; 257]), Err(ColumnsError::TooMany(257))));
        assert_eq!(columns(&["name", "slug"]).err(), Some(ColumnsError::Name(2)));
    }

    #[test]
    fn r12_lines_that_cannot_be_taken_say_why() {
        let columns = columns(&["name", "domain", "city"]).unwrap();
        let huge = "x".repeat(70_000);
        let cases: [(&str, Vec<&[u8]>, &str); 5] = [
            ("no name", vec![b"", b"acme.example", b"Brea"], "no name"),
            ("not UTF-8", vec![b"Acme", b"acme.example", b"Br\xffa"], "column 3 is not UTF-8 at byte 2"),
            ("too many cells", vec![b"Acme", b"a", b"b", b"c"], "4 cells in 3 columns"),
            ("a huge cell", vec![b"Acme", b"a", huge.as_bytes()], "city: 70000 bytes are over the limit"),
            ("a huge name", vec![huge.as_bytes()], "name: a value of 70000 bytes"),
        ];
        for (name, cells, want) in cases {
            let reason = columns.read(&ByteRecord::from(cells)).err().unwrap();
            assert!(reason.contains(want), "{name}: {reason}");
        }
        let line = columns.read(&ByteRecord::from(vec!["Acme", " WWW.acme.example ", ""])).unwrap();
        assert_eq!(
            (line.domain.as_deref(), line.assignments.len()),
            (Some("acme.example"), 1),
            "empty cells say nothing"
        );
    }
}
