//! `json`: one document. `jsonl`: one occurrence a line, for programs that read as they go.

use std::io::{self, Write};

use super::escaping::Escaping;
use super::wire::{Document, Line};
use super::{Report, ReportOptions};
use crate::findings::ScanResult;

/// One document with everything.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Report for Json {
    fn write(
        &self,
        result: &ScanResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        serde_json::to_writer_pretty(Escaping(&mut *out), &Document::new(result, options))?;
        out.write_all(b"\n")
    }
}

/// One occurrence a line; nothing else. What was not read is told by the exit code and on
/// standard error.
#[derive(Clone, Copy, Debug)]
pub struct JsonLines;

impl Report for JsonLines {
    fn write(
        &self,
        result: &ScanResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for finding in &result.findings {
            for occurrence in &finding.occurrences {
                serde_json::to_writer(
                    Escaping(&mut *out),
                    &Line::new(finding, occurrence, options),
                )?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}
