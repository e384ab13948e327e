//! People and workers: they look at what their node shows and act on it.

use std::sync::Arc;

use cocli_journal::Commit;
use cocli_model::{Draft, Epoch, FieldName, NodeId, Origin, Rank, Stamp, Target, Value};
use cocli_replica::fold::{Change, Entry, plan_undo, plan_write};

use crate::machine::Process;
use crate::time::{MS, Us};
use crate::world::deed::{Deed, Rush, plan, seen};
use crate::world::{Event, World};

/// How many companies everybody works on: few, so that people meet.
const COMPANIES: usize = 6;
/// The registers that are written.
const REGISTERS: [&str; 4] = ["name", "phone", "website", "industry"];
/// The elements of the sets.
const TAGS: [&str; 4] = ["vip", "lead", "cold", "partner"];

/// How many commits a flood has at least and at most.
const FLOOD_COMMITS: (u64, u64) = (1_001, 1_200);
/// How often in a thousand deeds a rush begins.
const RUSH_PER_MILLE: u32 = 4;
/// How long a pause is in a rush, at least and at most.
const RUSH_PAUSE_US: (Us, Us) = (10 * MS, 200 * MS);

impl World {
    /// How long until somebody does something again.
    pub(crate) fn pause_us(&mut self) -> Us {
        let mean_us = self.faults.pause_us;
        // The microsecond is whole on purpose: nodes with equal clocks write equal stamps.
        (self.dice.below(2 * mean_us) / (10 * MS) + 1) * 10 * MS
    }

    /// Somebody acts somewhere; now and then others do the like elsewhere at once.
    pub(crate) fn act(&mut self) {
        let up: Vec<usize> = (0..self.machines.len()).filter(|m| self.machines[*m].is_up()).collect();
        let Some(m) = self.dice.pick(&up).copied() else { return };
        let (deed, rank) = (self.deed(), self.rank());
        if self.dice.chance(30) {
            self.burst(m);
        }
        if self.dice.chance(RUSH_PER_MILLE) {
            let rush = Rush { target: self.target(), field: self.register(), left: self.dice.between(20, 120) };
            self.queue.at(self.now_us, Event::Rush(rush));
        }
        self.do_it(m, &deed, rank);
        if self.dice.chance(300) {
            let others: Vec<usize> = up.into_iter().filter(|other| *other != m).collect();
            if let Some(other) = self.dice.pick(&others).copied() {
                let (deed, rank) = (self.rival_of(&deed), if self.dice.chance(700) { rank } else { self.rank() });
                self.do_it(other, &deed, rank);
            }
        }
    }

    /// Somebody writes the field everybody is at, and somebody will again at once.
    pub(crate) fn rush(&mut self, rush: Rush) {
        let up: Vec<usize> = (0..self.machines.len()).filter(|m| self.machines[*m].is_up()).collect();
        if let Some(m) = self.dice.pick(&up).copied() {
            let (deed, rank) = (Deed::Set(rush.target.clone(), rush.field.clone(), self.text()), self.rank());
            self.do_it(m, &deed, rank);
        }
        self.tally.count("writes in a rush");
        if rush.left > 1 {
            let pause_us = self.dice.between(RUSH_PAUSE_US.0, RUSH_PAUSE_US.1);
            self.queue.at(self.now_us + pause_us, Event::Rush(Rush { left: rush.left - 1, ..rush }));
        }
    }

    fn rank(&mut self) -> Rank {
        match self.dice.below(20) {
            0..=10 => Rank::Human,
            11..=15 => Rank::Worker,
            16..=17 => Rank::Listing,
            _ => Rank::Import,
        }
    }

    fn target(&mut self) -> Target {
        let number = self.dice.index(COMPANIES);
        format!("companies/firm-{number}").parse().expect("a slug of letters, a dash and a digit")
    }

    fn tag(&mut self) -> Value {
        let tag = TAGS[self.dice.index(TAGS.len())];
        Value::string(tag).expect("a short text is a value")
    }

    fn text(&mut self) -> Value {
        let number = self.dice.below(100_000);
        Value::string(&format!("wert-ä{number}")).expect("a short text is a value")
    }

    fn register(&mut self) -> FieldName {
        let name = REGISTERS[self.dice.index(REGISTERS.len())];
        FieldName::new(name).expect("a short name is a field name")
    }

    fn deed(&mut self) -> Deed {
        let target = self.target();
        match self.dice.below(100) {
            0..=44 => Deed::Set(target, self.register(), self.text()),
            45..=56 => Deed::Add(target, self.tag()),
            57..=66 => Deed::Remove(target, self.tag()),
            67..=70 => Deed::Unset(target, self.register()),
            71..=76 => Deed::Create(target, self.dice.below(3)),
            77..=83 => Deed::Show(target, false),
            84..=86 => Deed::Show(target, true),
            87..=89 => Deed::Note(target, self.dice.below(1_000)),
            90 => Deed::Strange(target, self.register(), self.text()),
            _ => Deed::Undo,
        }
    }

    /// What somebody else does at the same time with the same thing.
    fn rival_of(&mut self, deed: &Deed) -> Deed {
        match deed {
            Deed::Set(target, field, _) => Deed::Set(target.clone(), field.clone(), self.text()),
            Deed::Add(target, tag) => Deed::Remove(target.clone(), tag.clone()),
            Deed::Remove(target, tag) => Deed::Add(target.clone(), tag.clone()),
            Deed::Create(target, _) => Deed::Create(target.clone(), self.dice.below(3)),
            Deed::Show(target, _) | Deed::Unset(target, _) | Deed::Strange(target, ..) => {
                Deed::Set(target.clone(), self.register(), self.text())
            }
            Deed::Note(target, _) => Deed::Show(target.clone(), false),
            Deed::Undo => self.deed(),
        }
    }

    /// Plans what a deed writes, as its node shows things, and writes it.
    fn do_it(&mut self, m: usize, deed: &Deed, rank: Rank) {
        let origin = Origin::of(rank);
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let planned = match deed {
            Deed::Undo => self.undo(m, process),
            deed => plan(process, deed, &origin),
        };
        let Some(drafts) = planned.filter(|drafts| !drafts.is_empty()) else {
            self.tally.count("deeds with nothing to write");
            return;
        };
        let saw = seen(process, &drafts);
        let cluster = self.dice.chance(200);
        if self.append(m, &[Commit::new(drafts)], saw, cluster).is_some() {
            self.check_after_write(m);
        }
    }

    fn undo(&self, m: usize, process: &Process) -> Option<Vec<Draft>> {
        let known = self.oracle.writes.iter().rev().filter(|write| process.folded.contains_key(&write.datagram.cid()));
        // Which one follows from the time alone, so that planning rolls no dice.
        let nth = usize::try_from(self.now_us / (10 * MS) % 6).unwrap_or(0) + m % 2;
        let write = known.take(8).nth(nth)?;
        let rows: Vec<Entry> = write
            .datagram
            .named_rows()
            .filter_map(|(name, row)| Some(Entry { name, record: Arc::clone(row.record().ok()?) }))
            .filter(|entry| !entry.record.draft.target.is_system())
            .collect();
        let stamp: Stamp = rows.last()?.record.stamp;
        let commit: Vec<Entry> = rows.into_iter().filter(|entry| entry.record.stamp == stamp).collect();
        let tips = |id: NodeId, epoch: Epoch| process.shelves.tips(id, epoch);
        plan_undo(&process.cells, &commit, &Origin::of(Rank::Human), &tips).ok().map(|undo| undo.drafts)
    }

    /// A worker writes many commits in one go.
    fn burst(&mut self, m: usize) {
        let count = self.dice.between(5, 25);
        let mut commits = Vec::new();
        for _ in 0..count {
            let target = self.target();
            let field = FieldName::new("note-of-worker").expect("a short name is a field name");
            let change = Change::Set(self.text());
            let Some(process) = self.machines[m].process.as_ref() else { return };
            let origin = Origin::of(Rank::Worker);
            if let Ok(drafts) = plan_write(&process.cells, &target, &field, &change, &origin)
                && !drafts.is_empty()
            {
                commits.push(Commit::new(drafts));
            }
        }
        self.append(m, &commits, Vec::new(), false);
        self.tally.count("bursts");
    }

    /// A worker delivers its day's list in one go, in the last millisecond of the day by
    /// its clock: more commits than that millisecond has stamps.
    pub(crate) fn flood(&mut self, m: usize) {
        let count = self.dice.between(FLOOD_COMMITS.0, FLOOD_COMMITS.1);
        let target: Target = format!("companies/listed-{m}").parse().expect("letters, a dash and a number are a slug");
        let origin = Origin::of(Rank::Listing);
        let mut commits = Vec::new();
        for number in 0..count {
            let field = FieldName::new(&format!("line-{number}")).expect("a short name is a field name");
            let change = Change::Set(self.text());
            let Some(process) = self.machines[m].process.as_ref() else { return };
            let drafts = plan_write(&process.cells, &target, &field, &change, &origin).unwrap_or_default();
            if !drafts.is_empty() {
                commits.push(Commit::new(drafts));
            }
        }
        self.append(m, &commits, Vec::new(), false);
        self.tally.count("floods");
    }

    /// A daemon in trouble leaves a mess if it dies right after it wrote.
    pub(crate) fn spring(&mut self, m: usize) {
        let Some(trap) = self.machines[m].armed.take() else { return };
        let within_us = self.machines[m].sync_us / 2;
        let when_us = self.now_us + MS + self.dice.below(within_us.max(2 * MS));
        self.queue.at(when_us, Event::Mishap(trap));
        self.tally.count("mishaps right after a write");
    }
}
