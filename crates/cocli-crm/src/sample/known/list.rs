//! The known companies.

use super::Says::{List, Text};
use super::{Known, KnownRow, Style};

const PLAIN: Known =
    Known { slug: "", says: &[], index: "", tags: None, website: None, wal: &[], style: Style::Dumped };

/// `---` inside a value, before keys that must not be lost.
pub const DASHES: Known = Known {
    slug: "nine-to-five-dental",
    says: &[
        ("name", Text("Nine to Five Dental")),
        ("hours", Text("9am --- 5pm")),
        ("place_id", Text("ChIJ-9Oz1x_Kd4gRhours000001")),
    ],
    index: "---\nname: Nine to Five Dental\ndomain: nine-to-five-dental.example\ntype: N/A\ntags: []\n\
        slug: nine-to-five-dental\nkeywords: []\nall_emails: []\nemail_contexts: {}\ntech_stack: []\ncategories: []\n\
        hours: 9am --- 5pm\nservices: []\nproducts: []\nplace_id: ChIJ-9Oz1x_Kd4gRhours000001\n\
        enrichment_ttl_days: 30\nprocessed_by: local-worker\n---\n\nBring the old X-rays.\n",
    style: Style::Dashes,
    ..PLAIN
};

/// The first line is `---all_emails:`, without a break.
pub const GLUED: Known = Known {
    slug: "rosewood-bakery",
    says: &[
        ("name", Text("Rosewood Bakery")),
        ("all_emails", List(&["info@rosewood-bakery.example", "orders@rosewood-bakery.example"])),
        ("city", Text("Brea")),
    ],
    index: "---all_emails:\n- info@rosewood-bakery.example\n- orders@rosewood-bakery.example\n\
        name: Rosewood Bakery\ndomain: rosewood-bakery.example\ntype: N/A\ntags: []\nslug: rosewood-bakery\n\
        city: Brea\nstate: CA\nlast_enriched: '2026-02-13T11:39:36.339391'\n---\n",
    style: Style::Glued,
    ..PLAIN
};

/// `tags.lst` and the front matter name different tags; the list is right, and a WAL row
/// of tags is not.
pub const TAGS: Known = Known {
    slug: "orchard-tax-group",
    says: &[("name", Text("Orchard Tax Group")), ("tags", List(&["customer", "vip"]))],
    index: "---\nname: Orchard Tax Group\ndomain: orchard-tax-group.example\ntype: N/A\ntags:\n- old-lead\n- vip\n\
        slug: orchard-tax-group\nlast_enriched: '2026-03-02T08:00:00Z'\n---\n",
    tags: Some("customer\nvip\n"),
    wal: &[KnownRow { version: 3, days_before: 8, field: "tags", value: "[\"from-the-journal\"]" }],
    ..PLAIN
};

/// Emails, services and categories are in `enrichments/website.md` alone, junk among them.
pub const WEBSITE: Known = Known {
    slug: "lakeside-physio",
    says: &[
        ("name", Text("Lakeside Physio")),
        ("all_emails", List(&["info@lakeside-physio.example", "sales@lakeside-physio.example"])),
        ("services", List(&["Massage", "Sports medicine"])),
        ("categories", List(&["Physical therapist"])),
    ],
    index: "---\nname: Lakeside Physio\ndomain: lakeside-physio.example\ntype: N/A\ntags: []\nslug: lakeside-physio\n\
        all_emails: []\nemail_contexts: {}\ncategories: []\nservices: []\nproducts: []\n\
        last_enriched: '2026-04-01T09:00:00Z'\n---\n",
    website: Some(
        "---\nurl: https://www.lakeside-physio.example/\ndomain: lakeside-physio.example\n\
        title: Home | Lakeside Physio\nphone: 626.581.6159\nall_emails:\n- Email:sales@lakeside-physio.example\n\
        - Info@lakeside-physio.example\n- badge_22_8@2x.png\nservices:\n- Massage\n- Sports medicine\n\
        categories:\n- Physical therapist\nupdated_at: '2026-04-02T09:00:00+00:00'\n---\n",
    ),
    ..PLAIN
};

/// Rows in `wal/` of all three versions override what the file says; the latest stands.
pub const WAL: Known = Known {
    slug: "harbor-light-planning",
    says: &[
        ("name", Text("Harbor Light Planning")),
        ("phone_number", Text("15125550199")),
        ("categories", List(&["Café", "Financial planner"])),
        ("city", Text("Austin")),
    ],
    index: "---\nname: Harbor Light Planning\ndomain: harbor-light-planning.example\ntype: N/A\ntags: []\n\
        slug: harbor-light-planning\ncity: Brea\nphone_number: '15125550100'\ncategories:\n- Old category\n\
        last_enriched: '2026-05-01T09:00:00Z'\n---\n",
    wal: &[
        KnownRow { version: 1, days_before: 10, field: "phone_number", value: "512-555-0111" },
        KnownRow { version: 3, days_before: 7, field: "phone_number", value: "512-555-0199" },
        KnownRow { version: 2, days_before: 8, field: "city", value: "Austin" },
        KnownRow { version: 3, days_before: 8, field: "categories", value: "[\"Caf\\u00e9\", \"Financial planner\"]" },
    ],
    ..PLAIN
};

/// A person's own keys, comments, quotes and lists in a line.
pub const UNKNOWN: Known = Known {
    slug: "cedar-and-sons",
    says: &[
        ("name", Text("Cedar & Sons: \"the\" roofers")),
        ("favourite_colour", Text("teal")),
        ("aliases", List(&["Cedar", "Cedar's"])),
        ("city", Text("Fullerton")),
    ],
    index: "---\n# ask Ana before changing this\nname: 'Cedar & Sons: \"the\" roofers'   # legal name\n\
        aliases: [Cedar, \"Cedar's\"]\nslug: cedar-and-sons\nfavourite_colour:   teal\n\n\
        city: \"Fullerton\"\n# phone: not yet\n---\n# Notes\n\nTalks fast.  \nNo newline at the end",
    style: Style::Commented,
    ..PLAIN
};

/// Lines end in CRLF.
pub const CRLF: Known = Known {
    slug: "millstone-print",
    says: &[("name", Text("Millstone Print")), ("city", Text("Boston")), ("services", List(&["Banners", "Signs"]))],
    index: "---\r\nname: Millstone Print\r\nslug: millstone-print\r\ncity: Boston\r\nservices:\r\n- Signs\r\n\
        - Banners\r\n---\r\n\r\nClosed on Mondays.\r\n",
    style: Style::Crlf,
    ..PLAIN
};

/// It begins with a byte order mark.
pub const BOM: Known = Known {
    slug: "alder-optics",
    says: &[("name", Text("Alder Optics")), ("state", Text("NJ"))],
    index: "\u{feff}---\nname: Alder Optics\nslug: alder-optics\nzip_code: 08901\nstate: NJ\n---\n",
    style: Style::Bom,
    ..PLAIN
};

/// As the S3 writer leaves it: keys sorted, and the description is one of them.
pub const SORTED: Known = Known {
    slug: "vega-logistics",
    says: &[
        ("name", Text("Vega Logistics")),
        ("description", Text("Trucks and ships.\nMet at the fair --- asked for pricing.")),
        ("city", Text("Albuquerque")),
    ],
    index: "---\ncity: Albuquerque\ndescription: 'Trucks and ships.\n\n  Met at the fair --- asked for pricing.'\n\
        domain: vega-logistics.example\nname: Vega Logistics\nslug: vega-logistics\ntags: []\ntype: N/A\n---\n",
    style: Style::Sorted,
    ..PLAIN
};

/// Escapes, folded lines, doubled quotes, line ends inside items.
pub const ESCAPED: Known = Known {
    slug: "cafe-noel",
    says: &[
        ("name", Text("Café Noël: \"the\" 'best' & only")),
        (
            "meta_description",
            Text("It's simple: we roast here, we bake here, and we close when the last guest has gone home."),
        ),
        ("services", List(&["Breakfast\r\nall day\tlong", "Catering\nfor up to forty guests", "“Menu” — du jour"])),
    ],
    index: concat!(
        "---\nname: \"Caf\\xE9 No\\xEBl: \\\"the\\\" 'best' & only\"\ndomain: cafe-noel.example\ntype: N/A\n",
        "slug: cafe-noel\nservices:\n- \"Breakfast\\r\\nall day\\tlong\"\n- 'Catering\n\n  for up to forty guests'\n",
        "- \"\\u201CMenu\\u201D \\u2014 du jour\"\nmeta_description: 'It''s simple: we roast here, we bake here, and we close ",
        "when the\n  last guest has gone home.'\nlast_enriched: '2026-02-16T10:11:12.123004Z'\n---\n"
    ),
    ..PLAIN
};

/// Times with a zone and without in one file; the greatest is 2026-02-13T11:39:36.339391.
pub const CLOCKS: Known = Known {
    slug: "two-clocks-travel",
    says: &[("name", Text("Two Clocks Travel")), ("last_enriched", Text("2026-02-13T11:39:36.339391"))],
    index: "---\nname: Two Clocks Travel\ndomain: two-clocks-travel.example\ntype: N/A\nslug: two-clocks-travel\n\
        last_enriched: '2026-02-13T11:39:36.339391'\nlist_found_at: '2026-02-12T23:00:00Z'\n\
        details_found_at: '2026-02-13T04:00:00+00:00'\n---\n",
    ..PLAIN
};

/// A phone as a person types it.
pub const PHONE: Known = Known {
    slug: "odd-phones-garage",
    says: &[("name", Text("Odd Phones Garage")), ("phone_number", Text("14143217507"))],
    index: "---\nname: Odd Phones Garage\nslug: odd-phones-garage\nphone_number: 414) 321-7507\nphone_1: 469)994-7779\n---\n",
    style: Style::Commented,
    ..PLAIN
};

/// All of them; they are the first companies of a sample.
pub const KNOWN: &[Known] = &[DASHES, GLUED, TAGS, WEBSITE, WAL, UNKNOWN, CRLF, BOM, SORTED, ESCAPED, CLOCKS, PHONE];
