//! A disk that forgets at a crash what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::{Cid, Datagram};
use cocli_replica::sync::{Branch, Chain, Hole, JournalId, Loaded, Piece, Shelf, Stored, Tip};

use super::{Dice, names_epoch};

#[derive(Default)]
struct File {
    datagrams: Vec<Arc<Datagram>>,
    synced: usize,
}

#[derive(Default)]
pub struct Disk {
    files: BTreeMap<(JournalId, Branch), File>,
    pending: BTreeMap<Cid, Arc<Datagram>>,
}

impl Disk {
    pub fn append(&mut self, place: Branch, datagram: &Arc<Datagram>) {
        let file = self.files.entry((JournalId::of(datagram), place)).or_default();
        if let Some(last) = file.datagrams.last() {
            assert_eq!(datagram.prev(), Some(last.cid()), "a file is a chain");
        }
        file.datagrams.push(Arc::clone(datagram));
    }

    pub fn pend(&mut self, datagram: &Arc<Datagram>) {
        self.pending.insert(datagram.cid(), Arc::clone(datagram));
    }

    pub fn unpend(&mut self, datagram: &Datagram) {
        self.pending.remove(&datagram.cid());
    }

    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    pub fn join(&mut self, journal: JournalId, from: Branch, into: Branch) {
        let island = self.files.remove(&(journal, from)).expect("an island that joins is there");
        let target = self.files.entry((journal, into)).or_default();
        if let Some(last) = target.datagrams.last() {
            assert_eq!(island.datagrams[0].prev(), Some(last.cid()), "what joins follows");
        }
        target.datagrams.extend(island.datagrams);
        // The island goes only when what took it in is durable.
        target.synced = target.datagrams.len();
    }

    /// Makes what stands from row `first` on a file of its own.
    pub fn split(&mut self, journal: JournalId, from: Branch, first: u64, into: Branch) {
        let file = self.files.get_mut(&(journal, from)).expect("what is split is there");
        let at = file.datagrams.partition_point(|datagram| datagram.first() < first);
        let datagrams = file.datagrams.split_off(at);
        file.synced = at;
        assert_eq!(datagrams.first().map(|begins| begins.first()), Some(first), "behind the hole stands something");
        assert!(self.files.insert((journal, into), File { datagrams, synced: 0 }).is_none(), "an island is new");
    }

    pub fn sync(&mut self, journal: JournalId, place: Branch) -> Option<(u64, Cid)> {
        let file = self.files.get_mut(&(journal, place))?;
        file.synced = file.datagrams.len();
        file.datagrams.last().map(|last| (last.last(), last.cid()))
    }

    /// Drops everything behind the first `keep` datagrams of a file.
    pub fn truncate(&mut self, journal: JournalId, place: Branch, keep: usize) -> Option<Tip> {
        let file = self.files.get_mut(&(journal, place))?;
        file.datagrams.truncate(keep);
        file.synced = keep;
        file.datagrams.last().map(|last| Tip::of(last))
    }

    /// Rots the datagrams of a file that begin in these rows.
    pub fn rot(&mut self, journal: JournalId, place: Branch, rows: std::ops::RangeInclusive<u64>) {
        let file = self.files.get_mut(&(journal, place)).expect("what rots is there");
        file.datagrams.retain(|datagram| !rows.contains(&datagram.first()));
        file.synced = file.datagrams.len();
    }

    /// Puts datagrams back where they stood.
    pub fn mend(&mut self, journal: JournalId, place: Branch, datagrams: &[Arc<Datagram>]) {
        let file = self.files.get_mut(&(journal, place)).expect("what is mended is there");
        file.datagrams.extend(datagrams.iter().cloned());
        file.datagrams.sort_by_key(|datagram| datagram.first());
        file.synced = file.datagrams.len();
    }

    /// What is missing in a file.
    pub fn holes(&self, journal: JournalId, place: Branch) -> Vec<Hole> {
        self.files.get(&(journal, place)).map(holes).unwrap_or_default()
    }

    pub fn crash(&mut self, dice: &mut Dice) {
        for file in self.files.values_mut() {
            file.datagrams.truncate(file.synced);
        }
        self.files.retain(|_, file| !file.datagrams.is_empty());
        self.pending.retain(|_, _| dice.chance(70));
    }

    pub fn is_durable(&self, journal: JournalId, cid: &Cid) -> bool {
        let files = self.files.iter().filter(|((of, _), _)| *of == journal);
        files.into_iter().any(|(_, file)| file.datagrams[..file.synced].iter().any(|datagram| datagram.cid() == *cid))
    }

    pub fn chain(&self, journal: JournalId, place: Branch) -> &[Arc<Datagram>] {
        self.files.get(&(journal, place)).map_or(&[], |file| &file.datagrams)
    }

    pub fn places(&self, journal: JournalId) -> Vec<Branch> {
        self.files.keys().filter(|(of, _)| *of == journal).map(|(_, place)| *place).collect()
    }

    pub fn cids(&self) -> BTreeSet<Cid> {
        let files = self.files.values().flat_map(|file| file.datagrams.iter().map(|datagram| datagram.cid()));
        files.chain(self.pending.keys().copied()).collect()
    }

    pub fn load(&self) -> Loaded {
        let chain = |((journal, place), file): (&(JournalId, Branch), &File)| {
            let (head, last) = (file.datagrams.first()?, file.datagrams.last()?);
            let (journal, place, prev) = (*journal, *place, head.prev());
            Some(Chain {
                journal,
                place,
                first: head.first(),
                head: head.cid(),
                prev,
                tip: Tip::of(last),
                holes: holes(file),
            })
        };
        let all = self.files.values().flat_map(|file| &file.datagrams);
        let firsts = all.filter(|datagram| datagram.first() == 1);
        Loaded {
            chains: self.files.iter().filter_map(chain).collect(),
            pending: self.pending.values().cloned().collect(),
            claims: firsts.filter_map(|first| Some((first.id(), names_epoch(first)?))).collect(),
        }
    }

    pub fn read(&self, journal: JournalId, pieces: &[Piece]) -> Vec<Arc<Datagram>> {
        let mut found = Vec::new();
        for piece in pieces {
            let chain = self.chain(journal, piece.place).iter();
            found.extend(chain.filter(|d| d.last() >= piece.from && d.first() <= piece.to).cloned());
        }
        found
    }
}

fn holes(file: &File) -> Vec<Hole> {
    let torn = file.datagrams.windows(2).filter(|pair| pair[0].last() + 1 < pair[1].first());
    let hole = |pair: &[Arc<Datagram>]| Hole {
        from: pair[0].last() + 1,
        to: pair[1].first() - 1,
        before: Some(pair[0].cid()),
        last: pair[1].prev(),
    };
    torn.map(hole).collect()
}

fn stored(place: Branch, datagram: &Datagram) -> Stored {
    let (first, last, cid, stamp) = (datagram.first(), datagram.last(), datagram.cid(), datagram.last_stamp());
    Stored { place, first, last, cid, stamp }
}

impl Shelf for Disk {
    fn at(&self, journal: JournalId, place: Branch, seq: u64) -> Option<Stored> {
        let chain = self.chain(journal, place);
        let index = chain.partition_point(|datagram| datagram.last() < seq);
        chain.get(index).filter(|datagram| datagram.first() <= seq).map(|datagram| stored(place, datagram))
    }

    fn find(&self, journal: JournalId, cid: &Cid) -> Option<Stored> {
        let mut files = self.files.iter().filter(|((of, _), _)| *of == journal);
        files.find_map(|((_, place), file)| {
            file.datagrams.iter().find(|datagram| datagram.cid() == *cid).map(|datagram| stored(*place, datagram))
        })
    }

    fn read(&self, journal: JournalId, found: &Stored) -> Option<Arc<Datagram>> {
        let chain = self.chain(journal, found.place);
        chain.iter().find(|datagram| datagram.cid() == found.cid).cloned()
    }
}
