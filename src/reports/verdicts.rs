//! What providers said, in words.

use std::io::{self, Write};

use super::ReportOptions;
use super::human::thousands;
use super::style::Style;
use crate::base::{escape_controls, second_of};
use crate::findings::Finding;
use crate::verify::{Verdict, Verified};

/// The verdict of a finding in a few words, as the end of a line of facts.
pub(super) fn in_short(found: &Finding, options: &ReportOptions) -> String {
    match options.verdicts.of(found) {
        None => "not checked live".to_owned(),
        Some(verified) => verified.verdict.word().to_owned(),
    }
}

/// What was sent, for summaries.
pub(super) fn sent(options: &ReportOptions) -> String {
    match options.verdicts.calls() {
        0 => "nothing sent".to_owned(),
        1 => "1 call sent".to_owned(),
        calls => format!("{} calls sent", thousands(calls)),
    }
}

/// Writes what was said of a finding: a line, and one for what else was told.
pub(super) fn write(
    found: &Finding,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(verified) = options.verdicts.of(found) else {
        return Ok(());
    };
    let word = verified.verdict.word().to_uppercase();
    let word = match verified.verdict {
        Verdict::Live | Verdict::Restricted => style.bad(&word),
        Verdict::Unknown => style.warn(&word),
        Verdict::Dead | Verdict::Expired => style.good(&word),
        Verdict::NotChecked => style.dim(&word),
    };
    writeln!(out, " {word} {}", escape_controls(&said(verified)))?;
    let told = told(verified);
    if !told.is_empty() {
        writeln!(out, "   {}", escape_controls(&told.join("; ")))?;
    }
    Ok(())
}

/// A verdict as a person reads it: what it is, and what else was told. Safe to show.
pub fn verdict_lines(verified: &Verified) -> Vec<String> {
    let word = verified.verdict.word().to_uppercase();
    let mut out = vec![format!("{word} {}", said(verified))];
    out.extend(Some(told(verified).join("; ")).filter(|t| !t.is_empty()));
    out.iter()
        .map(|line| escape_controls(line).into_owned())
        .collect()
}

/// Why, and who said so when.
pub(super) fn said(verified: &Verified) -> String {
    let mut who = Vec::new();
    if !verified.host.is_empty() {
        who.push(verified.host.clone());
    }
    who.extend(verified.status.map(|status| status.to_string()));
    who.extend(verified.time.map(|time| format!("{}Z", second_of(time))));
    if verified.remembered {
        who.push("remembered".to_owned());
    }
    if who.is_empty() {
        return verified.reason.clone();
    }
    format!("{} ({})", verified.reason, who.join(", "))
}

/// What else was told, each with its name.
fn told(verified: &Verified) -> Vec<String> {
    let facts = &verified.facts;
    let mut out = Vec::new();
    let mut tell = |name: &str, text: Option<&str>| {
        out.extend(text.map(|text| format!("{name} {text}")));
    };
    tell("of", facts.identity.as_deref());
    tell("can", facts.power.map(crate::detect::patterns::Power::word));
    let scopes = facts.scopes.join(", ");
    tell("scopes", (!scopes.is_empty()).then_some(&*scopes));
    tell("made", facts.created.as_deref());
    tell("ends", facts.expires.as_deref());
    tell("used before", facts.last_used.as_deref());
    out.extend(verified.notes.iter().cloned());
    out
}
