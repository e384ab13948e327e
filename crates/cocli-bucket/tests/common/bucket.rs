//! A bucket: what the protocol asks of a store, and nothing else.

use std::collections::BTreeMap;
use std::ops::Bound;

use cocli_bucket::protocol::{Answer, Body, Checkpoint, Frontier, Key, Request, Shelf};
use std::sync::Arc;

/// How many of the records written are folded: all of the first so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen(pub u32);

impl Frontier for Seen {
    fn is_nowhere_behind(&self, other: &Self) -> bool {
        self >= other
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bucket {
    pub objects: BTreeMap<Key, Body<Seen>>,
}

impl Bucket {
    /// The effect of a request, and its answer.
    pub fn perform(&mut self, request: &Request<Seen>) -> Answer<Seen> {
        match request {
            Request::Create(key, _) if self.objects.contains_key(key) => Answer::Exists,
            Request::Create(key, body) => {
                self.objects.insert(key.clone(), body.clone());
                Answer::Created
            }
            Request::Get(key) => self.objects.get(key).map_or(Answer::Absent, |body| Answer::Found(body.clone())),
            Request::List { shelf, after } => Answer::Listed { numbers: self.list(shelf, *after), more: false },
            Request::Delete(key) => {
                self.objects.remove(key);
                Answer::Deleted
            }
        }
    }

    pub fn list(&self, shelf: &Shelf, after: Option<u64>) -> Vec<u64> {
        let from = after.map_or(Bound::Included(shelf.key(0)), |after| Bound::Excluded(shelf.key(after)));
        let keys = self.objects.range((from, Bound::Included(shelf.key(u64::MAX)))).map(|(key, _)| key);
        keys.filter_map(|key| match key {
            Key::Checkpoint(number) | Key::Boundary(number) | Key::Lease(_, number) => Some(*number),
            Key::Pack(_) => None,
        })
        .collect()
    }

    pub fn boundary(&self) -> u64 {
        let last = self.objects.range(Key::Boundary(0)..=Key::Boundary(u64::MAX)).next_back();
        last.map_or(0, |(_, body)| if let Body::Boundary(boundary) = body { boundary.n } else { 0 })
    }

    /// The newest lease.
    pub fn generation(&self) -> u64 {
        self.list(&Shelf::Leases("hub".into()), None).last().copied().unwrap_or(0)
    }

    pub fn checkpoint(&self, number: u64) -> Option<&Arc<Checkpoint<Seen>>> {
        match self.objects.get(&Key::Checkpoint(number)) {
            Some(Body::Checkpoint(checkpoint)) => Some(checkpoint),
            _ => None,
        }
    }

    pub fn has_pack(&self, name: &Arc<str>) -> bool {
        self.objects.contains_key(&Key::Pack(name.clone()))
    }
}
