//! Appending as a daemon does: written, pushed, then synced.

use std::sync::Arc;

use cocli_journal::{AppendError, Commit, Written};
use cocli_replica::sync::{Branch, Input, JournalId};

use crate::oracle::Write;
use crate::report::Rare;
use crate::time::SECOND;
use crate::world::World;

impl World {
    /// Appends commits on a machine, as its daemon does: written, pushed, then synced.
    pub(crate) fn append(
        &mut self,
        m: usize,
        commits: &[Commit],
        saw: Vec<cocli_model::Name>,
        wants_cluster: bool,
    ) -> Option<()> {
        let wall_ms = self.machines[m].wall_ms(self.start_ms, self.now_us);
        let process = self.machines[m].process.as_mut()?;
        let before = process.journal.last_stamp();
        let written = process.journal.write(commits, wall_ms);
        self.check_taken(m, &written);
        match written {
            Ok(written) => {
                self.check_stamps(m, &written, before);
                self.written(m, &written, saw, wants_cluster);
                Some(())
            }
            Err(error) => {
                self.machines[m].unanswered |= matches!(error, AppendError::Poisoned { .. });
                self.refused(m, &error);
                None
            }
        }
    }

    pub(super) fn written(&mut self, m: usize, written: &Written, saw: Vec<cocli_model::Name>, wants_cluster: bool) {
        if written.opened.is_some() {
            self.tally.count("epochs opened");
            if std::mem::take(&mut self.machines[m].lost_tail) {
                self.tally.rare(Rare::TailLost);
            }
        }
        let learned = self.machines[m].process.as_mut().is_none_or(|process| process.store.learn(written));
        for (_, _, datagram) in &written.datagrams {
            self.note(b"wrote", datagram.cid().digest());
            self.oracle.sealed(datagram);
            let index = self.oracle.writes.len();
            self.oracle.writes.push(Write {
                machine: m,
                datagram: Arc::clone(datagram),
                written_us: self.now_us,
                local_us: None,
                life: self.machines[m].life,
                cluster_us: None,
                saw: saw.clone(),
                lost: false,
                excused: false,
            });
            let Some(process) = self.machines[m].process.as_mut() else { return };
            process.shelves.store(datagram, Branch::Main);
            if wants_cluster {
                process.waiting.push((JournalId::of(datagram), datagram.last(), index));
            }
            self.feed(m, Input::Appended(Arc::clone(datagram)));
        }
        self.tally.add("commits", written.commits.iter().filter(|commit| commit.is_ok()).count() as u64);
        if !learned {
            // Reading back what was just written failed, maybe in a sync: nobody knows what
            // is on the disk, and another sync would say yes to nothing.
            self.poisoned(m);
            return;
        }
        self.plan_sync(m);
        self.spring(m);
    }

    /// A machine that has read its disk finds what it sealed for an append that was cut off:
    /// nobody was told of it, it may be on the disk all the same, and its seal is as good as
    /// any. One whose append was refused as not written is not among them.
    pub(crate) fn find_unanswered(&mut self, m: usize) {
        let machine = &self.machines[m];
        let Some(process) = machine.process.as_ref().filter(|_| machine.unanswered) else { return };
        let key = machine.identity.key.verifying_key();
        let own = process.shelves.all().filter(|datagram| datagram.id() == machine.id());
        let unknown = own.filter(|datagram| !self.oracle.genuine.contains_key(&datagram.cid()));
        let found: Vec<_> = unknown.filter(|datagram| datagram.verify(&key).is_ok()).cloned().collect();
        self.tally.add("datagrams found of appends that were cut off", found.len() as u64);
        found.iter().for_each(|datagram| self.oracle.sealed(datagram));
    }

    pub(super) fn refused(&mut self, m: usize, error: &AppendError) {
        match error {
            AppendError::DiskFull { .. } => self.tally.rare(Rare::DiskFull),
            AppendError::Poisoned { .. } => self.poisoned(m),
            AppendError::Write { .. } => self.tally.rare(Rare::Eio),
            _ => {}
        }
        self.tally.count("appends refused");
        self.darkness(m);
    }

    /// A sync failed: the journal is opened anew, here or by another daemon.
    pub(super) fn poisoned(&mut self, m: usize) {
        self.tally.rare(Rare::Eio);
        self.tally.count("journals poisoned");
        if self.darkness(m) {
            return;
        }
        let down_us = SECOND + self.dice.below(2 * SECOND);
        self.kill(m, down_us);
    }
}
