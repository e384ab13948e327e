//! Group commit: commits that wait are sealed together and made durable by one sync, and the
//! next ones are sealed while it runs.
//!
//! - An answer that says where a commit stands means that it is durable (L1). After a failed
//!   sync every answer is an error until [`GroupCommit::reopen`], also to what was sealed
//!   meanwhile.
//! - One batch is synced, one is sealed and waits, one gathers: never more.
//! - While a sync runs nothing is gained by sealing early, so a batch gathers until it is as
//!   large as those before it, or the sync has returned. Nobody waits for a clock.
//! - Who is answered comes back at once, and all together: on a slow disk one sync serves
//!   them all. Where sealing takes as long as half a sync, they are parted into halves, and
//!   one is sealed while the other is synced.
//! - There is no queue here: whoever owns it hands in what came, seals when it may, and
//!   answers what is done. Who syncs does not: the disk is to have something to do meanwhile.

mod syncer;

use std::io;
use std::sync::Arc;

use crate::journal::{AppendError, Behind, Commit, Journal, OpenError, Placed, RefusedCommit, Written};
use syncer::Syncer;

/// Commits that gather, give or take those handed in at once. A batch is all of them: some
/// four datagrams, a megabyte.
pub const GATHERED_MAX: usize = 4_096;

/// The answer to one hand-in: for each commit where it stands or why it was refused; or
/// why nothing of the whole batch was appended.
pub type Answer = Result<Vec<Result<Placed, RefusedCommit>>, Arc<AppendError>>;
/// Who is told the answer.
pub type Reply = Box<dyn FnOnce(Answer) + Send>;

/// A journal whose commits are made durable in groups.
#[derive(Debug)]
pub struct GroupCommit {
    journal: Journal,
    syncer: Syncer,
    commits: Vec<Commit>,
    replies: Replies,
}

/// A batch that was written and is not durable.
#[derive(Debug)]
#[must_use = "nobody is answered before it was synced"]
pub struct Sealed {
    written: Written,
    behind: Behind,
    replies: Replies,
}

impl Sealed {
    /// What was written. Who pushes it before it is durable has set the dirty mark.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.written
    }

    fn sync(self) -> Done {
        let outcome = self.behind.sync().map(|()| self.written).map_err(Arc::new);
        Done { outcome, replies: self.replies }
    }
}

/// A batch that is durable, or could not be made so.
#[derive(Debug)]
#[must_use = "nobody is answered before somebody does it"]
pub struct Done {
    outcome: Result<Written, Arc<AppendError>>,
    replies: Replies,
}

impl Done {
    /// What is durable now, or why nothing is.
    ///
    /// # Errors
    /// The journal is poisoned.
    pub fn outcome(&self) -> Result<&Written, &Arc<AppendError>> {
        self.outcome.as_ref()
    }

    /// Answers everybody.
    pub fn answer(self) {
        self.replies.tell(self.outcome.map(|written| written.commits));
    }
}

/// Who waits for the answers to a batch, in the order of its commits.
#[derive(Default)]
struct Replies(Vec<(Reply, usize)>);

impl Replies {
    /// Hands each its part of the answers.
    fn tell(self, answers: Answer) {
        match answers {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                self.0.into_iter().for_each(|(reply, count)| reply(Ok(answers.by_ref().take(count).collect())));
            }
            Err(error) => self.0.into_iter().for_each(|(reply, _)| reply(Err(Arc::clone(&error)))),
        }
    }
}

impl std::fmt::Debug for Replies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} who wait", self.0.len())
    }
}

impl GroupCommit {
    /// Group commit over a journal. `ready` is told whenever a sync has ended, so that the
    /// owner answers what is done and looks whether it may seal; it is brief.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn new(journal: Journal, ready: Box<dyn Fn() + Send>) -> io::Result<GroupCommit> {
        let syncer = Syncer::start(ready)?;
        Ok(GroupCommit { journal, syncer, commits: Vec::new(), replies: Replies::default() })
    }

    /// Adds commits to the batch that gathers.
    pub fn hand_in(&mut self, commits: Vec<Commit>, reply: Reply) {
        self.replies.0.push((reply, commits.len()));
        self.commits.extend(commits);
    }

    /// Whether nothing gathers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.replies.0.is_empty()
    }

    /// Whether nothing is sealed that is not durable.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.syncer.is_idle()
    }

    /// Whether no more should gather before a batch is sealed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.commits.len() >= GATHERED_MAX
    }

    /// Whether the batch that gathers is to be sealed. Those who were just answered are
    /// expected back while the next sync runs: with half of all who are about, batches stay
    /// of one size.
    #[must_use]
    pub fn may_seal(&self) -> bool {
        !self.is_empty() && (self.is_full() || self.syncer.wants(self.commits.len()))
    }

    /// Seals and writes what has gathered. The stamps follow `cluster_ms`. If it cannot be
    /// written, everybody who waits is told so.
    ///
    /// With `pushed` the dirty mark is durable before anything is written, so that the batch
    /// may be pushed before it is (see [`Journal::write`]).
    pub fn seal(&mut self, cluster_ms: i64, pushed: bool) -> Result<Sealed, Arc<AppendError>> {
        let (commits, replies) = self.take_batch();
        match self.journal.write_behind(&commits, cluster_ms, pushed) {
            Ok((written, behind)) => Ok(Sealed { written, behind, replies }),
            Err(error) => {
                let error = Arc::new(error);
                replies.tell(Err(Arc::clone(&error)));
                Err(error)
            }
        }
    }

    /// What is to be sealed now: all that has gathered, or half of it if the disk then has
    /// something to do while the other half is sealed.
    fn take_batch(&mut self) -> (Vec<Commit>, Replies) {
        let waiting = self.replies.0.len();
        if waiting < 2 || !self.syncer.gains_by_halves() {
            return (std::mem::take(&mut self.commits), std::mem::take(&mut self.replies));
        }
        let later = Replies(self.replies.0.split_off(waiting.div_ceil(2)));
        let now = std::mem::replace(&mut self.replies, later);
        let count = now.0.iter().map(|(_, count)| count).sum();
        let later = self.commits.split_off(count);
        (std::mem::replace(&mut self.commits, later), now)
    }

    /// Has a batch made durable while the next one gathers; waits if one waits already.
    pub fn sync_behind(&mut self, sealed: Sealed) {
        self.syncer.hand_over(sealed);
    }

    /// Makes a batch durable in this thread: what to do if nobody else waits, because it
    /// wakes nobody.
    pub fn sync_here(&mut self, sealed: Sealed) {
        self.syncer.sync(sealed);
    }

    /// What is durable, or could not be made so, since the last call; in order.
    pub fn done(&mut self) -> Vec<Done> {
        self.syncer.done()
    }

    /// The journal, once all that was sealed has been synced or refused.
    pub fn journal(&mut self) -> &mut Journal {
        self.syncer.wait_idle();
        &mut self.journal
    }

    /// The journal as it stands, which may hold more than is durable.
    pub fn unsynced(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// Opens a poisoned journal anew (see [`Journal::reopen`]).
    pub fn reopen(&mut self) -> Result<(), OpenError> {
        self.journal().reopen()
    }

    /// Waits for what was sealed, answers it, and closes the journal (see
    /// [`Journal::close`]). What was not sealed is lost, unanswered: see
    /// [`GroupCommit::is_empty`].
    pub fn close(mut self) -> Result<(), AppendError> {
        self.syncer.wait_idle();
        self.done().into_iter().for_each(Done::answer);
        self.journal.close()
    }
}
