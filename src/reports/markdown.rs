//! `markdown`: GitHub Flavored Markdown for job summaries and comments.
//!
//! Everything that was scanned, and everything that a pattern says, stands in code spans: no image
//! is loaded, no link followed, nobody mentioned, no HTML read. A report stays below 1 MiB, the
//! most that a job summary of GitHub may have; what is left out is counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::human::thousands;
use super::results::{Entry, Results, clipped};
use super::{Report, ReportOptions};
use crate::base::{day_of, escape_controls};
use crate::findings::Accepted;

/// How many bytes findings may take, and accepted findings on top.
const FINDINGS: usize = 500_000;
const ACCEPTED: usize = 200_000;
/// How many gaps and notices are named.
const NAMED: usize = 50;
/// How many patterns are explained.
const PATTERNS: usize = 100;
/// The longest text in a code span, in characters.
const SPAN: usize = 400;

/// GitHub Flavored Markdown.
#[derive(Clone, Copy, Debug)]
pub struct Markdown;

impl Report for Markdown {
    fn write_results(
        &self,
        results: Results<'_>,
        _: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let scan = results.scan();
        writeln!(out, "## straykey: {}", results.outcome())?;
        let gaps: Vec<String> = results.gaps().into_iter().map(|gap| gap.text).collect();
        list("Not read or not told", &gaps, out)?;
        let entries = results.worst_first();
        findings(&entries, out)?;
        advice(&entries, out)?;
        accepted(&scan.accepted, out)?;
        if scan.hidden > 0 {
            let count = thousands(scan.hidden as u64);
            writeln!(out, "\n{count} below the least confidence are not shown.")?;
        }
        list("Notices", &scan.notices, out)
    }
}

fn list(title: &str, texts: &[String], out: &mut dyn Write) -> io::Result<()> {
    if !texts.is_empty() {
        writeln!(out, "\n### {title}\n")?;
    }
    for text in texts.iter().take(NAMED) {
        writeln!(out, "- {}", span(text))?;
    }
    if texts.len() > NAMED {
        let more = thousands((texts.len() - NAMED) as u64);
        writeln!(out, "- and {more} more")?;
    }
    Ok(())
}

fn findings(entries: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let with_commits = entries.iter().any(|e| e.by().is_some());
    let (head, line) = if with_commits {
        (" since | ", "---|")
    } else {
        (" ", "")
    };
    writeln!(
        out,
        "\n| severity | pattern | place |{head}masked | fingerprint |\n|---|---|---|{line}---|---|"
    )?;
    let mut rows = String::new();
    let mut shown = 0;
    for entry in entries {
        if rows.len() > FINDINGS {
            break;
        }
        shown += 1;
        let finding = entry.finding;
        let mut row = format!(
            "| {} | {} | {} |",
            finding.pattern.severity.word(),
            span(finding.pattern.id),
            span(&entry.place()),
        );
        if with_commits {
            let by = entry.by().map_or(String::new(), |by| {
                let id = &by.commit[..by.commit.len().min(9)];
                format!("{} {} {}", day_of(by.time), span(id), span(by.author))
            });
            let _ = write!(row, " {by} |");
        }
        let fingerprint = finding.fingerprint;
        let _ = writeln!(rows, "{row} {} | `{fingerprint}` |", span(&finding.masked));
    }
    out.write_all(rows.as_bytes())?;
    if shown < entries.len() {
        let more = thousands((entries.len() - shown) as u64);
        writeln!(out, "\n{more} more places are not shown here.")?;
    }
    Ok(())
}

/// What to do first, a line for each pattern.
fn advice(entries: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut patterns: BTreeMap<&str, &Entry<'_>> = BTreeMap::new();
    for entry in entries {
        let chosen = patterns.entry(entry.finding.pattern.id).or_insert(entry);
        // One that others may have decides.
        if !entry.is_only_here() {
            *chosen = entry;
        }
    }
    if patterns.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### What to do\n")?;
    for (id, entry) in patterns.iter().take(PATTERNS) {
        let (name, told) = (span(entry.finding.pattern.name), span(&entry.advice()));
        writeln!(out, "- {} ({name}): {told}", span(id))?;
    }
    if patterns.len() > PATTERNS {
        let more = thousands((patterns.len() - PATTERNS) as u64);
        writeln!(out, "- and {more} more patterns")?;
    }
    writeln!(
        out,
        "- One that is not real: `straykey allow FINGERPRINT --reason \"...\"`; why it was found: \
         `straykey explain FINGERPRINT`"
    )
}

fn accepted(all: &[Accepted], out: &mut dyn Write) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n### Accepted\n\n| pattern | place | by | reason | fingerprint |\n|---|---|---|---|---|"
    )?;
    let mut rows = String::new();
    let mut shown = 0;
    for one in all {
        if rows.len() > ACCEPTED {
            break;
        }
        shown += 1;
        let finding = &one.finding;
        let place = finding.occurrences.first().map_or(String::new(), |o| {
            let path = super::results::shown_path(&o.path);
            span(&format!("{path}:{}", o.start.line))
        });
        let reason = one.reason.as_deref();
        let _ = writeln!(
            rows,
            "| {} | {place} | {} | {} | `{}` |",
            span(finding.pattern.id),
            span(&one.by),
            reason.map_or("no reason given".to_owned(), span),
            finding.fingerprint,
        );
    }
    out.write_all(rows.as_bytes())?;
    if shown < all.len() {
        let more = thousands((all.len() - shown) as u64);
        writeln!(out, "\n{more} more are not shown here.")?;
    }
    Ok(())
}

/// A text as a code span that is safe in a table, too: on one line, its fence longer than any run
/// of backticks in it, without a bar.
pub fn span(text: &str) -> String {
    let text = escape_controls(text).replace('|', "\\u{7c}");
    let text = clipped(&text, SPAN);
    if text.trim().is_empty() {
        return String::new();
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}
