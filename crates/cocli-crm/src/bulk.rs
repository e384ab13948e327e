//! Commands of many rows: cut into commits that fit a datagram, linked so that they are
//! undone together.
//!
//! The link stands in the origin's detail, `<detail>#<run>.<n>`: which run of a command,
//! and which of its commits, counted from 1. A command of one commit needs none.

use std::io;

use cocli_journal::{Commit, Entropy, SystemEntropy};
use cocli_model::datagram::{DATAGRAM_BYTES_MAX, ROWS_MAX};
use cocli_model::node::BASE32;
use cocli_model::origin::DETAIL_BYTES_MAX;
use cocli_model::{Cause, Draft, Origin};

/// Bytes of a commit by our estimate at most: a datagram's, less room for its seal and
/// for what the estimate may be short of.
const COMMIT_BYTES_MAX: usize = DATAGRAM_BYTES_MAX - 32 * 1024;
/// Bytes of a row beside its target, field, value, origin and names: stamp, author,
/// dot, separators, and its head on the wire.
const ROW_BYTES: usize = 180;
/// Bytes of one name in a context, with its comma.
const NAME_BYTES: usize = 50;
/// Bytes kept free in a detail for `#<run>.<n>`.
const LINK_BYTES: usize = 20;

/// One run of a command that writes many commits.
#[derive(Clone, Debug)]
pub struct Run {
    origin: Origin,
    id: String,
    commits: u64,
}

impl Run {
    /// A run whose rows are of `origin`; its detail is cut to leave room for the link.
    ///
    /// # Errors
    /// The system's random source failed.
    pub fn begin(origin: &Origin) -> io::Result<Run> {
        let mut bytes = [0; 5];
        SystemEntropy.fill(&mut bytes)?;
        Ok(Run { origin: origin.clone(), id: BASE32.encode(&bytes), commits: 0 })
    }

    /// The run's id, which the links of its commits carry.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many commits it has begun.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Cuts groups of rows that belong together into commits. A group is never split.
    pub fn commits_of(&mut self, groups: Vec<Vec<Draft>>) -> Vec<Commit> {
        cut(groups).into_iter().map(|rows| self.commit(rows)).collect()
    }

    fn commit(&mut self, rows: Vec<Draft>) -> Commit {
        self.commits += 1;
        let origin = linked(&self.origin, &self.id, self.commits);
        // A restatement keeps the origin that it restates.
        let with_link = |draft: Draft| match draft.origin.restated {
            Some(_) => draft,
            None => Draft { origin: origin.clone(), ..draft },
        };
        Commit::new(rows.into_iter().map(with_link).collect())
    }
}

/// Cuts groups of rows into lists that each fit one commit.
#[must_use]
pub fn cut(groups: Vec<Vec<Draft>>) -> Vec<Vec<Draft>> {
    let mut commits: Vec<Vec<Draft>> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    for group in groups.into_iter().filter(|group| !group.is_empty()) {
        let size: usize = group.iter().map(row_bytes).sum();
        match commits.last_mut().filter(|_| rows + group.len() <= ROWS_MAX && bytes + size <= COMMIT_BYTES_MAX) {
            Some(commit) => {
                (rows, bytes) = (rows + group.len(), bytes + size);
                commit.extend(group);
            }
            None => {
                (rows, bytes) = (group.len(), size);
                commits.push(group);
            }
        }
    }
    commits
}

fn row_bytes(draft: &Draft) -> usize {
    let texts = draft.target.as_str().len() + draft.field.to_string().len() + draft.origin.to_string().len();
    let ranges = if let Cause::Coverage(coverage) = &draft.cause { coverage.ranges().len() } else { 0 };
    let names = draft.cause.names().names().len() + ranges;
    let value = draft.value.as_ref().map_or(0, |value| value.as_text().len());
    ROW_BYTES + LINK_BYTES + texts + value + names * NAME_BYTES
}

/// The origin of commit `n` of a run.
fn linked(origin: &Origin, run: &str, n: u64) -> Origin {
    let detail = origin.detail.as_deref().unwrap_or("");
    let mut end = detail.len().min(DETAIL_BYTES_MAX - LINK_BYTES - 12);
    while !detail.is_char_boundary(end) {
        end -= 1;
    }
    let detail = format!("{}#{run}.{n}", &detail[..end]);
    Origin { detail: Some(detail.into()), ..origin.clone() }
}

/// The run and the number that an origin links its commit to.
#[must_use]
pub fn link(origin: &Origin) -> Option<(String, u64)> {
    let (_, link) = origin.detail.as_deref()?.rsplit_once('#')?;
    let (run, n) = link.split_once('.')?;
    let letters = run.len() == 8 && run.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    let n: u64 = n.parse().ok().filter(|n| *n > 0)?;
    letters.then(|| (run.to_owned(), n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cocli_model::{Context, Field, Operator, Rank, Value};

    fn group(n: usize, bytes: usize) -> Vec<Draft> {
        let draft = Draft {
            campaign: "".into(),
            target: "companies/acme".parse().unwrap(),
            field: Field::new("city", Operator::Set).unwrap(),
            value: Some(Value::string(&"x".repeat(bytes)).unwrap()),
            cause: Cause::Names(Context::default()),
            origin: Origin::of(Rank::Import),
        };
        vec![draft; n]
    }

    #[test]
    fn groups_are_cut_by_rows_and_by_bytes_and_never_split() {
        let cases = [
            ("nothing", vec![], vec![]),
            ("empty groups", vec![group(0, 0), group(1, 1)], vec![1]),
            ("all in one", vec![group(300, 9); 3], vec![900]),
            ("by rows", vec![group(400, 9); 3], vec![800, 400]),
            ("by bytes", vec![group(2, 60_000); 3], vec![2, 2, 2]),
            ("a group alone", vec![group(1, 9), group(1_000, 9)], vec![1, 1_000]),
        ];
        for (name, groups, want) in cases {
            let sizes: Vec<usize> = cut(groups).iter().map(Vec::len).collect();
            assert_eq!(sizes, want, "{name}");
        }
    }

    #[test]
    fn a_link_reads_back_and_details_without_one_have_none() {
        for detail in ["a.csv", "a#b.csv", "é".repeat(128).as_str()] {
            let origin = Origin::with_detail(Rank::Import, detail).unwrap();
            assert_eq!(link(&origin), None, "{detail}");
            let linked = linked(&origin, "abcdefgh", 17);
            assert_eq!(link(&linked), Some(("abcdefgh".to_owned(), 17)), "{detail}");
            assert_eq!(linked.to_string().parse(), Ok(linked), "{detail}");
        }
        for detail in ["x#abcdefgh", "x#abcdefgh.0", "x#ABCDEFGH.1", "x#abc.1", "x#abcdefgh.x"] {
            assert_eq!(link(&Origin::with_detail(Rank::Import, detail).unwrap()), None, "{detail}");
        }
    }
}
