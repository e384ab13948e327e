//! The scribe beside a driver that hears nothing.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use cocli_crm::{Folder, Home};
use cocli_journal::replicas::Access;
use cocli_journal::{Config, Machine, RealDisk, Replicas, Role, SystemEntropy};
use cocli_model::author::Environment;
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{Origin, Rank, Value};

use super::*;

/// News for which there is room.
const ROOM: usize = 2;
/// Writes, each with an answer of its own: far more than there is room for.
const WRITES: usize = 40;

fn commit(n: usize) -> Commit {
    let value = Some(Value::string(&format!("Firm {n}")).unwrap());
    let (field, cause) = (Field::new("name", Operator::Set).unwrap(), Cause::nothing(&Operator::Set));
    let target = format!("companies/firm-{n}").parse().unwrap();
    let draft = Draft { campaign: "".into(), target, field, value, cause, origin: Origin::of(Rank::Human) };
    Commit::new(vec![draft])
}

struct Desk {
    _folder: tempfile::TempDir,
    scribe: Scribe,
    news: mpsc::Receiver<News>,
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["data", "state", "cache"].map(|name| folder.path().join(name));
    let home = Home::at(&paths[0], &paths[1], &paths[2]);
    Folder::init(&home, "pi".parse().unwrap(), Environment::Test, vec![]).unwrap();
    let opened = Folder::open(&home, Role::Daemon, Arc::new(wall_ms)).unwrap();
    let (place, identity) = (opened.place().clone(), opened.identity());
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let id = identity.author.id;
    let (machine, holder, role) = (Machine::here(), "test".to_owned(), Role::Daemon);
    let config = Config { place: place.clone(), identity, machine, holder, role };
    let journal = Journal::open(Arc::clone(&disk), config, Box::new(SystemEntropy)).unwrap();
    let replicas = Replicas::open(Arc::clone(&disk), place.clone(), journal.current(), Access::Write).unwrap();
    let replicas = Arc::new(Mutex::new(replicas));
    let (news_out, news) = mpsc::channel(ROOM);
    let (orders, _) = mpsc::channel(1);
    let ways = (orders.downgrade(), news_out);
    let scribe = Scribe::new(journal, (disk, place, id), replicas, Default::default(), ways).unwrap();
    Desk { _folder: folder, scribe, news }
}

/// The rows of this node's journal that are heard of, in order, and how far it is durable.
fn hear(news: &mut mpsc::Receiver<News>, rows: &mut Vec<(u64, u64)>, durable: &mut Option<Tip>) {
    while let Ok(heard) = news.try_recv() {
        match heard {
            News::Written(written) => rows.extend(written.iter().map(|(_, _, new)| (new.first(), new.last()))),
            News::Found(found) => rows.extend(found.iter().map(|new| (new.first(), new.last()))),
            News::Synced(tip) => *durable = tip,
            News::Current(_) | News::Mended(..) => {}
            News::Failed(reason) => panic!("{reason}"),
        }
    }
}

#[test]
fn l08_a_driver_that_hears_nothing_holds_up_no_write_and_misses_none() {
    let Desk { _folder, mut scribe, mut news } = desk();
    for n in 0..WRITES {
        let (reply, mut answer) = oneshot::channel();
        scribe.attend([Order::Write { commits: vec![commit(n)], reply }].into_iter());
        let placed = answer.try_recv().expect("it is answered when the scribe is done");
        assert!(placed.unwrap().iter().all(Result::is_ok));
    }
    assert_eq!(news.len(), ROOM, "the driver hears nothing all the while");
    let (mut rows, mut durable) = (Vec::new(), None);
    // As the driver does: it hears all there is, then has the scribe look.
    for _ in 0..3 {
        hear(&mut news, &mut rows, &mut durable);
        scribe.attend([Order::Look].into_iter());
    }
    hear(&mut news, &mut rows, &mut durable);
    assert_eq!(rows.first().map(|(first, _)| *first), Some(1));
    assert!(rows.windows(2).all(|pair| pair[1].0 == pair[0].1 + 1), "each once, in order: {rows:?}");
    let tip = durable.expect("it hears how far the journal is durable");
    assert_eq!(rows.last().map(|(_, last)| *last), Some(tip.seq));
    assert!(tip.seq > WRITES as u64);
    assert!(scribe.group.journal().tip() == Some(tip));
}

#[test]
fn what_waits_when_the_daemon_ends_is_written_and_answered() {
    let Desk { _folder, mut scribe, news: _news } = desk();
    // It gathers, as it does while a sync runs, and nobody gives an order after it.
    let (reply, mut answer) = oneshot::channel();
    scribe.perform(Order::Write { commits: vec![commit(1)], reply });
    assert!(answer.try_recv().is_err(), "it is not written yet");
    scribe.end();
    let placed = answer.try_recv().expect("it is answered").unwrap();
    assert!(placed.iter().all(Result::is_ok));
}
