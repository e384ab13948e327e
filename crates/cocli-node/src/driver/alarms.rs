//! What a person should see: one alarm a subject, for as long as it lasts.

use std::collections::BTreeMap;

use crate::clock::wall_ms;
use crate::status::Alarm;

/// Alarms at once; beyond it the newest are only logged. There are fewer subjects than
/// this but for forks, and a node that forks this often is no node to talk to.
const ALARMS_MAX: usize = 64;

/// The subject of the alarm that this node can write nothing.
pub(super) const JOURNAL: &str = "journal";

/// The alarms that stand.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    standing: BTreeMap<String, Alarm>,
}

impl Alarms {
    /// Raises an alarm, or renews its words.
    pub(crate) fn raise(&mut self, subject: &str, message: impl Into<String>) {
        let message = message.into();
        if let Some(alarm) = self.standing.get_mut(subject) {
            alarm.message = message;
            return;
        }
        tracing::error!(subject, message, "alarm");
        if self.standing.len() < ALARMS_MAX {
            let alarm = Alarm { since_ms: wall_ms(), subject: subject.to_owned(), message };
            self.standing.insert(subject.to_owned(), alarm);
        }
    }

    /// Ends an alarm, if it stands.
    pub(crate) fn clear(&mut self, subject: &str) {
        if self.standing.remove(subject).is_some() {
            tracing::info!(subject, "the alarm is over");
        }
    }

    pub(super) fn stands(&self, subject: &str) -> bool {
        self.standing.contains_key(subject)
    }

    pub(crate) fn all(&self) -> Vec<Alarm> {
        self.standing.values().cloned().collect()
    }
}
