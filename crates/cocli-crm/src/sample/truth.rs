//! What was put into a sample, for those who judge what others found in it.

/// Counts and names of what a sample holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Folders below `companies/`.
    pub companies: usize,
    /// Folders below `people/`.
    pub people: usize,
    /// Folders below `campaigns/`.
    pub campaigns: usize,
    /// Files below `companies/*/notes/`.
    pub notes: usize,
    /// Files below `companies/*/meetings/`.
    pub meetings: usize,
    /// Links below `companies/*/contacts/`, and as many below `people/*/companies/`.
    pub contacts: usize,
    /// Files `enrichments/website.md`.
    pub websites: usize,
    /// Companies with an identity and without a name.
    pub hollow: usize,
    /// Companies whose name is the title of a page.
    pub page_titles: usize,
    /// Companies that have a `tags.lst`.
    pub tag_lists: usize,
    /// Companies whose `tags.lst` and front matter name different tags.
    pub tags_disagree: usize,
    /// Companies whose first line is `---all_emails:`.
    pub glued: usize,
    /// Companies with `---` inside a value of their front matter.
    pub dashes: usize,
    /// Companies as the S3 writer leaves them: sorted keys, the description among them.
    pub sorted: usize,
    /// Companies that a person has written or touched: comments, own keys, quotes, CRLF, BOM.
    pub by_hand: usize,
    /// Slugs of companies that were entered twice.
    pub pairs: Vec<(String, String)>,
    /// USV files outside `wal/` whose rows differ in width, below the root.
    pub ragged: Vec<String>,
    /// File below the root and line of what looks like a password.
    pub secrets: Vec<(String, usize)>,
    /// Whole rows in all files of `wal/`, the same ones again included.
    pub wal_rows: usize,
    /// Whole rows that differ.
    pub wal_rows_distinct: usize,
    /// Pieces between two RS in `wal/` that are no row.
    pub wal_rows_damaged: usize,
    /// The later edits that this copy has, in no particular order.
    pub edits: Vec<Edit>,
    /// Regular files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// One of the later edits: which value a field has from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The company.
    pub slug: String,
    /// The field.
    pub field: &'static str,
    /// Its value, a text.
    pub value: String,
    /// Which round, from 1 on.
    pub round: u8,
    /// When it was written, microseconds since 1970 UTC.
    pub at_us: i64,
    /// Where it was written.
    pub road: Road,
}

/// Where an edit was written, and so where its time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// A row in `wal/`.
    Wal,
    /// Front matter, whose greatest time (`last_enriched`) moved with it.
    Save,
    /// Front matter without any time: the file's alone tells. Nobody can know the freshest
    /// of such values once [`super::FileTimes::Together`] is all that files say.
    File,
}

impl Truth {
    /// The freshest of this copy's edits of each field of each company.
    #[must_use]
    pub fn freshest(&self) -> Vec<&Edit> {
        let mut last: std::collections::BTreeMap<(&str, &str), &Edit> = std::collections::BTreeMap::new();
        for edit in &self.edits {
            let it = last.entry((&edit.slug, edit.field)).or_insert(edit);
            if edit.round > it.round {
                *it = edit;
            }
        }
        last.into_values().collect()
    }
}
