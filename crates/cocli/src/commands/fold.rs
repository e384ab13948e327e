//! `fold`: state and files again, of this folder or from journals alone.

use cocli_crm::roster::Roster;
use cocli_crm::scratch;
use cocli_model::target::TargetKind;
use cocli_replica::fold::Cells;
use serde_json::json;

use crate::args::{Fold, Format};
use crate::clock;
use crate::failure::{DONE, Failure, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

pub(super) fn run(session: &Session, args: &Fold) -> Outcome {
    if args.from_scratch { from_scratch(session, args) } else { again(session) }
}

fn again(session: &Session) -> Outcome {
    let mut folder = session.folder()?;
    let caught_up = folder.rebuild("asked for")?;
    folder.write_views()?;
    session.notices(&mut folder);
    let (hash, companies) = folder
        .read(|tx| Ok::<_, cocli_store::StateError>((tx.state_hash()?, tx.count_listed(TargetKind::Company)?)))?;
    session.say(&format!(
        "Folded {} into {}",
        words::count(caught_up.rows as u64, "record", "records"),
        words::count(companies, "company", "companies")
    ));
    print(session, &hash.to_string(), caught_up.rows, companies)
}

fn from_scratch(session: &Session, args: &Fold) -> Outcome {
    let home = session.home()?;
    let wal = args.wal.clone().unwrap_or_else(|| home.root().join("wal"));
    let roster = args.roster.as_deref().map(Roster::read).transpose()?;
    let made = scratch::fold(home.root(), &wal, roster.as_ref(), clock::now()())?;
    session.say(&format!(
        "Folded {} from {} into {} and {}",
        words::count(made.rows as u64, "record", "records"),
        words::count(made.journals as u64, "journal", "journals"),
        words::count(made.companies, "company", "companies"),
        words::count(made.files as u64, "file", "files")
    ));
    if made.unsigned > 0 {
        let journals = words::count(made.unsigned as u64, "journal", "journals");
        session.say(&format!(
            "note: chains and hashes were checked, but not the signatures of {journals} (--roster FILE)"
        ));
    }
    print(session, &made.hash.to_string(), made.rows, made.companies)?;
    if made.rejected > 0 || made.damaged > 0 {
        return Err(Failure::new(
            "E0701",
            1,
            format!("{} datagrams with another's signature, {} damaged stretches", made.rejected, made.damaged),
        ));
    }
    Ok(DONE)
}

fn print(session: &Session, hash: &str, rows: usize, companies: u64) -> Outcome {
    match session.format() {
        Format::Json | Format::Jsonl => {
            out::json(&json!({ "schema": "cocli.fold/1", "state": hash, "records": rows, "companies": companies }))?;
        }
        _ => out::text(&format!("{hash}\n"))?,
    }
    Ok(DONE)
}
