//! The clock: this machine's, or in builds with the feature `dev` the one that
//! `COCLI_NOW` freezes, for stamps and for what is shown. And the zone in which dates are
//! read and shown: `COCLI_TZ`, or the system's.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cocli_crm::folder::Now;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::failure::Failure;

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

/// The zone of who reads and types.
pub(crate) fn zone() -> Result<TimeZone, Failure> {
    let Some(name) = std::env::var("COCLI_TZ").ok().filter(|name| !name.is_empty()) else {
        return Ok(TimeZone::system());
    };
    TimeZone::get(&name).map_err(|error| {
        Failure::new("E0208", 2, format!("COCLI_TZ={name} is no time zone: {error}"))
            .hint("name one as the system does: COCLI_TZ=Europe/Berlin")
    })
}

/// This moment in that zone.
pub(crate) fn zoned_now() -> Result<Zoned, Failure> {
    let at = Timestamp::from_millisecond(now()()).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(at.to_zoned(zone()?))
}

#[cfg(feature = "dev")]
fn frozen_ms() -> Option<i64> {
    let text = std::env::var("COCLI_NOW").ok()?;
    Some(text.parse::<Timestamp>().ok()?.as_millisecond())
}

#[cfg(not(feature = "dev"))]
fn frozen_ms() -> Option<i64> {
    None
}
