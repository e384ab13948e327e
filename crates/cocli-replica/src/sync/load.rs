//! Starting from what is on disk, and learning that a file became shorter.
//!
//! Chains say only what they follow; how they hang together is found by looking, so
//! what a crash left between two writes ends as if it had not.

use std::sync::Arc;

use cocli_model::{Cid, Datagram};

use super::acks::OWN_PLACE;
use super::api::{Loaded, Road, Shelf, Tip};
use super::attach::Spot;
use super::io::Output;
use super::journal::{Base, Segment};
use super::name::{Branch, JournalId};
use super::replica::Replica;

impl Replica {
    /// Takes up what was found on disk.
    pub(crate) fn load(&mut self, loaded: Loaded, shelf: &dyn Shelf) {
        for chain in &loaded.chains {
            self.journals.entry(chain.journal).or_default().segments.push(Segment::from(chain));
        }
        let ids: Vec<JournalId> = self.journals.keys().copied().collect();
        for id in &ids {
            self.load_bases(shelf, *id);
        }
        for datagram in loaded.pending {
            self.load_pending(shelf, &datagram);
        }
        for (node, cid) in loaded.claims {
            self.claim(shelf, node, cid);
        }
        let own = self.acks.own().and_then(|own| self.journals.get(&own));
        let synced = own.and_then(|journal| Some(journal.segments[journal.at_place(OWN_PLACE)?].tip.seq));
        self.acks.loaded(synced.unwrap_or(0));
    }

    fn load_bases(&mut self, shelf: &dyn Shelf, id: JournalId) {
        let journal = &self.journals[&id];
        let base = |segment: &Segment| {
            let Some(prev) = segment.prev else { return Base::Root };
            let at = segment.first - 1;
            let holds = |other: &Segment| {
                let stored = || self.fresh.at(shelf, id, other.place, at);
                other.covers(at) && stored().is_some_and(|stored| stored.cid == prev)
            };
            let parent = journal.segments.iter().position(holds);
            parent.map_or(Base::Adrift, |parent| Base::On { parent, at })
        };
        let bases: Vec<Base> = journal.segments.iter().map(base).collect();
        let Some(journal) = self.journals.get_mut(&id) else { return };
        for (segment, base) in journal.segments.iter_mut().zip(bases) {
            let island = matches!(segment.place, Branch::Island { .. });
            segment.base = if island { Base::Adrift } else { base };
        }
        self.relabel(shelf, id);
        let reached: Vec<(Cid, u64)> = self.journals[&id].segments.iter().filter_map(island_base).collect();
        reached.into_iter().for_each(|(cid, last)| self.join_islands(shelf, id, &cid, last));
        if let Some(journal) = self.journals.get_mut(&id) {
            journal.alarmed = journal.is_forked();
        }
    }

    fn load_pending(&mut self, shelf: &dyn Shelf, datagram: &Arc<Datagram>) {
        let id = JournalId::of(datagram);
        if self.holds(shelf, datagram) {
            self.push_output(Output::Unstore(Arc::clone(datagram)));
            return;
        }
        self.ledger.resume(Road::Push);
        let journal = self.journals.entry(id).or_default();
        let before = journal.pending.bytes();
        journal.pending.add(Arc::clone(datagram), Road::Push);
        self.pending_bytes += journal.pending.bytes() - before;
        self.mark_changed(id);
        if let (Some(prev), Ok(Spot::End(_) | Spot::Inside { .. })) = (datagram.prev(), self.spot(shelf, datagram)) {
            self.settle(shelf, id, prev, datagram.first() - 1);
        }
    }

    /// A chain became shorter on disk.
    pub(crate) fn on_truncated(&mut self, shelf: &dyn Shelf, id: JournalId, place: Branch, tip: Option<Tip>) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        let Some(index) = journal.at_place(place) else { return };
        match tip {
            Some(tip) => {
                journal.segments[index].tip = tip;
                journal.segments[index].synced = Some((tip.seq, tip.cid));
                journal.segments[index].gaps.retain(|gap| gap.hole.to < tip.seq);
            }
            None => {
                journal.segments.remove(index);
                for segment in &mut journal.segments {
                    segment.base = match segment.base {
                        Base::On { parent, .. } if parent == index => Base::Adrift,
                        Base::On { parent, at } if parent > index => Base::On { parent: parent - 1, at },
                        base => base,
                    };
                }
            }
        }
        self.relabel(shelf, id);
        self.touched.insert(id);
        self.forget_known();
        self.greet_all();
    }
}

/// What an island follows.
fn island_base(segment: &Segment) -> Option<(Cid, u64)> {
    let island = segment.base == Base::Adrift;
    segment.prev.filter(|_| island).map(|prev| (prev, segment.first - 1))
}
