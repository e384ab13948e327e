//! What must never be seen.

use std::sync::Arc;

use cocli_bucket::protocol::{Body, Checkpoint, Key, Reason};

use super::bucket::Seen;
use super::world::World;

/// What somebody believed, or was told, and must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// Somebody believes another checkpoint than the chain's.
    DoubleCommit,
    /// Somebody gave up what the chain holds.
    LostButWon,
    /// A fencing token came back.
    TokenRepeated,
    /// A number was left out.
    Gap,
    /// A healthy bucket was called damaged, unreadable, or one that went back.
    FalseAlarm,
}

impl Wrong {
    /// What a refusal means in a world in which no bucket is rolled back or damaged.
    pub fn of(_reason: &Reason) -> Wrong {
        Wrong::FalseAlarm
    }
}

impl World {
    pub fn judge_published(&mut self, believed: &Arc<Checkpoint<Seen>>) {
        if self.chain.get(&believed.n) != Some(believed) {
            self.wrong = Some(Wrong::DoubleCommit);
        }
    }

    pub fn judge_lost(&mut self, i: usize, n: u64) {
        // A put of its own that it had given up before, with another text, may have won.
        let put = self.hubs[i].put.as_ref();
        if put.is_some() && self.chain.get(&n) == put {
            self.wrong = Some(Wrong::LostButWon);
        }
    }

    pub fn judge_grant(&mut self, i: usize, generation: u64) {
        let actor = &self.hubs[i];
        let stood = generation <= actor.floor || generation <= actor.saved.term;
        // What fenced nothing and was deleted by hand may come back: nobody can know of it.
        let again = !self.granted.insert(generation) && self.hand == 0;
        if stood || again {
            self.wrong = Some(Wrong::TokenRepeated);
        }
    }

    /// The greatest token that stands in a checkpoint or a boundary.
    pub fn floor(&self) -> u64 {
        let chain = self.chain.last_key_value().map_or(0, |(_, newest)| newest.term);
        let mut boundaries = self.bucket.objects.range(Key::Boundary(0)..=Key::Boundary(u64::MAX));
        let boundary = boundaries.next_back().map_or(0, |(_, body)| match body {
            Body::Boundary(boundary) => boundary.term,
            _ => 0,
        });
        chain.max(boundary)
    }

    /// Every checkpoint that is not below the boundary has all its packs.
    pub fn packs_are_there(&self) -> bool {
        let valid = self.chain.range(self.bucket.boundary()..);
        valid.flat_map(|(_, checkpoint)| &checkpoint.packs).all(|pack| self.bucket.has_pack(pack))
    }

    /// Every checkpoint that is not below the boundary stands as it was created, and at
    /// least one does.
    pub fn chain_stands(&self) -> bool {
        let boundary = self.bucket.boundary();
        let mut valid = self.chain.range(boundary..).peekable();
        (self.chain.is_empty() || valid.peek().is_some())
            && valid.all(|(n, checkpoint)| self.bucket.checkpoint(*n) == Some(checkpoint))
    }

    /// Along the chain frontiers never go back, and nothing is in them that nobody wrote.
    pub fn frontier_rises(&self) -> bool {
        let pairs = self.chain.values().zip(self.chain.values().skip(1));
        pairs.into_iter().all(|(one, next)| one.frontier <= next.frontier)
            && self.chain.values().all(|checkpoint| checkpoint.frontier.0 <= self.records)
    }

    /// Along the chain terms never go back, and each is one hub's.
    pub fn terms_rise(&self) -> bool {
        let mut pairs = self.chain.values().zip(self.chain.values().skip(1));
        pairs.all(|(one, next)| one.term < next.term || (one.term == next.term && one.hub == next.hub))
    }

    /// A late creation stands on a number that was collected.
    pub fn has_late_creation(&self) -> bool {
        let below = Key::Checkpoint(0)..Key::Checkpoint(self.bucket.boundary());
        let mut late = self.bucket.objects.range(below);
        late.any(|(_, body)| match body {
            Body::Checkpoint(checkpoint) => self.chain.get(&checkpoint.n) != Some(checkpoint),
            _ => false,
        })
    }
}
