//! `gitlab-codequality`: GitLab's code quality report, which merge requests show on every tier.
//!
//! The report is a list of issues and nothing else: what was not read is an issue of its own, so
//! that an incomplete scan is no empty list.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escaping::to_json;
use super::results::{Entry, Gap, INCOMPLETE, NARROWED, Results, hex, shown_path};
use super::{Report, ReportOptions};
use crate::base::escape_controls;
use crate::detect::patterns::Severity;

/// GitLab's code quality report.
#[derive(Clone, Copy, Debug)]
pub struct CodeQuality;

impl Report for CodeQuality {
    fn write_results(
        &self,
        results: Results<'_>,
        _: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let gaps = results.gaps();
        let entries = results.entries();
        let all = gaps.iter().map(missing).chain(entries.iter().map(issue));
        to_json(&all.collect::<Vec<Value>>(), out)
    }
}

fn issue(entry: &Entry<'_>) -> Value {
    let severity = match entry.finding.pattern.severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
    };
    json!({
        "description": entry.line(),
        "check_name": escape_controls(entry.finding.pattern.id),
        "fingerprint": hex(&entry.id()),
        "severity": severity,
        "location": {
            "path": entry.shown_path(),
            "lines": { "begin": entry.occurrence.start.line },
        },
    })
}

/// Issues of the same fingerprint become one: each gap has its own.
fn missing(gap: &Gap<'_>) -> Value {
    let (name, severity) = if gap.incomplete {
        (INCOMPLETE, "blocker")
    } else {
        (NARROWED, "info")
    };
    json!({
        "description": gap.line(),
        "check_name": name,
        "fingerprint": format!("{name}: {}", gap.text),
        "severity": severity,
        "location": {
            "path": gap.path.map_or(".".to_owned(), shown_path),
            "lines": { "begin": 1 },
        },
    })
}
