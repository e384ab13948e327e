//! What is so about one company: who it is, how it is reached, how its file was written.

use super::dice::Dice;
use super::known::{KNOWN, Known};
use super::phone;
use super::plan::{Kind, Plan};
use super::sizes::Sample;
use super::style::Style;
use super::times::{DAY_US, TAKEN_US};
use super::words::cities::{CITIES, City};
use super::words::names::{Names, names};
use super::words::{PAGE_TITLES, STREETS};

/// Days before the folder was taken within which no base value was written.
const QUIET_DAYS: usize = 20;
/// What place ids are made of.
const PLACE_ID: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// How much is known of a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wealth {
    Sparse,
    Typical,
    Rich,
}

/// One company.
pub(super) struct Facts {
    pub(super) index: usize,
    pub(super) kind: Kind,
    pub(super) slug: String,
    pub(super) name: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) phone: Option<String>,
    /// Ten digits that are nobody else's, whether its file tells them or not.
    pub(super) number: String,
    pub(super) email: Option<String>,
    pub(super) place_id: Option<String>,
    pub(super) street: Option<String>,
    pub(super) city: &'static City,
    pub(super) style: Style,
    pub(super) wealth: Wealth,
    /// When the values of its file were written.
    pub(super) written_us: i64,
}

impl Facts {
    /// The company of this number.
    pub(super) fn of(sample: &Sample, plan: &Plan, index: usize) -> Facts {
        let kind = plan.kind(index);
        if let Kind::Known(number) = kind {
            return known(index, number, &KNOWN[number]);
        }
        let identity = match kind {
            Kind::Pair(pair, _) => sample.companies + pair,
            _ => index,
        };
        let mut dice = Dice::of(sample.seed, "company", identity);
        let Names { name, slug, domain } = names(identity);
        let city = &CITIES[dice.below(CITIES.len())];
        let number = phone::number(city.area, identity);
        let place_id = format!("ChIJ{}", dice.text(PLACE_ID, 23));
        let street = format!("{} {}", 1 + dice.below(9_900), dice.pick(STREETS));
        let is_pair = matches!(kind, Kind::Pair(..));
        let (has_domain, has_phone, has_place) = (!dice.one_in(5), !dice.one_in(7), !dice.one_in(7));
        let has_email = dice.below(9) < 5;
        let wealth = match dice.below(20) {
            0 => Wealth::Rich,
            1..=5 => Wealth::Sparse,
            _ => Wealth::Typical,
        };
        let days = QUIET_DAYS + dice.below(300);
        let written_us = TAKEN_US - days as i64 * DAY_US - dice.below(86_400_000_000) as i64;
        let mut facts = Facts {
            index,
            kind,
            slug,
            name: Some(name),
            domain: (is_pair || has_domain || !has_place).then_some(domain),
            phone: (is_pair || has_phone).then(|| format!("1{number}")),
            number,
            email: None,
            place_id: has_place.then_some(place_id),
            street: Some(street),
            city,
            style: Style::Dumped,
            wealth,
            written_us,
        };
        facts.email = facts.domain.as_ref().filter(|_| has_email).map(|domain| format!("info@{domain}"));
        facts.become_kind(&mut dice);
        facts
    }

    fn become_kind(&mut self, dice: &mut Dice) {
        match self.kind {
            Kind::Hollow => {
                self.name = None;
                self.wealth = Wealth::Sparse;
                self.slug = self.domain.as_ref().map_or(self.slug.clone(), |domain| domain.replace('.', "-"));
            }
            Kind::PageTitle => self.name = Some(dice.pick(PAGE_TITLES).to_owned()),
            Kind::Pair(pair, true) => {
                self.slug.push_str("-llc");
                self.place_id = None;
                if let Some(name) = self.name.as_mut().filter(|_| pair % 2 == 1) {
                    name.push_str(" LLC");
                }
            }
            Kind::Pair(_, false) | Kind::Known(_) => {}
            Kind::Ordinary => {
                self.style = match dice.below(1_000) {
                    0..=3 => Style::Glued,
                    4..=6 => Style::Dashes,
                    7..=26 => Style::Sorted,
                    27..=41 => Style::Commented,
                    42..=46 => Style::Crlf,
                    47..=51 => Style::Bom,
                    _ => Style::Dumped,
                };
            }
        }
    }
}

fn known(index: usize, number: usize, known: &Known) -> Facts {
    Facts {
        index,
        kind: Kind::Known(number),
        slug: known.slug.to_owned(),
        name: None,
        domain: None,
        phone: None,
        number: String::new(),
        email: None,
        place_id: None,
        street: None,
        city: &CITIES[0],
        style: known.style,
        wealth: Wealth::Typical,
        written_us: TAKEN_US - (30 + number as i64) * DAY_US,
    }
}
