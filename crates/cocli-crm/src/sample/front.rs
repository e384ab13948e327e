//! The front matter of a company: the original's 50 fields in the order of its model, those
//! without a value left out, and the computed `gmb_url` at the end.

use super::dice::Dice;
use super::edits::Edits;
use super::facts::{Facts, Wealth};
use super::pyyaml::Yaml;
use super::style::Style;
use super::times::{DAY_US, TAKEN_US, naive, zulu};
use super::words::{CATEGORIES, SENTENCES, SERVICES, TAGS, TECH};

/// Keys and values in order.
pub(super) type Keys = Vec<(&'static str, Yaml)>;

/// What a company's file says.
pub(super) struct Front {
    pub(super) keys: Keys,
    /// Becomes the body.
    pub(super) description: Option<String>,
    /// The tags in the front matter.
    pub(super) tags: Vec<String>,
}

/// A company's front matter with its edits.
pub(super) fn of(seed: u64, facts: &Facts, edits: &Edits) -> Front {
    let mut dice = Dice::of(seed, "front", facts.index);
    let is_full = facts.wealth != Wealth::Sparse;
    let mut tags = several(&mut dice, TAGS, 3);
    tags.sort();
    let mut keys = Keys::new();
    identity(&mut keys, facts, &tags);
    place(&mut keys, facts, is_full);
    reach(&mut keys, facts, edits, &mut dice);
    business(&mut keys, facts, edits, &mut dice);
    web(&mut keys, facts, &mut dice);
    times(&mut keys, facts, edits, &mut dice);
    let sentences = match facts.wealth {
        Wealth::Rich => 30,
        Wealth::Typical => dice.below(3),
        Wealth::Sparse => 0,
    };
    let lines: Vec<&str> = (0..sentences).map(|_| dice.pick(SENTENCES)).collect();
    Front { keys, description: (sentences > 0).then(|| lines.join("\n")), tags }
}

/// Up to `most` different ones.
fn several(dice: &mut Dice, of: &[&str], most: usize) -> Vec<String> {
    let mut taken: Vec<String> = (0..dice.below(most + 1)).map(|_| dice.pick(of).to_owned()).collect();
    let mut seen = std::collections::BTreeSet::new();
    taken.retain(|it| seen.insert(it.clone()));
    taken
}

fn put(keys: &mut Keys, key: &'static str, text: Option<impl Into<String>>) {
    keys.extend(text.map(|text| (key, Yaml::text(text))));
}

fn identity(keys: &mut Keys, facts: &Facts, tags: &[String]) {
    put(keys, "name", facts.name.as_deref());
    put(keys, "domain", facts.domain.as_deref());
    put(keys, "type", Some("N/A"));
    keys.push(("tags", Yaml::list(tags)));
    put(keys, "slug", Some(facts.slug.as_str()));
    if let (Some(name), Some(street)) = (&facts.name, &facts.street)
        && facts.wealth != Wealth::Sparse
    {
        put(keys, "company_hash", Some(format!("{}-{}-{}", stem(name), stem(street), facts.city.zip)));
    }
    keys.push(("keywords", Yaml::list([""; 0])));
}

/// The first eight characters of a slug as the original makes it.
fn stem(text: &str) -> String {
    let mut slug = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            ' ' | '/' | '_' | '.' | '-' if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(8);
    slug
}

fn place(keys: &mut Keys, facts: &Facts, is_full: bool) {
    let city = facts.city;
    if let Some(street) = facts.street.as_ref().filter(|_| is_full) {
        put(keys, "full_address", Some(format!("{street}, {}, {} {}", city.name, city.state, city.zip)));
        put(keys, "street_address", Some(street.as_str()));
    }
    put(keys, "city", Some(city.name));
    put(keys, "zip_code", is_full.then_some(city.zip));
    put(keys, "state", Some(city.state));
    put(keys, "country", is_full.then_some("USA"));
    put(keys, "timezone", is_full.then_some(city.timezone));
}

fn reach(keys: &mut Keys, facts: &Facts, edits: &Edits, dice: &mut Dice) {
    // Copies of any age throw the same dice: what edits change decides none of them.
    let phone = facts.phone.as_deref();
    put(keys, "phone_1", phone.filter(|_| dice.one_in(6)));
    put(keys, "phone_number", edits.saved_phone().or(phone));
    put(keys, "phone_from_website", phone.filter(|_| dice.one_in(4)));
    put(keys, "email", facts.email.as_deref());
    put(keys, "website_url", facts.domain.as_ref().map(|domain| format!("https://www.{domain}/")));
    let mut emails: Vec<String> = facts.email.iter().cloned().collect();
    let mut contexts = Vec::new();
    if let (Some(domain), Some(email), Wealth::Rich) = (&facts.domain, &facts.email, facts.wealth) {
        let roles = ["sales", "office", "jobs", "support", "josé.ortega", "press", "billing"];
        emails.extend(roles.iter().map(|role| format!("{}@{domain}", role.replace('é', "e"))));
        contexts.push((email.clone(), "Contact — front desk".to_owned()));
        contexts.push((format!("sales@{domain}"), "Sales: ask for Ana".to_owned()));
    }
    keys.push(("all_emails", Yaml::list(emails)));
    keys.push(("email_contexts", Yaml::Map(contexts)));
}

fn business(keys: &mut Keys, facts: &Facts, edits: &Edits, dice: &mut Dice) {
    let is_full = facts.wealth != Wealth::Sparse;
    let tech = if is_full { several(dice, TECH, 3) } else { Vec::new() };
    keys.push(("tech_stack", Yaml::list(tech)));
    let categories = if is_full { several(dice, CATEGORIES, 2) } else { Vec::new() };
    keys.push(("categories", Yaml::list(categories)));
    if is_full && facts.place_id.is_some() {
        keys.push(("reviews_count", Yaml::Int(dice.below(900) as i64)));
        keys.push(("average_rating", Yaml::Float((30 + dice.below(21)) as f64 / 10.0)));
        put(keys, "business_status", dice.one_in(3).then_some("OPERATIONAL"));
    }
    let edited = edits.last_save().map(|edit| edit.value.as_str());
    let hours = match facts.style {
        Style::Dashes => Some("9am --- 5pm"),
        _ => edited.or(dice.one_in(5).then_some("Mon-Fri 9:00-17:00; Sat: by appointment")),
    };
    put(keys, "hours", hours);
    if is_full && facts.place_id.is_some() {
        let shift = |dice: &mut Dice| dice.below(10_000) as f64 / 100_000.0;
        let near = |degrees: f64| (degrees * 100_000.0).round() / 100_000.0;
        keys.push(("latitude", Yaml::Float(near(facts.city.latitude + shift(dice)))));
        keys.push(("longitude", Yaml::Float(near(facts.city.longitude - shift(dice)))));
    }
}

fn web(keys: &mut Keys, facts: &Facts, dice: &mut Dice) {
    let is_rich = facts.wealth == Wealth::Rich;
    if let Some(domain) = facts.domain.as_ref().filter(|_| facts.wealth != Wealth::Sparse) {
        let handle = domain.trim_end_matches(".example");
        let site = |at: &str, dice: &mut Dice| (is_rich || dice.one_in(4)).then(|| format!("https://{at}/{handle}"));
        put(keys, "facebook_url", site("www.facebook.com", dice));
        put(keys, "linkedin_url", site("www.linkedin.com/company", dice));
        put(keys, "about_us_url", is_rich.then(|| format!("https://www.{domain}/about-us")));
        put(keys, "contact_url", is_rich.then(|| format!("https://www.{domain}/contact")));
    }
    let offered = |count: usize, dice: &mut Dice| -> Vec<String> {
        (0..count).map(|number| format!("{} ({})", dice.pick(&SERVICES[..8]), number + 1)).collect()
    };
    let mut services = if is_rich { offered(24, dice) } else { Vec::new() };
    if is_rich || (facts.wealth == Wealth::Typical && dice.one_in(4)) {
        services.extend((0..2).map(|_| dice.pick(SERVICES).to_owned()));
        services.dedup();
    }
    let products = if is_rich { offered(24, dice) } else { Vec::new() };
    keys.push(("services", Yaml::list(services)));
    keys.push(("products", Yaml::list(products)));
    put(keys, "meta_description", is_rich.then(|| format!("{} {}", SENTENCES[6], SENTENCES[5])));
    put(keys, "place_id", facts.place_id.as_deref());
}

fn times(keys: &mut Keys, facts: &Facts, edits: &Edits, dice: &mut Dice) {
    let is_called = !edits.is_edited && facts.wealth == Wealth::Typical && dice.one_in(40);
    if !edits.is_timeless {
        let written_us = edits.last_save().map_or(facts.written_us, |edit| edit.at_us);
        put(keys, "last_enriched", Some(if dice.one_in(5) { naive(written_us) } else { zulu(written_us) }));
        let found_us = facts.written_us - dice.below(30) as i64 * DAY_US;
        put(keys, "list_found_at", facts.place_id.as_ref().map(|_| zulu(found_us)));
        put(keys, "details_found_at", dice.one_in(6).then(|| naive(found_us)));
        // A date to come, which says nothing about when this was written.
        put(keys, "callback_at", is_called.then(|| zulu(TAKEN_US + 3 * DAY_US)));
    }
    keys.push(("enrichment_ttl_days", Yaml::Int(30)));
    put(keys, "processed_by", Some("local-worker"));
    let base = "https://www.google.com/maps/search/?api=1&query=google&query_place_id=";
    put(keys, "gmb_url", facts.place_id.as_ref().map(|id| format!("{base}{id}")));
}
