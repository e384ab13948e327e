//! What is wrong with this node's folder, as its threads find it again and again: one word a
//! subject, for as long as it lasts. The driver makes alarms of it, so that it is said once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What can be in trouble: a subject has one alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The data folder is not there.
    Folder,
    /// Files that people open cannot be written.
    Files,
    /// Somebody holds the journal's lock for too long.
    Lock,
    /// Other nodes' journals cannot be stored.
    Replicas,
    /// So much was changed by hand that a person is asked.
    Edits,
    /// The bucket does not take what is sent.
    Bucket,
}

impl Subject {
    /// All of them.
    pub(crate) const ALL: [Subject; 6] =
        [Subject::Folder, Subject::Files, Subject::Lock, Subject::Replicas, Subject::Edits, Subject::Bucket];

    /// Its name in alarms.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Folder => "data folder",
            Subject::Files => "files",
            Subject::Lock => "journal.lock",
            Subject::Replicas => "journals",
            Subject::Edits => "edits",
            Subject::Bucket => "bucket",
        }
    }
}

/// What is in trouble now, shared by who finds it and who tells.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Mutex<BTreeMap<Subject, String>>);

impl Troubles {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Subject, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is in trouble, in words that say the way out.
    pub(crate) fn raise(&self, subject: Subject, words: impl Into<String>) {
        self.lock().insert(subject, words.into());
    }

    /// It is not, or no longer.
    pub(crate) fn over(&self, subject: Subject) {
        self.lock().remove(&subject);
    }

    /// The words, if it is.
    pub(crate) fn of(&self, subject: Subject) -> Option<String> {
        self.lock().get(&subject).cloned()
    }
}
