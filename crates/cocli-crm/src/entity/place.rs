//! The slug of a new entity: the plain one of its name, if it is free; with the suffix of
//! its identity, if it certainly is another than the one that has the plain one.

use cocli_model::{Slug, Target};

use super::{EntityError, SlugRule};
use crate::folder::View;
use crate::resolve::Noun;

/// The target of a new entity, and the slug it stands beside. `suffixed` is the slug with
/// its identity; `is_another` judges whether the one that has the plain slug is another.
pub(crate) fn choose(
    view: &View<'_, '_>,
    noun: Noun,
    (plain, suffixed, rule): (Slug, Slug, &SlugRule),
    is_another: &dyn Fn(&Target) -> Result<bool, EntityError>,
) -> Result<(Target, Option<Slug>), EntityError> {
    match rule {
        SlugRule::Given(slug) => Ok((free(view, noun, slug)?, None)),
        SlugRule::Suffixed => Ok((free(view, noun, &suffixed)?, None)),
        SlugRule::Plain => match free(view, noun, &plain) {
            Err(EntityError::SlugTaken { .. }) if is_another(&noun.target(&plain))? => {
                Ok((free(view, noun, &suffixed)?, Some(plain)))
            }
            free => Ok((free?, None)),
        },
    }
}

/// The target of a slug that may be created.
fn free(view: &View<'_, '_>, noun: Noun, slug: &Slug) -> Result<Target, EntityError> {
    let target = noun.target(slug);
    match view.tx().entity(&target)? {
        None => Ok(target),
        Some(entity) if entity.visibility.is_hidden() => Err(EntityError::Deleted { noun, slug: slug.clone() }),
        // What has no name is listed nowhere: fields that came before their entity.
        Some(entity) if !entity.is_listed() => Ok(target),
        Some(_) => Err(EntityError::SlugTaken { noun, slug: slug.clone() }),
    }
}

pub(crate) fn slug_of(target: &Target) -> Slug {
    target.slug().expect("the target of an entity has a slug")
}
