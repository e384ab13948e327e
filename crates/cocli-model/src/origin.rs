//! Who wrote: ranks, their detail, and the stamp a restatement compares by.
//!
//! `human` > `import` > `listing` > `worker` > `legacy`: a value never replaces one of
//! a higher rank. `system` stands apart and only on target `system`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::stamp::{STAMP_BYTES, Stamp};

/// Bytes of an origin's detail at most: room for a command's name and a link.
pub const DETAIL_BYTES_MAX: usize = 256;

/// How much a writer's word weighs; greater outranks smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The original tool's rows and adopted folders.
    Legacy,
    /// A crawler or enrichment.
    Worker,
    /// A listing of companies.
    Listing,
    /// An import by a person of somebody's data.
    Import,
    /// A person.
    Human,
    /// The system's own log, on target `system` only.
    System,
}

impl Rank {
    /// The word in column 9.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Rank::Legacy => "legacy",
            Rank::Worker => "worker",
            Rank::Listing => "listing",
            Rank::Import => "import",
            Rank::Human => "human",
            Rank::System => "system",
        }
    }

    /// The rank with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Rank> {
        use Rank::{Human, Import, Legacy, Listing, System, Worker};
        [Legacy, Worker, Listing, Import, Human, System].into_iter().find(|rank| rank.word() == word)
    }
}

/// Column 9: rank, optional detail, and in restatements the stamp to compare by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Who.
    pub rank: Rank,
    /// Which of them: `website` in `worker:website`.
    pub detail: Option<Arc<str>>,
    /// The stamp a restatement compares by, in place of its row's.
    pub restated: Option<Stamp>,
}

/// A text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// The first word is none we know: the row is kept and not folded.
    #[error("origin word {0:?} is unknown")]
    UnknownWord(String),
    /// The detail is empty, too long or holds a control character.
    #[error("origin detail of {0:?} is empty, over 256 bytes, or holds a control character")]
    BadDetail(String),
}

impl Origin {
    /// An origin without detail.
    #[must_use]
    pub const fn of(rank: Rank) -> Origin {
        Origin { rank, detail: None, restated: None }
    }

    /// An origin with a detail; refused as [`OriginError::BadDetail`] says.
    pub fn with_detail(rank: Rank, detail: &str) -> Result<Origin, OriginError> {
        let origin: Origin = format!("{}:{detail}", rank.word()).parse()?;
        if origin.restated.is_some() {
            return Err(OriginError::BadDetail(detail.chars().take(64).collect()));
        }
        Ok(origin)
    }

    /// Whether a text may be a detail.
    pub(crate) fn is_detail(text: &str) -> bool {
        (1..=DETAIL_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
    }

    /// The stamp by which a row of this origin, written at `row`, competes with others:
    /// what it restates, else the time a legacy value was written, else its own.
    #[must_use]
    pub fn compares_by(&self, row: Stamp) -> Stamp {
        self.restated.or_else(|| self.legacy_time()).unwrap_or(row)
    }

    /// When a legacy value was last written in the original's folder; a naive time is
    /// read as UTC, and what is no time at all counts as 1970.
    #[must_use]
    pub fn legacy_time(&self) -> Option<Stamp> {
        if self.rank != Rank::Legacy {
            return None;
        }
        let text = self.detail.as_deref().unwrap_or("");
        let time = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let civil: jiff::civil::DateTime = text.parse().ok()?;
            Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        });
        Some(time.and_then(|time| Stamp::from_us(time.as_microsecond()).ok()).unwrap_or(Stamp::EPOCH))
    }

    /// This origin for a restatement of a row that compares by `stamp`.
    #[must_use]
    pub fn restating(&self, stamp: Stamp) -> Origin {
        Origin { restated: Some(stamp), ..self.clone() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rank.word())?;
        if let Some(detail) = &self.detail {
            write!(f, ":{detail}")?;
        }
        if let Some(stamp) = self.restated {
            write!(f, "@{stamp}")?;
        }
        Ok(())
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Origin, OriginError> {
        let (rest, restated) = split_restated(text);
        let (word, detail) = match rest.split_once(':') {
            Some((word, detail)) => (word, Some(detail)),
            None => (rest, None),
        };
        let rank = Rank::from_word(word).ok_or_else(|| OriginError::UnknownWord(word.chars().take(64).collect()))?;
        if detail.is_some_and(|detail| !Origin::is_detail(detail)) {
            return Err(OriginError::BadDetail(text.chars().take(64).collect()));
        }
        Ok(Origin { rank, detail: detail.map(Arc::from), restated })
    }
}

/// Splits `@stamp` off the end, if what follows the last `@` is a stamp.
fn split_restated(text: &str) -> (&str, Option<Stamp>) {
    match text.rsplit_once('@') {
        Some((rest, stamp)) if stamp.len() == STAMP_BYTES => match stamp.parse() {
            Ok(stamp) => (rest, Some(stamp)),
            Err(_) => (text, None),
        },
        _ => (text, None),
    }
}
