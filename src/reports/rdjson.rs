//! `rdjson`: the diagnostic format of reviewdog.
//!
//! Its columns count bytes of UTF-8, which are known where the line of source before the secret is:
//! elsewhere a place is told by its line alone. What was not read is a diagnostic without a range.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escaping::to_json;
use super::results::{Entry, Gap, INCOMPLETE, NARROWED, Results, shown_path};
use super::{Report, ReportOptions};
use crate::base::escape_controls;

/// reviewdog's diagnostics.
#[derive(Clone, Copy, Debug)]
pub struct RdJson;

impl Report for RdJson {
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let gaps = results.gaps();
        let entries = results.entries();
        let found = entries.iter().map(|entry| diagnostic(entry, options));
        let all: Vec<Value> = gaps.iter().map(missing).chain(found).collect();
        let report = json!({ "source": { "name": "straykey" }, "diagnostics": all });
        to_json(&report, out)
    }
}

fn diagnostic(entry: &Entry<'_>, options: &ReportOptions) -> Value {
    let (start, end) = (entry.occurrence.start, entry.occurrence.end);
    let mut range = json!({ "start": { "line": start.line }, "end": { "line": end.line } });
    if let Some(column) = byte_column(entry) {
        range["start"]["column"] = json!(column);
        // A secret on one line has one byte in each column; a weak one is told as eight wide.
        if start.line == end.line {
            range["end"]["column"] = json!(column + (end.column - start.column));
        }
    }
    json!({
        "message": entry.line(),
        "location": { "path": entry.shown_path(), "range": range },
        "severity": if entry.fails(options) { "ERROR" } else { "WARNING" },
        "code": { "value": escape_controls(entry.finding.pattern.id) },
    })
}

fn missing(gap: &Gap<'_>) -> Value {
    let (code, severity) = if gap.incomplete {
        (INCOMPLETE, "ERROR")
    } else {
        (NARROWED, "INFO")
    };
    json!({
        "message": gap.line(),
        "location": { "path": gap.path.map_or(".".to_owned(), shown_path) },
        "severity": severity,
        "code": { "value": code },
    })
}

/// Where an entry starts in bytes of its line, from 1: if what stands before it is known, from the
/// line's begin on and as it is.
fn byte_column(entry: &Entry<'_>) -> Option<u64> {
    let start = entry.occurrence.start;
    let mut frame = entry.occurrence.frame.iter();
    let line = frame.find(|l| l.line == start.line && l.underline.1 > l.underline.0)?;
    let whole = line.underline.0 as u64 + 1 == start.column;
    let before = || line.text.chars().take(line.underline.0);
    // Bytes that were no UTF-8, and a begin that was cut off.
    let changed = before().any(|c| matches!(c, '\u{fffd}' | '\u{2026}'));
    let bytes: usize = before().map(char::len_utf8).sum();
    (whole && !changed).then_some(bytes as u64 + 1)
}
