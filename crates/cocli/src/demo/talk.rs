//! What the demo says: claims on stdout, as data; everything else on stderr.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value as Json, json};

use crate::args::Format;
use crate::out;

/// The voice of the demo.
#[derive(Debug)]
pub(super) struct Talk {
    format: Format,
    quiet: bool,
    /// Claims that are printed at the end, as one JSON value.
    kept: Mutex<Vec<Json>>,
}

impl Talk {
    pub(super) fn new(format: Format, quiet: bool) -> Talk {
        Talk { format, quiet, kept: Mutex::default() }
    }

    /// Tells what is being done.
    pub(super) fn say(&self, words: &str) {
        if !self.quiet {
            // Nobody is left to tell if stderr is gone.
            let _ = writeln!(anstream::stderr(), "{words}");
        }
    }

    /// Claims what was checked a moment ago.
    pub(super) fn holds(&self, claim: &str) -> io::Result<()> {
        let json = json!({ "schema": "cocli.claim/1", "holds": claim });
        match self.format {
            Format::Json => {
                self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(json);
                Ok(())
            }
            Format::Jsonl => out::json(&json),
            _ => out::text(&format!("  ok  {claim}\n")),
        }
    }

    /// Prints what was kept for the end.
    pub(super) fn end(&self) -> io::Result<()> {
        match self.format {
            Format::Json => out::json(&Json::Array(self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone())),
            _ => Ok(()),
        }
    }
}
