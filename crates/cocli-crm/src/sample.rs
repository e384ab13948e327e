//! A data folder as the original Python tool leaves it, written from FORMATS part B and
//! nothing else: what adoption, `doctor`, benches and the demo are held against.
//!
//! - The same [`Sample`] gives the same bytes. A copy of another [`Age`] differs in the
//!   later edits it lacks and in nothing else that a reader looks at.
//! - It knows nothing of those who read it: what it wrote is told as [`Truth`], counted
//!   where it was written.
//! - It writes into an empty folder, below it and nowhere else, one company at a time.

mod beside;
mod dice;
mod edits;
mod facts;
mod front;
pub mod known;
mod listing;
mod markdown;
mod person;
mod phone;
mod plan;
mod pyyaml;
mod shared;
mod sizes;
mod style;
mod times;
mod tree;
mod truth;
mod wal;
mod website;
mod words;

use std::io;
use std::path::Path;

use beside::Beside;
use edits::Edits;
use facts::Facts;
pub use known::{KNOWN, Known, Says};
use plan::{Kind, Plan};
pub use sizes::{Age, FileTimes, Sample};
use style::Style;
use times::DAY_US;
pub use times::TAKEN_US;
use tree::Tree;
pub use truth::{Edit, Road, Truth};
pub use wal::NEVER_SAVED;
use wal::{Row, Wal};
pub use words::PAGE_TITLES;

/// Companies of listings beyond the ragged files, for the prospect index and queues.
const LISTED_MORE: usize = 4;

impl Sample {
    /// Writes the folder. Refuses one that is not empty, and counts that do not fit.
    pub fn write(&self, root: &Path) -> io::Result<Truth> {
        let plan = Plan::of(self)?;
        let mut tree = Tree::new(root, self.home.as_deref(), self.age.times)?;
        let mut truth = Truth::default();
        let mut wal = Wal::new();
        let mut listed = Vec::new();
        for index in 0..self.companies {
            let facts = Facts::of(self, &plan, index);
            self.company(&facts, &mut wal, &mut tree, &mut truth)?;
            if facts.place_id.is_some() && facts.name.is_some() && listed.len() < self.ragged_files + LISTED_MORE {
                listed.push(facts);
            }
        }
        for number in 0..self.people {
            let company = Facts::of(self, &plan, person::company_of(self, number));
            person::write(self, number, &company.slug, &mut tree)?;
            truth.people += 1;
        }
        wal.write(self, &mut tree, &mut truth)?;
        shared::write(&listed, self.ragged_files, &mut tree, &mut truth)?;
        (truth.files, truth.bytes) = (tree.files, tree.bytes);
        Ok(truth)
    }

    fn company(&self, facts: &Facts, wal: &mut Wal, tree: &mut Tree, truth: &mut Truth) -> io::Result<()> {
        let edits = Edits::of(self, facts);
        wal.company(self.seed, facts, &edits);
        let tags = match facts.kind {
            Kind::Known(number) => {
                count(facts, KNOWN[number].index, truth);
                known_files(&KNOWN[number], facts.written_us, wal, tree, truth)?;
                Vec::new()
            }
            _ => {
                let front = front::of(self.seed, facts, &edits);
                let tags = front.tags.clone();
                let written_us = edits.last_save().map_or(facts.written_us, |edit| edit.at_us);
                let text = markdown::index(facts.style, front);
                count(facts, &text, truth);
                tree.file(&format!("companies/{}/_index.md", facts.slug), text, written_us)?;
                tags
            }
        };
        truth.edits.extend(edits.list);
        Beside { sample: self, facts, tree, truth }.write(&tags)
    }
}

fn known_files(known: &Known, at_us: i64, wal: &mut Wal, tree: &mut Tree, truth: &mut Truth) -> io::Result<()> {
    let folder = format!("companies/{}", known.slug);
    tree.file(&format!("{folder}/_index.md"), known.index, at_us)?;
    if let Some(tags) = known.tags {
        truth.tag_lists += 1;
        truth.tags_disagree += 1;
        tree.file(&format!("{folder}/tags.lst"), tags, at_us)?;
    }
    if let Some(website) = known.website {
        truth.websites += 1;
        tree.file(&format!("{folder}/enrichments/website.md"), website, at_us + DAY_US)?;
    }
    for (number, row) in known.wal.iter().enumerate() {
        let at_us = TAKEN_US - row.days_before * DAY_US;
        wal.push(Row::of_version(row.version, at_us, number % 2 + 1, [&folder, row.field, row.value]));
    }
    Ok(())
}

fn count(facts: &Facts, text: &str, truth: &mut Truth) {
    truth.companies += 1;
    truth.dashes += usize::from(markdown::has_dashes_inside(text));
    match facts.kind {
        Kind::Hollow => truth.hollow += 1,
        Kind::PageTitle => truth.page_titles += 1,
        Kind::Pair(_, true) => {
            let first = facts.slug.trim_end_matches("-llc").to_owned();
            truth.pairs.push((first, facts.slug.clone()));
        }
        Kind::Pair(_, false) | Kind::Known(_) | Kind::Ordinary => {}
    }
    match facts.style {
        Style::Dumped | Style::Dashes => {}
        Style::Glued => truth.glued += 1,
        Style::Sorted => truth.sorted += 1,
        Style::Commented | Style::Crlf | Style::Bom => truth.by_hand += 1,
    }
}
