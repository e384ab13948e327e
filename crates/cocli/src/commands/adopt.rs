//! `init` in a folder of the original: adopting what is there.

use cocli_crm::Home;
use cocli_crm::folder::Folder;
use cocli_crm::legacy::{self, Adopted};
use cocli_journal::Role;
use serde_json::{Value as Json, json};

use crate::clock;
use crate::failure::Failure;
use crate::session::Session;
use crate::words::count;

/// Entities between two words of progress.
const PROGRESS_EVERY: u64 = 5_000;
/// Things left out that are told one by one.
const TOLD_MAX: usize = 20;

/// Adopts the folder at `home`, which has a node by now.
pub(super) fn run(session: &Session, home: &Home) -> Result<Adopted, Failure> {
    let mut folder = Folder::open(home, Role::Command, clock::now())?;
    folder.catch_up()?;
    let mut told = 0;
    let adopted = legacy::adopt(&mut folder, &mut |report| {
        let read = report.companies + report.people;
        if read >= told + PROGRESS_EVERY {
            told = read;
            session.say(&format!("  {}", count(read, "entity", "entities")));
        }
    })?;
    session.notices(&mut folder);
    tell(session, &adopted);
    Ok(adopted)
}

fn tell(session: &Session, adopted: &Adopted) {
    for odd in adopted.odd.iter().take(TOLD_MAX) {
        session.warn(odd);
    }
    let more = adopted.odd_total.saturating_sub(adopted.odd.len().min(TOLD_MAX) as u64);
    if more > 0 {
        session.warn(&format!("{more} more was left out"));
    }
    if adopted.is_copy {
        session.say("note: most files have one time, so the tree is a copy: file times count for nothing");
    }
    session.say(&format!(
        "Adopted {}, {}, {} and {} of its journals: {}",
        count(adopted.companies, "company", "companies"),
        count(adopted.people, "person", "people"),
        count(adopted.children, "note or meeting", "notes and meetings"),
        count(adopted.journal_rows, "row", "rows"),
        count(adopted.records, "record", "records"),
    ));
    if adopted.kept_aside > 0 {
        session.say(&format!(
            "  {} changed where something is left out; as they were they are in .cocli/quarantine/views",
            count(adopted.kept_aside, "file", "files")
        ));
    }
}

pub(super) fn to_json(adopted: &Adopted) -> Json {
    json!({
        "companies": adopted.companies,
        "people": adopted.people,
        "children": adopted.children,
        "journal_rows": adopted.journal_rows,
        "bad_pieces": adopted.bad_pieces,
        "records": adopted.records,
        "kept_aside": adopted.kept_aside,
        "left_out": adopted.odd_total,
    })
}
