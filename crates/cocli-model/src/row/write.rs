//! Writing rows: a draft in its place, as the row that reading its text would give.
//!
//! Our own rows are not read back to be sealed: what a draft's types already promise is
//! not checked again, and whatever they do not promise goes through [`Row::parse`], which
//! alone says what a row is.

use std::fmt::{Display, Write};
use std::sync::Arc;

use super::{COLUMNS, ROW_BYTES_MAX, Row, RowError, US, check_campaign, check_system};
use crate::author::{Author, Environment};
use crate::dot::SEQ_MAX;
use crate::field::Operator;
use crate::node::Epoch;
use crate::origin::Origin;
use crate::record::{Cause, Draft, Record};
use crate::stamp::Stamp;
use crate::value::Value;

/// What a row's text has beside campaign, target, field, value, names and detail; a guess
/// that saves growing.
const FRAME_BYTES: usize = 192;
/// Bytes of a name in a context with its comma, about.
const NAME_BYTES: usize = 40;

impl Row {
    /// The row that a draft becomes at `seq` of a journal: exactly what [`Row::parse`]
    /// makes of its text.
    pub fn of_draft(
        draft: Draft,
        stamp: Stamp,
        author: &Author,
        environment: Environment,
        epoch: Epoch,
        seq: u64,
    ) -> Result<Row, RowError> {
        let Written { text, ends, count } = write_row(&draft, stamp, author, environment, epoch, seq);
        let taken_as_written = count == COLUMNS - 1 && is_plain(&draft) && (1..=SEQ_MAX).contains(&seq);
        if !taken_as_written || text.len() > ROW_BYTES_MAX {
            return Row::parse(&text, author);
        }
        check_campaign(&draft.campaign)?;
        let record = match check_system(&draft.target, &draft.field, &draft.origin) {
            Ok(()) => Ok(Arc::new(Record { stamp, draft })),
            Err(unfolded) => Err(unfolded),
        };
        Ok(Row { text: text.into(), ends, stamp, environment, epoch, seq, record })
    }
}

/// The text of a draft as row `seq` of a journal.
#[must_use]
pub fn row_text(
    draft: &Draft,
    stamp: Stamp,
    author: &Author,
    environment: Environment,
    epoch: Epoch,
    seq: u64,
) -> String {
    write_row(draft, stamp, author, environment, epoch, seq).text
}

/// Whether a draft's text can only be read as this draft, campaign and length aside. The
/// fields of a draft are open, so that some combinations of them are no record.
fn is_plain(draft: &Draft) -> bool {
    let value = draft.value.is_some() || draft.field.op == Operator::Withdraw;
    let cause = matches!(draft.cause, Cause::Names(_)) && draft.field.op != Operator::Visibility;
    value && cause && is_plain_origin(&draft.origin)
}

/// A detail may be anything in memory, and one with an `@` might be read as a stamp.
fn is_plain_origin(origin: &Origin) -> bool {
    let plain = |detail: &Arc<str>| Origin::is_detail(detail) && !detail.contains('@');
    origin.detail.as_ref().is_none_or(plain)
}

/// A row's text as it grows, and where its columns end.
struct Written {
    text: String,
    ends: [u32; COLUMNS - 1],
    count: usize,
}

impl Written {
    /// Ends the present column; the last one ends with the text.
    fn end_column(&mut self) {
        if let (Some(end), Ok(at)) = (self.ends.get_mut(self.count), u32::try_from(self.text.len())) {
            *end = at;
            self.count += 1;
        }
        self.text.push(US);
    }

    fn put(&mut self, part: impl Display) {
        write!(self.text, "{part}").expect("a String takes every text");
    }
}

fn write_row(
    draft: &Draft,
    stamp: Stamp,
    author: &Author,
    environment: Environment,
    epoch: Epoch,
    seq: u64,
) -> Written {
    let value = draft.value.as_ref().map_or("", Value::as_text);
    let names = draft.cause.names().names().len();
    let bytes = FRAME_BYTES + draft.campaign.len() + draft.target.as_str().len() + value.len() + NAME_BYTES * names;
    let mut row = Written { text: String::with_capacity(bytes), ends: [0; COLUMNS - 1], count: 0 };
    stamp.write_to(&mut row.text);
    row.end_column();
    row.text.push_str(author.name.as_str());
    row.text.push('~');
    row.text.push_str(author.id.as_str());
    row.end_column();
    row.text.push_str(&draft.campaign);
    row.end_column();
    row.text.push_str(environment.word());
    row.end_column();
    row.text.push_str(draft.target.as_str());
    row.end_column();
    row.put(&draft.field);
    row.end_column();
    row.text.push_str(value);
    row.end_column();
    row.text.push_str(epoch.as_str());
    row.put(format_args!(".{seq}"));
    match &draft.cause {
        Cause::Names(names) if names.is_empty() => {}
        Cause::Names(names) => row.put(format_args!(";{names}")),
        Cause::Coverage(coverage) if coverage.is_empty() => {}
        Cause::Coverage(coverage) => row.put(format_args!(";{coverage}")),
    }
    row.end_column();
    row.put(&draft.origin);
    row
}
