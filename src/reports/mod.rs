//! Reports: one file a format.
//!
//! A report is a pure function of a [`ScanResult`](crate::findings::ScanResult) and of
//! [`ReportOptions`]. Wire types live beside the format that writes them, never on the types of
//! the floors above.

use std::io::{self, Write};

use crate::findings::ScanResult;

/// What a report may show, and where to.
#[derive(Clone, Debug, Default)]
pub struct ReportOptions {
    /// Print secrets in the clear (`--show-secrets`).
    pub show_secrets: bool,
    /// Write terminal colours.
    pub colour: bool,
    /// The width of the terminal, in columns, if it is one.
    pub width: Option<usize>,
    /// Tell more (`-v`): accepted findings, every notice and skip.
    pub verbose: bool,
    /// Tell only the findings (`-q`).
    pub quiet: bool,
}

/// A format.
pub trait Report {
    /// Writes the whole report.
    ///
    /// # Errors
    ///
    /// What `out` says.
    fn write(
        &self,
        result: &ScanResult,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}
