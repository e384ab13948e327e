//! The merge of DESIGN §5: from records in any order to what people see.
//!
//! A [`Cell`] is all that is known of one field (or one element of a set) of one
//! target: its *siblings*, the records that nothing supersedes. The same records give
//! the same cells, whatever the order, and a whole state has one [`StateHash`].
//!
//! - A record supersedes another if it names it and is not outranked by it. Names are
//!   dot and check, never ranges.
//! - A *restatement* (written by undo) stands for the record it names: it compares by
//!   that stamp and name, and whatever replaced that record in effect supersedes it
//!   (`docs/decisions/0003`).
//! - A delete hides what its writer had seen. It supersedes no field.
//!
//! Where cells and history are kept is behind [`Cells`].

mod apply;
mod as_of;
mod cell;
mod conflict;
mod entity;
mod entry;
mod hand;
mod hash;
mod memory;
mod restate;
mod rows;
mod undo;
mod visibility;
mod write;

pub use apply::{Folded, fold_record, rejudge_target, unfold_record};
pub use as_of::as_of;
pub use cell::Cell;
pub use conflict::{Collision, Conflict, collisions, conflicts};
pub use entity::{Entity, FieldView, listed_by};
pub use entry::{CellKey, Entry, Slot};
pub use hand::{Edit, Held, Shown, Version, base_of, plan_edit, plan_edit_without_base};
pub use hash::{FOLD_VERSION, StateHash};
pub use memory::MemoryCells;
pub use rows::{NotFolded, RowTally};
pub use undo::{LeftAlone, Undo, Why, plan_undo};
pub use visibility::{Standing, Visibility, standing};
pub use write::{Change, Tips, WriteError, plan_create, plan_visibility, plan_write};

use std::sync::Arc;

use cocli_model::{Name, Record, Target};

/// Where cells and the records behind them are kept.
///
/// A fold reads and writes through this and nothing else. Whoever implements it makes
/// the calls of one datagram one transaction.
pub trait Cells {
    /// Why the store failed.
    type Error;

    /// One cell; an empty one if nothing was folded into it yet.
    fn cell(&self, key: &CellKey) -> Result<Cell, Self::Error>;

    /// Stores a cell.
    fn put_cell(&mut self, key: &CellKey, cell: &Cell) -> Result<(), Self::Error>;

    /// Every record folded into a cell, superseded or not, in any order.
    fn history(&self, key: &CellKey) -> Result<Vec<Entry>, Self::Error>;

    /// Whether this very row was folded into the cell.
    fn is_folded(&self, key: &CellKey, name: &Name) -> Result<bool, Self::Error>;

    /// Adds a record to the history of its cell; `false` if it was there.
    fn remember(&mut self, key: &CellKey, name: Name, record: &Arc<Record>) -> Result<bool, Self::Error>;

    /// Takes a record out of the history of its cell; `false` if it was not there.
    fn forget(&mut self, key: &CellKey, name: &Name) -> Result<bool, Self::Error>;

    /// Every cell of a target and of the targets below it (notes of a company), the
    /// `!` of the target itself included, sorted by key.
    fn cells_of(&self, target: &Target) -> Result<Vec<(CellKey, Cell)>, Self::Error>;

    /// Whether the target was last marked hidden.
    fn is_hidden(&self, target: &Target) -> Result<bool, Self::Error>;

    /// Marks the target hidden, or shown.
    fn mark_hidden(&mut self, target: &Target, hidden: bool) -> Result<(), Self::Error>;

    /// Whether `name` stands on the branch of its journal that ends in `last`, given
    /// that it is of the same journal and not after it. True wherever the journal has
    /// not forked.
    fn is_on_branch(&self, last: &Name, name: &Name) -> Result<bool, Self::Error>;

    /// The sum over the state, kept incrementally.
    fn state_hash(&self) -> Result<StateHash, Self::Error>;

    /// Stores the sum.
    fn put_state_hash(&mut self, hash: StateHash) -> Result<(), Self::Error>;
}
