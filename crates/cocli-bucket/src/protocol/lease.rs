//! Taking and renewing a lease by generations.
//!
//! The next generation is greater than every one listed, than the term of the newest checkpoint
//! and of the boundary, and than all this node remembers: a token that ever fenced anything
//! never comes back, even if lease objects were deleted by hand (R68). Whether a lease may be
//! taken over is for [`super::Watch`]; being wrong there wastes work and harms nothing.

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Frontier, HubName, Lease};
use super::key::{Key, LeaseName, Shelf};
use super::memory::{Head, Memory};
use super::planted::{Bug, Planted};
use super::reason::Reason;
use super::survey::{Greatest, Patience, TRIES_MAX, reread};

/// Why a generation is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taking {
    /// Nobody holds the lease any more, as far as one's own clock can tell.
    Over,
    /// This node holds it, and goes on only if its generation is still the newest.
    Renewal,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At {
    List(Greatest),
    Put,
    Look(Patience),
}

/// A lease being taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Take {
    at: At,
    name: LeaseName,
    taking: Taking,
    held: Option<u64>,
    /// The greatest token known from elsewhere than the list.
    floor: u64,
    lease: Lease,
    tries: Patience,
}

impl Take {
    pub(crate) fn begin<F>(
        (name, hub): (&LeaseName, &HubName),
        (taking, held): (Taking, Option<u64>),
        (head, memory): (&Head<F>, &Memory),
        planted: Planted,
    ) -> (Take, Request<F>) {
        let checkpoint = head.newest.as_ref().map_or(0, |newest| newest.term);
        let boundary = head.boundary.as_ref().map_or(0, |boundary| boundary.term);
        let known = checkpoint.max(boundary).max(memory.term);
        let floor = if planted.is(Bug::GenerationFromListAlone) { 0 } else { known };
        let (greatest, request) = Greatest::of(Shelf::Leases(name.clone()), Some(floor).filter(|floor| *floor > 0));
        let lease = Lease { generation: 0, holder: hub.clone() };
        let tries = Patience::default();
        (Take { at: At::List(greatest), name: name.clone(), taking, held, floor, lease, tries }, request)
    }

    /// Ends with the generation that is held from now on.
    pub(crate) fn answered<F: Frontier>(&mut self, answer: Answer<F>) -> Judged<F, u64> {
        let key = Key::Lease(self.name.clone(), self.lease.generation);
        match (&mut self.at, answer) {
            (At::List(greatest), answer) => match greatest.answered(answer)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(found) => {
                    let newest = found.unwrap_or(0).max(self.floor);
                    if self.taking == Taking::Renewal && self.held != Some(newest) {
                        return Err(Reason::Superseded { newest });
                    }
                    self.lease.generation = newest + 1;
                    Ok(Turn::Ask(self.put()))
                }
            },
            (At::Put, Answer::Created) => Ok(Turn::End(self.lease.generation)),
            (At::Put, Answer::Exists | Answer::Unknown) => {
                self.at = At::Look(Patience::default());
                Ok(Turn::Ask(Request::Get(key)))
            }
            (At::Put, _) | (At::Look(_), Answer::Absent) => {
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                Ok(Turn::Ask(self.put()))
            }
            (At::Look(_), Answer::Found(Body::Lease(found))) if found == self.lease => {
                Ok(Turn::End(found.generation))
            }
            (At::Look(_), Answer::Found(Body::Lease(found))) => Err(Reason::Superseded { newest: found.generation }),
            (At::Look(tries), other) => reread(key, &other, tries),
        }
    }

    fn put<F>(&mut self) -> Request<F> {
        self.at = At::Put;
        Request::Create(Key::Lease(self.name.clone(), self.lease.generation), Body::Lease(self.lease.clone()))
    }
}
