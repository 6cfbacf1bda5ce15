//! A range of commits for a person: each commit that brought something in, with its findings.

use std::io::{self, Write};

use super::ReportOptions;
use super::human::{finding, inputs, left_out, names, size, thousands};
use super::style::Style;
use crate::base::{day_of, escape_controls};
use crate::detect::patterns::Severity;
use crate::findings::Finding;
use crate::story::RangeResult;

pub(super) fn write(
    result: &RangeResult,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    let scan = &result.scan;
    let mut last = None;
    for (found, by) in scan.findings.iter().zip(&result.by) {
        if last != Some(by)
            && let Some(commit) = result.commits.get(*by)
        {
            last = Some(by);
            let id = &commit.commit[..commit.commit.len().min(9)];
            writeln!(
                out,
                "{} {} {}",
                style.bold(&format!("commit {id}")),
                day_of(commit.time),
                escape_controls(&commit.author)
            )?;
        }
        finding(found, options, style, out)?;
    }
    let failed = scan.skips.iter().filter(|s| s.reason.is_incomplete());
    let failed: Vec<_> = failed.collect();
    if options.quiet && failed.is_empty() {
        return Ok(());
    }
    if !failed.is_empty() {
        let count = format!("INCOMPLETE: {} could not be read", inputs(failed.len()));
        writeln!(out, "{}", style.bad(&count))?;
        names(&failed, options, out)?;
    }
    let read = format!(
        "{}, {} of files, {}, {:.2} s; {}",
        counted(result.read.commits, "commit"),
        counted(scan.files, "version"),
        size(scan.bytes),
        scan.elapsed.as_secs_f64(),
        super::verdicts::sent(options)
    );
    match (scan.findings.len() as u64, failed.is_empty()) {
        (0, true) => writeln!(out, "{}: {read}", style.good("Clean"))?,
        (0, false) => writeln!(out, "no new finding in what was read: {read}")?,
        (n, _) => {
            let below = |f: &&Finding| f.pattern.severity < options.threshold;
            let told = match scan.findings.iter().filter(below).count() {
                0 => String::new(),
                below => format!(" ({below} below {})", word(options.threshold)),
            };
            let commits = counted(result.commits.len() as u64, "commit");
            let findings = counted(n, "finding");
            writeln!(out, "{findings}{told} in {commits}; {read}")?;
        }
    }
    let mut line = Vec::new();
    if result.read.older > 0 {
        line.push(format!(
            "older, not counted: {}",
            thousands(result.read.older)
        ));
    }
    left_out(scan, line, options, out)
}

fn word(severity: Severity) -> &'static str {
    severity.word()
}

fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {what}{s}", thousands(count))
}
