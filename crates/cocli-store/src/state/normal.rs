//! The forms by which entities are found: of a domain, of an email address.

/// A domain as duplicates are found by it: lower case, without scheme, path, port, final
/// dot and a leading `www.`; `None` if nothing remains.
#[must_use]
pub fn normal_domain(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default().trim_end_matches('.');
    let host = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host);
    (!host.is_empty()).then(|| host.to_owned())
}

/// An email address as people are found by it: lower case, without white space around it;
/// `None` if it is none.
#[must_use]
pub fn normal_email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.split_once('@')?;
    (!name.is_empty() && !host.is_empty()).then_some(text)
}
