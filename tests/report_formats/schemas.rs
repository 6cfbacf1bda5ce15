//! Schemas. Those of other projects are not kept here: what they demand of the fields that are
//! written is put in our words beside each test. Whoever has the published files names their folder
//! in `STRAYKEY_SCHEMAS`, and reports are held against these, too.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Asserts that a report is what a schema in our words demands, and the published one, if it is at
/// hand.
pub fn assert_valid(report: &Value, ours: &Value, published: &str) {
    let text = at_hand(published).map(|file| std::fs::read_to_string(file).expect("it is read"));
    let published = text.map(|text| serde_json::from_str(&text).expect("a schema is JSON"));
    for schema in std::iter::once(ours).chain(published.as_ref()) {
        let validator = jsonschema::validator_for(schema).expect("a schema");
        if let Err(e) = validator.validate(report) {
            panic!("{} at {}", e.masked(), e.instance_path());
        }
    }
}

/// Asserts that a report in XML is what a published schema demands, if that is at hand and the
/// `python3` of the path has `lxml`.
pub fn assert_valid_xml(report: &str, published: &str) {
    let Some(schema) = at_hand(published) else {
        return;
    };
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(report.as_bytes()).expect("written");
    let code = "import sys\nfrom lxml import etree\n\
        etree.XMLSchema(etree.parse(sys.argv[1])).assertValid(etree.parse(sys.argv[2]))";
    let mut python = Command::new("python3");
    let told = python.args(["-c", code]).arg(schema).arg(file.path());
    let told = told.output().expect("python3 starts");
    let why = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{why}");
}

/// A published schema, if somebody has it.
fn at_hand(name: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("STRAYKEY_SCHEMAS");
    let file = dir.map(|dir| Path::new(&dir).join(name));
    let file = file.filter(|file| file.exists());
    if file.is_none() {
        eprintln!("SKIPPED: {name} is not in a folder that STRAYKEY_SCHEMAS names");
    }
    file
}
