//! Virtual time.

/// Microseconds since the world's start, or a span of them.
pub type Us = u64;

/// A millisecond.
pub const MS: Us = 1_000;
/// A second.
pub const SECOND: Us = 1_000 * MS;
/// A minute.
pub const MINUTE: Us = 60 * SECOND;
