//! How large a sample is, and how old this copy of it.

use std::path::PathBuf;

/// Companies of the folder in journey J4, whose proportions every sample has.
const OF: usize = 27_584;

/// What to write. The same values give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Folders below `companies/`, all of those named here included.
    pub companies: usize,
    /// Folders below `people/`.
    pub people: usize,
    /// Companies with an identity and without a name.
    pub hollow: usize,
    /// Companies whose name is one of [`super::PAGE_TITLES`].
    pub page_titles: usize,
    /// Pairs of companies of one name, domain and phone.
    pub duplicate_pairs: usize,
    /// USV files outside `wal/` whose rows differ in width; at least one.
    pub ragged_files: usize,
    /// What all dice are thrown from.
    pub seed: u64,
    /// How old this copy is, and what its files say about that.
    pub age: Age,
    /// The data root that absolute links and paths name; none is where it is written.
    pub home: Option<PathBuf>,
}

/// Copies of one folder: the later edits that a copy has not seen, and its file times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Age {
    /// How many of the last [`Age::ROUNDS`] rounds of edits are missing; more is all.
    pub rounds_behind: u8,
    /// What the times of files are.
    pub times: FileTimes,
}

impl Age {
    /// Rounds of edits, a day each, before the folder was taken.
    pub const ROUNDS: u8 = 4;

    /// A copy that lacks the last rounds.
    #[must_use]
    pub fn behind(rounds: u8) -> Age {
        Age { rounds_behind: rounds, ..Age::default() }
    }

    /// The last round that is in this copy; 0 is none.
    #[must_use]
    pub fn newest(self) -> u8 {
        Age::ROUNDS.saturating_sub(self.rounds_behind)
    }
}

/// The times of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileTimes {
    /// Each when it was last written, over the year before the folder was taken.
    #[default]
    Spread,
    /// All within ten minutes after it was taken, as a clone or a copy leaves them.
    Together,
}

impl Sample {
    /// A sample of this many companies, all else in the proportions of journey J4 (at least
    /// one of each). At least 50 companies are needed for one of everything.
    #[must_use]
    pub fn of(companies: usize) -> Sample {
        let share = |count: usize| ((companies * count + OF / 2) / OF).max(1);
        Sample {
            companies,
            people: share(3_112),
            hollow: share(8_500),
            page_titles: share(1_568),
            duplicate_pairs: share(212),
            ragged_files: share(14),
            seed: 1,
            age: Age::default(),
            home: None,
        }
    }
}
