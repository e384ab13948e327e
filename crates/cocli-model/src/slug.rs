//! A slug: the name of an entity's folder, safe on every file system.
//!
//! `[a-z0-9-]`, 2 to 128 bytes, no dash at either end, no reserved name. It is lower-case
//! ASCII, so two slugs never fold together on a file system that ignores case or
//! normalises Unicode; and short enough that `people/<slug>/<slug>.md` with the suffix
//! of a conflict copy stays below 255 bytes a name.
//!
//! What [`Slug::from_name`] makes of a name is part of the format: two machines that
//! list one firm apart must arrive at one slug. The transliteration table is pinned.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use deunicode::deunicode_char;
use serde_json::{Value as Json, json};

use crate::json;

/// Bytes of a slug at least: one letter names too much.
pub const SLUG_BYTES_MIN: usize = 2;

/// Bytes of a slug at most. The original allowed 255, which leaves no room for `.md`.
pub const SLUG_BYTES_MAX: usize = 128;

/// Letters of the hash behind a slug: 25 bits.
const SUFFIX_BYTES: usize = 5;

/// Bytes of a slug that still takes a dash and a suffix.
const STEM_BYTES_MAX: usize = SLUG_BYTES_MAX - SUFFIX_BYTES - 1;

/// What stands for a name of which nothing remains in ASCII.
const UNNAMED: &str = "unnamed";

/// A valid slug. Ordered by bytes; a clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(Arc<str>);

/// Why a text is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlugError {
    /// Too short or too long.
    #[error("a slug of {bytes} bytes; it takes {SLUG_BYTES_MIN} to {SLUG_BYTES_MAX}")]
    Length {
        /// The size that was refused.
        bytes: usize,
    },
    /// A character other than `a` to `z`, `0` to `9` and the dash.
    #[error("character {character:?} at byte {offset} of a slug; it takes a-z, 0-9 and dashes")]
    Character {
        /// Its first byte.
        offset: usize,
        /// The character.
        character: char,
    },
    /// A dash at an end, which reads as an option on a command line.
    #[error("a slug neither begins nor ends with a dash")]
    Dash,
    /// A name that the folder or an operating system keeps for itself.
    #[error("{slug:?} is a reserved name; put a word before or behind it")]
    Reserved {
        /// The name.
        slug: String,
    },
}

impl Slug {
    /// The slug `text`, unchanged.
    ///
    /// # Errors
    /// [`SlugError`], naming what is wrong with it.
    pub fn new(text: &str) -> Result<Slug, SlugError> {
        let bytes = text.len();
        if !(SLUG_BYTES_MIN..=SLUG_BYTES_MAX).contains(&bytes) {
            return Err(SlugError::Length { bytes });
        }
        let strange = |c: &(usize, char)| !matches!(c.1, 'a'..='z' | '0'..='9' | '-');
        if let Some((offset, character)) = text.char_indices().find(strange) {
            return Err(SlugError::Character { offset, character });
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(SlugError::Dash);
        }
        if text == "wal" || is_device_name(text) {
            return Err(SlugError::Reserved { slug: text.to_owned() });
        }
        Ok(Slug(text.into()))
    }

    /// The slug of a name: transliterated to ASCII, lower-case, white space and `/ _ . -`
    /// as single dashes, every other character left out.
    ///
    /// Where that is no slug or had to be cut (nothing remains, one letter, a reserved
    /// name, more than 122 bytes), a dash and five letters of the hash of the whole name
    /// follow, so that distinct names stay distinct. Looks at no more of the name than
    /// it needs, besides the hash.
    #[must_use]
    pub fn from_name(name: &str) -> Slug {
        let (stem, whole) = transliterate(name);
        match Slug::new(&stem) {
            Ok(slug) if whole => slug,
            _ if stem.is_empty() => suffixed(UNNAMED, &hash_letters(name)),
            _ => suffixed(&stem, &hash_letters(name)),
        }
    }

    /// `<slug>-<5 letters>` for a creation that no person made (FORMATS A6.23). A slug
    /// over 122 bytes is cut to make room.
    #[must_use]
    pub fn with_identity_suffix(&self, identity: &Identity<'_>) -> Slug {
        self.with_suffix_of(&identity.to_json())
    }

    /// The same for any identity: `<slug>-<5 letters>` of its canonical text.
    #[must_use]
    pub fn with_suffix_of(&self, identity: &Json) -> Slug {
        suffixed(&self.0, &hash_letters(&json::canonical(identity)))
    }

    /// The slug's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Slug, SlugError> {
        Slug::new(text)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What tells one firm from another when a machine lists it.
///
/// The strings are taken as they are: who lists brings domains to lower case first. An
/// empty string counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The id of the place in a map service.
    pub place_id: Option<&'a str>,
    /// The firm's domain, lower-case.
    pub domain: Option<&'a str>,
    /// The firm's name.
    pub name: &'a str,
    /// Its street, with the number.
    pub street: Option<&'a str>,
}

impl Identity<'_> {
    /// The first that exists of `{"place_id"}`, `{"domain"}`, `{"name","street"}`: what
    /// a creation carries under `new`, and what the suffix is a hash of. An absent
    /// street is `null`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let present = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        match (present(self.place_id), present(self.domain)) {
            (Some(place_id), _) => json!({ "place_id": place_id }),
            (None, Some(domain)) => json!({ "domain": domain }),
            (None, None) => json!({ "name": self.name, "street": present(self.street) }),
        }
    }
}

/// The slug-like text of a name, and whether all of the name went into it. Stops as soon
/// as it has more than fits.
fn transliterate(name: &str) -> (String, bool) {
    let mut stem = String::new();
    for c in name.chars().filter(|c| !matches!(c, '®' | '©' | '™' | '℠')) {
        for ascii in deunicode_char(c).unwrap_or_default().chars() {
            match ascii.to_ascii_lowercase() {
                plain @ ('a'..='z' | '0'..='9') => stem.push(plain),
                ' ' | '\t' | '\n' | '\r' | '/' | '_' | '.' | '-' if !stem.is_empty() && !stem.ends_with('-') => {
                    stem.push('-');
                }
                _ => {}
            }
        }
        if stem.trim_end_matches('-').len() > STEM_BYTES_MAX {
            return (stem, false);
        }
    }
    stem.truncate(stem.trim_end_matches('-').len());
    (stem, true)
}

/// `stem`, cut to leave room, a dash and the letters. The stem begins with a letter or
/// digit, and the whole is longer than any reserved name.
fn suffixed(stem: &str, letters: &str) -> Slug {
    let stem = stem[..stem.len().min(STEM_BYTES_MAX)].trim_end_matches('-');
    Slug::new(&format!("{stem}-{letters}")).expect("a stem of slug characters with a suffix is a slug")
}

/// The first letters of the lower-case base32 of BLAKE3 over `text`.
fn hash_letters(text: &str) -> String {
    let mut letters = BASE32_NOPAD.encode(blake3::hash(text.as_bytes()).as_bytes());
    letters.truncate(SUFFIX_BYTES);
    letters.make_ascii_lowercase();
    letters
}

/// Whether Windows takes a file of this name, whatever follows its first dot, for a
/// device. Superscript digits count there like plain ones.
pub(crate) fn is_device_name(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end_matches(' ');
    let is = |device: &&str| stem.eq_ignore_ascii_case(device);
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"].iter().any(is) || is_numbered_port(stem)
}

/// Whether `stem` is `com` or `lpt` and one digit, in any case.
fn is_numbered_port(stem: &str) -> bool {
    let Some((port, number)) = stem.split_at_checked(3) else { return false };
    let mut digits = number.chars();
    (port.eq_ignore_ascii_case("com") || port.eq_ignore_ascii_case("lpt"))
        && matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
}

/// What any bytes must satisfy as a name: the body of a fuzz target.
#[doc(hidden)]
pub fn check(data: &[u8]) {
    let name = String::from_utf8_lossy(data);
    let slug = Slug::from_name(&name);
    assert_eq!(Slug::new(slug.as_str()).as_ref(), Ok(&slug), "what is made of a name is a slug");
    if slug.as_str().len() <= STEM_BYTES_MAX {
        assert_eq!(Slug::from_name(slug.as_str()), slug, "a slug is its own name");
    }
    let identity = Identity { place_id: None, domain: None, name: &name, street: None };
    let machine = slug.with_identity_suffix(&identity);
    assert_eq!(Slug::new(machine.as_str()).as_ref(), Ok(&machine), "a suffixed slug is a slug");
}
