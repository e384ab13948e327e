//! Reading with patience: lists page by page, objects again if nothing was answered.

use super::ask::{Answer, Judged, Request, Turn};
use super::key::{Key, Shelf};
use super::memory::Memory;
use super::reason::Reason;

/// How often one request is asked before the operation ends unanswered.
pub const TRIES_MAX: u8 = 4;
/// How many pages of one list are read.
pub const LIST_PAGES_MAX: u8 = 64;
/// How often the request under way was asked, or the list under way went on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Patience(u8);

impl Patience {
    /// Once more, up to `most` times in all.
    pub(crate) fn spend(&mut self, most: u8, otherwise: Reason) -> Result<(), Reason> {
        self.0 += 1;
        if self.0 < most { Ok(()) } else { Err(otherwise) }
    }
}

/// The greatest number on a shelf, page by page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Greatest {
    shelf: Shelf,
    after: Option<u64>,
    found: Option<u64>,
    tries: Patience,
    pages: Patience,
}

impl Greatest {
    pub(crate) fn of<F>(shelf: Shelf, after: Option<u64>) -> (Greatest, Request<F>) {
        let greatest = Greatest { shelf, after, found: None, tries: Patience::default(), pages: Patience::default() };
        let request = greatest.request();
        (greatest, request)
    }

    fn request<F>(&self) -> Request<F> {
        Request::List { shelf: self.shelf.clone(), after: self.found.or(self.after) }
    }

    pub(crate) fn answered<F>(&mut self, answer: Answer<F>) -> Judged<F, Option<u64>> {
        let Answer::Listed { numbers, more } = answer else {
            self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
            return Ok(Turn::Ask(self.request()));
        };
        self.found = numbers.last().copied().or(self.found);
        if !more || numbers.is_empty() {
            return Ok(Turn::End(self.found));
        }
        self.pages.spend(LIST_PAGES_MAX, Reason::TooManyListed)?;
        Ok(Turn::Ask(self.request()))
    }
}

/// One more look at the boundary alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Recheck(Greatest);

impl Recheck {
    pub(crate) fn begin<F>(memory: &Memory) -> (Recheck, Request<F>) {
        let (greatest, request) = Greatest::of(Shelf::Boundaries, memory.before_boundary());
        (Recheck(greatest), request)
    }

    /// Ends with the number below which nothing is valid.
    pub(crate) fn answered<F>(&mut self, answer: Answer<F>, memory: &Memory) -> Judged<F, u64> {
        Ok(match self.0.answered(answer)? {
            Turn::Ask(request) => Turn::Ask(request),
            Turn::End(found) => {
                memory.judge_boundary(found)?;
                Turn::End(found.unwrap_or(0))
            }
        })
    }
}

/// The object again if it was not answered for, or why it is of no use.
pub(crate) fn reread<F, T>(key: Key, answer: &Answer<F>, tries: &mut Patience) -> Judged<F, T> {
    match answer {
        Answer::Unknown | Answer::Failed => {
            tries.spend(TRIES_MAX, Reason::Unanswered)?;
            Ok(Turn::Ask(Request::Get(key)))
        }
        _ => Err(Reason::Unreadable(key.to_string())),
    }
}
