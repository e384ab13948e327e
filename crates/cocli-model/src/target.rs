//! A target: what a record is about, as column 5.
//!
//! | text | kind |
//! | --- | --- |
//! | `companies/<slug>`, `people/<slug>` | an entity |
//! | `<entity>/notes/<utc>-<epoch>.<seq>`, `<entity>/meetings/…` | a note, a meeting |
//! | `objects/<key>`, `campaigns/<name>` | one or more safe parts |
//! | `system` | the cluster itself |
//!
//! `<utc>` is `2026-02-16T10-11-12Z`; with the epoch and sequence of the record that
//! wrote it first, no two notes share a name, and no title becomes one.
//!
//! - A target that exists is safe: joined to a folder it stays inside, on every system.
//!   No empty part, `.`, `..`, drive letter, backslash, control character, trailing dot
//!   or space, device name of Windows, and neither `wal` nor `.cocli` in front.
//! - Two targets with files never fold together where case is ignored.
//! - Everything else is refused: over the limit, empty or with control characters as
//!   broken structure; unsafe or of an unknown shape as broken meaning, so that its row
//!   is stored, not folded, and never becomes a path.

mod error;
mod part;

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::json;
use crate::node::Epoch;
use crate::slug::Slug;
use crate::stamp::Stamp;

pub use error::TargetError;

/// Bytes of a target at most (FORMATS A4).
pub const TARGET_BYTES_MAX: usize = 512;

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    /// `companies/<slug>`
    Company,
    /// `people/<slug>`
    Person,
    /// A note of a company or person.
    Note,
    /// A meeting with a company or person.
    Meeting,
    /// `objects/<key>`
    Object,
    /// `campaigns/<name>`, which may have several parts.
    Campaign,
    /// `system`
    System,
}

/// A valid target. Ordered by the bytes of its text; a clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    // First, so that the derived order is that of the text.
    text: Arc<str>,
    /// Follows from the text.
    kind: TargetKind,
}

impl Target {
    /// The company `slug`.
    #[must_use]
    pub fn company(slug: &Slug) -> Target {
        Target { text: format!("companies/{slug}").into(), kind: TargetKind::Company }
    }

    /// The person `slug`.
    #[must_use]
    pub fn person(slug: &Slug) -> Target {
        Target { text: format!("people/{slug}").into(), kind: TargetKind::Person }
    }

    /// The cluster itself.
    #[must_use]
    pub fn system() -> Target {
        Target { text: "system".into(), kind: TargetKind::System }
    }

    /// The note of this company or person that the record `epoch.seq` wrote at `stamp`;
    /// `None` for other kinds, and for a `seq` outside 1 to 2⁶³−1.
    #[must_use]
    pub fn note(&self, stamp: Stamp, epoch: Epoch, seq: u64) -> Option<Target> {
        self.child("notes", stamp, epoch, seq)
    }

    /// A meeting with this company or person; as [`note`](Target::note).
    #[must_use]
    pub fn meeting(&self, stamp: Stamp, epoch: Epoch, seq: u64) -> Option<Target> {
        self.child("meetings", stamp, epoch, seq)
    }

    fn child(&self, folder: &str, stamp: Stamp, epoch: Epoch, seq: u64) -> Option<Target> {
        let moment = stamp.to_string()[..part::MOMENT_BYTES - 1].replace(':', "-");
        // Parsing is the judge: of the kind, and of the sequence.
        format!("{self}/{folder}/{moment}Z-{epoch}.{seq}").parse().ok()
    }

    /// The target's text, as in column 5. For an entity it is also its folder.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> TargetKind {
        self.kind
    }

    /// Whether it is the cluster itself.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.kind == TargetKind::System
    }

    /// The slug of the entity that it is or belongs to.
    #[must_use]
    pub fn slug(&self) -> Option<Slug> {
        match self.kind {
            TargetKind::Object | TargetKind::Campaign | TargetKind::System => None,
            _ => Slug::new(self.text.split('/').nth(1)?).ok(),
        }
    }

    /// The entity that a note or meeting belongs to.
    #[must_use]
    pub fn parent(&self) -> Option<Target> {
        if !matches!(self.kind, TargetKind::Note | TargetKind::Meeting) {
            return None;
        }
        let slug = self.slug()?;
        Some(if self.text.starts_with("people/") { Target::person(&slug) } else { Target::company(&slug) })
    }

    /// The file of the data folder that shows it, relative and with `/`; `None` for
    /// objects, campaigns and `system`, which are no files of their own.
    #[must_use]
    pub fn relative_path(&self) -> Option<String> {
        match self.kind {
            TargetKind::Company => Some(format!("{self}/_index.md")),
            TargetKind::Person => Some(format!("{self}/{}.md", self.slug()?)),
            TargetKind::Note | TargetKind::Meeting => Some(format!("{self}.md")),
            TargetKind::Object | TargetKind::Campaign | TargetKind::System => None,
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        refuse_unsafe(text)?;
        Ok(Target { kind: kind_of(text)?, text: text.into() })
    }
}

/// Refuses what is no text of ours, and what is no path inside the root.
fn refuse_unsafe(text: &str) -> Result<(), TargetError> {
    if text.is_empty() {
        return Err(TargetError::Empty);
    }
    if text.len() > TARGET_BYTES_MAX {
        return Err(TargetError::TooLong { bytes: text.len() });
    }
    if let Some((offset, character)) = json::find_control(text) {
        return Err(TargetError::Control { offset, character });
    }
    if let Some(part) = text.split('/').find(|part| !part::is_safe(part)) {
        return Err(TargetError::Unsafe { target: text.to_owned(), part: part.to_owned() });
    }
    if part::is_reserved_root(text.split('/').next().unwrap_or_default()) {
        return Err(TargetError::Reserved { target: text.to_owned() });
    }
    Ok(())
}

/// The kind of a safe text.
fn kind_of(text: &str) -> Result<TargetKind, TargetError> {
    let unknown = || TargetError::Unknown { target: text.to_owned() };
    let parts: Vec<&str> = text.splitn(5, '/').collect();
    let kind = match parts[..] {
        ["system"] => return Ok(TargetKind::System),
        ["objects", _, ..] => return Ok(TargetKind::Object),
        ["campaigns", _, ..] => return Ok(TargetKind::Campaign),
        ["companies", _] => TargetKind::Company,
        ["people", _] => TargetKind::Person,
        ["companies" | "people", _, "notes", name] if part::is_moment_and_dot(name) => TargetKind::Note,
        ["companies" | "people", _, "meetings", name] if part::is_moment_and_dot(name) => TargetKind::Meeting,
        _ => return Err(unknown()),
    };
    Slug::new(parts[1]).map_err(|source| TargetError::Slug { target: text.to_owned(), source })?;
    Ok(kind)
}

impl std::hash::Hash for Target {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // As `str` hashes, so that maps can be asked with a text (see `Borrow`).
        self.text.hash(state);
    }
}

impl Borrow<str> for Target {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What any bytes must satisfy as column 5: the body of a fuzz target.
#[doc(hidden)]
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(target) = text.parse::<Target>() else { return };
    assert_eq!(target.as_str(), text, "a target has one text");
    let path = target.relative_path();
    for path in [Some(text), path.as_deref()].into_iter().flatten() {
        let mut parts = std::path::Path::new(path).components();
        assert!(parts.all(|part| matches!(part, std::path::Component::Normal(_))), "{path:?} leaves its folder");
    }
    // 40 bytes are left for `.conflict-<utc>-<node>` and the suffix of a temporary file.
    let short = |path: &str| path.split('/').all(|part| part.len() <= 215);
    assert!(path.is_none_or(|path| short(&path)), "a name of {target} is too long for a file");
}
