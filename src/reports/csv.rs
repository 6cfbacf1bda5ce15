//! `csv`: a table for spreadsheets, a row a place; what was not read has rows, too. It is RFC 4180's
//! but for line ends, which are those of all reports: no carriage return gets into a log.
//!
//! A spreadsheet takes a cell for a formula that begins with `=`, `+`, `-`, `@`, a tab or a carriage
//! return: such a cell gets an apostrophe in front.

use std::io::{self, Write};

use super::results::{Entry, Gap, Results, shown_path};
use super::{Report, ReportOptions};
use crate::base::{day_of, escape_controls};

/// What the cells of a row are.
const COLUMNS: [&str; 18] = [
    "kind",
    "severity",
    "confidence",
    "pattern",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "masked",
    "fingerprint",
    "committed",
    "standing",
    "commit",
    "author",
    "date",
    "repository",
    "note",
];

/// Comma-separated values.
#[derive(Clone, Copy, Debug)]
pub struct Csv;

impl Report for Csv {
    fn write_results(
        &self,
        results: Results<'_>,
        _: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        row(COLUMNS.map(str::to_owned), out)?;
        for gap in results.gaps() {
            row(missing(&gap), out)?;
        }
        for entry in results.entries() {
            row(place(&entry), out)?;
        }
        Ok(())
    }
}

fn place(entry: &Entry<'_>) -> [String; 18] {
    let (finding, occurrence) = (entry.finding, entry.occurrence);
    let (start, end) = (occurrence.start, occurrence.end);
    let by = entry.by();
    let told = |text: &str| escape_controls(text).into_owned();
    [
        "occurrence".to_owned(),
        finding.pattern.severity.word().to_owned(),
        finding.confidence.word().to_owned(),
        told(finding.pattern.id),
        entry.shown_path(),
        start.line.to_string(),
        start.column.to_string(),
        end.line.to_string(),
        end.column.to_string(),
        told(&finding.masked),
        finding.fingerprint.to_string(),
        occurrence
            .committed
            .map_or(String::new(), |c| c.to_string()),
        entry
            .story
            .map_or(String::new(), |(story, _)| story.standing.word().to_owned()),
        by.map_or(String::new(), |by| by.commit.to_owned()),
        by.map_or(String::new(), |by| told(by.author)),
        by.map_or(String::new(), |by| day_of(by.time)),
        entry.repository.map_or(String::new(), shown_path),
        match occurrence.decoded_from() {
            Some(told) => format!("{}. (It was {told}.)", entry.advice().trim_end_matches('.')),
            None => entry.advice(),
        },
    ]
}

fn missing(gap: &Gap<'_>) -> [String; 18] {
    let mut cells = [const { String::new() }; 18];
    let kind = if gap.incomplete {
        "incomplete"
    } else {
        "narrowed"
    };
    kind.clone_into(&mut cells[0]);
    cells[4] = gap.path.map_or(String::new(), shown_path);
    cells[17] = gap.line();
    cells
}

fn row(cells: [String; 18], out: &mut dyn Write) -> io::Result<()> {
    let cells = cells.map(|text| {
        let apostrophe = if is_formula(&text) { "'" } else { "" };
        format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
    });
    writeln!(out, "{}", cells.join(","))
}

/// Whether a spreadsheet could take a cell for a formula; some look past blanks, and some know the
/// wide forms of the signs.
pub(super) fn is_formula(text: &str) -> bool {
    let sign = text.trim_start().chars().next();
    let is_sign = |c| {
        matches!(
            c,
            '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
        )
    };
    sign.is_some_and(is_sign) || text.starts_with(['\t', '\r'])
}
