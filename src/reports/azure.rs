//! `azure`: logging commands of Azure Pipelines, one an issue. What was not read is an issue too.
//!
//! A command is found anywhere in a line by `##vso[`, and only the first one of a line counts: ours
//! stands at its begin, and no plain line has two `#` together.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::github::defused;
use super::results::{INCOMPLETE, NARROWED, Results, clipped, shown_path};
use super::{Report, ReportOptions};
use crate::base::escape_controls;

/// The longest message, in characters.
const MESSAGE: usize = 4_000;

/// Logging commands of Azure Pipelines.
#[derive(Clone, Copy, Debug)]
pub struct Azure;

impl Report for Azure {
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for gap in results.gaps() {
            let kind = if gap.incomplete { "error" } else { "warning" };
            let mut properties = format!("type={kind};");
            if let Some(path) = gap.path {
                let path = property(&shown_path(path));
                let _ = write!(properties, "sourcepath={path};");
            }
            let code = if gap.incomplete { INCOMPLETE } else { NARROWED };
            let _ = write!(properties, "code={code};");
            issue(&properties, &gap.line(), out)?;
        }
        for entry in results.worst_first() {
            let kind = if entry.fails(options) {
                "error"
            } else {
                "warning"
            };
            let mut properties = format!("type={kind};");
            if entry.is_file() {
                let start = entry.occurrence.start;
                let _ = write!(
                    properties,
                    "sourcepath={};linenumber={};columnnumber={};",
                    property(&entry.shown_path()),
                    start.line,
                    start.column
                );
            }
            let code = property(&escape_controls(entry.finding.pattern.id));
            let _ = write!(properties, "code={code};");
            issue(&properties, &entry.line(), out)?;
        }
        writeln!(out, "straykey: {}", defused(&results.outcome()))
    }
}

fn issue(properties: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = clipped(text, MESSAGE);
    writeln!(out, "##vso[task.logissue {properties}]{}", data(&text))
}

/// A message as the agent reads it back.
fn data(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '\r', '\n']) {
        return Cow::Borrowed(text);
    }
    let text = text.replace('%', "%AZP25").replace('\r', "%0D");
    Cow::Owned(text.replace('\n', "%0A"))
}

/// A property's value as the agent reads it back.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}
