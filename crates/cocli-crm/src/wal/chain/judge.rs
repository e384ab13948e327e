//! What of a window is this journal's: chained, signed, and how far without a gap.

use cocli_journal::{Branch, JournalKey};
use cocli_model::Datagram;
use cocli_store::state::JournalMark;

use super::{Owner, Read, Reading, Tip, branch_text};
use crate::wal::Bookmark;
use crate::wal::window::Stretch;

impl Owner<'_> {
    fn signed(self, datagram: &Datagram) -> bool {
        match self {
            Owner::Key(key) => datagram.verify(key).is_ok(),
            Owner::Unknown => true,
        }
    }
}

impl Reading<'_> {
    /// Takes what is sound in a window, and names what is not.
    pub(super) fn judge(&mut self, stretches: Vec<Stretch>) -> Read {
        let file = self.files[self.file].to_string();
        let mut read = Read::default();
        let mut run: Vec<(Datagram, u64)> = Vec::new();
        for stretch in stretches {
            match stretch {
                Stretch::Bad(range) => {
                    read.damaged.push((file.clone(), range));
                    self.gap = self.gap || self.tip.is_some() || self.key.branch == Branch::Main;
                }
                Stretch::Datagram(datagram, end) => {
                    let before = run.last().map_or(self.tip, |(last, _)| Some((last.last(), last.cid())));
                    if !self.belongs(&datagram) {
                        read.damaged.push((file.clone(), end..end));
                    } else if self.follows(&datagram, before) {
                        run.push((*datagram, end));
                    } else if before.is_none_or(|(seq, _)| datagram.first() > seq) {
                        self.accept(std::mem::take(&mut run), &file, &mut read);
                        self.gap = true;
                        run.push((*datagram, end));
                    }
                }
            }
        }
        self.accept(run, &file, &mut read);
        read.mark.clone_from(&self.mark);
        read
    }

    fn belongs(&self, datagram: &Datagram) -> bool {
        let header = datagram.header();
        header.author.id == self.key.id && header.epoch == self.key.epoch && header.environment == self.environment
    }

    /// Whether a datagram stands right behind `tip`. A branch begins anywhere.
    pub(super) fn follows(&self, datagram: &Datagram, tip: Option<Tip>) -> bool {
        match tip {
            Some((seq, cid)) => datagram.first() == seq + 1 && datagram.prev() == Some(cid),
            None => datagram.first() == 1 || self.key.branch != Branch::Main,
        }
    }

    /// Takes a run of chained datagrams up to the last one with a good signature.
    fn accept(&mut self, mut run: Vec<(Datagram, u64)>, file: &str, read: &mut Read) {
        while let Some((last, _)) = run.last()
            && !self.owner.signed(last)
        {
            read.rejected += 1;
            run.pop();
        }
        if read.rejected > 0 {
            (self.ended, self.rejected) = (true, true);
        }
        let Some((last, end)) = run.last() else { return };
        self.tip = Some((last.last(), last.cid()));
        let place = Bookmark::behind(last, file.to_owned(), *end);
        self.advance(last, place);
        if let Some((seq, cid)) = self.expected
            && run.iter().any(|(datagram, _)| datagram.last() == seq && datagram.cid() == cid)
        {
            self.expected = None;
        }
        read.datagrams.extend(run.into_iter().map(|(datagram, _)| datagram));
    }

    /// Moves the mark: all of it without a gap, its place only beyond one.
    fn advance(&mut self, last: &Datagram, place: Bookmark) {
        let JournalKey { id, epoch, .. } = self.key;
        match &mut self.mark {
            Some(mark) if self.gap => {
                let check = mark.place.parse::<Bookmark>().map_or(place.check, |before| before.check);
                mark.place = Bookmark { check, beyond: Some((last.last(), last.cid())), ..place }.to_string();
            }
            None if self.gap => {}
            _ => {
                let branch = branch_text(self.key.branch);
                let (seq, cid, place) = (last.last(), last.cid(), place.to_string());
                self.mark = Some(JournalMark { id, epoch, branch, seq, cid, place });
            }
        }
    }
}
