//! Writing datagrams to the journal's files, and taking them back if the disk refuses.
//! Everything here runs under the lock.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cocli_model::field::{Field, Operator};
use cocli_model::planted::{Bug, is as planted};
use cocli_model::record::{Cause, Draft};
use cocli_model::{Datagram, Epoch, Origin, Rank, Target, Value};

use super::commit::Commit;
use super::durable::refusal;
use super::pack::{Chain, Packed, pack};
use super::types::{AppendError, Standing, Written};
use super::{End, Journal};
use crate::disk::{DiskFile, FileStat, Open, append_all};
use crate::epoch::{Doubt, Proof};
use crate::name::{Branch, JournalFile};
use crate::scan::tip_of;

/// The datagrams of one file, and their bytes.
#[derive(Debug)]
struct Portion {
    name: JournalFile,
    bytes: Vec<u8>,
    datagrams: Vec<(Range<u64>, Arc<Datagram>)>,
}

/// A datagram with the place of its bytes.
type Place = (JournalFile, Range<u64>, Arc<Datagram>);

/// A file that was written to, and how it was before.
#[derive(Debug)]
struct Touched {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    before_bytes: u64,
    created: bool,
}

impl Journal {
    pub(super) fn put(&mut self, commits: &[Commit], cluster_ms: i64, dirty: bool) -> Result<Written, AppendError> {
        let others_appended = self.refresh()?;
        let mut written = Written { others_appended, ..Written::default() };
        if commits.is_empty() {
            return Ok(written);
        }
        let (packed, opened) = self.pack(commits, cluster_ms)?;
        let Packed { commits, datagrams, chain } = packed;
        written.commits = commits;
        if written.commits.iter().all(Result::is_err) {
            return Ok(written);
        }
        self.make_sure()?;
        if opened.is_some() {
            self.announce(chain.epoch)?;
        }
        if dirty {
            self.mark_dirty(chain.epoch)?;
        }
        written.datagrams = self.write_all(&datagrams, opened.is_some())?;
        written.opened = opened;
        self.clock = chain.clock;
        Ok(written)
    }

    /// Before a new epoch is written: from here on no process may take the old mark for
    /// proof, and after a power cut the mark must lead to the new epoch, not to an older.
    fn announce(&mut self, epoch: Epoch) -> Result<(), AppendError> {
        let before = self.end.as_ref().map(|end| end.tip.epoch);
        let epochs: Vec<Epoch> = std::iter::once(epoch).chain(before).collect();
        let marked = self.mark.doubt(&epochs).and_then(|()| self.mark.sync(&*self.disk, &self.config.place));
        marked.map_err(|source| refusal(&self.config.place.last_seen(), source))
    }

    /// Packs commits behind the journal's end, or behind the first record of a new epoch.
    fn pack(&mut self, commits: &[Commit], cluster_ms: i64) -> Result<(Packed, Option<Doubt>), AppendError> {
        let identity = self.config.identity.clone();
        let entropy = &mut *self.entropy;
        if let (Some(End { tip, .. }), Standing::Proven(_)) = (&self.end, self.standing) {
            let chain = Chain { epoch: tip.epoch, next: tip.seq + 1, prev: Some(tip.cid), clock: self.clock };
            let packed = pack(&identity, chain, commits, cluster_ms, entropy).map_err(AppendError::Entropy)?;
            return Ok((packed, None));
        }
        let Standing::Doubtful(doubt) = self.standing else {
            return Err(AppendError::Poisoned { reason: "an end is proven that is not there".to_owned() });
        };
        let mut bits = [0; 5];
        entropy.fill(&mut bits).map_err(AppendError::Entropy)?;
        let chain = Chain { epoch: Epoch::from_random(bits), next: 1, prev: None, clock: self.clock };
        let opening = opening(self.end.as_ref());
        let commits: Vec<Commit> = std::iter::once(opening).chain(commits.iter().cloned()).collect();
        let mut packed = pack(&identity, chain, &commits, cluster_ms, entropy).map_err(AppendError::Entropy)?;
        packed.commits.remove(0).map_err(AppendError::NoEpoch)?;
        Ok((packed, Some(doubt)))
    }

    /// Writes datagrams to the files of their days: one write a file. All or nothing.
    fn write_all(&mut self, datagrams: &[Arc<Datagram>], opened: bool) -> Result<Vec<Place>, AppendError> {
        let portions = portions(datagrams);
        let (mut touched, mut places, mut end) = (Vec::new(), Vec::new(), self.end.clone().filter(|_| !opened));
        for (i, portion) in portions.into_iter().enumerate() {
            let path = self.path(&portion.name);
            let before = end.as_ref().or(self.end.as_ref());
            if let Some(before) = before.filter(|before| before.name != portion.name).cloned() {
                self.leave(&before, i > 0)?;
            }
            let wrote = self.write_portion(&portion, &path, end.as_ref(), &mut touched);
            let (file, stat) = match wrote {
                Ok(wrote) => wrote,
                Err(source) => return Err(self.take_back(touched, &path, source)),
            };
            let before = stat.len_bytes - portion.bytes.len() as u64;
            let named = match end.as_ref().filter(|end: &&End| end.name == portion.name) {
                Some(end) => Arc::clone(&end.named),
                None => Arc::default(),
            };
            self.note_unsynced(&file, path, &named);
            let last = &portion.datagrams[portion.datagrams.len() - 1].1;
            let (name, tip) = (portion.name.clone(), tip_of(last));
            let before_hole = end.as_ref().and_then(|end| end.before_hole);
            end = Some(End { name, file, id: stat.id, len_bytes: stat.len_bytes, tip, before_hole, named });
            let place = |(range, datagram): (Range<u64>, Arc<Datagram>)| {
                (portion.name.clone(), before + range.start..before + range.end, datagram)
            };
            places.extend(portion.datagrams.into_iter().map(place));
        }
        self.end = end;
        self.standing = Standing::Proven(Proof::InMemory);
        Ok(places)
    }

    /// Makes a file durable before anything stands in the next one, which chains to it or
    /// names its end: also what was written behind, of which nobody here knows how far its
    /// sync has come.
    fn leave(&mut self, end: &End, same_append: bool) -> Result<(), AppendError> {
        if planted(Bug::MidnightDropsTail) && same_append {
            self.unsynced.clear();
            return Ok(());
        }
        self.note_unsynced(&end.file, self.path(&end.name), &end.named);
        self.sync()
    }

    fn write_portion(
        &mut self,
        portion: &Portion,
        path: &Path,
        end: Option<&End>,
        touched: &mut Vec<Touched>,
    ) -> io::Result<(Arc<dyn DiskFile>, FileStat)> {
        let (file, before_bytes, created) = match end {
            Some(end) if end.name == portion.name => (Arc::clone(&end.file), end.len_bytes, false),
            _ => (self.create(path)?, 0, true),
        };
        touched.push(Touched { file: Arc::clone(&file), path: path.to_owned(), before_bytes, created });
        append_all(&*file, &portion.bytes)?;
        let stat = file.stat()?;
        if stat.len_bytes == before_bytes + portion.bytes.len() as u64 {
            Ok((file, stat))
        } else {
            Err(io::Error::other("another program writes to this file without the lock"))
        }
    }

    /// A new file, or one that a process left empty when it died.
    fn create(&mut self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        // Who dies between this and the mark of the append leaves a doubt, not a file that
        // others overlook. A new epoch has been announced already.
        if let Some(seen) = self.mark.seen() {
            self.mark.doubt(&[seen.tip.epoch])?;
        }
        match self.disk.open(path, Open::AppendNew) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let file = self.disk.open(path, Open::Append)?;
                if file.stat()?.len_bytes == 0 { Ok(file) } else { Err(error) }
            }
            file => file,
        }
    }

    /// Takes back what was written of an append that failed.
    fn take_back(&mut self, touched: Vec<Touched>, path: &Path, source: io::Error) -> AppendError {
        // Not while what was written before is being synced: an error is told only once.
        let turn = self.turn.clone();
        let _turn = turn.wait();
        for Touched { file, path, before_bytes, created } in touched.into_iter().rev() {
            // Durably: or a power cut could bring back what the next append stands in place of.
            let undone = if created {
                self.disk.remove(&path).and_then(|()| self.disk.sync_dir(&self.config.place.wal()))
            } else {
                file.truncate(before_bytes).and_then(|()| file.sync_data())
            };
            if let Err(error) = undone {
                return self.poison(&path, &format!("{source}, and what was written could not be taken back: {error}"));
            }
        }
        self.set_mark();
        refusal(path, source)
    }
}

/// The first record of an epoch, which names the last datagram of the one before.
fn opening(before: Option<&End>) -> Commit {
    let cid = before.map_or_else(String::new, |end| end.unbroken().to_string());
    let field = Field::new("epoch", Operator::Set).expect("`epoch` is a field name");
    let value = Value::string(&cid).expect("a CID fits into a value");
    let cause = Cause::nothing(&field.op);
    let target = Target::system();
    Commit::new(vec![Draft {
        campaign: "".into(),
        target,
        field,
        value: Some(value),
        cause,
        origin: Origin::of(Rank::System),
    }])
}

/// The datagrams by file, in order, with their bytes.
fn portions(datagrams: &[Arc<Datagram>]) -> Vec<Portion> {
    let mut portions: Vec<Portion> = Vec::new();
    for datagram in datagrams {
        let name = JournalFile::of(datagram, Branch::Main);
        if portions.last().is_none_or(|portion| portion.name != name) {
            portions.push(Portion { name, bytes: Vec::new(), datagrams: Vec::new() });
        }
        let portion = portions.last_mut().expect("one was pushed if there was none");
        let start = portion.bytes.len() as u64;
        datagram.write_usv(&mut portion.bytes);
        portion.datagrams.push((start..portion.bytes.len() as u64, Arc::clone(datagram)));
    }
    portions
}
