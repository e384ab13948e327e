//! A file in windows: pieces in file order, with offsets of the whole file.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use cocli_model::Datagram;
use cocli_model::usv::{Piece, scan};

use super::WINDOW_BYTES;

/// A part of a journal file.
#[derive(Debug)]
pub(super) enum Stretch {
    /// A whole datagram and where it ends.
    Datagram(Box<Datagram>, u64),
    /// Bytes that are none, with something good behind them.
    Bad(Range<u64>),
}

/// A journal file, read window by window.
#[derive(Debug)]
pub(super) struct Windows {
    file: File,
    at: u64,
    len_bytes: u64,
    /// Bytes at `at` that were read and make no datagram yet.
    carry: Vec<u8>,
}

impl Windows {
    /// The file from `at` on; `None` if it is shorter than that, or is gone.
    pub(super) fn open(path: &Path, at: u64) -> io::Result<Option<Windows>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let len_bytes = file.metadata()?.len();
        Ok((len_bytes >= at).then_some(Windows { file, at, len_bytes, carry: Vec::new() }))
    }

    /// Whether nothing was left to read when it was opened.
    pub(super) fn is_at_end(&self) -> bool {
        self.at + self.carry.len() as u64 >= self.len_bytes
    }

    /// The next window's stretches; `None` at the end. Bytes behind the last seal are not
    /// among them: they are a write under way, or a torn one.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<Stretch>>> {
        loop {
            let from = self.at + self.carry.len() as u64;
            if from >= self.len_bytes {
                return Ok(None);
            }
            let want = usize::try_from(self.len_bytes - from).unwrap_or(WINDOW_BYTES).min(WINDOW_BYTES);
            let mut window = vec![0; want];
            self.file.read_exact_at(&mut window, from)?;
            self.carry.extend_from_slice(&window);
            let stretches = self.take();
            if !stretches.is_empty() {
                return Ok(Some(stretches));
            }
        }
    }

    fn take(&mut self) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        let mut used = 0;
        for piece in scan(&self.carry) {
            match piece {
                Piece::Datagram { range, datagram } => {
                    used = range.end;
                    stretches.push(Stretch::Datagram(datagram, self.at + range.end as u64));
                }
                Piece::Bad { range, .. } => {
                    used = range.end;
                    stretches.push(Stretch::Bad(self.at + range.start as u64..self.at + range.end as u64));
                }
                Piece::Tail { .. } => {}
            }
        }
        self.skip(used);
        // Two windows without a seal hold no datagram: it would be over its limit.
        if self.carry.len() > 2 * WINDOW_BYTES {
            let (start, passed) = (self.at, self.carry.len() - WINDOW_BYTES);
            self.skip(passed);
            stretches.push(Stretch::Bad(start..self.at));
        }
        stretches
    }

    fn skip(&mut self, bytes: usize) {
        self.carry.drain(..bytes);
        self.at += bytes as u64;
    }
}
