//! `enrichments/website.md`: what a crawl of a company's pages found, junk included. 35
//! fields; those that FORMATS B does not name are named as in the domain index (B10).

use super::dice::Dice;
use super::facts::{Facts, Wealth};
use super::front::Keys;
use super::markdown::page;
use super::phone;
use super::pyyaml::Yaml;
use super::times::{DAY_US, aware, naive};
use super::words::{CATEGORIES, SENTENCES, SERVICES, TAGS, TECH};

/// Files that crawlers took for addresses.
const IMAGES: &[&str] = &["badge_22_8@2x.png", "logo@3x.webp", "team@2x.jpg"];

/// The file, and when it was written.
pub(super) fn of(seed: u64, facts: &Facts, domain: &str) -> (String, i64) {
    let mut dice = Dice::of(seed, "website", facts.index);
    let found_us = facts.written_us + dice.below(5) as i64 * DAY_US;
    let mut keys = Keys::new();
    reach(&mut keys, facts, domain, &mut dice);
    addresses(&mut keys, facts, domain, &mut dice);
    offers(&mut keys, facts, &mut dice);
    keys.extend([
        ("tags", Yaml::list([dice.pick(TAGS)])),
        ("scraper_version", Yaml::Int(1)),
        ("associated_company_folder", Yaml::text(facts.slug.as_str())),
        ("is_email_provider", Yaml::Bool(false)),
        ("processed_by", Yaml::text("pi-1")),
        ("created_at", Yaml::text(naive(found_us))),
        ("updated_at", Yaml::text(aware(found_us + 339_391))),
    ]);
    (page(&keys, None), found_us + 339_391)
}

fn reach(keys: &mut Keys, facts: &Facts, domain: &str, dice: &mut Dice) {
    let title = facts.name.clone().unwrap_or_else(|| "Home".to_owned());
    let mut emails = vec![format!("Email:sales@{domain}"), format!("Info@{domain}")];
    emails.extend(dice.one_in(2).then(|| dice.pick(IMAGES).to_owned()));
    emails.extend(dice.one_in(3).then(|| format!("mailto:jobs@{domain}")));
    let phone = match dice.below(3) {
        0 => Some(phone::odd(&facts.number, dice.below(4))),
        1 => facts.phone.clone(),
        _ => None,
    };
    keys.extend([
        ("url", Yaml::text(format!("https://www.{domain}/"))),
        ("domain", Yaml::text(domain)),
        ("company_name", Yaml::text(title.as_str())),
        ("title", Yaml::text(format!("{title} | Home"))),
    ]);
    keys.extend(phone.map(|phone| ("phone", Yaml::Text(phone))));
    keys.extend(facts.email.clone().map(|email| ("email", Yaml::Text(email))));
    keys.push(("all_emails", Yaml::list(emails)));
    let context = vec![(format!("info@{domain}"), "Écrivez-nous: “we answer within a day”".to_owned())];
    keys.push(("email_contexts", Yaml::Map(if dice.one_in(2) { context } else { Vec::new() })));
    keys.push(("ip_address", Yaml::text(format!("192.0.2.{}", dice.below(255)))));
}

fn addresses(keys: &mut Keys, facts: &Facts, domain: &str, dice: &mut Dice) {
    let handle = domain.trim_end_matches(".example");
    let sites = [
        ("facebook_url", format!("https://www.facebook.com/{handle}")),
        ("linkedin_url", format!("https://www.linkedin.com/company/{handle}")),
        ("instagram_url", format!("https://www.instagram.com/{handle}/")),
        ("twitter_url", format!("https://twitter.com/{handle}")),
        ("youtube_url", format!("https://www.youtube.com/@{handle}")),
        ("address", format!("{}, {}, {}", facts.city.name, facts.city.state, facts.city.zip)),
        ("about_us_url", format!("https://www.{domain}/about-us")),
        ("contact_url", format!("https://www.{domain}/contact#form")),
        ("services_url", format!("https://www.{domain}/services?lang=en")),
        ("products_url", format!("https://www.{domain}/products")),
    ];
    let is_rich = facts.wealth == Wealth::Rich;
    keys.extend(sites.into_iter().filter(|_| is_rich || dice.one_in(3)).map(|(key, url)| (key, Yaml::Text(url))));
}

fn offers(keys: &mut Keys, facts: &Facts, dice: &mut Dice) {
    let (count, sentences) = match facts.wealth {
        Wealth::Rich => (60, 40),
        Wealth::Typical => (6, 4),
        Wealth::Sparse => (0, 0),
    };
    let text: Vec<&str> = (0..sentences).map(|_| dice.pick(SENTENCES)).collect();
    let words = |of: &[&str], count: usize, dice: &mut Dice| Yaml::list((0..count).map(|_| dice.pick(of)));
    keys.extend((sentences > 0).then(|| ("description", Yaml::text(text.join(" ")))));
    keys.extend((sentences > 0).then(|| ("meta_description", Yaml::text(text[0]))));
    keys.extend((sentences > 9).then(|| ("meta_keywords", Yaml::text("roof, tax, planning"))));
    keys.extend([
        ("services", words(SERVICES, count, dice)),
        ("products", words(&SERVICES[..8], count / 3, dice)),
        ("tech_stack", words(TECH, count / 3, dice)),
        ("categories", words(CATEGORIES, 1 + count / 6, dice)),
        ("keywords", words(CATEGORIES, count / 2, dice)),
    ]);
}
