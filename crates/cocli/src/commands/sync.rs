//! `sync status` and `sync now`.

mod now;
mod status;

pub(super) use now::now;
pub(super) use status::status;
