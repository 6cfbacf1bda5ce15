//! `sonar`: the generic issue format of `SonarQube`, from 10.3 on.
//!
//! A line or a column that a file does not have makes the import fail. So places are whole lines, as
//! the end of a weak secret is not its true one; and what was found in commits is told for the
//! file, of which today's lines may be others. What was not read is an issue of a rule of its own.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::escaping::to_json;
use super::results::{Entry, Gap, INCOMPLETE, NARROWED, Results, shown_path};
use super::{Report, ReportOptions};
use crate::base::escape_controls;
use crate::detect::patterns::{Pattern, Severity};

/// How many other places an issue points to.
const SECONDARY: usize = 20;

/// `SonarQube`'s generic issues.
#[derive(Clone, Copy, Debug)]
pub struct Sonar;

impl Report for Sonar {
    fn write_results(
        &self,
        results: Results<'_>,
        _: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (gaps, entries) = (results.gaps(), results.entries());
        let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
        for gap in &gaps {
            let (id, name, severity) = rule_of(gap);
            rules.insert(id, rule(id, name, name, severity));
        }
        for entry in &entries {
            let p: &Pattern = entry.finding.pattern;
            let (name, description) = (escape_controls(p.name), escape_controls(p.description));
            rules.insert(p.id, rule(p.id, &name, &description, p.severity));
        }
        let found = entries.iter().map(issue);
        let issues: Vec<Value> = gaps.iter().map(missing).chain(found).collect();
        let rules: Vec<Value> = rules.into_values().collect();
        to_json(&json!({ "rules": rules, "issues": issues }), out)
    }
}

fn rule(id: &str, name: &str, description: &str, severity: Severity) -> Value {
    let (old, impact) = match severity {
        Severity::Critical => ("BLOCKER", "HIGH"),
        Severity::High => ("CRITICAL", "HIGH"),
        Severity::Medium => ("MAJOR", "MEDIUM"),
        Severity::Low => ("MINOR", "LOW"),
    };
    json!({
        "id": escape_controls(id),
        "name": name,
        "description": description,
        "engineId": "straykey",
        "cleanCodeAttribute": "TRUSTWORTHY",
        "type": "VULNERABILITY",
        "severity": old,
        "impacts": [{ "softwareQuality": "SECURITY", "severity": impact }],
    })
}

fn issue(entry: &Entry<'_>) -> Value {
    let mut primary = json!({ "message": entry.line(), "filePath": entry.shown_path() });
    let mut secondary = Vec::new();
    if entry.is_of_today() {
        primary["textRange"] = json!({ "startLine": entry.occurrence.start.line });
        let others = entry.finding.occurrences.iter();
        let others = others.filter(|other| *other != entry.occurrence);
        secondary.extend(others.take(SECONDARY).map(|other| {
            json!({
                "message": "the same secret",
                "filePath": shown_path(&other.path),
                "textRange": { "startLine": other.start.line },
            })
        }));
    }
    json!({
        "ruleId": escape_controls(entry.finding.pattern.id),
        "primaryLocation": primary,
        "secondaryLocations": secondary,
    })
}

fn missing(gap: &Gap<'_>) -> Value {
    let path = gap.path.map_or(".".to_owned(), shown_path);
    json!({
        "ruleId": rule_of(gap).0,
        "primaryLocation": { "message": gap.line(), "filePath": path },
    })
}

fn rule_of(gap: &Gap<'_>) -> (&'static str, &'static str, Severity) {
    if gap.incomplete {
        (INCOMPLETE, "An input could not be read", Severity::Critical)
    } else {
        (NARROWED, "Not everything is told", Severity::Low)
    }
}
