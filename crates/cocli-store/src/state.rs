//! `state.db`: what all journals fold into, in one SQLite file.
//!
//! | table | a row is |
//! | --- | --- |
//! | `about` | what the file stands for: schema, fold version, folder |
//! | `head` | the state hash and the next free numbers |
//! | `targets` | an entity, note, …: its listing, its flags |
//! | `cells` | one field or element: what it shows, its siblings, its newest record |
//! | `records` | one row of a journal as text, and the record of its cell before it |
//! | `datagrams` | where a datagram's records are, and its place in the chain |
//! | `commits` | one commit: stamp, journal, first record, length |
//! | `journals`, `ranges` | a journal; the targets whose `!` covers a range of it |
//! | `marks` | how far a journal was read: the frontier |
//! | `counters` | rows not folded, by reason; how much is listed |
//! | `stale` | a target whose file waits to be written |
//! | `views`, `pages` | a version of a file; the newest of a target's |
//!
//! - The frontier stands in the transaction of the rows it speaks for. After a crash the
//!   file is a little behind its journals, never ahead of them by its own doing.
//! - A datagram is folded as a whole or not at all.
//! - A field is read, and a file written, in proportion to what changed: no query of
//!   this module walks over all targets or all cells, but those that say so.
//!
//! Stamps are microseconds (`_us`), sizes bytes (`_bytes`).

mod cells;
mod chain;
mod decide;
mod encode;
mod error;
mod flush;
mod fold;
mod folded;
mod frontier;
mod held;
mod history;
mod journal;
mod kind;
mod listing;
mod load;
mod newest;
mod normal;
mod open;
mod place;
mod query;
mod quick;
mod schema;
mod tx;

pub use cocli_replica::fold::NotFolded;
pub use decide::Edited;
pub use error::StateError;
pub use folded::FoldedDatagram;
pub use frontier::JournalMark;
pub use history::CommitRef;
pub(crate) use kind::has_view;
pub use normal::{normal_domain, normal_email};
pub use open::{Opened, StateDb, Why};
pub use query::Listed;
pub use schema::PRAGMAS;
pub use tx::Tx;
