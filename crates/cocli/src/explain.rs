//! `cocli explain`: what each error code means, and the way out.

use crate::failure::{DONE, Failure, Outcome};
use crate::out::List;
use crate::session::Session;
use serde_json::json;

/// Code, exit code, meaning, way out. Codes are stable: none is given a new meaning.
const CODES: &[(&str, u8, &str, &str)] = &[
    (
        "E0201",
        3,
        "There is no data folder at this place.",
        "Create one with `cocli init`, mount the disk it is on, or name another with --data-home.",
    ),
    (
        "E0202",
        4,
        "The folder is there, but not the mark by which cocli knows it. An empty mount point looks just so, and is never taken for a folder in which everything was deleted.",
        "Mount the disk, or make the folder a data folder with `cocli init`.",
    ),
    (
        "E0203",
        4,
        "The data folder has no node on this machine. The private key never lies in the data folder, so a copy of that is a new node.",
        "`cocli node init` gives it one.",
    ),
    (
        "E0204",
        4,
        "The roster .cocli/cluster.toml, or a key for it, cannot be used.",
        "Correct it, or copy it from another node.",
    ),
    (
        "E0205",
        4,
        "The folder is in use for something already.",
        "Use it as it is, or name an empty one with --data-home.",
    ),
    (
        "E0206",
        2,
        "No place for the data folder could be found.",
        "Name it with --data-home or COCLI_DATA_HOME; COCLI_ENV takes prod, dev, uat or test.",
    ),
    (
        "E0207",
        2,
        "The date, or the duration, cannot be read.",
        "Dates: tomorrow 9am, next tue 10:00, 2026-12-01 14:30, dec 1, +3d, 2h ago, eow, eom. Durations: 45m, 1h30m.",
    ),
    ("E0208", 2, "COCLI_TZ names no time zone that this machine knows.", "Name one as in Europe/Berlin."),
    (
        "E0301",
        4,
        "Another process is writing to the folder and did not finish within two seconds. Nothing was written.",
        "Try again; the message names the process.",
    ),
    ("E0302", 1, "The disk is full. Nothing was written, nothing is lost.", "Make room and try again."),
    (
        "E0303",
        4,
        "Every journal is gone, though journals were read here before.",
        "Mount the disk or put wal/ back. `cocli fold` begins anew with what is there.",
    ),
    (
        "E0304",
        1,
        "Something that is derived from the journals cannot be used.",
        "`cocli fold` makes it again; the journals are the truth.",
    ),
    (
        "E0305",
        1,
        "The journal could not be written.",
        "The message says what the disk said. What was acknowledged before is safe.",
    ),
    ("E0306", 1, "A commit breaks a limit of the journal's format.", "Write less in one command."),
    ("E0404", 3, "Nothing of this name is here.", "`cocli company ls` lists companies, `cocli person ls` people."),
    ("E0405", 2, "The word fits several things, and nothing is ever guessed.", "Type one of those listed."),
    ("E0406", 3, "There is no such commit, or none at all, to undo.", "`cocli log` lists commits."),
    (
        "E0407",
        2,
        "The value is larger than 64 KiB, which is what one record carries.",
        "Keep it in a file, and store its path or link.",
    ),
    ("E0408", 2, "This is no field, or no value for it.", "field=value, field+=value and field-=value are understood."),
    (
        "E0409",
        4,
        "The field identifies the company and cannot be emptied: name, domain, place_id.",
        "Set it to something else.",
    ),
    (
        "E0410",
        4,
        "A company with this domain, or a person with this email address, exists.",
        "Change that one with `cocli company set` or `cocli person set`, or add another with --allow-duplicate.",
    ),
    (
        "E0411",
        4,
        "One of this slug exists, and nothing says that this is another.",
        "Change that one, or give a domain, an email address or --slug.",
    ),
    (
        "E0412",
        4,
        "More versions of one field stand beside each other than one record can name.",
        "Decide with `cocli conflicts resolve`.",
    ),
    ("E0413", 4, "It was deleted.", "`cocli restore SLUG` brings it back."),
    ("E0414", 4, "It is not deleted.", "Nothing to do."),
    ("E0415", 3, "Nobody differs about this field.", "`cocli conflicts ls` lists what is open."),
    ("E0416", 2, "A note needs a text, a meeting a title.", "Give it as an argument; a note also from stdin, with -."),
    (
        "E0417",
        4,
        "Nothing had been written of it by the time that was named.",
        "`cocli history` shows when what was said.",
    ),
    ("E0418", 4, "It has more history than is gone through at once.", "Restore one field at a time, with --field."),
    (
        "E0420",
        2,
        "The list of companies cannot be read.",
        "The first line names the columns; one of them is called name.",
    ),
    ("E0421", 2, "A list cannot be read with --dry-run.", "Read it; `cocli undo` takes all of it back."),
    (
        "E0501",
        4,
        "Much of the folder changed at once, as after a checkout, a restore, or with half a mount. Nothing was written.",
        "Look at the files named. `cocli scan --accept` takes the edits, `cocli scan --discard` quarantines them and writes the files again.",
    ),
    (
        "E0510",
        1,
        "A folder of the original cocli could not be read to its end. Its files are as they were.",
        "Look at the file or folder named, and try again; `cocli init` goes on where it stopped.",
    ),
    ("E0511", 3, "There is no file to edit.", "`cocli scan` has files that are gone written again; then edit it."),
    (
        "E0512",
        1,
        "What the editor saved cannot be read, so nothing of it was taken. It is still in the file, or in quarantine where the message says so.",
        "Edit the file again; copy what you typed from quarantine, if it is there.",
    ),
    ("E0513", 2, "No editor is known.", "Set VISUAL or EDITOR."),
    (
        "E0514",
        1,
        "The editor could not be started, or said that it failed. What it saved is in the file.",
        "Correct VISUAL or EDITOR. What is in the file is taken in by the next command.",
    ),
    ("E0515", 1, "A file could not be looked at.", "The message says why; nothing was changed."),
    (
        "E0516",
        4,
        "The folder is being adopted, or was not to its end. Until then files are neither written nor read for edits.",
        "`cocli init` goes on where it stopped.",
    ),
    ("E0601", 6, "This needs the daemon, and none is running.", "`cocli node run` starts it."),
    (
        "E0602",
        6,
        "What was written is safe on this machine, but a majority of the cluster has not confirmed it in time.",
        "Nothing is lost and it travels by itself; `cocli sync status` shows how far.",
    ),
    (
        "E0603",
        6,
        "The daemon could not be asked.",
        "The message says why; `cocli node stop` and `cocli node run` start it anew.",
    ),
    ("E0604", 4, "Another daemon runs on this folder.", "One is enough: `cocli status` shows it."),
    ("E0605", 1, "The daemon could not start, or could not go on.", "The message says why."),
    ("E0606", 6, "This folder has one node, and nobody to exchange with.", "`cocli peer add` adds another."),
    (
        "E0607",
        6,
        "The other nodes were not reached, or not everything was exchanged in time.",
        "What was exchanged is safe. `cocli node ls` shows who is there; --wait gives more time.",
    ),
    (
        "E0620",
        4,
        "The folder that should be a bucket is not there. It is never made: an empty folder in place of a disk would look like a bucket that lost everything.",
        "Mount its disk, or make the folder, and try again.",
    ),
    (
        "E0621",
        4,
        "A bucket cannot be opened: nothing says who asks, or its settings do not fit together. Nothing was asked of it.",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --endpoint and --region for stores that are not Amazon's.",
    ),
    (
        "E0622",
        6,
        "A bucket cannot be reached, or does not keep what it is given.",
        "The table says what was asked and what was seen: wrong credentials, no such bucket, no answer.",
    ),
    (
        "E0623",
        4,
        "The note of which bucket this folder has cannot be read or written.",
        "Correct .cocli/bucket.toml, or set it anew: `cocli bucket add URL`.",
    ),
    ("E0701", 1, "A journal is not as its writer sealed it.", "Damage is repaired from a peer that holds the journal."),
    (
        "E0801",
        1,
        "A claim of the demo does not hold on this machine.",
        "The message says which, and what was found instead. Please report it with what stands before it.",
    ),
    (
        "E0802",
        2,
        "DEMO_BREAK asks for what this program cannot break on purpose. It is not ignored, because a demo that passes would be taken for one that did not notice.",
        "Unset it, or build with `cargo build -p cocli --features dev`.",
    ),
    ("E0803", 130, "The demo was interrupted. It left no process and no folder.", "Start it again with `cocli demo`."),
    ("E0900", 1, "Something failed that has no code of its own.", "The message has the system's words."),
];

pub(crate) fn run(session: &Session, code: Option<&str>) -> Outcome {
    let Some(code) = code else {
        let mut list = List::of(&["code", "exit", "meaning"]);
        for (code, exit, meaning, way_out) in CODES {
            let json = json!({ "schema": "cocli.error/1", "code": code, "exit": exit, "meaning": meaning, "way_out": way_out });
            list.push(vec![(*code).to_owned(), exit.to_string(), (*meaning).to_owned()], json, *code);
        }
        list.print(session.format(), true)?;
        return Ok(DONE);
    };
    let wanted = code.to_uppercase();
    match CODES.iter().find(|(code, ..)| *code == wanted) {
        Some((code, exit, meaning, way_out)) => {
            crate::out::text(&format!("{code} (exit {exit})\n{meaning}\n{way_out}\n"))?;
            Ok(DONE)
        }
        None => {
            Err(Failure::new("E0404", 3, format!("no error is called {code:?}")).hint("list them with: cocli explain"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_in_the_sources_is_explained_with_its_exit() {
        let sources = [
            include_str!("failure/from.rs"),
            include_str!("failure/from/commands.rs"),
            include_str!("failure/from/daemon.rs"),
            include_str!("failure/from/folder.rs"),
            include_str!("commands/edit.rs"),
            include_str!("commands/fold.rs"),
            include_str!("commands/import.rs"),
            include_str!("commands/log.rs"),
            include_str!("commands/node.rs"),
            include_str!("clock.rs"),
            include_str!("commands/note.rs"),
            include_str!("commands/scan.rs"),
            include_str!("commands/restore.rs"),
            include_str!("commands/show.rs"),
            include_str!("commands/why.rs"),
            include_str!("session.rs"),
            include_str!("daemon.rs"),
            include_str!("demo.rs"),
            include_str!("demo/broken.rs"),
            include_str!("commands/sync/now.rs"),
        ];
        let mut used: Vec<&str> = Vec::new();
        for source in sources {
            used.extend(source.split('"').filter(|word| {
                word.len() == 5 && word.starts_with('E') && word[1..].bytes().all(|b| b.is_ascii_digit())
            }));
        }
        assert!(used.len() > 30, "codes were found: {used:?}");
        for code in used {
            assert!(CODES.iter().any(|(known, ..)| *known == code), "{code} is not explained");
        }
        assert!(CODES.is_sorted_by_key(|(code, ..)| *code), "codes are sorted");
    }
}
