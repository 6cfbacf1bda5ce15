//! `github`: workflow commands, which GitHub Actions shows as annotations.
//!
//! A step may have ten annotations of a level: the nine worst findings are annotated, all others are
//! told as plain lines of the log. Nothing that was scanned can give a command of its own: a command
//! is a line that begins with `::`, or one that has `##[` anywhere; lines begin with our words, and
//! no text has two `#` together.

use std::borrow::Cow;
use std::io::{self, Write};

use super::results::{Entry, Results, clipped};
use super::{Report, ReportOptions};
use crate::base::escape_controls;

/// How many findings are annotated: the tenth annotation tells what was not read.
const ANNOTATED: usize = 9;
/// The runner cuts messages at 4,096 characters.
const MESSAGE: usize = 4_000;
/// How many gaps are named.
const NAMED: usize = 10;

/// Workflow commands of GitHub Actions.
#[derive(Clone, Copy, Debug)]
pub struct GitHub;

impl Report for GitHub {
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let entries = results.worst_first();
        let (annotated, rest) = entries.split_at(entries.len().min(ANNOTATED));
        for entry in annotated {
            annotate(entry, options, out)?;
        }
        for entry in rest {
            writeln!(out, "{}", defused(&entry.line()))?;
        }
        let gaps = results.gaps();
        let (failed, narrowed): (Vec<_>, Vec<_>) = gaps.iter().partition(|gap| gap.incomplete);
        if !failed.is_empty() {
            let mut text = results.outcome();
            for gap in failed.iter().take(NAMED) {
                text.push('\n');
                text.push_str(&gap.text);
            }
            let text = clipped(&text, MESSAGE);
            writeln!(out, "::error title=straykey::{}", data(&text))?;
            for gap in failed.iter().skip(NAMED) {
                writeln!(out, "not read: {}", defused(&gap.text))?;
            }
        }
        for gap in narrowed {
            writeln!(out, "::notice title=straykey::{}", data(&gap.text))?;
        }
        if !rest.is_empty() {
            let shown = entries.len() - rest.len();
            let text = format!(
                "{} more places: the log and the summary have them; annotated are the {shown} worst",
                rest.len()
            );
            writeln!(out, "::notice title=straykey::{text}")?;
        }
        writeln!(out, "straykey: {}", results.outcome())
    }
}

fn annotate(entry: &Entry<'_>, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let level = if entry.fails(options) {
        "error"
    } else {
        "warning"
    };
    let mut properties = Vec::new();
    if entry.is_file() {
        let (start, end) = (entry.occurrence.start, entry.occurrence.end);
        properties.push(format!("file={}", property(&entry.shown_path())));
        properties.push(format!("line={},endLine={}", start.line, end.line));
        // The runner takes columns of a single line only, the end included.
        if start.line == end.line {
            let last = end.column.saturating_sub(1).max(start.column);
            properties.push(format!("col={},endColumn={last}", start.column));
        }
    }
    let title = escape_controls(entry.finding.pattern.id);
    properties.push(format!("title={}", property(&title)));
    let (line, properties) = (entry.line(), properties.join(","));
    let text = clipped(&line, MESSAGE);
    writeln!(out, "::{level} {properties}::{}", data(&text))
}

/// A message as the runner reads it back.
fn data(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '\r', '\n']) {
        return Cow::Borrowed(text);
    }
    let text = text.replace('%', "%25").replace('\r', "%0D");
    Cow::Owned(text.replace('\n', "%0A"))
}

/// A property's value as the runner reads it back.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text for a plain line of the log: what could begin a command in the middle of a line is
/// escaped.
pub(super) fn defused(text: &str) -> Cow<'_, str> {
    if text.contains("##") {
        Cow::Owned(text.replace("##", "#\\u{23}"))
    } else {
        Cow::Borrowed(text)
    }
}
