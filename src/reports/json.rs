//! `json`: one document. `jsonl`: one occurrence a line, for programs that read as they go.

use std::io::{self, Write};

use super::escaping::Escaping;
use super::wire::{Document, Line};
use super::{Report, ReportOptions};
use crate::findings::ScanResult;
use crate::story::{HistoriesResult, HistoryResult, RangeResult};

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

    fn write_history(
        &self,
        result: &HistoryResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        serde_json::to_writer_pretty(Escaping(&mut *out), &Document::of_history(result, options))?;
        out.write_all(b"\n")
    }

    fn write_range(
        &self,
        result: &RangeResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        serde_json::to_writer_pretty(Escaping(&mut *out), &Document::of_range(result, options))?;
        out.write_all(b"\n")
    }

    fn write_histories(
        &self,
        result: &HistoriesResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let document = Document::of_histories(result, options);
        serde_json::to_writer_pretty(Escaping(&mut *out), &document)?;
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
                let line = Line::new(finding, occurrence, None, options);
                serde_json::to_writer(Escaping(&mut *out), &line)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn write_history(
        &self,
        result: &HistoryResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for (finding, story) in result.scan.findings.iter().zip(&result.stories) {
            for occurrence in &finding.occurrences {
                let line = Line::new(finding, occurrence, Some(story), options);
                let line = line.of(&result.read);
                serde_json::to_writer(Escaping(&mut *out), &line)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn write_range(
        &self,
        result: &RangeResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for (number, finding) in result.scan.findings.iter().enumerate() {
            for occurrence in &finding.occurrences {
                let commit = result.commit_of(number);
                let line = Line::of_range(finding, occurrence, commit, options);
                serde_json::to_writer(Escaping(&mut *out), &line)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Each line has the story of the repository that it is in.
    fn write_histories(
        &self,
        result: &HistoriesResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for (finding, stories) in result.scan.findings.iter().zip(&result.stories) {
            for told in stories {
                let read = &result.repositories[told.repository].read;
                for occurrence in &finding.occurrences[told.occurrences.clone()] {
                    let line = Line::new(finding, occurrence, Some(&told.story), options);
                    let line = line.of(read).within(&read.repository);
                    serde_json::to_writer(Escaping(&mut *out), &line)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    }
}
