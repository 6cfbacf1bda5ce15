//! JSON Schemas of the JSON formats, generated from their wire types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::wire::{Document, Line};

/// The schema of `json` documents.
pub fn json_schema() -> serde_json::Value {
    written::<Document<'static>>()
}

/// The schema of a line of `jsonl`.
pub fn jsonl_schema() -> serde_json::Value {
    written::<Line<'static>>()
}

/// The schema of a type as it is written: what may be left out is not required.
pub(super) fn written<T: JsonSchema>() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::super::{inventory_jsonl_schema, inventory_schema};
    use super::*;

    /// `UPDATE_SCHEMAS=1 cargo test schemas` writes them anew.
    #[test]
    fn the_shipped_schemas_are_current() {
        for (name, schema) in [
            ("json", json_schema()),
            ("jsonl", jsonl_schema()),
            ("inventory", inventory_schema()),
            ("inventory-jsonl", inventory_jsonl_schema()),
            ("references", crate::reports::references_schema()),
            ("evidence", crate::reports::evidence_schema()),
        ] {
            let file = format!(
                "{}/docs/schemas/straykey-{name}-1.schema.json",
                env!("CARGO_MANIFEST_DIR")
            );
            let mut text = serde_json::to_string_pretty(&schema).expect("it is JSON");
            text.push('\n');
            if std::env::var_os("UPDATE_SCHEMAS").is_some() {
                std::fs::write(&file, &text).expect("docs/schemas can be written");
            }
            let shipped = std::fs::read_to_string(&file).expect("the schema is shipped");
            assert!(
                shipped == text,
                "{file} is not current: UPDATE_SCHEMAS=1 cargo test schemas"
            );
        }
    }
}
