//! Three real nodes on this machine, and proof of what they say.
//!
//! `cocli-demo --from LIST.csv [--cocli PROGRAM]`
//!
//! Every node is a daemon process with folders of its own, talking over loopback; people
//! are the `cocli` program, run as they would type it. Whatever is printed as a claim has
//! been checked, and a claim that does not hold ends the demo with exit 1. No process is
//! left behind, however it ends.

mod cli;
mod end;
mod node;
mod scenes;
mod stage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cocli_node::Config;

use stage::Stage;

/// The hidden command by which this program becomes a node, where `cocli` has no
/// `node run`.
const DAEMON: &str = "daemon";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = if arguments.first().map(String::as_str) == Some(DAEMON) { daemon() } else { demo(arguments) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            stage::say_error(&format!("FAILED  {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn daemon() -> Result<()> {
    cocli_node::log::start();
    let home = cocli_crm::Home::locate(None)?;
    Ok(cocli_node::run(&Config::new(home))?)
}

fn demo(arguments: Vec<String>) -> Result<()> {
    let (list, cocli) = parse(arguments)?;
    let started = Instant::now();
    let mut stage = Stage::set(&cocli)?;
    let done = scenes::play(&mut stage, &list).and_then(|()| end::compare(&mut stage));
    if done.is_err() {
        stage.tell_logs();
    }
    drop(stage);
    done?;
    stage::say(&format!("\nAll of it holds ({:.1} s).", started.elapsed().as_secs_f64()));
    Ok(())
}

/// The list of companies, and the program that people type.
fn parse(arguments: Vec<String>) -> Result<(PathBuf, PathBuf)> {
    let (mut list, mut cocli) = (None, None);
    let mut words = arguments.into_iter();
    while let Some(word) = words.next() {
        let slot = match word.as_str() {
            "--from" => &mut list,
            "--cocli" => &mut cocli,
            other => bail!("{other:?}? usage: cocli-demo --from LIST.csv [--cocli PROGRAM]"),
        };
        *slot = Some(PathBuf::from(words.next().with_context(|| format!("{word} names a file"))?));
    }
    let list = list.context("usage: cocli-demo --from LIST.csv [--cocli PROGRAM]")?;
    let beside = || Ok::<_, anyhow::Error>(std::env::current_exe()?.with_file_name("cocli"));
    let cocli = cocli.map_or_else(beside, Ok)?;
    if !cocli.is_file() {
        bail!("there is no program {}: build it with `cargo build -p cocli`", cocli.display());
    }
    if !list.is_file() {
        bail!("there is no list {}", list.display());
    }
    Ok((list, cocli))
}
