//! Things go wrong with machines and roads.

use cocli_journal::Disk;
use cocli_model::usv::{Piece, scan};

use crate::machine::{Backup, DAY_MS, Machine};
use crate::mishap::Mishap;
use crate::report::Rare;
use crate::store::place;
use crate::time::{MINUTE, SECOND, Us};
use crate::world::{Event, World};

impl World {
    pub(crate) fn mishap(&mut self, mishap: &Mishap) {
        let max = self.machines.len();
        match *mishap {
            Mishap::PowerCut(m, down_us) if m < max && self.machines[m].is_up() => self.power_cut(m, down_us),
            Mishap::Kill(m, down_us) if m < max && self.machines[m].is_up() => self.kill(m, down_us),
            Mishap::Restart(m, down_us) if m < max => self.close(m, down_us),
            Mishap::PowerCutAfterWrite(m, down_us) if m < max => {
                self.machines[m].armed = Some(Mishap::PowerCut(m, down_us));
            }
            Mishap::KillAfterWrite(m, down_us) if m < max => {
                self.machines[m].armed = Some(Mishap::Kill(m, down_us));
            }
            Mishap::PowerCutAt(m, operations) if m < max => self.machines[m].disk.cut_power_after(operations),
            Mishap::Backup(m) if m < max => {
                let image = self.machines[m].disk.backup();
                self.machines[m].backup = Some(Backup { image, made_us: self.now_us });
            }
            Mishap::Restore(m, whole) if m < max => self.restore(m, whole),
            Mishap::Clone(m) if m < max => self.clone_machine(m),
            Mishap::DiskFull(m, for_us) if m < max => {
                let used = self.machines[m].disk.used_bytes();
                let room = self.dice.below(2_000);
                self.machines[m].disk.set_capacity_bytes(used + room);
                self.queue.at(self.now_us + for_us, Event::Mishap(Mishap::Room(m)));
            }
            Mishap::Room(m) if m < max => self.machines[m].disk.set_capacity_bytes(u64::MAX),
            Mishap::Eio(m) if m < max => self.machines[m].disk.fail_next_sync(),
            Mishap::WriteError(m) if m < max => self.machines[m].disk.fail_next_write(),
            Mishap::BitFlip(m) if m < max => self.flip(m),
            Mishap::ClockStep(m, by_ms) if m < max => self.step(m, by_ms),
            Mishap::BootBack(m, by_ms) if m < max => {
                self.step(m, -by_ms);
                self.power_cut(m, 2 * SECOND);
            }
            Mishap::Partition(side, for_us) => self.part(side, for_us),
            Mishap::Deaf(from, to, for_us) if from < max && to < max && from != to => self.block(from, to, for_us),
            Mishap::Break(a, b) if a < max && b < max => self.break_connection(a, b, SECOND),
            Mishap::Thin(m, bytes, for_us) if m < max => {
                self.net.thin.insert(m, (bytes / 1_000).max(1));
                self.queue.at(self.now_us + for_us, Event::Mishap(Mishap::Wide(m)));
            }
            Mishap::Wide(m) => {
                self.net.thin.remove(&m);
            }
            _ => {}
        }
    }

    fn part(&mut self, side: u32, for_us: Us) {
        let here = |m: usize| side >> m & 1 == 1;
        self.tally.count("partitions");
        for a in 0..self.machines.len() {
            for b in (0..self.machines.len()).filter(|b| here(a) != here(*b)) {
                self.block(a, b, for_us);
            }
        }
    }

    fn step(&mut self, m: usize, by_ms: i64) {
        let before = self.machines[m].wall_ms(self.start_ms, self.now_us);
        self.machines[m].ahead_ms += by_ms;
        let after = self.machines[m].wall_ms(self.start_ms, self.now_us);
        self.tally.count("clocks stepped");
        if before.div_euclid(DAY_MS) != after.div_euclid(DAY_MS) {
            self.tally.rare(Rare::ClockOverDay);
        }
    }

    /// Puts a backup back while the machine is off. A local promise made after the
    /// backup is void; one of the cluster is not.
    fn restore(&mut self, m: usize, whole: bool) {
        let Some(backup) = self.machines[m].backup.take() else { return };
        self.stop(m, 3 * SECOND);
        let machine = &mut self.machines[m];
        machine.disk = machine.disk.crash();
        machine.boot += 1;
        machine.disk.restore(&backup.image, std::path::Path::new(if whole { "/" } else { "/data" }));
        machine.damaged = true;
        self.tally.count("backups restored");
        for write in self.oracle.writes.iter_mut().filter(|write| write.machine == m) {
            let before = write.local_us.is_some_and(|local_us| local_us <= backup.made_us);
            write.excused |= !before;
        }
        self.queue.at(self.now_us + SECOND, Event::Boot(m));
    }

    /// The virtual machine is suspended with its daemon stopped, and copied bit by bit:
    /// both copies believe to be the one.
    fn clone_machine(&mut self, m: usize) {
        if !self.machines[m].is_up() || self.machines[m].clone_of.is_some() {
            return;
        }
        self.close(m, SECOND);
        let seed = self.dice.roll();
        let disk = self.machines[m].disk.clone_card(seed);
        let original = &self.machines[m];
        let mut copy = Machine::new(m, disk);
        copy.identity = original.identity.clone();
        copy.machine.clone_from(&original.machine);
        copy.boot = original.boot;
        copy.clone_of = Some(m);
        copy.off_until_us = self.now_us + SECOND;
        let mut journals = self.oracle.writes.iter().filter(|write| write.machine == m);
        let last = journals.next_back().map(|write| cocli_replica::sync::JournalId::of(&write.datagram));
        self.oracle.may_fork.extend(last);
        let copy = self.settle_in(copy);
        self.tally.count("machines cloned");
        // It often wakes in another network, and both write before they hear of each other.
        if self.dice.chance(700) {
            let apart_us = self.dice.below(MINUTE);
            for other in (0..copy).filter(|other| *other != m) {
                self.block(copy, other, apart_us);
                self.block(other, copy, apart_us);
            }
        }
    }

    /// The machine goes off, and a bit of a datagram flips that another machine holds too.
    fn flip(&mut self, m: usize) {
        if !self.machines[m].is_up() || self.machines[m].clone_of.is_some() {
            return;
        }
        // After a clean end the epoch goes on, damaged or not.
        if self.dice.chance(500) {
            self.power_cut(m, 2 * SECOND);
        } else {
            self.close(m, 2 * SECOND);
        }
        let others = self.machines.iter().enumerate().filter(|(other, machine)| *other != m && !machine.damaged);
        let held: Vec<&crate::machine::Process> =
            others.filter_map(|(_, machine)| machine.process.as_deref()).collect();
        let disk = self.machines[m].disk.clone();
        let mut places = Vec::new();
        for name in disk.list(&place().wal()).unwrap_or_default() {
            let path = place().wal().join(name);
            for piece in scan(&disk.get(&path).unwrap_or_default()) {
                if let Piece::Datagram { range, datagram } = piece
                    && held.iter().any(|process| process.shelves.is_stored(&datagram))
                {
                    places.push((path.clone(), range));
                }
            }
        }
        let Some((path, range)) = self.dice.pick(&places).cloned() else { return };
        let offset = range.start + self.dice.index(range.len());
        disk.flip_bit(&path, offset as u64, u8::try_from(self.dice.below(8)).unwrap_or(0));
        self.machines[m].damaged = true;
        self.tally.count("bits flipped");
    }
}
