//! The keeper beside a fold that never ends, and before a hole that nobody can fill.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;
use std::thread;

use cocli_journal::replicas::Access;
use cocli_journal::{Place as Where, RealDisk};
use cocli_model::author::{Author, Environment};
use cocli_model::datagram::Header;
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{Epoch, NodeId, Origin, Rank, SigningKey, Stamp, Value};

use super::*;
use crate::mailbox::Latest;

/// One more than the fold has room for.
const DATAGRAMS: u64 = 2;

/// A chain of datagrams of one row each, of another node.
fn chain(datagrams: u64) -> Vec<Arc<Datagram>> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let id = NodeId::of_key(key.verifying_key().as_bytes());
    let author = Author { name: "friend".parse().unwrap(), id };
    let mut prev = None;
    let seal = |n: u64| {
        let value = Some(Value::string(&format!("Firm {n}")).unwrap());
        let (field, cause) = (Field::new("name", Operator::Set).unwrap(), Cause::nothing(&Operator::Set));
        let target = "companies/acme".parse().unwrap();
        let draft = Draft { campaign: "".into(), target, field, value, cause, origin: Origin::of(Rank::Human) };
        let (environment, epoch) = (Environment::Test, Epoch::from_random([1; 5]));
        let header = Header { author: author.clone(), environment, epoch, first: n, prev };
        let stamp = Stamp::from_us(1_790_000_000_000_000 + n as i64).unwrap();
        let datagram = Datagram::seal(header, &[(stamp, vec![draft])], [7; 16], &key).unwrap();
        prev = Some(datagram.cid());
        Arc::new(datagram)
    };
    (1..=datagrams).map(seal).collect()
}

/// Fails the test instead of hanging it; far beyond what anything here needs.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(60), what).await.expect("this should have happened")
}

#[tokio::test]
async fn l08_a_fold_that_never_ends_locks_no_replicas_and_delays_no_sync() {
    let folder = tempfile::tempdir().unwrap();
    let (wal, state) = (folder.path().join("data"), folder.path().join("state"));
    std::fs::create_dir_all(wal.join("wal")).unwrap();
    let place = Where::new(&wal, &state);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let replicas = Replicas::open(Arc::clone(&disk), place.clone(), None, Access::Write).unwrap();
    let replicas = Arc::new(Mutex::new(replicas));
    let pending = Pending::open(Arc::clone(&disk), &place).unwrap();
    let mailbox = Arc::<Mailbox>::default();
    // Room for one, and nobody who takes it.
    let (folding, fold) = mpsc::channel(1);
    let keeper =
        Keeper::new((disk, &place), Arc::clone(&replicas), pending, (Arc::clone(&mailbox), Arc::default()), folding);
    let (errands, errands_in) = mpsc::channel(1);
    let keeping = thread::spawn(move || keeper.run(errands_in));
    let mut durable = 0;
    let mut chain = chain(DATAGRAMS).into_iter();
    // The first fills the fold's queue, the second waits for room: both are durable.
    for want in 1..=DATAGRAMS {
        errands.send(Errand::Store(chain.next().unwrap(), Place::Chain(Branch::Main))).await.unwrap();
        while durable < want {
            for Latest { kept, .. } in soon(mailbox.take()).await.into_values() {
                let Some(Kept::Synced { seq, .. }) = kept else { panic!("{kept:?}") };
                durable = seq;
            }
        }
    }
    assert_eq!(fold.len(), 1, "the fold takes nothing all the while");
    // Whoever needs the replicas gets them; with the lock held this would never end.
    let free = async {
        while replicas.try_lock().is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon(free).await;
    assert_eq!(fold.len(), 1);
    drop(fold);
    drop(errands);
    keeping.join().unwrap();
}

#[tokio::test]
async fn r96_what_stands_behind_a_hole_is_told_as_a_chain_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let place = Where::new(folder.path().join("data"), folder.path().join("state"));
    std::fs::create_dir_all(place.wal()).unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let all = chain(3);
    // Of three datagrams a power cut left the first and the last.
    let file = place.wal().join(JournalFile::of(&all[0], cocli_journal::Branch::Main).to_string());
    let mut bytes = Vec::new();
    all[0].write_usv(&mut bytes);
    let from = bytes.len();
    all[1].write_usv(&mut bytes);
    let to = bytes.len() - 100;
    bytes[from..to].fill(0);
    all[2].write_usv(&mut bytes);
    std::fs::write(&file, bytes).unwrap();
    let replicas = Replicas::open(Arc::clone(&disk), place.clone(), None, Access::Write).unwrap();
    assert_eq!(replicas.damages().count(), 1);
    let pending = Pending::open(Arc::clone(&disk), &place).unwrap();
    let mailbox = Arc::<Mailbox>::default();
    let (folding, _fold) = mpsc::channel(8);
    let keeper = Keeper::new(
        (disk, &place),
        Arc::new(Mutex::new(replicas)),
        pending,
        (Arc::clone(&mailbox), Arc::default()),
        folding,
    );
    let (errands, errands_in) = mpsc::channel(1);
    let keeping = thread::spawn(move || keeper.run(errands_in));
    let journal = JournalId::of(&all[0]);
    errands.send(Errand::Split(journal, Branch::Main, 3)).await.unwrap();
    let (run, mut mended, mut held) = (Branch::Island { first: 3, short: None }, None, None);
    while mended.is_none() || held.is_none() {
        for (chain, latest) in soon(mailbox.take()).await {
            mended = mended.or(latest.mended.filter(|_| chain == (journal, Branch::Main)));
            held = held.or(latest.kept.filter(|_| chain == (journal, run)));
        }
    }
    assert_eq!(mended, Some(Mended { done: true, holes: Vec::new() }));
    assert_eq!(held, Some(Kept::Synced { seq: 3, cid: all[2].cid() }));
    drop(errands);
    keeping.join().unwrap();
}
