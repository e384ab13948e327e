//! Taking and renewing a lease by generations.
//!
//! The next generation is greater than every one listed, than the term of the newest checkpoint
//! and of the boundary, and than all this node remembers: a token that ever fenced anything
//! never comes back, even if lease objects were deleted by hand (R68). The newest lease
//! object always stays; whoever got a generation lists once more, believes it only if there is no
//! greater one, and then deletes the one before. Without that look a creation that lands late
//! could get a generation a second time.
//!
//! Whether a lease may be taken over is for [`super::Watch`]; being wrong there wastes work and
//! harms nothing.

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Frontier, HubName, Lease};
use super::key::{Key, LeaseName, Shelf};
use super::list::{Greatest, Patience, TRIES_MAX, reread};
use super::memory::{Head, Memory};
use super::planted::{Bug, Planted};
use super::reason::Reason;

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
    Confirm(Greatest),
    Tidy,
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
    /// The newest generation before it, which nobody needs any more.
    spent: Option<u64>,
    tries: Patience,
    planted: Planted,
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
        let (name, at, spent) = (name.clone(), At::List(greatest), None);
        (Take { at, name, taking, held, floor, lease, spent, tries, planted }, request)
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
                    self.spent = Some(newest).filter(|newest| *newest > 0);
                    Ok(Turn::Ask(self.put()))
                }
            },
            (At::Put, Answer::Created) => Ok(self.confirm()),
            (At::Put, Answer::Exists | Answer::Unknown) => {
                self.at = At::Look(Patience::default());
                Ok(Turn::Ask(Request::Get(key)))
            }
            (At::Put, _) | (At::Look(_), Answer::Absent) => {
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                Ok(Turn::Ask(self.put()))
            }
            (At::Look(_), Answer::Found(Body::Lease(found))) if found == self.lease => Ok(self.confirm()),
            (At::Look(_), Answer::Found(Body::Lease(found))) => Err(Reason::Superseded { newest: found.generation }),
            (At::Look(tries), other) => reread(key, &other, tries),
            (At::Confirm(greatest), answer) => match greatest.answered(answer)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(Some(newest)) => Err(Reason::Superseded { newest }),
                Turn::End(None) => Ok(self.tidy()),
            },
            // If it was not deleted it stays, and harms nobody.
            (At::Tidy, _) => Ok(Turn::End(self.lease.generation)),
        }
    }

    /// One more look at the list behind one's own generation.
    fn confirm<F: Frontier>(&mut self) -> Turn<F, u64> {
        if self.planted.is(Bug::LeaseLooksOnce) {
            return self.tidy();
        }
        let (greatest, request) = Greatest::of(Shelf::Leases(self.name.clone()), Some(self.lease.generation));
        self.at = At::Confirm(greatest);
        Turn::Ask(request)
    }

    /// The deletion of the generation before, or the end.
    fn tidy<F: Frontier>(&mut self) -> Turn<F, u64> {
        let Some(spent) = self.spent else { return Turn::End(self.lease.generation) };
        self.at = At::Tidy;
        Turn::Ask(Request::Delete(Key::Lease(self.name.clone(), spent)))
    }

    fn put<F>(&mut self) -> Request<F> {
        self.at = At::Put;
        Request::Create(Key::Lease(self.name.clone(), self.lease.generation), Body::Lease(self.lease.clone()))
    }
}
