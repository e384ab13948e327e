//! Deleting what is below a boundary that stands.
//!
//! Per checkpoint below it: its text, its packs, and the checkpoint itself last, so that who
//! crashes on the way leaves nothing that the next collection does not find. Of packs only
//! names are deleted that a text below the boundary holds and the boundary's own checkpoint
//! does not; nothing is ever deleted because something was absent. A deletion that was not
//! answered leaves its checkpoint for the next time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Checkpoint, Collected, Frontier, PackName};
use super::key::{Key, Shelf};
use super::list::{LIST_PAGES_MAX, Patience, TRIES_MAX, reread};
use super::reason::Reason;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At<F> {
    /// Listing what is below the boundary.
    List(Patience),
    /// Reading the checkpoint that is next.
    Read(u64, Patience),
    /// Deleting its pack of this index.
    Pack(Arc<Checkpoint<F>>, usize),
    /// Deleting itself.
    Itself,
}

/// A sweep under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sweep<F> {
    at: At<F>,
    keep: Vec<PackName>,
    doomed: VecDeque<u64>,
    done: Collected,
    tries: Patience,
}

impl<F: Frontier> Sweep<F> {
    /// Below the checkpoint that is kept.
    pub(crate) fn begin(kept: &Checkpoint<F>) -> (Sweep<F>, Request<F>) {
        let at = At::List(Patience::default());
        let (keep, doomed, tries) = (kept.packs.clone(), VecDeque::new(), Patience::default());
        let done = Collected { boundary: kept.n, ..Collected::default() };
        (Sweep { at, keep, doomed, done, tries }, Request::List { shelf: Shelf::Checkpoints, after: None })
    }

    pub(crate) fn answered(&mut self, answer: Answer<F>) -> Judged<F, Collected> {
        match (&mut self.at, answer) {
            (At::List(pages), Answer::Listed { numbers, more }) => {
                let boundary = self.done.boundary;
                self.doomed.extend(numbers.iter().filter(|number| **number < boundary));
                if !more || numbers.last().is_none_or(|last| *last >= boundary) {
                    return Ok(self.next());
                }
                pages.spend(LIST_PAGES_MAX, Reason::TooManyListed)?;
                Ok(Turn::Ask(self.list()))
            }
            (At::List(_), _) => {
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                Ok(Turn::Ask(self.list()))
            }
            (At::Read(number, _), Answer::Found(Body::Checkpoint(found))) if found.n == *number => {
                Ok(self.packs(found, 0))
            }
            (At::Read(..), Answer::Absent) => Ok(self.next()),
            (At::Read(number, tries), other) => reread(Key::Checkpoint(*number), &other, tries),
            (At::Pack(of, index), Answer::Deleted) => {
                let (of, next) = (of.clone(), *index + 1);
                self.done.packs += 1;
                Ok(self.packs(of, next))
            }
            (At::Itself, Answer::Deleted) => {
                self.done.checkpoints += 1;
                Ok(self.next())
            }
            (At::Pack(..) | At::Itself, _) => {
                self.done.left += 1;
                Ok(self.next())
            }
        }
    }

    fn list(&self) -> Request<F> {
        Request::List { shelf: Shelf::Checkpoints, after: self.doomed.back().copied() }
    }

    /// The next checkpoint below the boundary, or the end.
    fn next(&mut self) -> Turn<F, Collected> {
        let Some(number) = self.doomed.pop_front() else { return Turn::End(self.done.clone()) };
        self.at = At::Read(number, Patience::default());
        Turn::Ask(Request::Get(Key::Checkpoint(number)))
    }

    /// The deletion of its next pack that is not kept, or of itself.
    fn packs(&mut self, of: Arc<Checkpoint<F>>, from: usize) -> Turn<F, Collected> {
        let doomed = of.packs.iter().enumerate().skip(from).find(|(_, pack)| !self.keep.contains(pack));
        let Some((index, pack)) = doomed else {
            self.at = At::Itself;
            return Turn::Ask(Request::Delete(Key::Checkpoint(of.n)));
        };
        let request = Request::Delete(Key::Pack(pack.clone()));
        self.at = At::Pack(of, index);
        Turn::Ask(request)
    }
}
