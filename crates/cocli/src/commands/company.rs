//! `company add|ls`.

use cocli_crm::company::{self, NewCompany};
use cocli_crm::entity::SlugRule;
use cocli_crm::fields::{Assignment, Op};
use cocli_crm::phone::Region;
use cocli_crm::resolve::Noun;

use super::list::Lines;
use crate::args::{CompanyAdd, CompanyLs};
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::words;

pub(super) fn add(session: &Session, args: CompanyAdd) -> Outcome {
    let new = NewCompany {
        name: args.name.clone().unwrap_or_default(),
        assignments: assignments(&args)?,
        slug: args.slug.clone().map_or(SlugRule::Plain, SlugRule::Given),
        allow_duplicate: args.allow_duplicate,
        region: Region::Us,
    };
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (added, committed) = company::add(&mut folder, &new, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let slug = words::slug_of(&added.target);
    let verb = if session.flags.dry_run { "Would add" } else { "Added" };
    session.say(&format!("{verb} company {slug}"));
    if let Some(beside) = &added.beside {
        session.say(&format!("  slug   {slug}   ({beside} is another firm)"));
    }
    super::entity::say_phones(session, &args.phone, &added.fields);
    session.say(&format!("  file   {}/_index.md", added.target));
    session.say(if session.flags.dry_run { "Nothing written." } else { "Undo: cocli undo" });
    super::entity::answer(session, &added.target)
}

fn assignments(args: &CompanyAdd) -> Result<Vec<Assignment>, Failure> {
    let single = [
        ("domain", &args.domain),
        ("website", &args.website),
        ("email", &args.email),
        ("street", &args.street),
        ("city", &args.city),
        ("state", &args.state),
        ("zip", &args.zip),
        ("country", &args.country),
    ];
    let mut all = Vec::new();
    for (field, text) in single {
        if let Some(text) = text {
            all.push(Assignment::new(field, Op::Set, text)?);
        }
    }
    for phone in &args.phone {
        all.push(Assignment::new("phone", Op::Add, phone)?);
    }
    for tag in &args.tag {
        all.push(Assignment::new("tags", Op::Add, tag)?);
    }
    all.extend(args.set.iter().cloned());
    Ok(all)
}

pub(super) fn list(session: &Session, args: &CompanyLs) -> Outcome {
    let fields = if args.fields.is_empty() {
        ["phone", "city", "state"].map(str::to_owned).to_vec()
    } else {
        args.fields.clone()
    };
    let limit = if args.all { usize::MAX } else { args.limit };
    super::list::run(session, &Lines { noun: Noun::Company, fields, limit, only: None, count: args.count })
}
