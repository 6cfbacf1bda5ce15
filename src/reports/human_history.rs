//! A history for a person: what was read, then each finding with where it came in, where it went
//! out, and what still reaches it.

use std::io::{self, Write};

use super::ReportOptions;
use super::human::{inputs, left_out, names, thousands};
use super::style::Style;
use crate::base::{day_of, escape_controls, path_text};
use crate::detect::patterns::Severity;
use crate::findings::Finding;
use crate::story::{Change, Event, HistoryResult, Standing, Story};

/// How many commits of a finding are shown that brought it in, and how many references, without
/// `-v`.
const SHOWN: usize = 3;

pub(super) fn write(
    result: &HistoryResult,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    let scan = &result.scan;
    let failed: Vec<_> = scan
        .skips
        .iter()
        .filter(|s| s.reason.is_incomplete())
        .collect();
    if !options.quiet || !failed.is_empty() {
        writeln!(out, "{}", head(result))?;
        if !failed.is_empty() {
            let count = format!("INCOMPLETE: {} could not be read", inputs(failed.len()));
            writeln!(out, "{}", style.bad(&count))?;
            names(&failed, options, out)?;
        }
    }
    for (found, story) in scan.findings.iter().zip(&result.stories) {
        finding(found, story, options, style, out)?;
    }
    if options.quiet {
        return Ok(());
    }
    match (scan.findings.first(), failed.is_empty()) {
        (None, true) => writeln!(
            out,
            "{}: nothing found in all that git holds",
            style.good("Clean")
        )?,
        (None, false) => writeln!(out, "no finding in what was read")?,
        (Some(_), _) => {
            let count = scan.findings.len();
            let s = if count == 1 { "" } else { "s" };
            writeln!(out, "{} finding{s}; nothing sent", thousands(count as u64))?;
        }
    }
    left_out(scan, Vec::new(), options, out)
}

/// What was read, in a line.
fn head(result: &HistoryResult) -> String {
    let read = &result.read;
    let mut parts = vec![
        format!(
            "{}/{} objects",
            thousands(read.objects_read),
            thousands(read.objects)
        ),
        format!("{} refs", thousands(read.references)),
    ];
    for (count, what) in [
        (read.stashes, "in the stash"),
        (read.dangling_commits, "dangling"),
        (read.promised, "promised, not here"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", thousands(count)));
        }
    }
    parts.push(format!("{:.1} s", result.scan.elapsed.as_secs_f64()));
    parts.join(", ")
}

fn finding(
    found: &Finding,
    story: &Story,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let p = found.pattern;
    let word = p.severity.word().to_uppercase();
    let head = match p.severity {
        Severity::Critical | Severity::High => style.bad(&word),
        Severity::Medium => style.warn(&word),
        Severity::Low => style.dim(&word),
    };
    let standing = match story.standing {
        Standing::AtHead => style.bad("AT HEAD"),
        Standing::InHistory => style.warn("HISTORY ONLY"),
        Standing::Unreachable => style.warn("UNREACHABLE"),
    };
    let (id, short) = (style.bold(p.id), style.dim(&found.fingerprint.short()));
    writeln!(out, "{head}  {short}  {id}  {}  {standing}", found.masked)?;
    let most = if options.verbose { usize::MAX } else { SHOWN };
    let came: Vec<&Event> = story
        .events
        .iter()
        .filter(|e| e.change == Change::In)
        .collect();
    for event in came.iter().take(most) {
        writeln!(out, "  in   {}", told(event, style))?;
    }
    if came.len() > most {
        writeln!(
            out,
            "       and {} more times (-v)",
            thousands((came.len() - most) as u64)
        )?;
    }
    if came.is_empty()
        && let Some(o) = found.occurrences.first()
    {
        let path = path_text(&o.path);
        let path = escape_controls(&path);
        writeln!(out, "  in   no commit: {path}:{}", o.start.line)?;
    }
    let end = match story.last_out() {
        Some(event) => told(event, style),
        None if came.is_empty() => String::new(),
        None if story.standing == Standing::AtHead => "never".to_owned(),
        None => "never removed".to_owned(),
    };
    let exposed = story.exposed_days.map_or(String::new(), |days| {
        let s = if days == 1 { "" } else { "s" };
        format!(": exposed {} day{s}", thousands(days))
    });
    let pushed = match &story.remotes[..] {
        [] => "on no remote-tracking ref".to_owned(),
        [one] => format!("pushed ({})", escape_controls(one)),
        [first, more @ ..] => {
            format!(
                "pushed ({} and {} more)",
                escape_controls(first),
                more.len()
            )
        }
    };
    let tail = format!("{end}{exposed}, {pushed}");
    writeln!(out, "  out  {}", tail.trim_start_matches([',', ':', ' ']))?;
    if story.standing == Standing::InHistory {
        // Older states of a remote-tracking reference are told above: they are no more.
        let now = story.remotes.iter().filter(|name| !name.contains("@{"));
        let now: Vec<String> = now.cloned().collect();
        writeln!(out, "  still in {}", listed(&story.references, &now, most))?;
    }
    if story.standing == Standing::Unreachable {
        writeln!(out, "  held by {} only", listed(&story.holders, &[], most))?;
    }
    if options.show_secrets {
        let secret = String::from_utf8_lossy(found.secret.expose());
        writeln!(out, "  secret: {}", escape_controls(&secret))?;
    }
    writeln!(out, "  {} {}", style.bold("now:"), p.revoke)
}

/// A commit, who made it, and where.
fn told(event: &Event, style: Style) -> String {
    let path = path_text(&event.path);
    let line = event.line.map_or(String::new(), |line| format!(":{line}"));
    let from = event.from.as_deref().map_or(String::new(), |from| {
        format!(" (moved from {})", escape_controls(&path_text(from)))
    });
    let before = if event.or_before { " or before" } else { "" };
    format!(
        "{}{before} {} {} {}{from}",
        day_of(event.time),
        &event.commit[..event.commit.len().min(9)],
        escape_controls(&event.author),
        style.path(&format!("{}{line}", escape_controls(&path))),
    )
}

fn listed(first: &[String], then: &[String], most: usize) -> String {
    let all: Vec<_> = first.iter().chain(then).collect();
    let mut shown: Vec<String> = all
        .iter()
        .take(most)
        .map(|name| escape_controls(name).into_owned())
        .collect();
    if all.len() > most {
        shown.push(format!(
            "{} more (-v)",
            thousands((all.len() - most) as u64)
        ));
    }
    shown.join(", ")
}
