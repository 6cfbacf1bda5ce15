//! `gitlab`: GitLab's secret detection report, schema 15.2.1.
//!
//! The format wants the times at which the scan began and ended: the only ones in any report. There
//! is no `raw_source_code_extract`, which would hold the secret. Descriptions are read as Markdown:
//! what is not ours stands in code spans.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::escaping::to_json;
use super::markdown::span;
use super::results::{Entry, Results, clipped};
use super::{Report, ReportOptions};
use crate::base::{escape_controls, second_of};
use crate::detect::patterns::Severity;

const VERSION: &str = "15.2.1";
/// GitLab's own analyser writes this where it judged no commit.
const NO_COMMIT: &str = "0000000";
/// The longest name and solution that the schema allows, in characters.
const NAME: usize = 255;
const SOLUTION: usize = 7_000;

/// GitLab's secret detection report.
#[derive(Clone, Copy, Debug)]
pub struct GitLab;

impl Report for GitLab {
    fn write_results(
        &self,
        results: Results<'_>,
        _: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let scan = results.scan();
        let end = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_secs());
        let start = end.saturating_sub(scan.elapsed.as_secs());
        let program = json!({
            "id": "straykey",
            "name": "straykey",
            "version": env!("CARGO_PKG_VERSION"),
            "vendor": { "name": "straykey" },
        });
        let messages: Vec<Value> = results
            .gaps()
            .into_iter()
            .map(|gap| {
                let level = if gap.incomplete { "fatal" } else { "warn" };
                json!({ "level": level, "value": gap.text })
            })
            .collect();
        let status = if scan.is_incomplete() {
            "failure"
        } else {
            "success"
        };
        let found: Vec<Value> = results.entries().iter().map(vulnerability).collect();
        let report = json!({
            "version": VERSION,
            "scan": {
                "analyzer": program,
                "scanner": program,
                "start_time": second_of(start as i64),
                "end_time": second_of(end as i64),
                "status": status,
                "type": "secret_detection",
                "messages": messages,
            },
            "vulnerabilities": found,
        });
        to_json(&report, out)
    }
}

fn vulnerability(entry: &Entry<'_>) -> Value {
    let (finding, p) = (entry.finding, entry.finding.pattern);
    let severity = match p.severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    };
    let mut identifiers = vec![json!({
        "type": "straykey_pattern_id",
        "name": format!("straykey pattern {}", p.id),
        "value": p.id,
    })];
    identifiers.extend(p.cwe.iter().map(|number| {
        json!({
            "type": "cwe",
            "name": format!("CWE-{number}"),
            "value": number.to_string(),
            "url": format!("https://cwe.mitre.org/data/definitions/{number}.html"),
        })
    }));
    let description = format!("{}: {}", span(p.description), span(&finding.masked));
    let mut solution = span(&entry.advice());
    if !p.replace.is_empty() {
        solution = format!("{solution} Use instead: {}", span(p.replace));
    }
    let name = escape_controls(p.name);
    json!({
        "id": uuid(entry.id()),
        "name": clipped(&name, NAME),
        "description": description,
        "severity": severity,
        "solution": clipped(&solution, SOLUTION),
        "identifiers": identifiers,
        "location": location(entry),
        "details": details(entry),
    })
}

fn location(entry: &Entry<'_>) -> Value {
    let mut commit = Map::new();
    if let Some(by) = entry.by() {
        commit.insert("sha".into(), json!(by.commit));
        commit.insert("author".into(), json!(escape_controls(by.author)));
        commit.insert("date".into(), json!(format!("{}Z", second_of(by.time))));
    } else {
        commit.insert("sha".into(), json!(NO_COMMIT));
    }
    json!({
        "file": entry.shown_path(),
        "start_line": entry.occurrence.start.line,
        "end_line": entry.occurrence.end.line,
        "commit": commit,
    })
}

fn details(entry: &Entry<'_>) -> Value {
    let finding = entry.finding;
    let text = |name: &str, value: &str| json!({ "name": name, "type": "text", "value": value });
    let mut all = Map::new();
    let fingerprint = finding.fingerprint.to_string();
    all.insert("fingerprint".into(), text("Fingerprint", &fingerprint));
    let masked = escape_controls(&finding.masked);
    all.insert("masked".into(), text("Masked", &masked));
    let confidence = finding.confidence.word();
    all.insert("confidence".into(), text("Confidence", confidence));
    all.insert("allow".into(), text("If it is not real", &entry.allow()));
    if let Some((story, _)) = entry.story {
        let standing = story.standing.word();
        all.insert("standing".into(), text("Standing", standing));
    }
    Value::Object(all)
}

/// Sixteen bytes as a UUID of version 8.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = super::results::hex(&bytes);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}
