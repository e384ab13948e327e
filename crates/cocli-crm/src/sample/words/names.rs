//! The parts of a firm's name, and how they stand in its domain and slug. (The original drops
//! letters beyond ASCII from a slug; who entered these spelled them out.)

/// Owners of firms, and how their names stand in a domain and a slug.
const OWNERS: &[(&str, &str)] = &[
    ("Acme", "acme"),
    ("Brea", "brea"),
    ("Summit", "summit"),
    ("Cedar", "cedar"),
    ("Ortega", "ortega"),
    ("Nakamura", "nakamura"),
    ("Müller", "mueller"),
    ("O'Brien", "obrien"),
    ("Søndergård", "sondergard"),
    ("Lefèvre", "lefevre"),
    ("Castañeda", "castaneda"),
    ("Ironwood", "ironwood"),
    ("Harbor", "harbor"),
    ("Kowalski", "kowalski"),
    ("Nguyễn", "nguyen"),
    ("Whitaker", "whitaker"),
    ("Delgado", "delgado"),
    ("Larkspur", "larkspur"),
    ("Pacific", "pacific"),
    ("Zielińska", "zielinska"),
    ("Redstone", "redstone"),
    ("Fairview", "fairview"),
    ("Abernathy", "abernathy"),
    ("Bluebird", "bluebird"),
    ("Calloway", "calloway"),
    ("Dunmore", "dunmore"),
    ("Ellison", "ellison"),
    ("Foxglove", "foxglove"),
    ("Granger", "granger"),
    ("Hawthorne", "hawthorne"),
    ("Inverness", "inverness"),
    ("Juniper", "juniper"),
    ("Kestrel", "kestrel"),
    ("Lindqvist", "lindqvist"),
    ("Marlowe", "marlowe"),
    ("Northgate", "northgate"),
    ("Oakhurst", "oakhurst"),
    ("Pemberton", "pemberton"),
    ("Quimby", "quimby"),
    ("Rosewater", "rosewater"),
];

/// What stands between owner and trade.
const MIDDLES: &[(&str, &str)] = &[
    ("&", "and"),
    ("Bros.", "bros"),
    ("and Daughters", "and-daughters"),
    ("Family", "family"),
    ("Hill", "hill"),
    ("Creek", "creek"),
    ("Valley", "valley"),
    ("Street", "street"),
    ("Square", "square"),
    ("Bay", "bay"),
    ("First", "first"),
    ("United", "united"),
    ("Modern", "modern"),
    ("Heritage", "heritage"),
    ("Premier", "premier"),
    ("Lakeside", "lakeside"),
    ("Sunrise", "sunrise"),
    ("Evergreen", "evergreen"),
    ("Silver", "silver"),
    ("Golden", "golden"),
    ("Coastal", "coastal"),
    ("Mountain", "mountain"),
    ("Prairie", "prairie"),
    ("Desert", "desert"),
    ("River", "river"),
    ("Northern", "northern"),
    ("Southern", "southern"),
    ("Eastern", "eastern"),
    ("Western", "western"),
    ("Central", "central"),
    ("Metro", "metro"),
    ("County", "county"),
    ("Corner", "corner"),
    ("Village", "village"),
    ("Old Town", "old-town"),
    ("Uptown", "uptown"),
    ("Parkway", "parkway"),
    ("Garden", "garden"),
    ("Meadow", "meadow"),
    ("Stone", "stone"),
    ("Bridge", "bridge"),
    ("Mill", "mill"),
];

/// Trades, and how they stand in a domain and a slug.
const TRADES: &[(&str, &str)] = &[
    ("Roofing", "roofing"),
    ("Wealth Partners", "wealth"),
    ("Financial Planning", "planning"),
    ("Advisors", "advisors"),
    ("Plumbing: Heating & Air", "plumbing"),
    ("Dental", "dental"),
    ("Landscaping, Inc.", "landscaping"),
    ("Café", "cafe"),
    ("Auto Repair", "auto"),
    ("Law Group", "law"),
    ("Bakery", "bakery"),
    ("\"Quick Fix\" Electric", "electric"),
    ("Veterinary Clinic", "vet"),
    ("Physiotherapy", "physio"),
    ("Print & Sign", "print"),
    ("Tax Service", "tax"),
    ("Insurance", "insurance"),
    ("Optics", "optics"),
];

/// Names that can be made before they are numbered.
const NAMES: usize = OWNERS.len() * MIDDLES.len() * TRADES.len();
/// Coprime with [`NAMES`]: neighbours differ in all words.
const NAME_STRIDE: usize = 12_347;

/// A firm's name, and the slug and domain made of it.
pub(in crate::sample) struct Names {
    pub(in crate::sample) name: String,
    pub(in crate::sample) slug: String,
    pub(in crate::sample) domain: String,
}

/// The name of this number, which no other has.
pub(in crate::sample) fn names(identity: usize) -> Names {
    let place = (identity % NAMES) * NAME_STRIDE % NAMES;
    let owner = OWNERS[place % OWNERS.len()];
    let middle = MIDDLES[place / OWNERS.len() % MIDDLES.len()];
    let trade = TRADES[place / OWNERS.len() / MIDDLES.len()];
    let mut name = format!("{} {} {}", owner.0, middle.0, trade.0);
    let mut slug = format!("{}-{}-{}", owner.1, middle.1, trade.1);
    if identity >= NAMES {
        let number = identity / NAMES + 1;
        name.push_str(&format!(" No. {number}"));
        slug.push_str(&format!("-{number}"));
    }
    let domain = slug.replace('-', "") + ".example";
    Names { name, slug, domain }
}
