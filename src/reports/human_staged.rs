//! What is staged, for a person who wants to commit: what stops the commit, and the way on.

use std::io::{self, Write};

use super::ReportOptions;
use super::human::{finding, inputs, interrupted, left_out, names, size, thousands};
use super::style::Style;
use crate::base::{escape_controls, path_text};
use crate::detect::patterns::Severity;
use crate::findings::Finding;
use crate::sources::Skip;
use crate::story::{Before, StagedRead, StagedResult};

pub(super) fn write(
    result: &StagedResult,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    let scan = &result.scan;
    let failed: Vec<&Skip> = scan
        .skips
        .iter()
        .filter(|s| s.reason.is_incomplete())
        .collect();
    let is_clean = scan.findings.is_empty() && failed.is_empty();
    if options.quiet && is_clean {
        return Ok(());
    }
    headline(result, options, !failed.is_empty(), style, out)?;
    for (found, before) in scan.findings.iter().zip(&result.before) {
        stopped(found, *before, &result.read, options, style, out)?;
    }
    interrupted(scan, style, out)?;
    if !failed.is_empty() {
        let count = format!("INCOMPLETE: {} could not be read", inputs(failed.len()));
        writeln!(out, "{}", style.bad(&count))?;
        names(&failed, options, out)?;
    }
    if options.quiet {
        return Ok(());
    }
    if result.read.older > 0 {
        writeln!(out, "{}", older(result.read.older))?;
    }
    left_out(scan, Vec::new(), options, out)
}

/// What is said of secrets that were there before.
pub(super) fn older(count: u64) -> String {
    format!(
        "{} in these files did not block",
        counted(count, "older secret")
    )
}

fn headline(
    result: &StagedResult,
    options: &ReportOptions,
    is_incomplete: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (scan, read) = (&result.scan, &result.read);
    let time = format!("{} ms", scan.elapsed.as_millis().max(1));
    let files = counted(read.files, "staged file");
    let fails = |f: &&Finding| f.pattern.severity >= options.threshold;
    let failing = scan.findings.iter().filter(fails).count();
    let below = scan.findings.len() - failing;
    let secrets = counted(scan.findings.len() as u64, "new secret");
    let told = match (failing, below) {
        (_, 0) => secrets,
        (0, _) => format!("{secrets} below {}", options.threshold.word()),
        _ => format!("{secrets} ({below} below {})", options.threshold.word()),
    };
    let stops = (failing > 0 && !read.passes) || is_incomplete;
    if stops {
        let stop = style.bad("commit stopped");
        return match scan.findings.len() {
            0 => writeln!(
                out,
                "straykey: {stop}: not all of {files} could be read, {time}"
            ),
            _ => writeln!(out, "straykey: {stop}: {told}, {files}, {time}"),
        };
    }
    if !scan.findings.is_empty() {
        return writeln!(out, "straykey: commit not stopped: {told}, {files}, {time}");
    }
    let clean = style.good("Clean");
    match (read.files, read.changes) {
        (0, false) => writeln!(out, "{clean}: nothing is staged, {time}; nothing sent"),
        (0, true) => writeln!(
            out,
            "{clean}: no new content is staged, {time}; nothing sent"
        ),
        _ => writeln!(
            out,
            "{clean}: {files}, {}, {time}; nothing sent",
            size(scan.bytes)
        ),
    }
}

/// One finding, and the way on.
fn stopped(
    found: &Finding,
    before: Before,
    read: &StagedRead,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let short = found.fingerprint.short();
    let word = found.pattern.severity.word().to_uppercase();
    let word = match found.pattern.severity {
        Severity::Critical | Severity::High => style.bad(&word),
        Severity::Medium => style.warn(&word),
        Severity::Low => style.dim(&word),
    };
    let places = if options.verbose { usize::MAX } else { 1 };
    for o in found.occurrences.iter().take(places) {
        let path = path_text(&o.path);
        let place = format!("{}:{}", escape_controls(&path), o.start.line);
        writeln!(
            out,
            "  {} {} {} {word} {short}{}",
            style.path(&place),
            style.bold(found.pattern.id),
            escape_controls(&found.masked),
            o.decoded_from()
                .map_or(String::new(), |told| format!(" ({told})"))
        )?;
    }
    if found.occurrences.len() > places {
        let more = thousands((found.occurrences.len() - places) as u64);
        writeln!(out, "            and {more} more places (-v)")?;
    }
    let real = match before {
        Before::Nowhere => "remove, git add, commit; revoke if it left this machine",
        Before::Committed => {
            "it is in the last commit, too: revoke first; then remove, git add, commit"
        }
        Before::Known => {
            "it is in the baseline, and spreads: revoke first; then remove, git add, commit"
        }
    };
    writeln!(out, "  real:     {real}")?;
    // A path of git's that begins at the top, wherever one is.
    let top = if read.is_below { ":/" } else { "" };
    writeln!(
        out,
        "  not real: straykey allow {short} --reason \"...\" && git add {top}.straykey"
    )?;
    writeln!(out, "  why:      straykey explain {short}")?;
    if options.verbose || options.show_secrets {
        finding(found, options, style, out)?;
    }
    Ok(())
}

fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {what}{s}", thousands(count))
}
