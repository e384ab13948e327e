//! The local socket: how a command on the same machine asks its daemon.
//!
//! `daemon.sock` in the state folder, mode 0600. A connection carries one request and one
//! answer, each a line of JSON of at most [`LINE_BYTES_MAX`] bytes.
//!
//! - Whoever may open the socket may do what the folder's owner may; nobody else may.
//! - A client that says nothing holds one of [`CLIENTS_MAX`] places for a bounded time.
//! - An answer has `"ok": true` and what was asked for, or `"ok": false` and an error.

mod ask;
mod path;
mod request;
mod serve;

pub use ask::{AskError, ask};
pub use path::{SOCKET_FILE, socket_path};
pub use request::{Answer, Code, DraftText, Failure, Level, Request};
pub(crate) use serve::{Asked, Clients, listen};

/// Bytes of a request or an answer at most: a commit of 1,000 rows, or the status of 64
/// members, fit many times.
pub const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Clients at once; later ones wait to be accepted.
pub const CLIENTS_MAX: u32 = 64;
