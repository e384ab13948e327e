//! How kinds of targets, and what is remarkable about one, stand in its row.

use cocli_model::Target;
use cocli_model::target::TargetKind;

/// How many kinds of targets there are.
pub(super) const KINDS: usize = 7;

/// The number of a kind in `targets.kind`. Part of the schema.
pub(super) fn kind_no(kind: TargetKind) -> i64 {
    match kind {
        TargetKind::Company => 0,
        TargetKind::Person => 1,
        TargetKind::Note => 2,
        TargetKind::Meeting => 3,
        TargetKind::Object => 4,
        TargetKind::Campaign => 5,
        TargetKind::System => 6,
    }
}

/// Whether a target is shown as a generated file.
pub(crate) fn has_view(target: &Target) -> bool {
    matches!(target.kind(), TargetKind::Company | TargetKind::Person | TargetKind::Note | TargetKind::Meeting)
}

/// Flags of a target, as its row keeps them.
pub(super) mod flag {
    /// Not hidden, and without a name: not listed.
    pub(crate) const HOLLOW: i64 = 1;
    /// Created by two persons with contradicting identities.
    pub(crate) const COLLISION: i64 = 2;
    /// Deleted, and shown because of an edit that the delete had not seen.
    pub(crate) const DESPITE: i64 = 4;
}
