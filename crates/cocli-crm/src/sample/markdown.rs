//! Files of front matter and body as those who wrote them leave them.

use super::front::{Front, Keys};
use super::pyyaml::{Yaml, dump};
use super::style::Style;

/// The comment in files that a person touched.
const COMMENT: &str = "# checked by phone, please keep";

/// As the original writes it.
pub(super) fn page(keys: &Keys, body: Option<&str>) -> String {
    let body = body.map_or(String::new(), |body| format!("\n{body}\n"));
    format!("---\n{}---\n{body}", dump(keys))
}

/// A company's `_index.md`.
pub(super) fn index(style: Style, front: Front) -> String {
    let Front { mut keys, description, .. } = front;
    let body = description.as_deref();
    match style {
        Style::Dumped | Style::Dashes => page(&keys, body),
        Style::Glued => {
            keys.sort_by_key(|(key, _)| *key != "all_emails");
            page(&keys, body).replacen("---\n", "---", 1)
        }
        Style::Sorted => {
            keys.extend(description.map(|text| ("description", Yaml::Text(text))));
            keys.sort_by_key(|(key, _)| *key);
            page(&keys, None)
        }
        Style::Commented => {
            let own = format!("---\n{COMMENT}\naccount_manager:   'Ana'  # since spring\n");
            page(&keys, body).replacen("---\n", &own, 1).replacen("type: N/A\n", "type: \"N/A\"\n", 1)
        }
        Style::Crlf => page(&keys, body).replace('\n', "\r\n"),
        Style::Bom => format!("\u{feff}{}", page(&keys, body)),
    }
}

/// True if front matter holds `---` before the line that ends it.
pub(super) fn has_dashes_inside(text: &str) -> bool {
    let inside = text.trim_start_matches(['\u{feff}', '-']);
    let end = inside.find("\n---").unwrap_or(inside.len());
    inside[..end].contains("---")
}
