//! Group commit: commits that wait are sealed together and made durable by one sync, and the
//! next ones are sealed while it runs.
//!
//! - An answer that says where a commit stands means that it is durable (L1). After a failed
//!   sync every answer is an error until [`GroupCommit::reopen`], also to what was sealed
//!   meanwhile.
//! - One batch is synced, one is sealed and waits, one gathers: never more. When the next is
//!   sealed, and how large it is, follows from who is about (`pace`).
//! - There is no queue here: whoever owns it hands in what came, seals when it may, and
//!   answers what is done. Who syncs does not: the disk is to have something to do meanwhile.

mod pace;
mod syncer;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::journal::{AppendError, Behind, Commit, Journal, OpenError, Placed, RefusedCommit, Written};
use pace::Pace;
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
    pace: Pace,
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
        let start = Instant::now();
        let outcome = self.behind.sync().map(|()| self.written).map_err(Arc::new);
        Done { outcome, replies: self.replies, took: start.elapsed() }
    }
}

/// A batch that is durable, or could not be made so.
#[derive(Debug)]
#[must_use = "nobody is answered before somebody does it"]
pub struct Done {
    outcome: Result<Written, Arc<AppendError>>,
    replies: Replies,
    took: Duration,
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
        let (pace, replies) = (Pace::default(), Replies::default());
        Ok(GroupCommit { journal, syncer, pace, commits: Vec::new(), replies })
    }

    /// Adds commits to the batch that gathers. Who hands in none is answered at once.
    pub fn hand_in(&mut self, commits: Vec<Commit>, reply: Reply) {
        if commits.is_empty() {
            return reply(Ok(Vec::new()));
        }
        self.pace.handed_in(commits.len());
        self.replies.0.push((reply, commits.len()));
        self.commits.extend(commits);
    }

    /// Whether nothing gathers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.replies.0.is_empty()
    }

    /// Whether nothing is sealed that is not answered.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pace.is_idle()
    }

    /// Whether no more should gather before a batch is sealed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.commits.len() >= GATHERED_MAX
    }

    /// Whether a batch is to be sealed of what has gathered.
    #[must_use]
    pub fn may_seal(&self) -> bool {
        self.is_full() || self.pace.may_seal(self.commits.len())
    }

    /// Seals and writes what has gathered. The stamps follow `cluster_ms`. If it cannot be
    /// written, everybody who waits is told so.
    ///
    /// With `pushed` the dirty mark is durable before anything is written, so that the batch
    /// may be pushed before it is (see [`Journal::write`]).
    pub fn seal(&mut self, cluster_ms: i64, pushed: bool) -> Result<Sealed, Arc<AppendError>> {
        let (commits, replies) = self.take_batch();
        let start = Instant::now();
        match self.journal.write_behind(&commits, cluster_ms, pushed) {
            Ok((written, behind)) => {
                self.pace.sealed(commits.len(), start.elapsed());
                Ok(Sealed { written, behind, replies })
            }
            Err(error) => {
                let error = Arc::new(error);
                replies.tell(Err(Arc::clone(&error)));
                Err(error)
            }
        }
    }

    /// What is to be sealed now. What one handed in together stays together.
    fn take_batch(&mut self) -> (Vec<Commit>, Replies) {
        let share = self.pace.share(self.commits.len());
        let mut count = 0;
        let taken = self.replies.0.iter().take_while(|(_, commits)| {
            let more = count < share;
            count += if more { *commits } else { 0 };
            more
        });
        let later = self.replies.0.split_off(taken.count());
        let replies = std::mem::replace(&mut self.replies, Replies(later));
        let later = self.commits.split_off(count);
        (std::mem::replace(&mut self.commits, later), replies)
    }

    /// Has a batch made durable: behind the next one, or here if all who are about wait for it.
    pub fn sync(&mut self, sealed: Sealed) {
        if self.is_empty() && self.pace.is_alone() {
            self.sync_here(sealed);
        } else {
            self.sync_behind(sealed);
        }
    }

    /// Has a batch made durable while the next one gathers; waits if one waits already.
    pub fn sync_behind(&mut self, sealed: Sealed) {
        self.syncer.hand_over(sealed);
    }

    /// Makes a batch durable in this thread, which wakes nobody.
    pub fn sync_here(&mut self, sealed: Sealed) {
        self.syncer.sync(sealed);
    }

    /// What is durable, or could not be made so, since the last call; in order.
    pub fn done(&mut self) -> Vec<Done> {
        let over = self.syncer.over();
        over.iter().for_each(|done| self.pace.answered(done.as_ref().map(|done| done.took)));
        over.into_iter().flatten().collect()
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
