//! What each company of a sample is, decided by its number alone, so that counts are exact
//! and any company can be made without the others.

use std::io;

use super::known::KNOWN;
use super::sizes::Sample;

/// What a company is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of [`KNOWN`].
    Known(usize),
    /// It has an identity and no name.
    Hollow,
    /// Its name is the title of a page.
    PageTitle,
    /// One of the two of a pair, the first or the second.
    Pair(usize, bool),
    /// An ordinary firm.
    Ordinary,
}

/// Kinds by number.
pub(super) struct Plan {
    scattered: usize,
    stride: usize,
    hollow: usize,
    page_titles: usize,
    duplicate_pairs: usize,
}

impl Plan {
    /// Refuses a sample whose kinds do not fit.
    pub(super) fn of(sample: &Sample) -> io::Result<Plan> {
        let scattered = sample.companies.saturating_sub(KNOWN.len());
        let taken = sample.hollow + sample.page_titles + 2 * sample.duplicate_pairs;
        if taken + KNOWN.len() > scattered {
            let text = format!("{} companies are too few for what they shall hold", sample.companies);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let stride = (scattered * 5 / 8..).find(|stride| gcd(*stride, scattered) == 1).unwrap_or(1);
        let Sample { hollow, page_titles, duplicate_pairs, .. } = *sample;
        Ok(Plan { scattered, stride, hollow, page_titles, duplicate_pairs })
    }

    /// What the company of this number is.
    pub(super) fn kind(&self, index: usize) -> Kind {
        let Some(place) = index.checked_sub(KNOWN.len()) else { return Kind::Known(index) };
        // Coprime with the number of places, so each place is hit once.
        let mut place = place * self.stride % self.scattered;
        for (count, kind) in [(self.hollow, Kind::Hollow), (self.page_titles, Kind::PageTitle)] {
            match place.checked_sub(count) {
                Some(rest) => place = rest,
                None => return kind,
            }
        }
        if place < 2 * self.duplicate_pairs { Kind::Pair(place / 2, place % 2 == 1) } else { Kind::Ordinary }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
