//! Cities as listings tell them.

/// A city as listings tell it.
pub(in crate::sample) struct City {
    pub(in crate::sample) name: &'static str,
    pub(in crate::sample) state: &'static str,
    pub(in crate::sample) zip: &'static str,
    pub(in crate::sample) latitude: f64,
    pub(in crate::sample) longitude: f64,
    pub(in crate::sample) timezone: &'static str,
    pub(in crate::sample) area: &'static str,
}

const fn city(
    name: &'static str,
    state: &'static str,
    zip: &'static str,
    at: (f64, f64),
    rest: [&'static str; 2],
) -> City {
    City { name, state, zip, latitude: at.0, longitude: at.1, timezone: rest[0], area: rest[1] }
}

/// Where firms are. (`08901` is a text that PyYAML does not quote.)
pub(in crate::sample) const CITIES: &[City] = &[
    city("Austin", "TX", "78701", (30.2672, -97.7431), ["America/Chicago", "512"]),
    city("Albuquerque", "NM", "87102", (35.0844, -106.6504), ["America/Denver", "505"]),
    city("Brea", "CA", "92821", (33.9167, -117.9001), ["America/Los_Angeles", "714"]),
    city("Fullerton", "CA", "92831", (33.8704, -117.9242), ["America/Los_Angeles", "657"]),
    city("New Brunswick", "NJ", "08901", (40.4862, -74.4518), ["America/New_York", "732"]),
    city("Boston", "MA", "02108", (42.3601, -71.0589), ["America/New_York", "617"]),
    city("Cañon City", "CO", "81212", (38.441, -105.2424), ["America/Denver", "719"]),
    city("Coeur d'Alene", "ID", "83814", (47.6777, -116.7805), ["America/Los_Angeles", "208"]),
];
