//! `person add|ls`.

use cocli_crm::Folder;
use cocli_crm::entity::{Added, SlugRule};
use cocli_crm::fields::{Assignment, Op};
use cocli_crm::person::{self, COMPANY, NewPerson};
use cocli_crm::phone::Region;
use cocli_crm::resolve::{self, Noun};

use super::list::Lines;
use crate::args::{PersonAdd, PersonLs};
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::words;

pub(super) fn add(session: &Session, args: PersonAdd) -> Outcome {
    let new = NewPerson {
        assignments: assignments(&args)?,
        slug: args.slug.clone().map_or(SlugRule::Plain, SlugRule::Given),
        name: args.name,
        allow_duplicate: args.allow_duplicate,
        region: Region::Us,
    };
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (added, committed) = person::add(&mut folder, &new, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let slug = words::slug_of(&added.target);
    let verb = if session.flags.dry_run { "Would add" } else { "Added" };
    session.say(&format!("{verb} person {slug}{}", does(&folder, &added)?));
    if let Some(beside) = &added.beside {
        session.say(&format!("  slug   {slug}   ({beside} is another person)"));
    }
    super::entity::say_phones(session, &args.phone, &added.fields);
    session.say(if session.flags.dry_run { "Nothing written." } else { "Undo: cocli undo" });
    super::entity::answer(session, &added.target)
}

/// What somebody does and where: ` (Owner at Acme Roofing)`.
fn does(folder: &Folder, added: &Added) -> Result<String, Failure> {
    let values = |field: &str| {
        let of = added.fields.iter().filter(move |change| change.field.as_str() == field);
        of.flat_map(|change| &change.after).map(words::bare).collect::<Vec<_>>()
    };
    let mut companies = Vec::new();
    for slug in values(COMPANY) {
        let (slug, name) = folder.read(|tx| person::named(tx, &slug))?;
        companies.push(name.as_ref().map_or(slug, words::bare));
    }
    Ok(match (values("role").as_slice(), companies.as_slice()) {
        ([], []) => String::new(),
        ([role, ..], []) => format!(" ({role})"),
        ([], all) => format!(" (at {})", all.join(", ")),
        ([role, ..], all) => format!(" ({role} at {})", all.join(", ")),
    })
}

fn assignments(args: &PersonAdd) -> Result<Vec<Assignment>, Failure> {
    let mut all = Vec::new();
    for (field, text) in [("email", &args.email), ("role", &args.role)] {
        if let Some(text) = text {
            all.push(Assignment::new(field, Op::Set, text)?);
        }
    }
    for (field, texts) in [(COMPANY, &args.company), ("phone", &args.phone), ("tags", &args.tag)] {
        for text in texts {
            all.push(Assignment::new(field, Op::Add, text)?);
        }
    }
    all.extend(args.set.iter().cloned());
    Ok(all)
}

pub(super) fn list(session: &Session, args: &PersonLs) -> Outcome {
    let only = match &args.company {
        Some(who) => Some(words::slug_of(&session.folder()?.read(|tx| resolve::company(tx, who))?)),
        None => None,
    };
    // The company comes first: it is what the list is cut by.
    let asked =
        if args.fields.is_empty() { ["role", "phone"].map(str::to_owned).to_vec() } else { args.fields.clone() };
    let asked = asked.into_iter().filter(|field| field != COMPANY);
    let fields = std::iter::once(COMPANY.to_owned()).chain(asked).collect();
    let limit = if args.all { usize::MAX } else { args.limit };
    super::list::run(session, &Lines { noun: Noun::Person, fields, limit, only, count: args.count })
}
