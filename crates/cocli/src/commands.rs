//! The commands, one file each for a noun: ask `cocli-crm`, say what it answered.

mod adopt;
mod company;
mod conflicts;
mod doctor;
mod fold;
mod history;
mod import;
mod init;
mod log;
mod node;
mod note;
mod original;
mod scan;
mod show;
mod status;
mod sync;
mod undo;

use crate::args::{Command, Company, Conflicts, Node, Note, Peer, Sync};
use crate::demo;
use crate::explain;
use crate::failure::Outcome;
use crate::session::Session;

/// Runs a command; the answer is its exit code.
pub(crate) fn run(session: &mut Session, command: Command) -> Outcome {
    if let Some(done) = original::run(session, &command) {
        return done;
    }
    match command {
        Command::Init(args) | Command::Node(Node::Init(args)) => init::run(session, args),
        Command::Company(Company::Add(args)) => match &args.from {
            Some(file) => import::run(session, file),
            None => company::add(session, args),
        },
        Command::Company(Company::Set { company, assignments }) => company::set(session, &company, &assignments),
        Command::Company(Company::Show(args)) | Command::Show(args) => show::run(session, &args),
        Command::Company(Company::Ls(args)) => company::list(session, &args),
        Command::Company(Company::Rm { company }) => company::remove(session, &company),
        Command::Restore { company } => company::restore(session, &company),
        Command::Note(Note::Add { company, text, title, tag }) => note::add(session, &company, text, title, tag),
        Command::History(args) => history::run(session, &args),
        Command::Conflicts(Conflicts::Ls) => conflicts::list(session),
        Command::Conflicts(Conflicts::Show { company }) => conflicts::show(session, company.as_deref()),
        Command::Conflicts(Conflicts::Resolve { company, field, keep }) => {
            conflicts::resolve(session, &company, &field, &keep)
        }
        Command::Undo(args) => undo::run(session, args.commit),
        Command::Scan(args) => scan::run(session, &args),
        Command::Log(args) => log::run(session, &args),
        Command::Fold(args) => fold::run(session, &args),
        Command::Node(Node::Ls) => node::list(session),
        Command::Node(Node::Run { listen }) => node::run(session, listen),
        Command::Node(Node::Stop) => node::stop(session),
        Command::Peer(Peer::Add { name, key, address, from }) => node::add_peer(session, name, key, address, from),
        Command::Sync(Sync::Status) => sync::status(session),
        Command::Sync(Sync::Now { wait }) => sync::now(session, wait),
        Command::Doctor(args) => doctor::run(session, &args),
        Command::Status(args) => status::run(session, &args),
        Command::Demo(args) => demo::run(session, &args),
        Command::Explain { code } => explain::run(session, code.as_deref()),
    }
}
