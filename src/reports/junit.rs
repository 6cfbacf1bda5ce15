//! `junit`: test results, as Jenkins and most other systems read them.
//!
//! Each place is a failed test, or a skipped one if it is below the threshold. What was not read is
//! a test in error. If nothing was found in everything there is one test that passed: some systems
//! take an empty suite for an error. There are no times, which the format does not need.

use std::io::{self, Write};

use super::results::{Entry, Gap, INCOMPLETE, NARROWED, Results};
use super::{Report, ReportOptions};
use crate::base::escape_controls;

/// `JUnit` XML.
#[derive(Clone, Copy, Debug)]
pub struct JUnit;

impl Report for JUnit {
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (gaps, entries) = (results.gaps(), results.entries());
        let failures = entries.iter().filter(|e| e.fails(options)).count();
        let errors = gaps.iter().filter(|gap| gap.incomplete).count();
        let skipped = entries.len() - failures + gaps.len() - errors;
        let is_clean = entries.is_empty() && errors == 0;
        let tests = failures + errors + skipped + usize::from(is_clean);
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"straykey\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n  \
             <testsuite name=\"straykey\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
             skipped=\"{skipped}\">"
        )?;
        for gap in &gaps {
            missing(gap, out)?;
        }
        for entry in &entries {
            test(entry, options, out)?;
        }
        if is_clean {
            let outcome = xml(&results.outcome());
            writeln!(
                out,
                "    <testcase classname=\"straykey\" name=\"{outcome}\"/>"
            )?;
        }
        writeln!(out, "  </testsuite>\n</testsuites>")
    }
}

fn test(entry: &Entry<'_>, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let pattern = entry.finding.pattern;
    let (kind, text) = if entry.fails(options) {
        ("failure", xml(&entry.line()))
    } else {
        ("skipped", String::new())
    };
    let word = pattern.severity.word();
    let message = if text.is_empty() {
        format!("below {}: {}", options.threshold.word(), entry.line())
    } else {
        entry.what()
    };
    let (class, name) = (xml(&escape_controls(pattern.id)), xml(&entry.place()));
    let message = xml(&message);
    writeln!(
        out,
        "    <testcase classname=\"{class}\" name=\"{name}\">\n      \
         <{kind} type=\"{word}\" message=\"{message}\">{text}</{kind}>\n    </testcase>"
    )
}

fn missing(gap: &Gap<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (kind, class) = if gap.incomplete {
        ("error", INCOMPLETE)
    } else {
        ("skipped", NARROWED)
    };
    let (name, message) = (xml(&gap.name()), xml(&gap.line()));
    writeln!(
        out,
        "    <testcase classname=\"{class}\" name=\"{name}\">\n      \
         <{kind} type=\"{class}\" message=\"{message}\"/>\n    </testcase>"
    )
}

/// Text in which controls are escaped already, as XML. Two more characters cannot be in it.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' => out.push_str("\\u{fffe}"),
            '\u{ffff}' => out.push_str("\\u{ffff}"),
            c => out.push(c),
        }
    }
    out
}
