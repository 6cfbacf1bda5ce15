//! Patterns as SARIF rules, with all that GitHub reads of one.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
    ReportingDescriptorRelationship,
};

use super::taxonomies;
use crate::detect::patterns::{Confidence, Pattern, Severity};
use crate::inventory::of_kind;

/// A pattern as a rule.
pub(super) fn descriptor(p: &Pattern) -> ReportingDescriptor {
    let then = if p.replace.is_empty() {
        String::new()
    } else {
        format!("\n\nUse instead: {}", p.replace)
    };
    let plain = format!("{}\n\nRevoke: {}{then}", p.description, p.revoke);
    let markdown = format!(
        "{}\n\n**Revoke:** {}{}\n\nLifetime: {}; rotate every {} days.\n\nFacts from: {}.",
        escape(p.description),
        escape(p.revoke),
        escape(&then),
        p.lifetime.word(),
        p.rotation_days,
        escape(&p.sources.join("; ")),
    );
    let help = MultiformatMessageString::builder()
        .text(plain)
        .markdown(markdown)
        .build();
    let text = |t: &str| {
        MultiformatMessageString::builder()
            .text(clip(t, 1024))
            .build()
    };
    let mut rule = ReportingDescriptor::builder()
        .id(p.id)
        .name(clip(p.name, 255))
        .short_description(text(p.name))
        .full_description(text(p.description))
        .help(help)
        .default_configuration(
            ReportingConfiguration::builder()
                .level(json!(level(p)))
                .build(),
        )
        .relationships(relationships(p))
        .properties(properties(p))
        .build();
    rule.help_uri = (!p.site.is_empty()).then(|| p.site.to_owned());
    rule
}

/// The level of a pattern's results.
pub(super) fn level(p: &Pattern) -> &'static str {
    match p.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn properties(p: &Pattern) -> PropertyBag {
    let mut tags = vec!["security".to_owned(), "secret".to_owned()];
    tags.extend(p.cwe.iter().map(|n| format!("external/cwe/cwe-{n:03}")));
    // GitHub shows ten.
    tags.truncate(10);
    let precision = match p.confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    };
    // Critical is above 9.0, high from 7.0, medium from 4.0.
    let severity = match p.severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    };
    let mut more: BTreeMap<String, Value> = BTreeMap::new();
    more.insert("precision".into(), json!(precision));
    more.insert("security-severity".into(), json!(severity));
    more.insert(
        "problem.severity".into(),
        json!(level(p).replace("note", "recommendation")),
    );
    PropertyBag::builder()
        .tags(tags)
        .additional_properties(more)
        .build()
}

fn relationships(p: &Pattern) -> Vec<ReportingDescriptorRelationship> {
    let cwe = p.cwe.iter().filter_map(|n| taxonomies::cwe(*n));
    let nhi = p.nhi.iter().filter_map(|id| taxonomies::nhi(id));
    let named: Vec<_> = cwe.chain(nhi).collect();
    let supports = of_kind(p.id, p.provider).into_iter();
    let supports = supports.filter_map(|(framework, id)| taxonomies::of(framework, id));
    let supports: Vec<_> = supports.filter(|taxon| !named.contains(taxon)).collect();
    let named = named
        .into_iter()
        .map(|taxon| taxonomies::related(taxon, "superset"));
    let supports = supports.into_iter();
    named
        .chain(supports.map(|taxon| taxonomies::related(taxon, "relevant")))
        .collect()
}

/// At most so many characters.
pub(super) fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Text that Markdown shows as it is. Pattern files of users end up here too.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
