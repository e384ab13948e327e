//! One run of the program: its flags, its folder, and how it talks.

use std::io::{self, IsTerminal, Write};

use cocli_crm::folder::{CommitAt, Committed, Notice};
use cocli_crm::hand::{self, Taken};
use cocli_crm::resolve::{self, Noun};
use cocli_crm::{Folder, Home};
use cocli_journal::Role;
use cocli_model::Target;

use crate::args::{Ack, Format, Global};
use crate::clock;
use crate::daemon;
use crate::failure::{DONE, Failure, Outcome};
use crate::words;

/// One run.
pub(crate) struct Session {
    pub(crate) flags: Global,
}

impl Session {
    pub(crate) fn new(flags: Global) -> Session {
        Session { flags }
    }

    /// The place of the data folder.
    pub(crate) fn home(&self) -> Result<Home, Failure> {
        Ok(Home::locate(self.flags.data_home.as_deref())?)
    }

    /// The data folder, caught up with its journals, its files too.
    pub(crate) fn folder(&self) -> Result<Folder, Failure> {
        let mut folder = Folder::open(&self.home()?, Role::Command, clock::now())?;
        let caught_up = folder.catch_up()?;
        if folder.is_adopting() {
            self.warn("the folder was not adopted to its end, and its files are left alone until then: cocli init");
        }
        for key in &caught_up.strangers {
            self.warn(&format!("journal {key} is of no member of the roster and was not read (cocli peer add)"));
        }
        if caught_up.rejected > 0 {
            self.warn(&format!("{} datagrams were refused: not signed by their node", caught_up.rejected));
        }
        for (file, range) in &caught_up.damaged {
            self.warn(&format!("wal/{file} is damaged at bytes {}-{}", range.start, range.end));
        }
        if caught_up.datagrams > 0 {
            folder.write_views_or_tell();
        }
        self.notices(&mut folder);
        Ok(folder)
    }

    /// Takes in what somebody changed in the file of a company or person, before that is shown or
    /// changed. What cannot be taken is told, and stands in no command's way.
    pub(crate) fn take_edit(&self, folder: &mut Folder, noun: Noun, who: &str) {
        let found = folder.read(|tx| resolve::find(tx, noun, who));
        if let (Ok(target), false) = (found, self.flags.dry_run) {
            self.take_edit_of(folder, &target);
        }
    }

    /// The same, of a target.
    pub(crate) fn take_edit_of(&self, folder: &mut Folder, target: &Target) {
        match hand::take_if_touched(folder, target) {
            Ok(Taken::Edited { committed, refused, odd }) => {
                let rows: usize = committed.commits.iter().map(|commit| commit.rows).sum();
                if rows > 0 {
                    self.warn(&format!(
                        "took {} from the file of {target}",
                        words::count(rows as u64, "edit", "edits")
                    ));
                }
                refused.iter().for_each(|field| self.warn(&words::files::refused(target, field)));
                odd.iter().for_each(|key| self.warn(&words::files::odd(target, key)));
            }
            Ok(Taken::Broken { why, kept }) => self.warn(&words::files::broken(target, why.as_ref(), kept.as_deref())),
            Ok(Taken::Unsaved) => self.warn(&format!("somebody is saving the file of {target}: it is left alone")),
            Ok(_) => {}
            Err(error) => self.warn(&format!("the file of {target} was edited and not taken: {error}")),
        }
        self.notices(folder);
    }

    /// Refuses before anything is written what cannot be promised: `--ack cluster` without
    /// a daemon.
    pub(crate) fn check_ack(&self, folder: &Folder) -> Result<(), Failure> {
        match self.flags.ack {
            Ack::Local => Ok(()),
            Ack::Cluster => daemon::require(folder, "--ack cluster"),
        }
    }

    /// Waits until what was written is as safe as was asked for, and tells what the
    /// folder met on its way.
    pub(crate) fn written(&self, folder: &mut Folder, committed: &Committed) -> Result<(), Failure> {
        self.notices(folder);
        let last = committed.commits.last().map(CommitAt::last);
        match (self.flags.ack, last) {
            (Ack::Cluster, Some(last)) => daemon::await_cluster(folder, last, self.flags.ack_wait),
            _ => Ok(()),
        }
    }

    /// How stdout is written: as asked, else for whoever reads it.
    pub(crate) fn format(&self) -> Format {
        match self.asked_format() {
            Some(format) => format,
            None if io::stdout().is_terminal() => Format::Table,
            None => Format::Plain,
        }
    }

    fn asked_format(&self) -> Option<Format> {
        if self.flags.json { Some(Format::Json) } else { self.flags.output }
    }

    /// Whether somebody asked for data from a command that only talks by itself.
    pub(crate) fn wants_data(&self) -> Option<Format> {
        self.asked_format().filter(|format| matches!(format, Format::Json | Format::Jsonl | Format::Name))
    }

    /// Says something on stderr.
    pub(crate) fn say(&self, words: &str) {
        if !self.flags.quiet {
            // Nobody is left to tell if stderr is gone.
            let _ = writeln!(anstream::stderr(), "{words}");
        }
    }

    /// Says something on stderr if asked to say more.
    pub(crate) fn say_more(&self, words: &str) {
        if self.flags.verbose > 0 {
            self.say(words);
        }
    }

    /// Says that something is not as it should be.
    pub(crate) fn warn(&self, words: &str) {
        self.say(&format!("\u{1b}[33mwarning\u{1b}[0m: {words}"));
    }

    /// Tells what the folder met on its way.
    pub(crate) fn notices(&self, folder: &mut Folder) {
        for notice in folder.take_notices() {
            match notice {
                Notice::Rebuilt(why) => self.say(&format!("note: the folded state was made anew: {why}")),
                Notice::Quarantined(cut) => self.warn(&format!(
                    "bytes {}-{} of wal/{} ({}) were moved to {}",
                    cut.range_bytes.start,
                    cut.range_bytes.end,
                    cut.file,
                    cut.reason,
                    cut.copy.display()
                )),
                Notice::NewEpoch(doubt) => self.say_more(&format!("note: the journal goes on in a new epoch: {doubt}")),
                Notice::FileLeft(left) => self.warn(&words::files::left(&left)),
                Notice::FileQuarantined(kept) => self.warn(&words::files::left_by_crash(&kept)),
                Notice::FoldedLater(why) => {
                    self.warn(&format!("the records are safe, and will be shown when they are folded: {why}"))
                }
                Notice::ViewsElsewhere => {
                    self.say_more("note: another process is writing the files, and these with them")
                }
                Notice::ViewsFailed(why) => {
                    self.warn(&format!("the records are safe, but their files were not written: {why}"))
                }
                _ => {}
            }
        }
    }

    /// Ends the run: prints a failure; a reader who went away is none.
    pub(crate) fn finish(&self, done: Outcome) -> u8 {
        match done {
            Ok(exit) => exit,
            Err(failure) if failure.is_broken_pipe() => DONE,
            Err(failure) => {
                let _ = failure.print();
                failure.exit
            }
        }
    }
}
