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
}
