//! Schemas. Those of other projects are not kept here: what they demand of the fields that are
//! written is put in our words beside each test. Whoever has the published files names their folder
//! in `STRAYKEY_SCHEMAS`, and reports are held against these, too.

use std::path::Path;

use serde_json::Value;

/// Asserts that a report is what a schema in our words demands, and the published one, if it is at
/// hand.
pub fn assert_valid(report: &Value, ours: &Value, published: &str) {
    let dir = std::env::var_os("STRAYKEY_SCHEMAS");
    let text = dir.and_then(|dir| std::fs::read_to_string(Path::new(&dir).join(published)).ok());
    if text.is_none() {
        eprintln!("SKIPPED: {published} is not in the folder that STRAYKEY_SCHEMAS names");
    }
    let published = text.map(|text| serde_json::from_str(&text).expect("a schema is JSON"));
    for schema in std::iter::once(ours).chain(published.as_ref()) {
        let validator = jsonschema::validator_for(schema).expect("a schema");
        if let Err(e) = validator.validate(report) {
            panic!("{} at {}", e.masked(), e.instance_path());
        }
    }
}
