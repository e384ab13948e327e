//! `completions`: what a shell needs to complete commands and flags.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::{DONE, Outcome};
use crate::out;

pub(super) fn run(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cocli", &mut script);
    out::text(&String::from_utf8_lossy(&script))?;
    Ok(DONE)
}
