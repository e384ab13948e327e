//! Companies: adding one, as a person does and as a list does. What is done to one that is
//! there is in [`crate::entity`].

mod add;

pub use add::{NewCompany, add};
pub(crate) use add::{listed_slug, plan_add};
