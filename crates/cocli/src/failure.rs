//! Failures as people see them: a stable code, what happened, and a way out; and the exit
//! code that a script sees.
//!
//! | exit | meaning |
//! | --- | --- |
//! | 0 | done |
//! | 1 | failed |
//! | 2 | wrong use |
//! | 3 | not found |
//! | 4 | conflict, or something must come first |
//! | 6 | unreachable |
//! | 7 | done in part |
//! | 130 | interrupted |

mod from;

use std::error::Error;
use std::io::{self, Write};

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) exit: u8,
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
}

/// What a command returns: its exit code, 0 or 7.
pub(crate) type Outcome = Result<u8, Failure>;

/// The code of a reader who went away; never shown.
pub(crate) const BROKEN_PIPE: &str = "E0000";

/// Everything was done.
pub(crate) const DONE: u8 = 0;
/// A part of it was done, and the rest named.
pub(crate) const IN_PART: u8 = 7;

impl Failure {
    pub(crate) fn new(code: &'static str, exit: u8, message: impl Into<String>) -> Failure {
        Failure { code, exit, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// A failure in the words of an error and of everything behind it.
    pub(crate) fn of(code: &'static str, exit: u8, error: &dyn Error) -> Failure {
        Failure::new(code, exit, chain(error))
    }

    /// Whether it is only that nobody reads on.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.code == BROKEN_PIPE
    }

    /// Writes it to stderr.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut err = anstream::stderr().lock();
        writeln!(err, "\u{1b}[1;31merror[{}]\u{1b}[0m: {}", self.code, self.message)?;
        for hint in &self.hints {
            writeln!(err, "  {hint}")?;
        }
        Ok(())
    }
}

/// An error and its causes, each said once.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !words.ends_with(&text) {
            words = format!("{words}: {text}");
        }
        source = cause.source();
    }
    words
}
