//! One part of a target: whether it is safe as a name in a folder, and whether it is the
//! name of a note. Knows nothing of the parts around it.

use crate::node::Epoch;
use crate::slug::is_device_name;
use crate::stamp::Stamp;

/// Bytes of the moment in the name of a note: `2026-02-16T10-11-12Z`.
pub(super) const MOMENT_BYTES: usize = 20;

/// Folders of the root that are nobody's target.
const RESERVED_ROOTS: [&str; 2] = ["wal", ".cocli"];

/// Whether a first part names a folder that the journals or the daemon keep, in any case.
pub(super) fn is_reserved_root(part: &str) -> bool {
    RESERVED_ROOTS.iter().any(|reserved| part.eq_ignore_ascii_case(reserved))
}

/// Whether a part means one name inside its folder, on every system. `.` and `..` end in
/// a dot.
pub(super) fn is_safe(part: &str) -> bool {
    let drive = matches!(part.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    !(part.is_empty() || part.contains('\\') || part.ends_with(['.', ' ']) || drive || is_device_name(part))
}

/// Whether `name` is `<utc>-<epoch>.<seq>`.
pub(super) fn is_moment_and_dot(name: &str) -> bool {
    let Some((moment, dot)) = name.split_at_checked(MOMENT_BYTES) else { return false };
    let Some((epoch, seq)) = dot.strip_prefix('-').and_then(|dot| dot.split_once('.')) else { return false };
    is_moment(moment) && epoch.parse::<Epoch>().is_ok() && is_seq(seq)
}

/// Whether `moment` is a second of 1970–9999 as `2026-02-16T10-11-12Z`.
fn is_moment(moment: &str) -> bool {
    let Some((date, time)) = moment.strip_suffix('Z').and_then(|moment| moment.split_once('T')) else { return false };
    !time.contains(':') && format!("{date}T{}.000000+00:00", time.replace('-', ":")).parse::<Stamp>().is_ok()
}

/// Whether `seq` is a decimal from 1 to 2⁶³−1 without leading zeros.
fn is_seq(seq: &str) -> bool {
    let plain = seq.bytes().all(|byte| byte.is_ascii_digit()) && !seq.starts_with('0');
    plain && seq.parse::<i64>().is_ok()
}
