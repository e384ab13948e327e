//! Rows of the prospect index: 56 columns, units between, a line each (dialect C).

use super::facts::Facts;
use super::times::aware;

/// Between columns.
const US: &str = "\u{1f}";
/// The columns in order.
const COLUMNS: &str = "place_id slug name phone created_at updated_at version processed_by company_hash keyword \
    full_address street_address city zip municipality state country timezone phone_standard_format website domain \
    first_category second_category claimed_google_my_business reviews_count average_rating hours saturday sunday \
    monday tuesday wednesday thursday friday latitude longitude coordinates plus_code menu_link gmb_url cid \
    google_knowledge_url kgmid image_url favicon review_url facebook_url linkedin_url instagram_url thumbnail_url \
    reviews quotes uuid discovery_phrase discovery_tile_id email";

/// The names of the columns, as the first line of files that have one.
pub(super) fn header() -> String {
    COLUMNS.split_whitespace().collect::<Vec<_>>().join(US) + "\n"
}

/// What a listing knows of a company; quotes are taken out of its text, as there.
pub(super) fn row(facts: &Facts) -> String {
    let known = |column: &str| -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let value = match column {
            "place_id" => text(&facts.place_id),
            "slug" => facts.slug.clone(),
            "name" => text(&facts.name),
            "phone" => text(&facts.phone),
            "created_at" | "updated_at" => aware(facts.written_us),
            "version" => "1".to_owned(),
            "processed_by" => "pi-1".to_owned(),
            "street_address" => text(&facts.street),
            "city" => facts.city.name.to_owned(),
            "zip" => facts.city.zip.to_owned(),
            "state" => facts.city.state.to_owned(),
            "domain" => text(&facts.domain),
            "claimed_google_my_business" => "True".to_owned(),
            "latitude" => format!("{:?}", facts.city.latitude),
            "longitude" => format!("{:?}", facts.city.longitude),
            "discovery_phrase" => "financial advisor".to_owned(),
            "discovery_tile_id" => "30.2_-97.8".to_owned(),
            "email" => text(&facts.email),
            _ => String::new(),
        };
        value.replace(['"', '\''], "")
    };
    COLUMNS.split_whitespace().map(known).collect::<Vec<_>>().join(US) + "\n"
}

/// The row without its last columns, as an older version of the model wrote it.
pub(super) fn short_row(facts: &Facts, missing: usize) -> String {
    let row = row(facts);
    let columns: Vec<&str> = row.trim_end_matches('\n').split(US).collect();
    columns[..columns.len() - missing].join(US) + "\n"
}
