//! `gitlab-codequality`, `sonar` and `defectdojo`: lists of issues, held against what their
//! documentation and their importers demand.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Value, json};
use straykey::reports::{Format, ReportOptions};

use super::planted::{self, Kind, NAMES, Planted, all, assert_told, scan, written};
use super::schemas;

fn report(format: Format, planted: &Planted) -> Value {
    let text = written(format, planted, &ReportOptions::default());
    serde_json::from_str(&text).expect("it is JSON")
}

/// What GitLab's documentation of code quality reports demands.
fn code_quality() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    json!({ "type": "array", "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": false,
        "properties": {
            "description": text, "check_name": text, "fingerprint": text,
            "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": { "type": "string", "pattern": "^(?!\\./)" },
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": { "begin": { "type": "integer", "minimum": 1 } },
                    },
                },
            },
        },
    } })
}

#[test]
fn code_quality_has_an_issue_a_place_and_a_gap() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let report = report(Format::CodeQuality, &planted);
        schemas::assert_valid(&report, &code_quality(), "codequality.json");
        let issues = report.as_array().expect("a list");
        let prints: HashSet<&str> = issues
            .iter()
            .filter_map(|i| i["fingerprint"].as_str())
            .collect();
        assert_eq!(prints.len(), issues.len(), "GitLab merges equal ones");
        let (missing, found): (Vec<&Value>, Vec<&Value>) = issues
            .iter()
            .partition(|i| i["check_name"].as_str().unwrap().starts_with("straykey."));
        for (one, finding) in found.iter().zip(&planted.scan().findings) {
            assert_eq!(one["location"]["path"], planted::told_path(*kind, finding));
            let line = planted::start(finding).line;
            assert_eq!(one["location"]["lines"]["begin"], line);
            assert_eq!(one["check_name"], finding.pattern.id);
            assert_told(one["description"].as_str().expect("text"), finding);
        }
        assert_eq!(found.len(), NAMES.len());
        assert_eq!(
            missing.len(),
            NAMES.len() + 1 + usize::from(*kind == Kind::History)
        );
    }
    let clean = report(Format::CodeQuality, &Planted::Scan(scan(&[], false)));
    assert_eq!(clean, json!([]));
    let missing = report(Format::CodeQuality, &Planted::Scan(scan(&[], true)));
    assert_eq!(missing[0]["severity"], "blocker");
}

/// What `SonarQube`'s importer checks of a generic report, in our words.
fn sonar() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let range = json!({
        "type": "object",
        "required": ["startLine"],
        // A column that a line does not have fails the import.
        "additionalProperties": false,
        "properties": { "startLine": { "type": "integer", "minimum": 1 } },
    });
    json!({
        "type": "object",
        "required": ["rules", "issues"],
        "properties": {
            "rules": { "type": "array", "items": {
                "type": "object",
                "required": ["id", "name", "engineId", "cleanCodeAttribute", "impacts", "type", "severity"],
                "properties": {
                    "id": text, "name": text, "engineId": text,
                    "cleanCodeAttribute": { "const": "TRUSTWORTHY" },
                    "type": { "enum": ["BUG", "VULNERABILITY", "CODE_SMELL"] },
                    "severity": { "enum": ["BLOCKER", "CRITICAL", "MAJOR", "MINOR", "INFO"] },
                    "impacts": { "type": "array", "minItems": 1, "items": {
                        "type": "object",
                        "properties": {
                            "softwareQuality": { "const": "SECURITY" },
                            "severity": { "enum": ["HIGH", "MEDIUM", "LOW"] },
                        },
                    } },
                },
            } },
            "issues": { "type": "array", "items": {
                "type": "object",
                "required": ["ruleId", "primaryLocation"],
                // The deprecated form has these here; both together are refused.
                "not": { "anyOf": [{ "required": ["severity"] }, { "required": ["type"] }] },
                "properties": {
                    "primaryLocation": {
                        "type": "object",
                        "required": ["message", "filePath"],
                        "properties": { "message": text, "filePath": text, "textRange": range },
                    },
                    "secondaryLocations": { "type": "array", "items": {
                        "type": "object", "required": ["filePath", "textRange"],
                    } },
                },
            } },
        },
    })
}

#[test]
fn sonar_has_rules_and_issues() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let report = report(Format::Sonar, &planted);
        schemas::assert_valid(&report, &sonar(), "sonar.json");
        let rules = report["rules"].as_array().expect("a list");
        let ids: BTreeSet<&str> = rules.iter().filter_map(|r| r["id"].as_str()).collect();
        assert_eq!(ids.len(), rules.len(), "an id twice is refused");
        let issues = report["issues"].as_array().expect("a list");
        for one in issues {
            assert!(ids.contains(one["ruleId"].as_str().expect("text")));
        }
        let found = &issues[issues.len() - NAMES.len()..];
        for (one, finding) in found.iter().zip(&planted.scan().findings) {
            let place = &one["primaryLocation"];
            assert_eq!(place["filePath"], planted::told_path(*kind, finding));
            assert_told(place["message"].as_str().expect("text"), finding);
            let line = &place["textRange"]["startLine"];
            // A line of a commit may be none of the file that is analysed.
            match kind {
                Kind::Scan => assert_eq!(*line, planted::start(finding).line),
                _ => assert!(line.is_null()),
            }
        }
        let missing = issues
            .iter()
            .filter(|i| i["ruleId"] == "straykey.incomplete");
        assert_eq!(missing.count(), NAMES.len() + 1);
    }
    let clean = report(Format::Sonar, &Planted::Scan(scan(&[], false)));
    assert_eq!(clean, json!({ "rules": [], "issues": [] }));
}

/// Keys that `DefectDojo`'s generic import knows: any other is refused.
const KNOWN: &[&str] = &[
    "title",
    "severity",
    "description",
    "mitigation",
    "cwe",
    "file_path",
    "line",
    "static_finding",
    "dynamic_finding",
    "active",
    "verified",
    "scanner_confidence",
    "unique_id_from_tool",
    "vuln_id_from_tool",
];

#[test]
fn defectdojo_knows_every_key() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let report = report(Format::DefectDojo, &planted);
        let findings = report["findings"].as_array().expect("a list");
        let mut ids = HashSet::new();
        for one in findings {
            for key in one.as_object().expect("an object").keys() {
                assert!(KNOWN.contains(&&**key), "{key}");
            }
            for key in ["title", "severity", "description"] {
                assert!(one[key].as_str().is_some_and(|t| !t.is_empty()), "{key}");
            }
            let levels = ["Critical", "High", "Medium", "Low", "Info"];
            assert!(levels.contains(&one["severity"].as_str().expect("text")));
            assert!(one["title"].as_str().expect("text").chars().count() <= 511);
            assert!(ids.insert(one["unique_id_from_tool"].to_string()));
        }
        let found = &findings[findings.len() - NAMES.len()..];
        for (one, finding) in found.iter().zip(&planted.scan().findings) {
            assert_eq!(one["file_path"], planted::told_path(*kind, finding));
            assert_eq!(one["line"], planted::start(finding).line);
            assert_eq!(one["vuln_id_from_tool"], finding.pattern.id);
            // Descriptions are Markdown.
            let description = one["description"].as_str().expect("text");
            let (spans, _) = super::markdown::read(description);
            assert!(spans.contains(&finding.masked));
        }
        let missing = findings
            .iter()
            .filter(|f| f["vuln_id_from_tool"] == "straykey.incomplete");
        assert_eq!(missing.count(), NAMES.len() + 1);
    }
    let clean = report(Format::DefectDojo, &Planted::Scan(scan(&[], false)));
    assert_eq!(clean["findings"], json!([]));
}
