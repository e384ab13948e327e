//! Front matter as PyYAML's `safe_dump` writes it with `sort_keys=False` and all else left
//! as it is: block style, lines folded at 80 columns, everything beyond ASCII escaped.
//!
//! - Only the shapes that the original's models have: scalars, lists of texts, one level of
//!   a mapping from text to text.
//! - The text is that of PyYAML 6, byte for byte, as far as these shapes go; goldens in the
//!   tests were written by it.

mod layout;
mod resolve;
mod style;

use layout::Layout;
use style::Style;

/// A value of front matter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    List(Vec<String>),
    Map(Vec<(String, String)>),
}

impl Yaml {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Yaml {
        Yaml::Text(text.into())
    }

    /// A list of texts.
    pub(crate) fn list<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Yaml {
        Yaml::List(items.into_iter().map(Into::into).collect())
    }
}

/// A mapping of keys in their order. Keys are plain words.
pub(crate) fn dump(keys: &[(&str, Yaml)]) -> String {
    let mut out = Layout::default();
    for (key, value) in keys {
        out.indent(0);
        out.plain(key, None);
        out.mark(":", false);
        write_value(&mut out, value);
    }
    out.indent(0);
    out.text
}

fn write_value(out: &mut Layout, value: &Yaml) {
    match value {
        Yaml::Text(text) => write_text(out, text, Some(2)),
        Yaml::Int(number) => out.plain(&number.to_string(), Some(2)),
        Yaml::Float(number) => out.plain(&format!("{number:?}"), Some(2)),
        Yaml::Bool(truth) => out.plain(if *truth { "true" } else { "false" }, Some(2)),
        Yaml::List(items) if items.is_empty() => out.mark("[]", true),
        Yaml::Map(pairs) if pairs.is_empty() => out.mark("{}", true),
        Yaml::List(items) => {
            for item in items {
                out.indent(0);
                out.mark("-", true);
                write_text(out, item, Some(2));
            }
        }
        Yaml::Map(pairs) => {
            for (key, value) in pairs {
                out.indent(2);
                write_text(out, key, None);
                out.mark(":", false);
                write_text(out, value, Some(4));
            }
        }
    }
}

/// A text in the style PyYAML chooses; without an indent it is a key, which never folds.
fn write_text(out: &mut Layout, text: &str, indent: Option<usize>) {
    match style::choose(text, indent.is_none()) {
        Style::Plain => out.plain(text, indent),
        Style::Single => out.single(text, indent),
        Style::Double => out.double(text, indent),
    }
}

#[cfg(test)]
mod tests;
