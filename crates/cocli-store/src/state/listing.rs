//! What a target's row says of it, from the cells that decide it: its name (a note's
//! body, a meeting's title), and what else it is found by: a company's domain, a person's
//! email address.

use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Target, Value};
use cocli_replica::fold::{Slot, listed_by};

use super::encode::{behind_elements, parse_slot, shown_text};
use super::error::{StateError, damaged};
use super::held::Known;
use super::normal::{normal_domain, normal_email};
use super::tx::Tx;

/// Collects what a field shows from its cells, as `FieldView::shown` does.
#[derive(Default)]
pub(super) struct ShownField {
    register: Option<Value>,
    elements: Vec<Value>,
    has_elements: bool,
}

impl ShownField {
    pub(super) fn add(&mut self, slot: Slot, shown: Option<&str>) -> Result<(), StateError> {
        match slot {
            Slot::Visibility => {}
            Slot::Field(_) => self.register = shown.map(Value::from_text).transpose().map_err(damaged)?,
            Slot::Element(_, element) => {
                self.has_elements = true;
                self.elements.extend(shown.map(|_| element));
            }
        }
        Ok(())
    }

    pub(super) fn value(mut self) -> Option<Value> {
        if !self.has_elements {
            return self.register.filter(|value| !value.is_null());
        }
        self.elements.sort_unstable();
        let items: Vec<_> = self.elements.iter().map(Value::to_json).collect();
        (!items.is_empty()).then(|| Value::from_json(&serde_json::Value::Array(items)).ok()).flatten()
    }
}

impl Tx<'_> {
    /// What a field of a target shows, straight from its cells in the file.
    pub(super) fn shown_field(&self, no: i64, field: &FieldName) -> Result<Option<Value>, StateError> {
        let sql = "SELECT slot, shown FROM cells WHERE target = ? AND slot >= ? AND slot < ?";
        let mut statement = self.conn.prepare_cached(sql)?;
        let text = field.to_string();
        let mut rows = statement.query((no, &text, behind_elements(field)))?;
        let mut shown = ShownField::default();
        while let Some(row) = rows.next()? {
            let slot = parse_slot(row.get_ref(0)?.as_str().map_err(damaged)?)?;
            shown.add(slot, row.get_ref(1)?.as_str_or_null().map_err(damaged)?)?;
        }
        Ok(shown.value())
    }

    /// The same, of a target that the transaction is about to write back.
    fn shown_now(&self, no: i64, known: &Known, field: &str) -> Result<Option<Value>, StateError> {
        let name = FieldName::new(field).map_err(damaged)?;
        if known.stored {
            return self.shown_field(no, &name);
        }
        let mut shown = ShownField::default();
        for (slot, held) in known.cells.iter() {
            if matches!(slot, Slot::Field(of) | Slot::Element(of, _) if *of == name) {
                shown.add(slot.clone(), shown_text(slot, &held.cell))?;
            }
        }
        Ok(shown.value())
    }

    pub(super) fn listing_name(&self, target: &Target, no: i64, known: &Known) -> Result<Option<String>, StateError> {
        let name = self.shown_now(no, known, "name")?;
        if name.is_some() || target.parent().is_none() {
            return Ok(name.map(|name| name.as_text().to_owned()));
        }
        // A note is listed by its body, a meeting by its title; the text itself stays in its cell.
        for field in listed_by(target.kind()) {
            if self.shown_now(no, known, field)?.is_some() {
                return Ok(Some(String::new()));
            }
        }
        Ok(None)
    }

    /// What a target is found by besides its slug.
    pub(super) fn listing_domain(&self, target: &Target, no: i64, known: &Known) -> Result<Option<String>, StateError> {
        if target.kind() == TargetKind::Person {
            return Ok(self.shown_now(no, known, "email")?.as_ref().and_then(first_email));
        }
        if target.kind() != TargetKind::Company {
            return Ok(None);
        }
        let domain = self.shown_now(no, known, "domain")?;
        Ok(domain.and_then(|domain| normal_domain(&domain.as_str()?)))
    }
}

/// The address that a field shows, the first of several.
fn first_email(value: &Value) -> Option<String> {
    match value.to_json() {
        serde_json::Value::Array(items) => normal_email(items.first()?.as_str()?),
        _ => normal_email(&value.as_str()?),
    }
}
