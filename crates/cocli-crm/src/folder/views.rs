//! The files that people open, kept up with the state.

use cocli_model::Stamp;
use cocli_store::StateError;
use cocli_store::files::{BatchReport, FilesError, Writer};

use super::{Folder, FolderError, Notice};

impl Folder {
    /// Writes the files whose targets changed; nothing if none did.
    ///
    /// Files that somebody edited are left alone and become a [`Notice`].
    ///
    /// # Errors
    /// [`FolderError::Views`] or [`FolderError::Adopting`]; the records are safe, and the next
    /// call tries again.
    pub fn write_views(&mut self) -> Result<BatchReport, FolderError> {
        if !self.state.read(|tx| tx.has_stale_views())? {
            return Ok(BatchReport::default());
        }
        if self.is_adopting() {
            return Err(FolderError::Adopting);
        }
        self.write_stale_views()
    }

    fn write_stale_views(&mut self) -> Result<BatchReport, FolderError> {
        let today = Stamp::from_us(self.now_ms().saturating_mul(1000)).unwrap_or(Stamp::EPOCH);
        let writer = Writer::open(self.place.root()).map_err(FolderError::Views)?;
        let report = match writer.write_all(&mut self.state, today) {
            Err(FilesError::State(StateError::Damaged(what))) => return Err(StateError::Damaged(what).into()),
            report => report.map_err(FolderError::Views)?,
        };
        self.notices.extend(report.left.iter().cloned().map(Notice::FileLeft));
        self.notices.extend(report.swept.quarantined.iter().cloned().map(Notice::FileQuarantined));
        Ok(report)
    }

    /// As [`Folder::write_views`], for a command that did its work when the records stood: a
    /// failure becomes a [`Notice`], and the next batch tries again.
    pub fn write_views_or_tell(&mut self) {
        let written = self.write_views();
        self.tell(&written);
    }

    /// The same at the end of an adoption, which holds up everybody else's.
    pub(crate) fn write_adopted_views_or_tell(&mut self) {
        let written = self.write_stale_views();
        self.tell(&written);
    }

    fn tell(&mut self, written: &Result<BatchReport, FolderError>) {
        match written {
            Ok(_) => {}
            // Whoever has been writing since before this wait looks again when it is done,
            // and what waits here was waiting then.
            Err(FolderError::Views(FilesError::Busy { .. })) => self.notices.push(Notice::ViewsElsewhere),
            Err(error) => self.notices.push(Notice::ViewsFailed(error.in_words())),
        }
    }
}
