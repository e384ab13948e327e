//! The words that names, places and services are made of.

pub(super) mod cities;
pub(super) mod names;

/// Streets.
pub(super) const STREETS: &[&str] =
    &["Main St", "Oak Ave", "N Harbor Blvd", "St. Mary's Rd", "2nd St #4", "Camino Real", "E Imperial Hwy, Ste 200"];

/// Names of pages that crawlers took for names of firms.
pub const PAGE_TITLES: &[&str] = &[
    "Home",
    "Home Page",
    "Contact Us",
    "About Us",
    "Welcome",
    "Untitled",
    "404 Not Found",
    "Page Not Found",
    "Just a moment...",
    "Access Denied",
    "Index",
];

/// What firms offer; some pages were taken over with their line breaks and quotes.
pub(super) const SERVICES: &[&str] = &[
    "Retirement planning",
    "Tax preparation & filing",
    "Roof inspection",
    "Emergency repair: 24/7",
    "Estate planning",
    "Free estimates",
    "“White glove” service — at no extra cost",
    "Garden design",
    "Whole-home rewiring",
    "Teeth whitening",
    "Small business bookkeeping",
    "Pet vaccination",
    "We believe that planning begins with listening.\nThat is why the first hour is free, and why nobody\nleaves with a \
     product they didn't ask for.",
    "“They came the same day,” says one of our customers,\r\n“and left the place cleaner than it was.”",
    "Custom signs, banners\tand vehicle wraps",
    "- Windshield repair",
];

/// Kinds of firms in listings.
pub(super) const CATEGORIES: &[&str] = &[
    "Financial planner",
    "Roofing contractor",
    "Dentist",
    "Plumber",
    "Café",
    "Auto repair shop",
    "Law firm",
    "Bakery",
    "Electrician",
    "Veterinarian",
    "Physical therapist",
    "Print shop",
    "Tax preparation service",
    "Insurance agency",
];

/// What pages are built with.
pub(super) const TECH: &[&str] =
    &["WordPress", "Google Analytics", "Wix", "Shopify", "jQuery", "Cloudflare", "Squarespace"];

/// Labels of people and campaigns.
pub(super) const TAGS: &[&str] = &["prospect", "roadmap", "customer", "fullerton", "do-not-call", "vip", "follow up"];

/// Sentences of descriptions.
pub(super) const SENTENCES: &[&str] = &[
    "A family firm in the third generation.",
    "Open all year; closed on public holidays.",
    "Prefers email --- the phone is answered by a machine.",
    "Met at the spring fair, asked for pricing.",
    "# Not a comment, a heading",
    "Besitzer spricht Deutsch und Español.",
    "Their page says: “since 1974”.",
    "Decision in January, budget is there.",
];

/// First and last names of people.
pub(super) const FIRST: &[&str] =
    &["Jane", "José", "Ana", "Wei", "Priya", "Sam", "Zoë", "Amir", "Lena", "Tom", "Siobhán", "Noor"];
/// Their last names.
pub(super) const LAST: &[&str] =
    &["Doe", "Ortega", "O'Neil", "Nguyễn", "Kowalski", "Smith-Jones", "Müller", "Haddad", "Berg", "Ito"];
