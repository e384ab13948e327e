//! What stands beside a company's `_index.md`: tags, contacts, notes, meetings, enrichments.

use std::io;

use super::dice::Dice;
use super::facts::Facts;
use super::listing;
use super::markdown::page;
use super::person;
use super::plan::Kind;
use super::pyyaml::Yaml;
use super::sizes::Sample;
use super::times::{DAY_US, MINUTE_US, SECOND_US, aware, naive, zulu};
use super::tree::Tree;
use super::truth::Truth;
use super::website;
use super::words::SENTENCES;

/// One in this many companies that were tagged has a `tags.lst` of other tags.
const DISAGREES_EVERY: usize = 50;
/// One in this many has notes, meetings, a crawled site, a listing.
const NOTES_EVERY: usize = 8;
const MEETINGS_EVERY: usize = 12;
const WEBSITE_EVERY: usize = 5;
const LISTING_EVERY: usize = 15;

/// Titles of notes; all characters but space and slash stay in file names.
const TITLES: &[&str] = &["First call", "Price/terms: \"maybe\"?", "Café & contract", "Re: follow-up #2"];

/// Everything beside one company's file.
pub(super) struct Beside<'a> {
    pub(super) sample: &'a Sample,
    pub(super) facts: &'a Facts,
    pub(super) tree: &'a mut Tree,
    pub(super) truth: &'a mut Truth,
}

impl Beside<'_> {
    /// Writes what this company has.
    pub(super) fn write(&mut self, tags: &[String]) -> io::Result<()> {
        let mut dice = Dice::of(self.sample.seed, "beside", self.facts.index);
        self.contacts()?;
        if matches!(self.facts.kind, Kind::Known(_)) {
            return Ok(());
        }
        self.tags(tags, &mut dice)?;
        if self.facts.kind != Kind::Hollow {
            if dice.one_in(NOTES_EVERY) {
                (0..=dice.below(3)).try_for_each(|number| self.note(number, &mut dice))?;
            }
            if dice.one_in(MEETINGS_EVERY) {
                self.meetings(&mut dice)?;
            }
        }
        self.enrichments(&mut dice)
    }

    fn file(&mut self, name: &str, text: &str, at_us: i64) -> io::Result<()> {
        self.tree.file(&format!("companies/{}/{name}", self.facts.slug), text, at_us)
    }

    fn contacts(&mut self) -> io::Result<()> {
        for number in person::of_company(self.sample, self.facts.index) {
            let slug = person::name(self.sample.seed, number).slug;
            let link = format!("companies/{}/contacts/{slug}", self.facts.slug);
            self.tree.link(&link, &format!("people/{slug}"))?;
            self.truth.contacts += 1;
        }
        Ok(())
    }

    fn tags(&mut self, tags: &[String], dice: &mut Dice) -> io::Result<()> {
        if tags.is_empty() {
            return Ok(());
        }
        let disagrees = dice.one_in(DISAGREES_EVERY);
        let mut listed = tags.to_vec();
        if disagrees {
            listed[0] = "added by tag command".to_owned();
            listed.sort();
        }
        self.truth.tag_lists += 1;
        self.truth.tags_disagree += usize::from(disagrees);
        self.file("tags.lst", &(listed.join("\n") + "\n"), self.facts.written_us)
    }

    fn note(&mut self, number: usize, dice: &mut Dice) -> io::Result<()> {
        let seconds = (1 + number * 86_400 + dice.below(80_000)) as i64;
        let at_us = self.facts.written_us / SECOND_US * SECOND_US + seconds * SECOND_US;
        let title = dice.pick(TITLES);
        // An aware time gets a `Z` too many, which the original itself cannot read.
        let time = if dice.one_in(2) { aware(at_us) + "Z" } else { zulu(at_us) };
        let keys = vec![("timestamp", Yaml::Text(time)), ("title", Yaml::text(title))];
        let name = format!("notes/{}Z-{}.md", naive(at_us).replace(':', "-"), file_title(title));
        self.truth.notes += 1;
        self.file(&name, &page(&keys, Some(dice.pick(SENTENCES))), at_us)
    }

    /// One, or two of the same minute.
    fn meetings(&mut self, dice: &mut Dice) -> io::Result<()> {
        let at_us = (self.facts.written_us + DAY_US) / MINUTE_US * MINUTE_US;
        let kinds = ["phone-call", "meeting"];
        for kind in &kinds[dice.below(2)..] {
            let title = format!("{} about terms", if *kind == "meeting" { "Talk" } else { "Call" });
            let keys = if dice.one_in(3) {
                let phone = self.facts.phone.clone().map(|phone| ("phone_number", Yaml::Text(phone)));
                let mut keys = vec![
                    ("date", Yaml::text(aware(at_us))),
                    ("company", Yaml::text(self.facts.name.as_deref().unwrap_or(&self.facts.slug))),
                    ("title", Yaml::text(title.as_str())),
                ];
                keys.extend(phone);
                keys
            } else {
                let time = ("timestamp", Yaml::text(zulu(at_us)));
                vec![time, ("title", Yaml::text(title.as_str())), ("type", Yaml::text(*kind))]
            };
            let minute = naive(at_us)[..16].replace(':', "");
            self.truth.meetings += 1;
            let name = format!("meetings/{minute}Z-{}.md", file_title(&title));
            self.file(&name, &page(&keys, Some("Asked for pricing.")), at_us)?;
        }
        Ok(())
    }

    fn enrichments(&mut self, dice: &mut Dice) -> io::Result<()> {
        if let Some(domain) = self.facts.domain.as_ref().filter(|_| dice.one_in(WEBSITE_EVERY)) {
            let (text, at_us) = website::of(self.sample.seed, self.facts, domain);
            self.truth.websites += 1;
            self.file("enrichments/website.md", &text, at_us)?;
            if dice.one_in(4) {
                let map =
                    format!("<?xml version=\"1.0\"?>\n<urlset><url><loc>https://www.{domain}/</loc></url></urlset>\n");
                self.file("enrichments/sitemap.xml", &map, at_us)?;
                let bar = format!("<nav><a href=\"https://www.{domain}/contact\">Contact</a></nav>\n");
                self.file("enrichments/navbar.html", &bar, at_us)?;
            }
        }
        if self.facts.place_id.is_some() && dice.one_in(LISTING_EVERY) {
            let text = listing::header() + &listing::row(self.facts);
            self.file("enrichments/google_maps.usv", &text, self.facts.written_us)?;
        }
        Ok(())
    }
}

/// As the original puts a title into a file's name.
fn file_title(title: &str) -> String {
    title.to_lowercase().replace([' ', '/'], "-")
}
