//! Entities as a whole: what has no name, whose name is a page's, and what may be there twice.
//!
//! Of each entity three hashes are kept. A pair counts once, however much it shares.

use std::collections::{HashMap, HashSet};

use cocli_model::Target;

use super::{EXAMPLES_MAX, Report, Verdict, thousands};
use crate::fingerprint::fingerprint;

/// Titles of pages that crawlers took for names.
const PAGE_TITLES: [&str; 24] = [
    "contact",
    "contact us",
    "about",
    "about us",
    "services",
    "our services",
    "home",
    "homepage",
    "home page",
    "index",
    "welcome",
    "untitled",
    "untitled document",
    "just a moment...",
    "404 not found",
    "page not found",
    "403 forbidden",
    "coming soon",
    "under construction",
    "loading...",
    "default page",
    "site maintenance",
    "access denied",
    "attention required! | cloudflare",
];
/// How titles begin in which the name stands behind.
const PAGE_TITLE_BEGINS: [&str; 4] = ["welcome to ", "home | ", "home - ", "home – "];

#[derive(Default)]
pub(super) struct Entities {
    seen: u32,
    slugs: Vec<String>,
    hollow: u64,
    hollow_examples: Vec<String>,
    page_titles: u64,
    page_title_examples: Vec<String>,
    first: HashMap<u64, u32>,
    pairs: HashSet<(u32, u32)>,
}

impl Entities {
    /// Looks at one; `text` gives its fields.
    pub(super) fn see(&mut self, target: &Target, text: &dyn Fn(&str) -> Option<String>) {
        let slug = target.as_str().rsplit('/').next().unwrap_or_default();
        let Some(name) = text("name").filter(|name| !name.trim().is_empty()) else {
            self.hollow(slug);
            return;
        };
        if is_page_title(&name) {
            self.page_titles += 1;
            keep(&mut self.page_title_examples, || format!("{slug}: {name}"));
        }
        let no = self.seen;
        self.seen += 1;
        self.slugs.push(slug.to_owned());
        let domain = text("domain").and_then(|domain| cocli_store::state::normal_domain(&domain));
        let phone = text("phone_number").or_else(|| text("phone_1")).and_then(|phone| digits(&phone));
        // Strangers share a switchboard; those who share its number and a word are likely one.
        let word = name.split_whitespace().next().unwrap_or_default().to_lowercase();
        let phone = phone.map(|phone| format!("{phone} {word}"));
        let place = text("city")
            .filter(|_| !is_page_title(&name))
            .map(|city| format!("{} {}", name.to_lowercase(), city.to_lowercase()));
        let keys = [("domain", domain), ("phone", phone), ("name", place)];
        for (kind, value) in keys.into_iter().filter_map(|(kind, value)| Some((kind, value?))) {
            let first = *self.first.entry(fingerprint(&format!("{kind}\x1f{value}"))).or_insert(no);
            if first != no {
                self.pairs.insert((first, no));
            }
        }
    }

    /// Counts one without a name.
    pub(super) fn hollow(&mut self, slug: &str) {
        self.hollow += 1;
        keep(&mut self.hollow_examples, || slug.to_owned());
    }

    pub(super) fn tell(self, report: &mut Report) {
        if self.page_titles > 0 {
            let says =
                format!("{} companies whose name looks like a page title (\"Home\")", thousands(self.page_titles));
            let line = report.push("Formats", Verdict::Warn, says);
            line.way_out("cocli company set SLUG name=NAME").examples(self.page_title_examples);
        }
        if self.hollow > 0 {
            let says = format!("{} hollow records (identity but no name)", thousands(self.hollow));
            let line = report.push("Identity", Verdict::Warn, says);
            line.way_out("cocli company set SLUG name=NAME").examples(self.hollow_examples);
        } else {
            report.push("Identity", Verdict::Ok, "every company has a name");
        }
        if self.pairs.is_empty() {
            report.push(
                "Duplicates",
                Verdict::Ok,
                "no two companies share a domain, a phone and a word, or a name and city",
            );
            return;
        }
        let says = format!("{} likely pairs", thousands(self.pairs.len() as u64));
        let mut pairs: Vec<_> = self.pairs.into_iter().collect();
        pairs.sort_unstable();
        let pair = |(a, b): &(u32, u32)| format!("{} {}", self.slugs[*a as usize], self.slugs[*b as usize]);
        let line = report.push("Duplicates", Verdict::Warn, says);
        line.way_out("compare them: cocli show SLUG").examples(pairs.iter().take(EXAMPLES_MAX).map(pair));
    }
}

fn keep(examples: &mut Vec<String>, example: impl FnOnce() -> String) {
    if examples.len() < EXAMPLES_MAX {
        examples.push(example());
    }
}

fn is_page_title(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    PAGE_TITLES.contains(&name.as_str()) || PAGE_TITLE_BEGINS.iter().any(|begin| name.starts_with(begin))
}

/// The last ten digits of a number: its country may be written or not.
fn digits(phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 7).then(|| digits[digits.len().saturating_sub(10)..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(entities: &mut Entities, slug: &str, fields: &[(&str, &str)]) {
        let target = format!("companies/{slug}").parse().unwrap();
        let text = |field: &str| fields.iter().find(|(name, _)| *name == field).map(|(_, value)| (*value).to_owned());
        entities.see(&target, &text);
    }

    #[test]
    fn each_kind_is_counted_and_a_pair_once() {
        let mut entities = Entities::default();
        see(&mut entities, "one", &[("name", "Acme"), ("domain", "acme.com"), ("phone_number", "+1 714 555 0142")]);
        see(&mut entities, "two", &[("name", "ACME Inc"), ("domain", "www.acme.com"), ("phone_1", "7145550142")]);
        see(&mut entities, "three", &[("name", "Home"), ("city", "Brea")]);
        see(&mut entities, "four", &[("name", "Welcome to Beta"), ("city", "Brea")]);
        see(&mut entities, "five", &[("domain", "five.com")]);
        let mut report = Report::default();
        entities.tell(&mut report);
        let says: Vec<&str> = report.lines.iter().map(|line| line.says.as_str()).collect();
        assert_eq!(
            says,
            [
                "2 companies whose name looks like a page title (\"Home\")",
                "1 hollow records (identity but no name)",
                "1 likely pairs"
            ]
        );
        assert_eq!(report.lines[2].examples, ["one two"]);
    }

    #[test]
    fn a_healthy_folder_says_so() {
        let mut entities = Entities::default();
        see(&mut entities, "one", &[("name", "Acme"), ("city", "Brea")]);
        see(&mut entities, "two", &[("name", "Acme"), ("city", "Yorba Linda")]);
        let mut report = Report::default();
        entities.tell(&mut report);
        assert!(report.lines.iter().all(|line| line.verdict == Verdict::Ok), "{report:?}");
    }
}
