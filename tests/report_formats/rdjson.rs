//! `rdjson`: held against what reviewdog's schema says, and columns against bytes.

use serde_json::{Value, json};
use straykey::base::Position;
use straykey::reports::{Format, ReportOptions};

use super::planted::{self, Kind, NAMES, Planted, all, assert_told, fails, scan, written};
use super::schemas;

/// What reviewdog's `DiagnosticResult` demands of the fields that are written, in our words.
fn schema() -> Value {
    let position = json!({
        "type": "object",
        "required": ["line"],
        "additionalProperties": false,
        "properties": {
            "line": { "type": "integer", "minimum": 1 },
            "column": { "type": "integer", "minimum": 1 },
        },
    });
    let severity = json!({ "enum": ["ERROR", "WARNING", "INFO"] });
    json!({
        "type": "object",
        "required": ["source", "diagnostics"],
        "additionalProperties": false,
        "properties": {
            "source": { "type": "object", "properties": { "name": { "const": "straykey" } } },
            "diagnostics": { "type": "array", "items": {
                "type": "object",
                "required": ["message", "location", "severity", "code"],
                "additionalProperties": false,
                "properties": {
                    "message": { "type": "string", "minLength": 1 },
                    "severity": severity,
                    "code": { "type": "object", "properties": { "value": { "type": "string" } } },
                    "location": {
                        "type": "object",
                        "required": ["path"],
                        "properties": {
                            "path": { "type": "string", "minLength": 1 },
                            "range": {
                                "type": "object",
                                "properties": { "start": position, "end": position },
                            },
                        },
                    },
                },
            } },
        },
    })
}

fn diagnostics(planted: &Planted) -> Vec<Value> {
    let text = written(Format::RdJson, planted, &ReportOptions::default());
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    schemas::assert_valid(&report, &schema(), "rdjson.json");
    report["diagnostics"].as_array().expect("a list").clone()
}

#[test]
fn each_place_is_a_diagnostic_and_so_is_what_was_not_read() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let (missing, found): (Vec<Value>, Vec<Value>) = diagnostics(&planted)
            .into_iter()
            .partition(|d| d["location"].get("range").is_none());
        assert_eq!(found.len(), NAMES.len());
        for (one, finding) in found.iter().zip(&planted.scan().findings) {
            let told = planted::told_path(*kind, finding);
            assert_eq!(one["location"]["path"], told);
            assert_told(one["message"].as_str().expect("text"), finding);
            let level = if fails(finding) { "ERROR" } else { "WARNING" };
            assert_eq!(one["severity"], level);
        }
        let errors = missing.iter().filter(|d| d["severity"] == "ERROR");
        assert_eq!(errors.count(), NAMES.len() + 1);
    }
    assert!(diagnostics(&Planted::Scan(scan(&[], false))).is_empty());
    assert_eq!(diagnostics(&Planted::Scan(scan(&[], true))).len(), 1);
}

/// Columns count bytes of UTF-8 where the line before the secret is known.
#[test]
fn columns_are_bytes_or_left_out() {
    let mut result = scan(&NAMES[..1], false);
    let one = &mut result.findings[0].occurrences[0];
    let width = 40;
    one.start = Position { line: 2, column: 8 };
    one.end = Position {
        line: 2,
        column: 8 + width,
    };
    one.frame.retain(|line| line.line == 2);
    assert_eq!(one.frame.len(), 1, "the line is there");
    let mut range = |before: &str, underline: usize| {
        let frame = &mut result.findings[0].occurrences[0].frame[0];
        frame.text = format!("{before}ghp_....");
        frame.underline = (underline, underline + 8);
        let planted = Planted::Scan(result.clone());
        diagnostics(&planted)[0]["location"]["range"].clone()
    };
    // Two bytes, three bytes, four bytes.
    for (before, column) in [
        ("key_is=", 8),
        ("k\u{ef}y_i\u{20ac}=", 11),
        ("k=\u{1f511}...=", 11),
    ] {
        let told = range(before, 7);
        let want = json!({
            "start": { "line": 2, "column": column },
            "end": { "line": 2, "column": column + width },
        });
        assert_eq!(told, want, "{before}");
    }
    let none = json!({ "start": { "line": 2 }, "end": { "line": 2 } });
    assert_eq!(range("\u{fffd}ey_is=", 7), none, "a byte that was no text");
    assert_eq!(range("\u{2026}is=", 4), none, "a begin that was cut off");
}
