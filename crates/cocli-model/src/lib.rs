//! The words of cocli as types: stamps, dots, names, origins, values, targets, rows
//! and datagrams, with the one text and the one byte string that each of them has.
//!
//! - What parses prints back to the same bytes; what would not is refused.
//! - A type that exists is valid: nothing here is checked twice.
//! - No clock, dice, disk or socket: time and salts come in as arguments.
//!
//! The formats are written down byte by byte in `docs/formats.md`. Times are
//! microseconds since 1970 UTC (`_us`), sizes are bytes (`_bytes`).

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod author;
mod cbor;
pub mod cid;
pub mod context;
pub mod datagram;
pub mod dot;
pub mod field;
pub mod front;
pub mod json;
pub mod key;
pub mod legacy;
pub mod node;
pub mod origin;
pub mod planted;
pub mod record;
pub mod row;
pub mod seal;
pub mod slug;
pub mod stamp;
pub mod target;
pub mod usv;
pub mod value;

pub use author::{Author, Environment};
pub use cid::Cid;
pub use context::{Context, Coverage, Range};
pub use datagram::{Datagram, DatagramError, StoredRow};
pub use dot::{Check, Dot, Name};
pub use field::{Field, FieldName, Operator};
pub use key::SigningKey;
pub use node::{Epoch, NodeId, NodeName};
pub use origin::{Origin, Rank};
pub use record::{Cause, Draft, Record};
pub use row::Row;
pub use slug::Slug;
pub use stamp::{Clock, Stamp};
pub use target::Target;
pub use value::Value;
