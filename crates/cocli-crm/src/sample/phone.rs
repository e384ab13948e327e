//! Phones: each of one company only, so that two of one phone are a pair that was meant.

/// Local numbers begin here.
const FROM: usize = 2_000_000;
/// How many there are.
const COUNT: usize = 8_000_000;
/// Coprime with their count: neighbours are far from each other.
const STRIDE: usize = 7_919;

/// Ten digits. No other index below [`COUNT`] has the last seven.
pub(super) fn number(area: &str, index: usize) -> String {
    format!("{area}{}", FROM + index * STRIDE % COUNT)
}

/// The same as people and pages write it, in one of some ways.
pub(super) fn odd(number: &str, way: usize) -> String {
    let (area, local) = number.split_at(3);
    let (exchange, line) = local.split_at(3);
    match way % 4 {
        0 => format!("{area}) {exchange}-{line}"),
        1 => format!("{area}.{exchange}.{line}"),
        2 => format!("{area}){exchange}-{line}"),
        _ => format!("+1 ({area}) {exchange} {line}"),
    }
}
