//! `defectdojo`: `DefectDojo`'s generic findings import.
//!
//! The import refuses keys that it does not know. Descriptions are shown as Markdown: what is not
//! ours stands in code spans. What was not read is a finding too.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escaping::to_json;
use super::markdown::span;
use super::results::{Entry, Gap, INCOMPLETE, NARROWED, Results, clipped, hex, shown_path};
use super::{Report, ReportOptions};
use crate::base::escape_controls;
use crate::detect::patterns::{Confidence, Severity};

/// The longest title and path that it stores, in characters.
const TITLE: usize = 511;
const PATH: usize = 4_000;

/// `DefectDojo`'s generic findings.
#[derive(Clone, Copy, Debug)]
pub struct DefectDojo;

impl Report for DefectDojo {
    fn write_results(
        &self,
        results: Results<'_>,
        _: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (gaps, entries) = (results.gaps(), results.entries());
        let found = entries.iter().map(finding);
        let all: Vec<Value> = gaps.iter().map(missing).chain(found).collect();
        let report = json!({
            "name": "straykey",
            "type": "straykey",
            "version": env!("CARGO_PKG_VERSION"),
            "static_tool": true,
            "dynamic_tool": false,
            "findings": all,
        });
        to_json(&report, out)
    }
}

fn finding(entry: &Entry<'_>) -> Value {
    let (finding, p) = (entry.finding, entry.finding.pattern);
    let severity = match p.severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    };
    // It calls up to 2 certain, up to 5 firm, all above tentative.
    let confidence = match finding.confidence {
        Confidence::High => 1,
        Confidence::Medium => 4,
        Confidence::Low => 7,
    };
    let by = entry.by().map_or(String::new(), |by| {
        format!("\n\nIn commit {} by {}", span(by.commit), span(by.author))
    });
    let description = format!(
        "{}\n\n{} at {}, fingerprint `{}`{by}\n\nIf it is not real: {}",
        span(p.description),
        span(&finding.masked),
        span(&entry.place()),
        finding.fingerprint,
        span(&entry.allow()),
    );
    let title = format!("{} in {}", escape_controls(p.name), entry.shown_path());
    let mut out = json!({
        "title": clipped(&title, TITLE),
        "severity": severity,
        "description": description,
        "mitigation": span(&entry.advice()),
        "file_path": clipped(&entry.shown_path(), PATH),
        "line": entry.occurrence.start.line,
        "static_finding": true,
        "dynamic_finding": false,
        "active": true,
        "verified": false,
        "scanner_confidence": confidence,
        "unique_id_from_tool": hex(&entry.id()),
        "vuln_id_from_tool": escape_controls(p.id),
    });
    if let Some(cwe) = p.cwe.first() {
        out["cwe"] = json!(cwe);
    }
    out
}

fn missing(gap: &Gap<'_>) -> Value {
    let (id, severity) = if gap.incomplete {
        (INCOMPLETE, "Medium")
    } else {
        (NARROWED, "Info")
    };
    let path = gap.path.map_or(String::new(), shown_path);
    json!({
        "title": clipped(&gap.line(), TITLE),
        "severity": severity,
        "description": span(&gap.line()),
        "file_path": clipped(&path, PATH),
        "static_finding": true,
        "dynamic_finding": false,
        "active": true,
        "verified": false,
        "unique_id_from_tool": clipped(&format!("{id}: {}", gap.text), 500),
        "vuln_id_from_tool": id,
    })
}
