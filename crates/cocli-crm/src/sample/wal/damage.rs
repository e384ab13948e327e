//! What journals of years hold besides rows. Each piece costs itself and nothing beside it.

use std::collections::BTreeMap;

/// A whole row's head.
const HEAD: &str = "2026-11-12T08:00:00.000001+00:00\u{1f}pi-1\u{1f}roadmap\u{1f}prod\u{1f}";

/// Puts damaged pieces into files that are there; answers how many.
pub(super) fn spread(files: &mut BTreeMap<String, (Vec<u8>, i64)>) -> usize {
    let pieces = pieces();
    let count = pieces.iter().map(|piece| piece.iter().filter(|byte| **byte == 0x1e).count()).sum::<usize>();
    let names: Vec<String> = files.keys().cloned().collect();
    for (number, piece) in pieces.iter().enumerate() {
        let Some((bytes, _)) = files.get_mut(&names[number % names.len()]) else { continue };
        // Behind the first row, so that what follows shows whether readers go on.
        let first = bytes.iter().position(|byte| *byte == 0x1e).map_or(0, |end| end + 1);
        bytes.splice(first..first, piece.iter().copied());
    }
    // The end that was cut off when a node lost its power: nothing comes behind it.
    if let Some((bytes, _)) = names.last().and_then(|name| files.get_mut(name)) {
        bytes.extend(format!("{HEAD}companies/cut-o").bytes());
        return count + 1;
    }
    count
}

/// Pieces with the RS behind each.
fn pieces() -> Vec<Vec<u8>> {
    let text = |text: String| text.into_bytes();
    let mut not_utf8 = text(format!("{HEAD}companies/acme\u{1f}name\u{1f}Caf"));
    not_utf8.extend([0xe9, 0xff, 0x1f, 0x1e]);
    vec![
        not_utf8,
        // Five columns.
        text("2026-11-12T08:00:00+00:00\u{1f}pi-1\u{1f}companies/acme\u{1f}name\u{1f}Acme\u{1e}".to_owned()),
        // An RS inside the value: a first piece that looks like version 2, and a rest.
        text(format!("{HEAD}companies/acme\u{1f}description\u{1f}first half\u{1e}second half\u{1f}\u{1e}")),
        // No time.
        text(
            "last tuesday\u{1f}pi-1\u{1f}roadmap\u{1f}prod\u{1f}companies/acme\u{1f}name\u{1f}A\u{1f}\u{1e}".to_owned(),
        ),
        // Out of the folder.
        text(format!("{HEAD}companies/../../etc\u{1f}name\u{1f}Acme\u{1f}\u{1e}")),
    ]
}
