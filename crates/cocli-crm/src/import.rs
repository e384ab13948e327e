//! A list of companies from a CSV file: streamed, in linked commits of up to 1,000 rows,
//! of which many share one sync.
//!
//! - The first line names the columns: `name`, and whatever else there is. Short names
//!   and names on disk are known, every other column becomes a field of its own.
//! - A company that is known, by its slug or else by its domain, is brought up to date, so
//!   a list can be read twice. Two lines of one list with one domain and two names are
//!   two companies: the list says so.
//! - A line that cannot be taken is told with its number and counted; the others stand.
//! - Empty cells say nothing.

mod columns;
mod line;
mod report;

use std::collections::HashSet;
use std::io;

use cocli_model::origin::OriginError;
use cocli_model::{Draft, Origin, Rank, Target};
use csv::{ByteRecord, Reader};

use crate::bulk::Run;
use crate::folder::{CommitError, Folder, View};
use columns::Columns;
pub use columns::ColumnsError;
pub use report::{REFUSED_MAX, RefusedLine, Report};

/// Rows of a batch, which is planned against one state and synced once: a dozen
/// datagrams, so that a sync is no longer what takes the time.
const BATCH_ROWS: usize = 12_000;

/// Why a list was not read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The first line is of no use.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// The file cannot be read on.
    #[error("the list cannot be read")]
    Csv(#[from] csv::Error),
    /// The file's name cannot stand in an origin.
    #[error("the name of the list cannot be kept")]
    Origin(#[from] OriginError),
    /// The system's random source failed.
    #[error("draw a name for the import")]
    Entropy(#[source] io::Error),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] cocli_store::StateError),
}

/// Reads a list into the folder. `name` is the file's, for the origin; `progress` hears
/// of every batch.
///
/// # Errors
/// [`ImportError`]; batches before the failing one stand, and are undone as one command.
pub fn companies(
    folder: &mut Folder,
    source: impl io::Read,
    name: &str,
    progress: &mut dyn FnMut(&Report),
) -> Result<Report, CommitError<ImportError>> {
    let mut import = Import::begin(source, name).map_err(CommitError::Plan)?;
    while !import.ended {
        let committed = folder.commit_records(|view| {
            let groups = import.batch(view)?;
            Ok(import.run.commits_of(groups))
        })?;
        import.report.rows += committed.commits.iter().map(|commit| commit.rows as u64).sum::<u64>();
        if let (Some(first), Some(last)) = (committed.commits.first(), committed.commits.last()) {
            let first = import.report.ends.map_or(*first, |(first, _)| first);
            import.report.ends = Some((first, *last));
        }
        progress(&import.report);
    }
    folder.write_views_or_tell();
    Ok(import.report)
}

/// A list that is being read.
struct Import<R> {
    reader: Reader<R>,
    columns: Columns,
    origin: Origin,
    run: Run,
    report: Report,
    /// A line that has to wait for the batch before it to be folded.
    waiting: Option<ByteRecord>,
    /// Domains of the lines before, 8 bytes each.
    seen: HashSet<u64>,
    ended: bool,
}

impl<R: io::Read> Import<R> {
    fn begin(source: R, name: &str) -> Result<Import<R>, ImportError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let columns = Columns::of(reader.byte_headers()?)?;
        let plain: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).take(60).collect();
        let origin = Origin::with_detail(Rank::Import, if plain.is_empty() { "list" } else { &plain })?;
        let run = Run::begin(&origin).map_err(ImportError::Entropy)?;
        Ok(Import {
            reader,
            columns,
            origin,
            run,
            report: Report::default(),
            waiting: None,
            seen: HashSet::new(),
            ended: false,
        })
    }

    /// The rows of the next lines, one group for each company.
    fn batch(&mut self, view: &View<'_, '_>) -> Result<Vec<Vec<Draft>>, ImportError> {
        let mut batch = Batch::default();
        while batch.rows < BATCH_ROWS {
            let Some(record) = self.next()? else { break };
            match self.line(view, &record, &mut batch)? {
                Taken::Yes => {}
                Taken::No(reason) => self.refuse(&record, reason),
                Taken::Later => {
                    self.report.lines -= 1;
                    self.waiting = Some(record);
                    break;
                }
            }
        }
        Ok(batch.groups)
    }

    fn next(&mut self) -> Result<Option<ByteRecord>, ImportError> {
        let record = match self.waiting.take() {
            Some(record) => record,
            None => {
                let mut record = ByteRecord::new();
                if !self.reader.read_byte_record(&mut record)? {
                    self.ended = true;
                    return Ok(None);
                }
                record
            }
        };
        self.report.lines += 1;
        Ok(Some(record))
    }

    fn refuse(&mut self, record: &ByteRecord, reason: String) {
        self.report.refused += 1;
        if self.report.refusals.len() < REFUSED_MAX {
            let line = record.position().map_or(0, csv::Position::line);
            self.report.refusals.push(RefusedLine { line, reason });
        }
    }
}

/// What was planned since the last commit.
#[derive(Default)]
struct Batch {
    groups: Vec<Vec<Draft>>,
    rows: usize,
    /// Domains and companies that it touches, which no later line of it may touch.
    domains: HashSet<String>,
    targets: HashSet<Target>,
}

/// Whether a line was taken.
enum Taken {
    Yes,
    No(String),
    Later,
}
