//! What is going to happen, in order of time and, within a moment, of being planned.

use std::collections::BTreeMap;

use crate::time::Us;

/// Events by time.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    events: BTreeMap<(Us, u64), E>,
    planned: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Queue<E> {
        Queue { events: BTreeMap::new(), planned: 0 }
    }
}

impl<E> Queue<E> {
    /// Plans an event.
    pub(crate) fn at(&mut self, when_us: Us, event: E) {
        self.planned += 1;
        self.events.insert((when_us, self.planned), event);
    }

    /// Takes the next event if it happens no later than `until_us`.
    pub(crate) fn next(&mut self, until_us: Us) -> Option<(Us, E)> {
        let first = self.events.first_entry()?;
        if first.key().0 > until_us {
            return None;
        }
        let ((when_us, _), event) = first.remove_entry();
        Some((when_us, event))
    }
}
