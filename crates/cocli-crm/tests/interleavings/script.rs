//! One script: what happens, in the order that its seed says.

use std::path::PathBuf;
use std::time::Duration;

use cocli_crm::entity;
use cocli_crm::resolve::Noun;

use super::desk::{Desk, SLUG};
use super::dice::Dice;
use super::editor::Editor;
use super::worker::{Said, Worker};

/// Steps of a write at which it may be stopped.
const STEPS_MAX: usize = 10;
/// A scan is disturbed within so many microseconds.
const SCAN_US_MAX: usize = 20_000;
/// Scans after which everything that was typed must have been taken.
const LAST_SCANS_MAX: usize = 8;
/// An hour: what is kept for ten seconds is looked at once more.
const HOUR_MS: i64 = 3_600_000;

/// What happened.
#[derive(Debug, Default)]
pub struct Tally {
    pub interleavings: u64,
    pub kills: u64,
    pub stops: u64,
    pub saves: u64,
    pub stale: u64,
    pub stepwise: u64,
    pub remote: u64,
    pub scanned: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Tally) {
        self.interleavings += other.interleavings;
        self.kills += other.kills;
        self.stops += other.stops;
        self.saves += other.saves;
        self.stale += other.stale;
        self.stepwise += other.stepwise;
        self.remote += other.remote;
        self.scanned += other.scanned;
    }

    /// Whether everything came up often in `count` interleavings.
    pub fn is_busy(&self, count: u64) -> bool {
        let often = [self.kills, self.stops, self.saves, self.remote, self.scanned];
        let seldom = [self.stale, self.stepwise];
        often.iter().all(|n| *n * 5 >= count) && seldom.iter().all(|n| *n * 20 >= count)
    }
}

pub struct Script {
    desk: Desk,
    dice: Dice,
    editor: Editor,
    is_planted: bool,
    worker: Option<Worker>,
    tally: Tally,
    remote: u64,
}

impl Script {
    pub fn new(seed: u64, is_planted: bool) -> Script {
        let (desk, dice) = (Desk::new(), Dice::new(seed));
        Script { desk, dice, editor: Editor::default(), is_planted, worker: None, tally: Tally::default(), remote: 0 }
    }

    /// Plays so many interleavings; what was lost, if anything was.
    pub fn run(mut self, count: u64) -> Result<Tally, String> {
        for _ in 0..count {
            self.interleave();
            self.tally.interleavings += 1;
        }
        self.end()?;
        self.tally.saves = self.editor.saves;
        self.tally.stale = self.editor.stale;
        self.tally.stepwise = self.editor.stepwise;
        Ok(self.tally)
    }

    fn interleave(&mut self) {
        if self.dice.one_in(2) {
            let path = self.path();
            self.editor.load(&path);
        }
        if !self.dice.one_in(4) && !self.editor.is_open() {
            self.calm();
        }
        if !self.dice.one_in(6) {
            self.hear_of_others();
        }
        if self.dice.one_in(4) {
            self.edit();
        }
        if self.dice.one_in(3) {
            self.scan()
        } else {
            self.write()
        }
        if self.dice.one_in(2) {
            self.edit();
        }
        self.desk.pass_ms(10);
    }

    fn path(&mut self) -> PathBuf {
        self.dice.of(&self.desk.files).clone()
    }

    /// Goes on with what is half saved, or saves something.
    fn edit(&mut self) {
        if self.editor.is_open() {
            self.editor.finish();
        } else {
            let path = self.path();
            self.editor.save(&path, &mut self.dice);
        }
    }

    /// Records of the other node arrive.
    fn hear_of_others(&mut self) {
        self.remote += 1;
        if self.dice.one_in(3) {
            self.desk.send();
        }
        let word = format!("remote{}", self.remote);
        let what = self.dice.below(12);
        self.desk.there(|folder| match what {
            0 => drop(entity::remove(folder, (Noun::Company, SLUG), false)),
            _ => {
                // Whoever was deleted comes back sooner or later.
                drop(entity::restore(folder, (Noun::Company, SLUG), false));
                let field = ["city", "owner", "tags+", "description"][what % 4];
                let assignment = format!("{field}={word}").parse().unwrap();
                entity::set(folder, (Noun::Company, SLUG), &[assignment], false).unwrap();
            }
        });
        self.tally.remote += 1;
    }

    fn worker(&mut self) -> Worker {
        self.worker.take().unwrap_or_else(|| Worker::start(self.desk.here(), self.is_planted))
    }

    /// What was edited so far is taken in peace, so that files wait to be written.
    fn calm(&mut self) {
        let mut worker = self.worker();
        worker.scan(self.desk.now_ms());
        worker.hear();
        self.worker = Some(worker);
    }

    /// Files are written, and somebody saves in the middle of it; or a kill comes.
    fn write(&mut self) {
        let mut worker = self.worker();
        let stop = 1 + self.dice.below(STEPS_MAX);
        if worker.write(self.desk.now_ms(), stop) == Said::Stopped {
            self.tally.stops += 1;
            for _ in 0..self.dice.below(3) {
                self.edit();
            }
            if self.dice.one_in(2) {
                worker.kill();
                self.tally.kills += 1;
                return;
            }
            worker.go_on();
        }
        self.keep_or_kill(worker);
    }

    /// Files are read, and somebody saves meanwhile; or a kill comes.
    fn scan(&mut self) {
        let mut worker = self.worker();
        worker.scan(self.desk.now_ms());
        // Not to wait for anything: a moment is drawn at which something happens.
        std::thread::sleep(Duration::from_micros(self.dice.below(SCAN_US_MAX) as u64));
        self.tally.scanned += 1;
        if self.dice.one_in(2) {
            self.edit();
        }
        if self.dice.one_in(3) {
            worker.kill();
            self.tally.kills += 1;
            return;
        }
        worker.hear();
        self.keep_or_kill(worker);
    }

    /// A worker that is idle is killed now and then, too.
    fn keep_or_kill(&mut self, worker: Worker) {
        if self.dice.one_in(4) {
            worker.kill();
            self.tally.kills += 1;
        } else {
            self.worker = Some(worker);
        }
    }

    /// Everybody is done: nothing is left to take, and every word is somewhere.
    fn end(&mut self) -> Result<(), String> {
        self.editor.finish();
        let mut worker = self.worker();
        let mut left = true;
        for _ in 0..LAST_SCANS_MAX {
            worker.write(self.desk.now_ms(), usize::MAX);
            self.desk.pass_ms(HOUR_MS);
            worker.scan(self.desk.now_ms());
            left = !matches!(worker.hear(), Said::Done { records: 0, edits: 0 }) || self.desk.kept() > 0;
            if !left {
                break;
            }
        }
        worker.kill();
        if left {
            return Err(format!("after {LAST_SCANS_MAX} scans there is still something to take"));
        }
        let all = String::from_utf8_lossy(&self.desk.everything()).into_owned();
        match self.editor.typed().iter().find(|word| !all.contains(*word)) {
            Some(word) => Err(format!("{word} is nowhere")),
            None => Ok(()),
        }
    }
}
