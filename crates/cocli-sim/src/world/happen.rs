//! Every event finds who deals with it.

use cocli_replica::sync::Input;

use crate::time::SECOND;
use crate::world::{AUDIT_US, DIAL_US, Event, World};

impl World {
    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive(parcel) => self.arrive(&parcel),
            Event::Left { m, peer, connection, lane, bytes } => {
                if self.link(m, peer).is_some_and(|(_, number)| number == connection) {
                    self.feed(m, Input::Flushed { peer, lane, bytes });
                }
            }
            Event::Served { m, peer, connection, journal } => {
                if self.link(m, peer).is_some_and(|(_, number)| number == connection) {
                    self.feed(m, Input::Served { peer, journal });
                }
            }
            Event::Timer { m, life } => self.wake(m, life),
            Event::Sync { m, life } if self.lives(m, life) => self.sync(m),
            Event::Unstall { m, life, chain } if self.lives(m, life) => self.unstall(m, chain),
            Event::Damaged { m, life, chain } if self.lives(m, life) => self.damaged(m, chain),
            Event::Split { m, life, chain, first } if self.lives(m, life) => self.split(m, chain, first),
            Event::Dial(a, b) => {
                self.dial(a, b);
                let pause_us = self.dice.between(DIAL_US.0, DIAL_US.1);
                self.queue.at(self.now_us + pause_us, Event::Dial(a, b));
            }
            Event::Notice { m, other, connection } => self.notice(m, other, connection),
            Event::Idle { a, b, connection } => {
                let same = self.net.connection(a, b).is_some_and(|open| open.number == connection);
                if same && !self.net.is_open(a, b, self.now_us) {
                    self.break_connection(a, b, SECOND);
                }
            }
            Event::Free { from, to } => self.free(from, to),
            Event::Boot(m) => self.boot(m),
            Event::Act => {
                if !self.healed {
                    self.act();
                    let pause_us = self.pause_us();
                    self.queue.at(self.now_us + pause_us, Event::Act);
                }
            }
            Event::Rush(rush) if !self.healed => self.rush(rush),
            Event::Rush(_) => {}
            Event::Flood(m) if !self.healed => self.flood(m),
            Event::Flood(_) => {}
            Event::Mishap(mishap) if !self.healed => self.mishap(&mishap),
            Event::Mishap(_) => {}
            Event::Malice => self.be_bad(),
            Event::Vitals { m, life } if self.lives(m, life) => self.vitals(m),
            // The process it was meant for is gone.
            Event::Sync { .. }
            | Event::Unstall { .. }
            | Event::Damaged { .. }
            | Event::Split { .. }
            | Event::Vitals { .. } => {}
            Event::Audit => {
                self.audit_one();
                self.queue.at(self.now_us + AUDIT_US, Event::Audit);
            }
        }
    }
}
