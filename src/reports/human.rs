//! `human`: what a person sees in a terminal. Findings first, worst on top, each with its source
//! as a compiler shows an error, and with what to do now; at the end what was read and what not.

use std::io::{self, Write};

use super::results::Results;
use super::style::Style;
use super::{Report, ReportOptions};
use crate::base::{escape_controls, path_text};
use crate::detect::patterns::{Class, Lifetime, Severity};
use crate::findings::{Finding, Occurrence, ScanResult};
use crate::sources::{Skip, SkipReason};

/// How many places of one finding are shown, and how many names of skips, without `-v`.
const PLACES: usize = 3;
const NAMES: usize = 10;

/// For people.
#[derive(Clone, Copy, Debug)]
pub struct Human;

impl Report for Human {
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match results {
            Results::Scan(result) => write(result, options, out),
            Results::Staged(result) => super::human_staged::write(result, options, out),
            Results::Range(result) => super::human_range::write(result, options, out),
            Results::History(result) => super::human_history::write(result, options, out),
            Results::Histories(result) => super::human_histories::write(result, options, out),
        }
    }
}

fn write(result: &ScanResult, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let style = Style::new(options.colour);
    for found in &result.findings {
        finding(found, options, style, out)?;
    }
    if options.verbose {
        for accepted in &result.accepted {
            let place = accepted
                .finding
                .occurrences
                .first()
                .map(place)
                .unwrap_or_default();
            let reason = accepted.reason.as_deref().unwrap_or("no reason given");
            writeln!(
                out,
                "accepted {}  {}  {place}: {} ({})",
                accepted.finding.pattern.id,
                accepted.finding.fingerprint.short(),
                escape_controls(reason),
                escape_controls(&accepted.by)
            )?;
        }
    }
    if options.quiet && !result.is_incomplete() {
        return Ok(());
    }
    summary(result, options, style, out)
}

pub(super) fn finding(
    found: &Finding,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let p = found.pattern;
    let word = p.severity.word().to_uppercase();
    let head = match p.severity {
        Severity::Critical | Severity::High => style.bad(&word),
        Severity::Medium => style.warn(&word),
        Severity::Low => style.dim(&word),
    };
    let parts = found.occurrences.first().map_or(0, |o| o.parts.len());
    let whole = if p.class == Class::Identifier && parts > 0 {
        "  id + secret"
    } else {
        ""
    };
    let sure = match found.confidence {
        crate::detect::patterns::Confidence::High => String::new(),
        other => format!("  {} confidence", other.word()),
    };
    let id = style.bold(p.id);
    writeln!(
        out,
        "{head}  {id}{whole}{sure}  {}",
        style.dim(&found.fingerprint.short())
    )?;
    let shown = if options.verbose { usize::MAX } else { PLACES };
    for occurrence in found.occurrences.iter().take(shown) {
        let decoded = occurrence.decoded_from();
        let decoded = decoded.map_or(String::new(), |told| format!("  {told}"));
        writeln!(out, " {}{decoded}", style.path(&place(occurrence)))?;
        frame(occurrence, style, out)?;
    }
    if found.occurrences.len() > shown {
        writeln!(
            out,
            " and {} more places (-v)",
            thousands((found.occurrences.len() - shown) as u64)
        )?;
    }
    if options.show_secrets {
        let secret = String::from_utf8_lossy(found.secret.expose());
        writeln!(out, " secret: {}", escape_controls(&secret))?;
    }
    writeln!(out, " {}; {}", p.name, facts(found, options))?;
    super::verdicts::write(found, options, style, out)?;
    writeln!(out, " {} {}", style.bold("now:"), p.revoke)?;
    if !p.replace.is_empty() {
        writeln!(out, " {} {}", style.bold("then:"), p.replace)?;
    }
    writeln!(out)
}

/// What is known of a finding, in a line.
fn facts(found: &Finding, options: &ReportOptions) -> String {
    let life = match found.pattern.lifetime {
        Lifetime::UntilRevoked => "never expires",
        Lifetime::Expires => "lives to a set date",
        Lifetime::Short => "lives for hours",
        Lifetime::OneTime => "for one use",
    };
    let known = |want| found.occurrences.iter().any(|o| o.committed == Some(want));
    let committed = match (known(true), known(false)) {
        (true, _) => ", committed",
        (false, true) => ", not committed",
        (false, false) => "",
    };
    let checked = super::verdicts::in_short(found, options);
    format!("{life}{committed}, {checked}")
}

fn place(o: &Occurrence) -> String {
    let path = path_text(&o.path);
    format!(
        "{}:{}:{}",
        escape_controls(&path),
        o.start.line,
        o.start.column
    )
}

fn frame(o: &Occurrence, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let width = o
        .frame
        .iter()
        .map(|l| l.line.to_string().len())
        .max()
        .unwrap_or(1)
        .max(3);
    let mut last = None;
    for line in &o.frame {
        if last.is_some_and(|l: u64| l + 1 < line.line) {
            writeln!(out, " {:>width$} {}", "", style.dim("..."))?;
        }
        last = Some(line.line);
        let number = format!("{:>width$} |", line.line);
        // Escaping makes characters longer: the marks move with them.
        let cut = |from: usize, to: usize| -> String {
            let part: String = line
                .text
                .chars()
                .skip(from)
                .take(to.saturating_sub(from))
                .collect();
            escape_controls(&part).into_owned()
        };
        let (from, to) = line.underline;
        let (head, body) = (cut(0, from), cut(from, to));
        let tail = cut(to, usize::MAX);
        writeln!(
            out,
            " {} {head}{}{tail}",
            style.dim(&number),
            style.bad(&body)
        )?;
        if to > from {
            let mark = "^".repeat(body.chars().count());
            let pairs = o.parts.iter().find(|p| p.start.line != o.start.line);
            let told = pairs.map_or(String::new(), |p| {
                format!(" pairs with line {}", p.start.line)
            });
            let bar = format!("{:>width$} |", "");
            let space = " ".repeat(head.chars().count());
            writeln!(
                out,
                " {} {space}{}{}",
                style.dim(&bar),
                style.bad(&mark),
                style.dim(&told)
            )?;
        }
    }
    Ok(())
}

fn summary(
    result: &ScanResult,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let failed: Vec<&Skip> = result
        .skips
        .iter()
        .filter(|s| s.reason.is_incomplete())
        .collect();
    let all = result.files + failed.len() as u64;
    let read = format!(
        "{}/{} files, {}, {:.2} s; {}",
        thousands(result.files),
        thousands(all),
        size(result.bytes),
        result.elapsed.as_secs_f64(),
        super::verdicts::sent(options)
    );
    interrupted(result, style, out)?;
    if !failed.is_empty() {
        let count = format!("INCOMPLETE: {} could not be read", inputs(failed.len()));
        writeln!(out, "{}", style.bad(&count))?;
        names(&failed, options, out)?;
    }
    match (result.findings.len(), failed.is_empty()) {
        (0, true) => {
            writeln!(out, "{}: {read}", style.good("Clean"))?;
            if result.has_history {
                writeln!(out, "Tree only. Past commits: straykey history")?;
            }
        }
        (0, false) => writeln!(out, "no finding in what was read: {read}")?,
        (n, _) => {
            let below = |f: &&Finding| f.pattern.severity < options.threshold;
            let below = result.findings.iter().filter(below).count();
            let told = match below {
                0 => String::new(),
                _ => format!(" ({} below {})", below, options.threshold.word()),
            };
            let s = if n == 1 { "" } else { "s" };
            writeln!(out, "{} finding{s}{told}; {read}", thousands(n as u64))?;
        }
    }
    let mut notes = Vec::new();
    for (what, name) in [
        (SkipReason::IgnoredFolder, "ignored folder"),
        (SkipReason::IgnoredFile, "ignored file"),
        (SkipReason::Link, "link"),
        (SkipReason::SpecialFile, "special file"),
        (SkipReason::LfsPointer, "LFS content"),
        (SkipReason::EmptySubmodule, "empty submodule"),
        (SkipReason::Deleted, "deleted file"),
    ] {
        let count = result.skips.iter().filter(|s| s.reason == what).count();
        if count > 0 {
            let plural = if count == 1 || what == SkipReason::LfsPointer {
                ""
            } else {
                "s"
            };
            notes.push(format!("{} {name}{plural}", thousands(count as u64)));
        }
    }
    let mut line = Vec::new();
    if !notes.is_empty() {
        line.push(format!("not read: {}", notes.join(", ")));
    }
    left_out(result, line, options, out)?;
    if options.verbose {
        let told: Vec<&Skip> = result
            .skips
            .iter()
            .filter(|s| !s.reason.is_incomplete())
            .collect();
        names(&told, options, out)?;
    }
    if !result.findings.is_empty() {
        writeln!(
            out,
            "accept: straykey allow ID --reason \"...\"; why: straykey explain ID"
        )?;
    }
    Ok(())
}

/// Says loudly that somebody asked to stop.
pub(super) fn interrupted(
    result: &ScanResult,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if result.is_interrupted() {
        let told = "INTERRUPTED: this is what was found until then";
        writeln!(out, "{}", style.bad(told))?;
    }
    Ok(())
}

/// What was found and is not shown, in a line after `line`; what configuration did; notices.
pub(super) fn left_out(
    result: &ScanResult,
    mut line: Vec<String>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    if result.hidden > 0 {
        line.push(format!("hidden: {} low", thousands(result.hidden as u64)));
    }
    if !result.accepted.is_empty() {
        line.push(format!(
            "accepted: {}",
            thousands(result.accepted.len() as u64)
        ));
    }
    if !line.is_empty() {
        writeln!(out, "{}", line.join("; "))?;
    }
    for effect in result
        .configuration
        .iter()
        .filter(|e| e.count > 0 || options.verbose)
    {
        let (count, what) = (thousands(effect.count), effect.removes);
        writeln!(
            out,
            "{}: {count} {what} left out",
            escape_controls(&effect.source)
        )?;
    }
    for notice in &result.notices {
        writeln!(out, "notice: {}", escape_controls(notice))?;
    }
    Ok(())
}

pub(super) fn names(
    skips: &[&Skip],
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = if options.verbose { usize::MAX } else { NAMES };
    for skip in skips.iter().take(shown) {
        let path = path_text(&skip.path);
        let why = skip.reason.to_string();
        writeln!(
            out,
            "  {}: {}",
            escape_controls(&path),
            escape_controls(&why)
        )?;
    }
    if skips.len() > shown {
        writeln!(
            out,
            "  and {} more (-v)",
            thousands((skips.len() - shown) as u64)
        )?;
    }
    Ok(())
}

pub(super) fn inputs(count: usize) -> String {
    if count == 1 {
        "1 input".into()
    } else {
        format!("{} inputs", thousands(count as u64))
    }
}

/// A number with its thousands apart.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Bytes in units of 1,000, of KiB at least, so that no total tells how long a short secret is.
pub(super) fn size(bytes: u64) -> String {
    let bytes = bytes.div_ceil(1024) * 1024;
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1000)),
        1_000_000..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        10_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(size(1), "2 KB");
        assert_eq!(size(38_000_000), "38 MB");
        assert_eq!(size(1_298_681_992), "1.3 GB");
        assert_eq!(
            size(10),
            size(1000),
            "nothing below a KiB can be told apart"
        );
    }
}
