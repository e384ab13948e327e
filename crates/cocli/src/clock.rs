//! The clock: this machine's, or in builds with the feature `dev` the one that
//! `COCLI_NOW` freezes, for stamps and for what is shown.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cocli_crm::folder::Now;

/// The time of this process, in milliseconds since 1970.
pub(crate) fn now() -> Now {
    match frozen_ms() {
        Some(now_ms) => Arc::new(move || now_ms),
        None => Arc::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        }),
    }
}

#[cfg(feature = "dev")]
fn frozen_ms() -> Option<i64> {
    let text = std::env::var("COCLI_NOW").ok()?;
    Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}

#[cfg(not(feature = "dev"))]
fn frozen_ms() -> Option<i64> {
    None
}
