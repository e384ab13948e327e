//! `cocli`, the command line: a thin skin over `cocli-crm`.
//!
//! - Data goes to stdout, talk to stderr; exit codes are those of [`failure`].
//! - Nothing is decided here but how to ask and how to say it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod args;
mod clock;
mod commands;
mod daemon;
mod demo;
mod explain;
mod failure;
mod out;
mod session;
mod when;
mod words;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use session::Session;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.global.apply_color();
    let mut session = Session::new(cli.global);
    let done = commands::run(&mut session, cli.command);
    ExitCode::from(session.finish(done))
}
