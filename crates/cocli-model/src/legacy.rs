//! What the original tool wrote, read as it read it: rows of its journals, front matter,
//! times, and the forms it brought values to (FORMATS B).
//!
//! - One damaged row costs one row, one odd value one value; each is told with its reason.
//! - Where the original read wrongly what it had written rightly (`---` inside a value, a
//!   shifted row), it is read rightly.
//! - Nothing here writes the original's formats: its files stay as they are.

mod front;
mod moment;
mod normal;
mod row;

pub use front::{OriginalFile, read_file};
pub use moment::{greatest_time, origin_at, time_of};
pub use normal::{Refused, normalised, slug_as_there};
pub use row::{BadRow, LegacyRow, Piece, RowForm, pieces};

/// What any bytes must satisfy: the body of a fuzz target.
#[doc(hidden)]
pub fn check(data: &[u8]) {
    let mut end = 0;
    for piece in pieces(data) {
        assert!(piece.range.start >= end && piece.range.end <= data.len(), "pieces stand in order, inside");
        end = piece.range.end;
        if let Ok(row) = &piece.row {
            assert!(row.target.relative_path().is_some(), "a row is about something with a file");
            assert_eq!(row.hash(), row.hash());
        }
    }
    if let Ok(file) = read_file(data) {
        for (key, value) in &file.values {
            let _ = normalised(key, value);
        }
        let _ = greatest_time(&file.values);
    }
}
