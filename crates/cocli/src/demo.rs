//! `cocli demo`: three real nodes on this machine, and proof of what they say.
//!
//! - Every node is a daemon of this very program, with folders of its own, talking over
//!   loopback; people are this program too, run as they would type it.
//! - What stands on stdout as a claim was checked. One that does not hold ends the demo
//!   with exit 1.
//! - Waits are for conditions; nobody sleeps and hopes.
//! - However it ends, by a failure or by Ctrl-C too, no process and no folder is left.

mod backstage;
mod broken;
mod cli;
mod end;
mod list;
mod node;
mod processes;
mod scenes;
mod signals;
mod stage;
mod talk;

use std::io;
use std::time::Instant;

use anyhow::Error;

use crate::args::Demo;
use crate::failure::{DONE, Failure, Outcome};
use crate::session::Session;
use backstage::Backstage;
use stage::Stage;

/// Runs it.
pub(crate) fn run(session: &Session, args: &Demo) -> Outcome {
    let broken = broken::asked()?;
    if let Some(list) = args.from.as_ref().filter(|list| !list.is_file()) {
        return Err(Failure::new("E0420", 2, format!("there is no list {}", list.display())));
    }
    if session.flags.dry_run {
        session.say("Would start three nodes in a temporary folder, on loopback. Nothing started.");
        return Ok(DONE);
    }
    let backstage = Backstage::new(session.format(), session.flags.quiet);
    signals::watch(&backstage.processes)?;
    let played = play(&backstage, args, broken);
    if backstage.processes.interrupted() {
        return Err(Failure::new("E0803", 130, "interrupted; no process and no folder is left"));
    }
    played.map_err(|error| told(&error))?;
    backstage.talk.end()?;
    Ok(DONE)
}

/// The whole play. Its nodes have ended and their folders are gone when it returns.
fn play(backstage: &Backstage, args: &Demo, broken: Option<String>) -> Result<(), Error> {
    let started = Instant::now();
    let mut stage = Stage::set(backstage, broken)?;
    let list = match &args.from {
        Some(list) => list.clone(),
        None => list::write(stage.folder(), args.companies)?,
    };
    let done = scenes::play(&mut stage, &list).and_then(|()| end::compare(&mut stage));
    if done.as_ref().is_err_and(|error| !is_gone(error)) && !backstage.processes.interrupted() {
        stage.tell_logs();
    }
    stage.strike(done)?;
    backstage.talk.holds(&format!("all of it, in {:.1} s", started.elapsed().as_secs_f64()))?;
    Ok(())
}

fn told(error: &Error) -> Failure {
    if is_gone(error) {
        return io::Error::from(io::ErrorKind::BrokenPipe).into();
    }
    Failure::new("E0801", 1, format!("{error:#}"))
}

/// Whether it is only that nobody reads on.
fn is_gone(error: &Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
