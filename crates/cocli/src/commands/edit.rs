//! `edit`: a file in the editor, and what was changed there.

use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;

use cocli_crm::Folder;
use cocli_crm::hand::{self, Taken};
use cocli_crm::resolve::{self, Noun};
use cocli_model::Target;
use cocli_replica::fold::CellKey;

use super::entity::answer;
use crate::args::Edit;
use crate::failure::{DONE, Failure, IN_PART, Outcome};
use crate::session::Session;
use crate::words;

/// Editors that are looked for if nobody named one.
const FALLBACKS: [&str; 4] = ["sensible-editor", "editor", "nano", "vi"];

pub(super) fn run(session: &Session, args: &Edit) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let target = folder.read(|tx| resolve::find(tx, Noun::Any, &args.target))?;
    let path = folder.place().root().join(target.relative_path().unwrap_or_default());
    if session.flags.dry_run {
        session.say(&format!("Would open {}. Nothing written.", path.display()));
        return Ok(DONE);
    }
    // What was changed before is no part of what is changed now.
    session.take_edit_of(&mut folder, &target);
    if !path.is_file() {
        return Err(Failure::new("E0511", 3, format!("the file of {target} is not there: {}", path.display()))
            .hint("have it written again: cocli scan"));
    }
    let editor = editor()?;
    // An editor may be open for hours: nobody waits for this folder meanwhile.
    drop(folder);
    open(&editor, &path)?;
    let mut folder = session.folder()?;
    let taken = hand::take(&mut folder, &target)?;
    tell(session, &mut folder, &target, taken)
}

fn tell(session: &Session, folder: &mut Folder, target: &Target, taken: Taken) -> Outcome {
    let slug = words::slug_of(target);
    match taken {
        Taken::Edited { committed, refused, odd } => {
            session.written(folder, &committed)?;
            let at = committed.commits.first();
            let entries = match at {
                Some(at) => folder.read(|tx| tx.commit(at.first.id, at.first.epoch, at.stamp))?,
                None => Vec::new(),
            };
            let mut fields: Vec<String> =
                entries.iter().map(|entry| words::slot(&CellKey::of(&entry.record).slot)).collect();
            fields.dedup();
            refused.iter().for_each(|field| session.warn(&words::files::refused(target, field)));
            odd.iter().for_each(|key| session.warn(&words::files::odd(target, key)));
            if fields.is_empty() {
                session.say("no change of a value; the file stays as it was saved");
            } else {
                session.say(&format!(
                    "{slug}: took {}: {}",
                    words::count(fields.len() as u64, "edit", "edits"),
                    fields.join(", ")
                ));
                session.say("Undo: cocli undo");
            }
            answer(session, target)?;
            Ok(if refused.is_empty() && odd.is_empty() { DONE } else { IN_PART })
        }
        Taken::Broken { why, kept } => {
            session.notices(folder);
            Err(Failure::new("E0512", 1, words::files::broken(target, why.as_ref(), kept.as_deref())))
        }
        Taken::Unsaved => {
            session.notices(folder);
            let why = format!("what was saved in the file of {target} is no whole file: nothing of it was taken");
            Err(Failure::new("E0512", 1, why).hint(format!("it is still there; go on with: cocli edit {slug}")))
        }
        Taken::Older => {
            session.notices(folder);
            session.say("it says what it said before; it is written as it stands now");
            answer(session, target)
        }
        _ => {
            session.notices(folder);
            session.say("no change");
            answer(session, target)
        }
    }
}

/// The editor that was asked for, or one that is there.
fn editor() -> Result<String, Failure> {
    let named = ["VISUAL", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok());
    if let Some(editor) = named.map(|editor| editor.trim().to_owned()).find(|editor| !editor.is_empty()) {
        return Ok(editor);
    }
    let none = |why: &str| Failure::new("E0513", 2, why.to_owned()).hint("name one: EDITOR=nano cocli edit ...");
    if !std::io::stdin().is_terminal() {
        return Err(none("there is no terminal, and neither VISUAL nor EDITOR names an editor"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    FALLBACKS.iter().find(is_there).map(ToString::to_string).ok_or_else(|| none("no editor was found"))
}

/// Runs it and waits. It may carry arguments, as `code --wait` does: the shell cuts them, as
/// git has it done.
fn open(editor: &str, path: &Path) -> Result<(), Failure> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(path);
    let failed = |how: String| {
        Failure::new("E0514", 1, format!("the editor {editor:?} {how}"))
            .hint("what it saved is in the file, and is taken in by the next command")
    };
    let status = command.status().map_err(|error| failed(format!("cannot be started: {error}")))?;
    if status.success() { Ok(()) } else { Err(failed(format!("ended with {status}"))) }
}
