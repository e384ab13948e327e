//! From the typed errors of the crates below to codes, exits and hints.

mod commands;
mod daemon;
mod folder;

use std::io;

use super::{BROKEN_PIPE, Failure};

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        let code = if error.kind() == io::ErrorKind::BrokenPipe { BROKEN_PIPE } else { "E0900" };
        Failure::of(code, 1, &error)
    }
}
