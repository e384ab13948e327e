//! `note add`.

use std::io::Read;

use cocli_crm::note::{self, NewNote};
use cocli_model::value::VALUE_BYTES_MAX;
use cocli_model::{FieldName, Target};
use serde_json::json;

use crate::args::Format;
use crate::failure::{DONE, Failure, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

pub(super) fn add(session: &Session, who: &str, text: String, title: String, tags: Vec<String>) -> Outcome {
    let body = if text == "-" { from_stdin()? } else { text };
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (about, note, committed) = note::add(&mut folder, who, &NewNote { title, body, tags }, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let field = FieldName::new("name").expect("our own field names are short");
    let name = folder.read(|tx| tx.entity(&about))?.and_then(|entity| entity.shown(&field));
    let name = name.map_or_else(|| words::slug_of(&about), |name| words::bare(&name));
    if session.flags.dry_run {
        session.say(&format!("Would add a note to {name}. Nothing written."));
        return Ok(DONE);
    }
    let alone = folder.roster().members().len() <= 1;
    session
        .say(&format!("Added note to {name} ({})", if alone { "saved locally" } else { "saved locally, will sync" }));
    answer(session, note.as_ref())
}

/// At most one byte more than a note may have, so that a stream without end is refused.
fn from_stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(VALUE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::new("E0408", 2, format!("the note is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
}

fn answer(session: &Session, note: Option<&Target>) -> Outcome {
    let Some(note) = note else { return Ok(DONE) };
    session.say_more(&format!("  file   {note}.md"));
    match session.wants_data() {
        Some(Format::Name) => out::text(&format!("{note}\n"))?,
        Some(_) => out::json(&json!({ "schema": "cocli.note/1", "target": note.as_str() }))?,
        None => {}
    }
    Ok(DONE)
}
