//! Writers who come back at once, on one thread that seals and one disk, in virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The thread that seals has time.
    Free,
    /// The disk has synced a batch.
    Synced,
    /// A writer hands in a commit.
    Commit,
}

/// How long things take, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    seal_us: u64,
    sync_us: u64,
    /// From the answer to the next commit of the same writer, for each before it too.
    back_us: u64,
}

struct Loop {
    times: Times,
    pace: Pace,
    now_us: u64,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    gathered: usize,
    /// Sealed, or being sealed, and not synced.
    sealed: VecDeque<usize>,
    is_sealing: bool,
    is_syncing: bool,
    /// The size of each batch that was synced.
    batches: Vec<usize>,
    syncing_us: u64,
}

impl Loop {
    fn new(writers: usize, times: Times) -> Loop {
        let events = (0..writers as u64).map(|at_us| Reverse((at_us, Event::Commit))).collect();
        Loop {
            times,
            pace: Pace::default(),
            now_us: 0,
            events,
            gathered: 0,
            sealed: VecDeque::new(),
            is_sealing: false,
            is_syncing: false,
            batches: Vec::new(),
            syncing_us: 0,
        }
    }

    fn after(&mut self, us: u64, event: Event) {
        self.events.push(Reverse((self.now_us + us, event)));
    }

    /// Until so many batches were synced; of those who are answered then, `stays` say yes.
    fn run(&mut self, batches: usize, stays: &mut dyn FnMut() -> bool) {
        let until = self.batches.len() + batches;
        while self.batches.len() < until
            && let Some(Reverse((at_us, event))) = self.events.pop()
        {
            self.now_us = at_us;
            match event {
                Event::Commit => {
                    self.pace.handed_in(1);
                    self.gathered += 1;
                }
                Event::Free => self.is_sealing = false,
                Event::Synced => self.answer(stays),
            }
            self.seal();
            self.sync();
        }
    }

    fn answer(&mut self, stays: &mut dyn FnMut() -> bool) {
        self.is_syncing = false;
        let batch = self.sealed.pop_front().unwrap();
        self.pace.answered(Some(Duration::from_micros(self.times.sync_us)));
        self.batches.push(batch);
        let back = (0..batch).filter(|_| stays()).count() as u64;
        (1..=back).for_each(|nth| self.after(nth * self.times.back_us, Event::Commit));
    }

    fn seal(&mut self) {
        if self.is_sealing || !self.pace.may_seal(self.gathered) {
            return;
        }
        let share = self.pace.share(self.gathered);
        assert!((1..=self.gathered).contains(&share));
        self.gathered -= share;
        self.pace.sealed(share, Duration::from_micros(self.times.seal_us));
        self.sealed.push_back(share);
        self.is_sealing = true;
        self.after(self.times.seal_us, Event::Free);
    }

    fn sync(&mut self) {
        let ready = self.sealed.len() - usize::from(self.is_sealing);
        if !self.is_syncing && ready > 0 {
            self.is_syncing = true;
            self.syncing_us += self.times.sync_us;
            self.after(self.times.sync_us, Event::Synced);
        }
    }
}

proptest! {
    /// As long as a half is back and sealed before the other half is synced, the disk never
    /// waits, and no sync serves fewer than half.
    #[test]
    fn halves_keep_the_disk_busy(writers in 2usize..200, seal_us in 38u64..100, start in 0usize..200) {
        let times = Times { seal_us, sync_us: 300, back_us: 1 };
        let mut these = Loop::new(writers, times);
        these.run(start + 20, &mut || true);
        let (from_us, before_us) = (these.now_us, these.syncing_us);
        these.batches.clear();
        these.run(20, &mut || true);
        prop_assert_eq!(these.syncing_us - before_us, these.now_us - from_us, "{:?}", &these.batches);
        prop_assert!(these.batches.iter().all(|batch| batch.abs_diff(writers - batch) <= 1), "{:?}", &these.batches);
    }

    /// Whatever the times, and whoever leaves: whoever handed in is answered.
    #[test]
    fn nobody_waits_for_who_has_left(
        writers in 1usize..100,
        (seal_us, sync_us, back_us) in (1u64..500, 1u64..5_000, 0u64..50),
        stays in prop::collection::vec(any::<bool>(), 0..300),
    ) {
        let mut these = Loop::new(writers, Times { seal_us, sync_us, back_us });
        let mut stays = stays.into_iter();
        let mut came = writers;
        these.run(usize::MAX / 2, &mut || {
            let stays = stays.next().unwrap_or(false);
            came += usize::from(stays);
            stays
        });
        prop_assert_eq!(these.batches.iter().sum::<usize>(), came);
        prop_assert!(these.pace.is_idle());
    }
}

#[test]
fn on_a_slow_disk_nothing_is_sealed_before_the_sync_has_ended() {
    let mut these = Loop::new(64, Times { seal_us: 200, sync_us: 10_000, back_us: 1 });
    these.run(4, &mut || true);
    for _ in 0..10 {
        these.run(1, &mut || true);
        // The next one went to the disk whole; whoever was answered is not back.
        assert_eq!((these.sealed.len(), these.gathered), (1, 0));
        assert!(!these.pace.may_seal(64));
    }
}

#[test]
fn one_writer_is_alone_and_two_are_not() {
    let mut pace = Pace::default();
    pace.handed_in(1);
    pace.sealed(1, Duration::ZERO);
    assert!(pace.is_alone());
    pace.answered(None);
    assert!(!pace.is_alone());
    pace.handed_in(1);
    pace.sealed(1, Duration::ZERO);
    assert!(pace.is_alone());
    pace.handed_in(1);
    pace.sealed(1, Duration::ZERO);
    assert!(!pace.is_alone(), "the other one is still under way");
}

#[test]
fn who_writes_on_after_a_crowd_has_left_is_alone() {
    let mut pace = Pace::default();
    pace.handed_in(50);
    pace.sealed(50, Duration::ZERO);
    pace.answered(None);
    for turn in 0..4 {
        pace.handed_in(1);
        pace.sealed(1, Duration::ZERO);
        assert_eq!(pace.is_alone(), turn >= 2);
        pace.answered(None);
    }
}
