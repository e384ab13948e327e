//! Opening `state.db`, and starting over where it cannot be trusted.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cocli_replica::fold::FOLD_VERSION;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use rustix::fs::{FlockOperation, flock};

use super::error::{StateError, damaged};
use super::schema::{PRAGMAS, SCHEMA, TABLES};
use super::tx::Tx;
use crate::folder::FolderId;

/// How long another writer is waited for. A transaction takes milliseconds; a bulk fold
/// takes them in pieces.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Prepared statements kept: more than this module has.
const STATEMENTS_MAX: usize = 96;

/// What was found at the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing; it is empty now, and every journal is to be folded into it.
    Fresh,
    /// A state of this folder; it stands at its marks.
    Ready,
    /// Something that is of no use. It was moved aside (`state.db.old`, one is kept) and
    /// an empty state stands in its place.
    Rebuilt(Why),
}

/// Why a file was of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// Not a database, torn, or contradicting itself.
    Damaged(String),
    /// It belongs to another data folder.
    Foreign(String),
    /// Its tables are of another version of this program.
    Schema(String),
    /// Its rows were merged by other rules.
    FoldVersion(String),
    /// The caller knows why ([`StateDb::rebuild`]), as for a state ahead of its journals.
    Asked(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Damaged(what) => write!(f, "it is damaged ({what})"),
            Why::Foreign(folder) => write!(f, "it belongs to folder {folder}"),
            Why::Schema(found) => write!(f, "its schema is {found}, ours {SCHEMA}"),
            Why::FoldVersion(found) => write!(f, "it was folded by rules {found}, ours are {FOLD_VERSION}"),
            Why::Asked(why) => f.write_str(why),
        }
    }
}

/// The folded state of one data folder. Any number of processes may have it open; one
/// of them writes at a time.
#[derive(Debug)]
pub struct StateDb {
    pub(super) conn: Connection,
    path: PathBuf,
    folder: FolderId,
    /// Which file it is: another process may have put a new one in its place.
    file: FileId,
}

/// A file whatever its name: device and inode. `None` if there is none.
type FileId = Option<(u64, u64)>;

fn file_id(path: &Path) -> FileId {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

impl StateDb {
    /// Opens the state of `folder` at `path`, which lies outside the data folder. What is
    /// missing is made, what is of no use is replaced; [`Opened`] tells which.
    ///
    /// # Errors
    /// The place cannot be written to, or is held by another process for too long. What
    /// a file holds is never an error.
    pub fn open(path: &Path, folder: FolderId) -> Result<(StateDb, Opened), StateError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| io_error(parent, source))?;
        }
        let _lock = lock(path)?;
        let existed = fs::metadata(path).is_ok_and(|found| found.len() > 0);
        let (conn, opened) = if existed {
            match ready(path, folder)? {
                Ok(conn) => (conn, Opened::Ready),
                Err(why) => {
                    move_aside(path)?;
                    (create(path, folder)?, Opened::Rebuilt(why))
                }
            }
        } else {
            remove_side_files(path)?;
            (create(path, folder)?, Opened::Fresh)
        };
        Ok((StateDb { conn, path: path.to_owned(), folder, file: file_id(path) }, opened))
    }

    /// Goes over to the file that stands in the place of the one that was opened, if another
    /// process started over. Whether it did: what was folded is to be folded again.
    ///
    /// # Errors
    /// As [`StateDb::open`].
    pub fn follow(&mut self) -> Result<bool, StateError> {
        if self.is_in_place() {
            return Ok(false);
        }
        let (fresh, _) = StateDb::open(&self.path, self.folder)?;
        *self = fresh;
        Ok(true)
    }

    fn is_in_place(&self) -> bool {
        file_id(&self.path) == self.file
    }

    /// SQLite removes the log beside the *name* of a file that it closes: if another file
    /// has that name by now, the log is the other's, with what was written to it last.
    fn keep_log_of_another(&self) {
        if !self.is_in_place() {
            // If it is refused, whoever opens the other next folds again what is missing.
            let _ = self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }

    /// Starts over: moves the file aside and goes on with an empty one. For a caller who
    /// met [`StateError::Damaged`], or who knows that the state is ahead of its journals.
    ///
    /// # Errors
    /// As [`StateDb::open`].
    pub fn rebuild(&mut self, why: &str) -> Result<Opened, StateError> {
        let _lock = lock(&self.path)?;
        self.keep_log_of_another();
        let unused = Connection::open_in_memory()?;
        // A close that fails leaves nothing behind that the next open would read.
        let _ = std::mem::replace(&mut self.conn, unused).close();
        move_aside(&self.path)?;
        self.conn = create(&self.path, self.folder)?;
        self.file = file_id(&self.path);
        Ok(Opened::Rebuilt(Why::Asked(why.to_owned())))
    }

    /// Runs `work` as one transaction: all of it is kept, or, after an error, nothing.
    ///
    /// # Errors
    /// What `work` returned, or why it could not be kept.
    pub fn transaction<T, E: From<StateError>>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let sql = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StateError::from)?;
        let mut tx = Tx::begin(&sql)?;
        let done = work(&mut tx)?;
        tx.flush()?;
        drop(tx);
        sql.commit().map_err(StateError::from)?;
        Ok(done)
    }

    /// Runs `work` on one consistent state, which writers do not disturb.
    ///
    /// # Errors
    /// What `work` returned, or why the state cannot be read.
    pub fn read<T, E: From<StateError>>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let sql = self.conn.unchecked_transaction().map_err(StateError::from)?;
        let tx = Tx::begin(&sql)?;
        work(&tx)
    }

    /// As [`StateDb::transaction`], and durable when it returns.
    pub(crate) fn durable_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        self.conn.execute_batch("PRAGMA synchronous = FULL")?;
        let done = self.transaction(work);
        self.conn.execute_batch("PRAGMA synchronous = NORMAL")?;
        done
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for StateDb {
    fn drop(&mut self) {
        self.keep_log_of_another();
    }
}

/// A connection to the file if it holds a state of this folder, else why not.
fn ready(path: &Path, folder: FolderId) -> Result<Result<Connection, Why>, StateError> {
    let checked = connect(path).and_then(|conn| Ok((about(&conn, folder)?, conn)));
    match checked {
        Ok((None, conn)) => Ok(Ok(conn)),
        Ok((Some(why), _)) => Ok(Err(why)),
        Err(StateError::Damaged(what)) => Ok(Err(Why::Damaged(what))),
        Err(error) => Err(error),
    }
}

fn about(conn: &Connection, folder: FolderId) -> Result<Option<Why>, StateError> {
    let has_about: bool =
        conn.query_row("SELECT count(*) FROM sqlite_master WHERE name IN ('about', 'head')", [], |row| {
            row.get::<_, i64>(0).map(|n| n == 2)
        })?;
    if !has_about {
        return Ok(Some(Why::Damaged("its tables are missing".to_owned())));
    }
    let of = |key: &str| -> Result<String, StateError> {
        let value = conn.query_row("SELECT value FROM about WHERE key = ?", [key], |row| row.get(0)).optional()?;
        Ok(value.unwrap_or_default())
    };
    let (schema, fold, owner) = (of("schema")?, of("fold_version")?, of("folder")?);
    if schema != SCHEMA.to_string() {
        return Ok(Some(Why::Schema(schema)));
    }
    if fold != FOLD_VERSION.to_string() {
        return Ok(Some(Why::FoldVersion(fold)));
    }
    if owner != folder.to_string() {
        return Ok(Some(Why::Foreign(owner)));
    }
    let heads: i64 = conn.query_row("SELECT count(*) FROM head", [], |row| row.get(0))?;
    if heads == 1 { Ok(None) } else { Err(damaged("no head")) }
}

fn create(path: &Path, folder: FolderId) -> Result<Connection, StateError> {
    let mut conn = connect(path)?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(TABLES)?;
    let about =
        [("schema", SCHEMA.to_string()), ("fold_version", FOLD_VERSION.to_string()), ("folder", folder.to_string())];
    for (key, value) in about {
        tx.execute("INSERT INTO about VALUES (?, ?)", [key, &value])?;
    }
    tx.execute("INSERT INTO head VALUES (0, ?, 1, 1, 0)", [[0_u8; 32]])?;
    tx.commit()?;
    Ok(conn)
}

fn connect(path: &Path) -> Result<Connection, StateError> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(PATIENCE)?;
    conn.execute_batch(PRAGMAS)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Plans never depend on bound values here; without this a statement that compares a
    // range is planned again at each use.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

/// Held while the file is opened or replaced, so that two processes that find it of no
/// use do not replace each other's.
fn lock(path: &Path) -> Result<File, StateError> {
    let path = beside(path, ".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|source| io_error(&path, source))?;
    flock(&file, FlockOperation::LockExclusive).map_err(|error| io_error(&path, error.into()))?;
    Ok(file)
}

fn move_aside(path: &Path) -> Result<(), StateError> {
    fs::rename(path, beside(path, ".old")).map_err(|source| io_error(path, source))?;
    remove_side_files(path)
}

/// Removes the log of a file that is gone, so that it is not read into the next one.
fn remove_side_files(path: &Path) -> Result<(), StateError> {
    for suffix in ["-wal", "-shm"] {
        let path = beside(path, suffix);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => return Err(io_error(&path, source)),
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn io_error(path: &Path, source: std::io::Error) -> StateError {
    StateError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use cocli_model::{Cause, Datagram, Draft, Epoch, NodeId, Origin, Rank, SigningKey, Stamp, Value};

    use super::*;

    fn datagram(rows: usize) -> Datagram {
        let key = SigningKey::from_bytes(&[3; 32]);
        let id = NodeId::of_key(key.verifying_key().as_bytes());
        let author = cocli_model::Author { name: "pi".parse().unwrap(), id };
        let header = cocli_model::datagram::Header {
            author,
            environment: Default::default(),
            epoch: Epoch::from_random([3; 5]),
            first: 1,
            prev: None,
        };
        let row = |i: usize| Draft {
            campaign: "".into(),
            target: format!("companies/c-{i}").parse().unwrap(),
            field: "name".parse().unwrap(),
            value: Some(Value::string(&"x".repeat(100)).unwrap()),
            cause: Cause::Names(Default::default()),
            origin: Origin::of(Rank::Human),
        };
        Datagram::seal(header, &[(Stamp::EPOCH, (0..rows).map(row).collect())], [0; 16], &key).unwrap()
    }

    #[test]
    fn r05_a_full_disk_is_refused_cleanly_and_work_goes_on_with_space() {
        let folder = tempfile::TempDir::new().unwrap();
        let (mut db, _) = StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap();
        let datagram = datagram(400);
        let pages: i64 = db.conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        db.conn.execute_batch(&format!("PRAGMA max_page_count = {}", pages + 2)).unwrap();
        let full = db.transaction(|tx| tx.fold_datagram(&datagram));
        assert!(matches!(full, Err(StateError::Full)), "{full:?}");
        let empty = db.read::<_, StateError>(|tx| tx.all_cells().map(|all| all.len())).unwrap();
        assert_eq!(empty, 0, "reads go on, and nothing of it was kept");
        db.conn.execute_batch("PRAGMA max_page_count = 100000").unwrap();
        assert_eq!(db.transaction(|tx| tx.fold_datagram(&datagram)).unwrap().folded, 400);
    }

    #[test]
    fn a_busy_file_is_an_answer_and_no_wait_for_ever() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("state.db");
        let (mut one, _) = StateDb::open(&path, FolderId::from_random([1; 16])).unwrap();
        let (mut two, _) = StateDb::open(&path, FolderId::from_random([1; 16])).unwrap();
        two.conn.busy_timeout(Duration::from_millis(1)).unwrap();
        let held: Result<(), StateError> = one.transaction(|tx| {
            tx.fold_datagram(&datagram(1))?;
            let refused = two.transaction(|tx| tx.fold_datagram(&datagram(1)));
            assert!(matches!(refused, Err(StateError::Busy)), "{refused:?}");
            Ok(())
        });
        held.unwrap();
        assert!(two.transaction(|tx| tx.fold_datagram(&datagram(1))).unwrap().known);
    }
}
