//! One line of a list: which company it is about, and which rows it becomes.

use std::io;

use cocli_model::target::TargetKind;
use cocli_model::{Draft, Target};
use csv::ByteRecord;

use super::{Batch, Import, ImportError, Taken};
use crate::company::{NewCompany, listed_slug, plan_add};
use crate::entity::{EntityError, SlugRule};
use crate::fields::{self, Assignment};
use crate::fingerprint::fingerprint;
use crate::folder::View;
use crate::phone::Region;

/// One line as it is understood.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) domain: Option<String>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) region: Region,
}

impl<R: io::Read> Import<R> {
    /// Plans a line, unless it must wait for those before it.
    pub(super) fn line(
        &mut self,
        view: &View<'_, '_>,
        record: &ByteRecord,
        batch: &mut Batch,
    ) -> Result<Taken, ImportError> {
        let new = match self.columns.read(record) {
            Ok(new) => new,
            Err(reason) => return Ok(Taken::No(reason)),
        };
        let domain = new.domain.as_deref();
        if domain.is_some_and(|domain| batch.domains.contains(domain)) {
            return Ok(Taken::Later);
        }
        let new_company = new_company(&new);
        let planned = match self.known(view, &new_company, domain) {
            Ok(Some(target)) => self.update(view, &target, &new).map(|drafts| (target, drafts, false)),
            Ok(None) => plan_add(view, &new_company, &self.origin).map(|(added, drafts)| (added.target, drafts, true)),
            Err(error) => Err(error),
        };
        let (target, drafts, is_new) = match planned {
            Ok(planned) => planned,
            Err(error) => return told(error),
        };
        if !batch.targets.insert(target) {
            return Ok(Taken::Later);
        }
        self.seen.extend(domain.map(fingerprint));
        batch.domains.extend(new.domain);
        self.report.added += u64::from(is_new);
        self.report.updated += u64::from(!is_new && !drafts.is_empty());
        self.report.unchanged += u64::from(!is_new && drafts.is_empty());
        batch.rows += drafts.len();
        batch.groups.push(drafts);
        Ok(Taken::Yes)
    }

    /// The company that a line is about, if it is there: the one with its very slug, else
    /// one with its domain, unless a line before this one was about that domain.
    fn known(
        &self,
        view: &View<'_, '_>,
        new: &NewCompany,
        domain: Option<&str>,
    ) -> Result<Option<Target>, EntityError> {
        let target = Target::company(&listed_slug(new)?);
        if view.tx().is_listed(&target)? {
            return Ok(Some(target));
        }
        let Some(domain) = domain.filter(|domain| !self.seen.contains(&fingerprint(domain))) else { return Ok(None) };
        Ok(view.tx().find_by_domain(TargetKind::Company, domain, 1)?.pop().map(|line| line.target))
    }

    fn update(&self, view: &View<'_, '_>, target: &Target, new: &Line) -> Result<Vec<Draft>, EntityError> {
        let entity = view.tx().entity(target)?;
        let mut assignments = new.assignments.clone();
        assignments.push(Assignment::new("name", fields::Op::Set, new.name.clone())?);
        let planned = fields::plan(view, target, entity.as_ref(), &assignments, (&self.origin, new.region))?;
        Ok(planned.drafts)
    }
}

fn new_company(line: &Line) -> NewCompany {
    NewCompany {
        name: line.name.clone(),
        assignments: line.assignments.clone(),
        slug: SlugRule::Suffixed,
        // Whether it is one was decided before it is added.
        allow_duplicate: true,
        region: line.region,
    }
}

/// A line's own failure is told with the line; the folder's ends the import.
fn told(error: EntityError) -> Result<Taken, ImportError> {
    match error {
        EntityError::State(error) => Err(error.into()),
        error => {
            let mut reason = error.to_string();
            if let Some(source) = std::error::Error::source(&error) {
                reason = format!("{reason}: {source}");
            }
            Ok(Taken::No(reason))
        }
    }
}
