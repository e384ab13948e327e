//! The commands, one file each for a noun: ask `cocli-crm`, say what it answered.

mod adopt;
mod bucket;
mod company;
mod completions;
mod conflicts;
mod doctor;
mod edit;
mod entity;
mod fold;
mod history;
mod import;
mod init;
mod list;
mod log;
mod meeting;
mod node;
mod note;
mod original;
mod person;
mod restore;
mod scan;
mod show;
mod status;
mod sync;
mod undo;
mod why;

use cocli_crm::resolve::Noun;

use crate::args::{Bucket, Command, Company, Conflicts, Meeting, Node, Note, Peer, Person, Sync};
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
        Command::Company(Company::Set { company, assignments }) => {
            entity::set(session, (Noun::Company, &company), &assignments)
        }
        Command::Company(Company::Show(args)) => show::run(session, Noun::Company, &args),
        Command::Company(Company::Ls(args)) => company::list(session, &args),
        Command::Company(Company::Rm { company }) => entity::remove(session, (Noun::Company, &company)),
        Command::Person(command) => people(session, command),
        Command::Meeting(Meeting::Add(args)) => meeting::add(session, args),
        Command::Meeting(Meeting::Ls { target, limit }) => meeting::list(session, target.as_deref(), limit),
        Command::Show(args) => show::run(session, Noun::Any, &args),
        Command::Restore(args) => restore::run(session, &args),
        Command::Why(args) => why::run(session, &args),
        Command::Edit(args) => edit::run(session, &args),
        Command::Completions { shell } => completions::run(shell),
        Command::Note(Note::Add { target, text, title, tag }) => note::add(session, &target, text, title, tag),
        Command::History(args) => history::run(session, &args),
        Command::Conflicts(Conflicts::Ls) => conflicts::list(session),
        Command::Conflicts(Conflicts::Show { target }) => conflicts::show(session, target.as_deref()),
        Command::Conflicts(Conflicts::Resolve { target, field, keep }) => {
            conflicts::resolve(session, &target, &field, &keep)
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
        Command::Bucket(Bucket::Probe(args)) => bucket::probe(session, args),
        Command::Bucket(Bucket::Add(args)) => bucket::add(session, args),
        Command::Doctor(args) => doctor::run(session, &args),
        Command::Status(args) => status::run(session, &args),
        Command::Demo(args) => demo::run(session, &args),
        Command::Explain { code } => explain::run(session, code.as_deref()),
    }
}

fn people(session: &mut Session, command: Person) -> Outcome {
    match command {
        Person::Add(args) => person::add(session, args),
        Person::Set { person, assignments } => entity::set(session, (Noun::Person, &person), &assignments),
        Person::Show(args) => show::run(session, Noun::Person, &args),
        Person::Ls(args) => person::list(session, &args),
        Person::Rm { person } => entity::remove(session, (Noun::Person, &person)),
    }
}
