//! Companies and notes in a data folder: what people do with it, on top of journals and
//! their folded state.
//!
//! - [`home`], [`marker`], [`key`], [`roster`]: where a folder is, that it is one, whose
//!   node writes it here, and who may write at all.
//! - [`folder`]: an open folder; reading, catching up, committing.
//! - [`fields`], [`phone`], [`dates`], [`resolve`]: what people type, and what it means.
//! - [`company`], [`person`], [`entity`], [`note`], [`meeting`], [`import`], [`conflict`],
//!   [`undo`], [`history`], [`why`], [`restore`]: what people do.
//! - [`hand`], [`legacy`]: what people and the original tool left in files.
//! - [`doctor`]: how healthy a folder is.
//! - [`bulk`]: commands of many rows. [`log`], [`scratch`]: proof from journals alone.
//! - [`sync_note`]: what was exchanged when, for when no daemon can be asked.
//!
//! Nothing here prints, asks or knows of sockets. Time comes in as [`folder::Now`], in
//! milliseconds since 1970; stamps are microseconds (`_us`), sizes bytes (`_bytes`).

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod adopting;
pub mod bulk;
pub mod company;
pub mod conflict;
pub mod dates;
pub mod doctor;
mod durable;
pub mod entity;
pub mod fields;
mod fingerprint;
pub mod folder;
pub mod hand;
pub mod history;
pub mod home;
pub mod import;
pub mod key;
pub mod legacy;
mod link;
pub mod log;
pub mod marker;
pub mod meeting;
pub mod note;
pub mod person;
pub mod phone;
pub mod resolve;
pub mod restore;
pub mod roster;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
pub mod scratch;
pub mod sync_note;
pub mod undo;
pub mod wal;
pub mod why;

pub use durable::FileError;
pub use folder::{Folder, FolderError};
pub use home::Home;
