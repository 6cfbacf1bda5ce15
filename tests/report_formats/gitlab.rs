//! `gitlab`: held against what schema 15.2.1 asks of a secret detection report.

use std::collections::HashSet;

use serde_json::{Value, json};
use straykey::reports::{Format, ReportOptions};

use super::planted::{self, Kind, Planted, all, scan, written};
use super::schemas;

/// What GitLab's schema 15.2.1 demands of the fields that are written, in our words.
fn schema() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let time = json!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$" });
    let program = json!({
        "type": "object",
        "required": ["id", "name", "version", "vendor"],
        "properties": {
            "id": text, "name": text, "version": text,
            "vendor": { "type": "object", "required": ["name"], "properties": { "name": text } },
        },
    });
    let identifier = json!({
        "type": "object",
        "required": ["type", "name", "value"],
        "properties": {
            "type": text, "name": text, "value": text,
            "url": { "type": "string", "pattern": "^(https?|ftp)://.+" },
        },
    });
    let detail = json!({
        "type": "object",
        "required": ["name", "type", "value"],
        "properties": { "name": text, "type": { "const": "text" }, "value": { "type": "string" } },
    });
    let location = json!({
        "type": "object",
        "required": ["commit"],
        "properties": {
            "file": { "type": "string" },
            "start_line": { "type": "number" },
            "end_line": { "type": "number" },
            "commit": { "type": "object", "required": ["sha"], "properties": { "sha": text } },
        },
    });
    json!({
        "type": "object",
        "required": ["scan", "version", "vulnerabilities"],
        "properties": {
            "version": { "const": "15.2.1" },
            "scan": {
                "type": "object",
                "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"],
                "properties": {
                    "analyzer": program, "scanner": program,
                    "start_time": time, "end_time": time,
                    "status": { "enum": ["success", "failure"] },
                    "type": { "const": "secret_detection" },
                    "messages": { "type": "array", "items": {
                        "type": "object",
                        "required": ["level", "value"],
                        "properties": {
                            "level": { "enum": ["info", "warn", "fatal"] }, "value": text,
                        },
                    } },
                },
            },
            "vulnerabilities": { "type": "array", "items": {
                "type": "object",
                "required": ["id", "identifiers", "location"],
                "properties": {
                    "id": { "type": "string", "pattern":
                        "^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" },
                    "name": { "type": "string", "maxLength": 255 },
                    "description": { "type": "string", "maxLength": 1_048_576 },
                    "severity": { "enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"] },
                    "solution": { "type": "string", "maxLength": 7_000 },
                    "identifiers": { "type": "array", "minItems": 1, "items": identifier },
                    "location": location,
                    "details": { "type": "object", "additionalProperties": detail },
                },
            } },
        },
    })
}

fn report(planted: &Planted) -> Value {
    let text = written(Format::GitLab, planted, &ReportOptions::default());
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn it_is_a_secret_detection_report() {
    let mut results: Vec<Planted> = Kind::ALL
        .iter()
        .flat_map(|kind| [all(*kind, true), all(*kind, false)])
        .collect();
    results.push(Planted::Scan(scan(&[], false)));
    for planted in &results {
        let report = report(planted);
        schemas::assert_valid(&report, &schema(), "gitlab-secret-detection-15.2.1.json");
    }
}

#[test]
fn each_place_is_a_vulnerability_of_its_own() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let report = report(&planted);
        let found = report["vulnerabilities"].as_array().expect("a list");
        assert_eq!(found.len(), planted.scan().findings.len());
        let ids: HashSet<&str> = found.iter().filter_map(|v| v["id"].as_str()).collect();
        assert_eq!(ids.len(), found.len(), "ids are unique");
        for (one, finding) in found.iter().zip(&planted.scan().findings) {
            let told = planted::told_path(*kind, finding);
            assert_eq!(one["location"]["file"], told);
            let start = planted::start(finding);
            assert_eq!(one["location"]["start_line"], start.line);
            let sha = match kind {
                Kind::Scan => "0000000",
                _ => "0123456789abcdef0123456789abcdef01234567",
            };
            assert_eq!(one["location"]["commit"]["sha"], sha);
            assert_eq!(one["identifiers"][0]["value"], finding.pattern.id);
            assert_eq!(one["details"]["masked"]["value"], finding.masked);
            assert!(one.get("raw_source_code_extract").is_none());
            assert_eq!(one["name"], finding.pattern.name, "nothing of the finding");
        }
        assert_eq!(report["scan"]["status"], "failure");
        let messages = report["scan"]["messages"].to_string();
        assert!(messages.contains("gone.env"), "{messages}");
    }
    let whole = report(&all(Kind::Scan, false));
    assert_eq!(whole["scan"]["status"], "success");
    assert_eq!(whole["scan"]["messages"], json!([]));
}

/// The same secret twice in a file is told twice; another line changes no id.
#[test]
fn ids_outlive_lines() {
    let ids = |planted: &Planted| -> Vec<Value> {
        let report = report(planted);
        let all = report["vulnerabilities"].as_array().expect("a list");
        all.iter().map(|v| v["id"].clone()).collect()
    };
    let mut result = scan(&planted::NAMES[..1], false);
    let mut again = result.findings[0].occurrences[0].clone();
    again.start.line += 10;
    again.end.line += 10;
    result.findings[0].occurrences.push(again);
    let before = ids(&Planted::Scan(result.clone()));
    assert_ne!(before[0], before[1]);
    for occurrence in &mut result.findings[0].occurrences {
        occurrence.start.line += 3;
        occurrence.end.line += 3;
    }
    assert_eq!(ids(&Planted::Scan(result)), before);
}
