//! One transaction: what it has open and what it holds.
//!
//! Reads go through what the transaction holds ([`super::held`]); cells are written back
//! once, at its end or at a bound. Records are written at once, in the order they come.

use std::cell::{Cell as Flag, RefCell};
use std::collections::HashMap;
use std::fmt;

use cocli_model::{Epoch, NodeId, Target};
use cocli_replica::fold::StateHash;
use rusqlite::{CachedStatement, Connection};

use super::error::StateError;
use super::held::Desk;
use super::journal::Journal;
use super::kind::KINDS;

/// The one row of `head`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) hash: StateHash,
    pub(super) next_record: i64,
    pub(super) next_target: i64,
    /// Counts changes of views, so that a writer sees what came while it wrote.
    pub(super) change: i64,
    pub(super) dirty: bool,
}

/// Which cells [`cocli_replica::fold::Cells::cells_of`] tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// All, as the trait says.
    Whole,
    /// While a record is folded they are read for one reason, to judge a `!`. If that
    /// hides nothing, no field matters, and none is read.
    Judging,
    /// Those that persons differ about.
    Disputed,
}

/// The datagram being folded: where its records go.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) base: i64,
    pub(super) first: u64,
    pub(super) id: NodeId,
    pub(super) epoch: Epoch,
    /// Whether another datagram stands at one of its positions.
    pub(super) overlaps: bool,
    /// The text of the row that is being folded.
    pub(super) text: String,
}

/// A transaction on the folded state: [`cocli_replica::fold::Cells`], and the queries of this module.
pub struct Tx<'c> {
    pub(super) conn: &'c Connection,
    pub(super) hot: RefCell<Hot<'c>>,
    pub(super) desk: RefCell<Desk>,
    pub(super) held_cells: Flag<usize>,
    pub(super) journals: RefCell<HashMap<(NodeId, Epoch), Journal>>,
    pub(super) head: Head,
    pub(super) scope: Flag<Scope>,
    pub(super) incoming: Option<Incoming>,
    /// Targets whose siblings or standing changed since it was last asked.
    pub(super) touched: Vec<Target>,
    /// Targets shown again: files below them wait to be written.
    pub(super) woken: Vec<Target>,
    /// By how much more of each kind is listed.
    pub(super) listed: [i64; KINDS],
}

/// Statements that run once a record: finding them in the connection's cache would cost
/// as much as some of them do.
pub(super) struct Hot<'c> {
    pub(super) put_record: CachedStatement<'c>,
    pub(super) get_target: CachedStatement<'c>,
    pub(super) get_cell: CachedStatement<'c>,
    pub(super) put_cell: CachedStatement<'c>,
    pub(super) put_target: CachedStatement<'c>,
    pub(super) put_stale: CachedStatement<'c>,
    pub(super) put_datagram: CachedStatement<'c>,
    pub(super) put_commit: CachedStatement<'c>,
}

impl<'c> Hot<'c> {
    fn prepare(conn: &'c Connection) -> rusqlite::Result<Hot<'c>> {
        Ok(Hot {
            put_record: conn.prepare_cached("INSERT INTO records VALUES (?, ?, ?, ?, ?)")?,
            get_target: conn.prepare_cached(
                "SELECT no, hidden, flags, name IS NOT NULL FROM targets WHERE kind = ? AND text = ?",
            )?,
            get_cell: conn.prepare_cached("SELECT last, sibling, more FROM cells WHERE target = ? AND slot = ?")?,
            put_cell: conn.prepare_cached("INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?)")?,
            put_target: conn.prepare_cached("INSERT INTO targets VALUES (?, ?, ?, ?, ?, ?, ?)")?,
            put_stale: conn.prepare_cached("REPLACE INTO stale VALUES (?, ?)")?,
            put_datagram: conn.prepare_cached("INSERT INTO datagrams VALUES (?, ?, ?, ?, ?, ?)")?,
            put_commit: conn.prepare_cached("INSERT INTO commits VALUES (?, ?, ?, ?)")?,
        })
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("head", &self.head).finish_non_exhaustive()
    }
}

impl<'c> Tx<'c> {
    pub(super) fn begin(conn: &'c Connection) -> Result<Tx<'c>, StateError> {
        let mut statement = conn.prepare_cached("SELECT hash, next_record, next_target, change FROM head")?;
        let head = statement.query_row([], |row| {
            Ok(Head {
                hash: StateHash::from_bytes(row.get(0)?),
                next_record: row.get(1)?,
                next_target: row.get(2)?,
                change: row.get(3)?,
                dirty: false,
            })
        })?;
        Ok(Tx {
            conn,
            hot: RefCell::new(Hot::prepare(conn)?),
            desk: RefCell::default(),
            held_cells: Flag::new(0),
            journals: RefCell::default(),
            head,
            scope: Flag::new(Scope::Whole),
            incoming: None,
            touched: Vec::new(),
            woken: Vec::new(),
            listed: [0; KINDS],
        })
    }
}

/// For the tables that other modules of this crate keep in the same file.
impl Tx<'_> {
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
        read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StateError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(values, |row| read(row))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Shows `tell` row by row, so that none of many need be held.
    pub(crate) fn each_row<E: From<StateError>>(
        &self,
        sql: &str,
        tell: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self.conn.prepare_cached(sql).map_err(StateError::from)?;
        let mut rows = statement.query([]).map_err(StateError::from)?;
        while let Some(row) = rows.next().map_err(StateError::from)? {
            tell(row)?;
        }
        Ok(())
    }

    pub(crate) fn run(&mut self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<(), StateError> {
        self.conn.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    pub(crate) fn below_of(&self, target: &Target) -> Result<Vec<Target>, StateError> {
        self.below(target)
    }

    /// Has the view of one target written again.
    pub(crate) fn touch_view(&mut self, target: &Target) -> Result<(), StateError> {
        let no = self.known(target)?.no;
        let Some(no) = no else { return Ok(()) };
        self.head.change += 1;
        self.head.dirty = true;
        self.put_stale(no)
    }
}
