//! What the original's compiler takes from `enrichments/website.md` into the company.
//!
//! Lists are united, single values fill what is empty (`merge_with`, FORMATS B6). What the
//! website calls `phone` is the company's `phone_from_website`.

/// The company's field that a key of the website's file may fill; `None` for keys that
/// stay in that file.
pub(super) fn field_of(key: &str) -> Option<&str> {
    match key {
        "phone" => Some("phone_from_website"),
        "email" | "facebook_url" | "linkedin_url" | "instagram_url" | "twitter_url" | "youtube_url"
        | "about_us_url" | "contact_url" | "description" | "meta_description" | "meta_keywords" | "email_contexts"
        | "all_emails" | "categories" | "services" | "products" | "tech_stack" | "keywords" | "tags" => Some(key),
        _ => None,
    }
}
