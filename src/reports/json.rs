//! `json`: one document. `jsonl`: one occurrence a line, for programs that read as they go.

use std::io::{self, Write};

use super::escaping::{Escaping, to_json};
use super::results::Results;
use super::wire::{Document, Line};
use super::{Report, ReportOptions};

/// One document with everything.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Report for Json {
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let document = match results {
            Results::Scan(result) => Document::new(result, options),
            Results::Staged(result) => Document::of_staged(result, options),
            Results::Range(result) => Document::of_range(result, options),
            Results::History(result) => Document::of_history(result, options),
            Results::Histories(result) => Document::of_histories(result, options),
        };
        to_json(&document, out)
    }
}

/// One occurrence a line; nothing else. What was not read is told by the exit code and on
/// standard error.
#[derive(Clone, Copy, Debug)]
pub struct JsonLines;

impl Report for JsonLines {
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for entry in results.entries() {
            let line = Line::new(&entry, options);
            serde_json::to_writer(Escaping(&mut *out), &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}
