//! People: a folder each, linked with one company both ways.

use std::io;
use std::ops::Range;

use super::dice::Dice;
use super::front::Keys;
use super::markdown::page;
use super::pyyaml::Yaml;
use super::sizes::Sample;
use super::times::{DAY_US, TAKEN_US};
use super::tree::Tree;
use super::words::cities::CITIES;
use super::words::{FIRST, LAST, TAGS};

/// How a person is called.
pub(super) struct Name {
    pub(super) full: String,
    pub(super) slug: String,
}

/// The name of the person of this number; numbers keep slugs apart.
pub(super) fn name(seed: u64, number: usize) -> Name {
    let mut dice = Dice::of(seed, "person", number);
    let full = format!("{} {}", dice.pick(FIRST), dice.pick(LAST));
    let kept = full.to_lowercase().replace(' ', "-");
    let kept: String = kept.chars().filter(|c| matches!(c, 'a'..='z' | '-')).collect();
    Name { full, slug: format!("{kept}-{number}") }
}

/// The people of a company: all numbers that [`company_of`] brings to it.
pub(super) fn of_company(sample: &Sample, company: usize) -> Range<usize> {
    let first = |company: usize| (company * sample.people).div_ceil(sample.companies);
    first(company)..first(company + 1)
}

/// The number of the company of a person.
pub(super) fn company_of(sample: &Sample, number: usize) -> usize {
    number * sample.companies / sample.people
}

/// One person's folder.
pub(super) fn write(sample: &Sample, number: usize, company: &str, tree: &mut Tree) -> io::Result<()> {
    let mut dice = Dice::of(sample.seed, "person's file", number);
    let Name { full, slug } = name(sample.seed, number);
    let city = &CITIES[dice.below(CITIES.len())];
    let mut keys: Keys = vec![("name", Yaml::text(full.as_str()))];
    keys.extend(dice.one_in(2).then(|| ("email", Yaml::text(format!("{slug}@people.example")))));
    keys.extend(dice.one_in(2).then(|| ("phone", Yaml::text(format!("1{}{}", city.area, 5_550_100 + number % 100)))));
    keys.extend([
        ("company_name", Yaml::text(company)),
        ("role", Yaml::text("Owner & manager")),
        ("tags", Yaml::list([dice.pick(TAGS)])),
        ("slug", Yaml::text(slug.as_str())),
        ("city", Yaml::text(city.name)),
        ("state", Yaml::text(city.state)),
    ]);
    let body = if dice.one_in(3) { "Knows the owner of the bakery.".to_owned() } else { format!("# {full}") };
    let file = slug.rsplit_once('-').map_or(slug.as_str(), |(file, _)| file);
    let at_us = TAKEN_US - (30 + dice.below(200)) as i64 * DAY_US;
    tree.file(&format!("people/{slug}/{file}.md"), page(&keys, Some(&body)), at_us)?;
    tree.link(&format!("people/{slug}/companies/{company}"), &format!("companies/{company}"))
}
