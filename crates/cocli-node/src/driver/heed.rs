//! What the threads find wrong with this node's disk, and what is done about it.

use super::Driver;
use super::alarms::JOURNAL;
use crate::scribe::Order;
use crate::troubles::Subject;

impl Driver {
    /// Makes alarms of what the threads find, and has the journal looked at while it cannot
    /// be written: whoever put its folder back tells nobody.
    pub(super) fn heed_troubles(&mut self) {
        for subject in Subject::ALL {
            match self.troubles.of(subject) {
                Some(words) => self.alarms.raise(subject.name(), words),
                None => self.alarms.clear(subject.name()),
            }
        }
        if self.alarms.stands(JOURNAL) || self.troubles.of(Subject::Lock).is_some() {
            // A full queue holds an order that will see the same.
            let _ = self.orders.try_send(Order::Look);
        }
    }

    /// Ends the alarms of copies of which nothing is seen any more.
    pub(super) fn heed_twins(&mut self) {
        for id in self.twins.over(self.clock.now_ms()) {
            let subject = copy_subject(&self.name_of(id));
            self.alarms.clear(&subject);
        }
    }
}

/// The subject of the alarm that a copy of a member is alive.
pub(super) fn copy_subject(name: &str) -> String {
    format!("copy of {name}")
}
