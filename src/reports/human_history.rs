//! A history for a person: what was read, then each finding with where it came in, where it went
//! out, and what still reaches it.

use std::io::{self, Write};

use super::ReportOptions;
use super::human::{inputs, interrupted, left_out, names, thousands};
use super::style::Style;
use crate::base::{day_of, escape_controls, path_text};
use crate::detect::patterns::Severity;
use crate::findings::{Finding, Occurrence, ScanResult};
use crate::sources::{Skip, SkipReason};
use crate::story::{Change, Event, HistoryResult, Narrowed, Standing, Story};

/// How many commits of a finding are shown that brought it in, and how many references, without
/// `-v`.
pub(super) const SHOWN: usize = 3;

pub(super) fn write(
    result: &HistoryResult,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    let scan = &result.scan;
    if !options.quiet || scan.is_incomplete() {
        writeln!(out, "{}", head(result))?;
        if let Some(why) = &result.read.searched_again {
            writeln!(out, "all searched again: {}", escape_controls(why))?;
        }
        if options.verbose {
            let (searched, all) = (result.read.searched_bytes, scan.bytes);
            let mb = |bytes: u64| thousands(bytes.div_ceil(1_000_000));
            writeln!(out, "searched {} MB of {} MB", mb(searched), mb(all))?;
        }
        missing(scan, options, style, out)?;
    }
    if let Some(narrowed) = &result.read.narrowed {
        writeln!(out, "{}", narrowed_line(narrowed, style))?;
    }
    for (found, story) in scan.findings.iter().zip(&result.stories) {
        finding(found, story, options, style, out)?;
    }
    if options.quiet {
        return Ok(());
    }
    match (scan.findings.first(), !scan.is_incomplete()) {
        (None, true) => writeln!(
            out,
            "{}: {}",
            style.good("Clean"),
            nothing(result.read.narrowed.as_ref())
        )?,
        (None, false) => writeln!(out, "no finding in what was read")?,
        (Some(_), _) => {
            let count = scan.findings.len();
            let s = if count == 1 { "" } else { "s" };
            let sent = super::verdicts::sent(options);
            writeln!(out, "{} finding{s}; {sent}", thousands(count as u64))?;
        }
    }
    left_out(scan, Vec::new(), options, out)
}

/// What was left out of a report, so that nobody takes it for a whole one.
pub(super) fn narrowed_line(narrowed: &Narrowed, style: Style) -> String {
    let told = narrowed.to_string();
    let told = told.replacen("narrowed", "NARROWED", 1);
    style.warn(&escape_controls(&told))
}

/// That nothing was found, and in what.
pub(super) fn nothing(narrowed: Option<&Narrowed>) -> &'static str {
    match narrowed {
        None => "nothing found in all that git holds",
        Some(_) => "nothing found in what it was narrowed to",
    }
}

/// What could not be read, by name; an interruption comes first.
pub(super) fn missing(
    scan: &ScanResult,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut failed: Vec<&Skip> = scan
        .skips
        .iter()
        .filter(|s| s.reason.is_incomplete())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    failed.sort_by_key(|s| !matches!(s.reason, SkipReason::Interrupted(_)));
    interrupted(scan, style, out)?;
    let count = format!("INCOMPLETE: {} could not be read", inputs(failed.len()));
    writeln!(out, "{}", style.bad(&count))?;
    names(&failed, options, out)
}

/// What was read, in a line.
fn head(result: &HistoryResult) -> String {
    let read = &result.read;
    let before = match read.searched_before {
        0 => String::new(),
        count => format!(" ({} of them searched before)", thousands(count)),
    };
    let mut parts = vec![
        format!(
            "{}/{} objects{before}",
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
    if read.verified {
        parts[0].push_str(" (ids verified)");
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
    heading(found, story.standing, "", style, out)?;
    body(&found.occurrences, story, options, style, out)?;
    tail(found, options, style, out)
}

/// What was found, and where it stands.
pub(super) fn heading(
    found: &Finding,
    standing: Standing,
    more: &str,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let p = found.pattern;
    let head = severity(p.severity, style);
    let (id, short) = (style.bold(p.id), style.dim(&found.fingerprint.short()));
    let standing = words(standing, style);
    writeln!(
        out,
        "{head}  {short}  {id}  {}  {standing}{more}",
        found.masked
    )
}

/// A severity in its colour.
pub(super) fn severity(severity: Severity, style: Style) -> String {
    let word = severity.word().to_uppercase();
    match severity {
        Severity::Critical | Severity::High => style.bad(&word),
        Severity::Medium => style.warn(&word),
        Severity::Low => style.dim(&word),
    }
}

/// Where a secret stands, in words.
pub(super) fn words(standing: Standing, style: Style) -> String {
    match standing {
        Standing::AtHead => style.bad("AT HEAD"),
        Standing::InHistory => style.warn("HISTORY ONLY"),
        Standing::Unreachable => style.warn("UNREACHABLE"),
        Standing::Unknown => style.warn("STORY NOT KNOWN"),
    }
}

/// The secret if it is asked for, and what to do.
pub(super) fn tail(
    found: &Finding,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if options.show_secrets {
        let secret = String::from_utf8_lossy(found.secret.expose());
        writeln!(out, "  secret: {}", escape_controls(&secret))?;
    }
    super::verdicts::write(found, options, style, out)?;
    writeln!(out, "  {} {}", style.bold("now:"), found.pattern.revoke)
}

/// A story: in, out, and what still has it.
pub(super) fn body(
    occurrences: &[Occurrence],
    story: &Story,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let most = if options.verbose { usize::MAX } else { SHOWN };
    // A secret may stand as it is in one place and encoded in another.
    let mut ways: Vec<String> = occurrences
        .iter()
        .filter_map(Occurrence::decoded_from)
        .collect();
    ways.sort_unstable();
    ways.dedup();
    if !ways.is_empty() {
        let some = occurrences.iter().any(|o| o.decoded.is_empty());
        let some = if some { " in some places" } else { "" };
        writeln!(out, "  as   {}{some}", ways.join("; "))?;
    }
    if story.standing == Standing::Unknown {
        for o in occurrences.iter().take(most) {
            let path = path_text(&o.path);
            writeln!(out, "  at   {}:{}", escape_controls(&path), o.start.line)?;
        }
        let blobs = listed(&story.blobs, &[], most);
        return writeln!(out, "  in   objects {blobs}");
    }
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
        && let Some(o) = occurrences.first()
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
    let pushed = pushed(story);
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
    Ok(())
}

/// Whether it has left this machine.
pub(super) fn pushed(story: &Story) -> String {
    match &story.remotes[..] {
        [] => "on no remote-tracking ref".to_owned(),
        [one] => format!("pushed ({})", escape_controls(one)),
        [first, more @ ..] => {
            format!(
                "pushed ({} and {} more)",
                escape_controls(first),
                more.len()
            )
        }
    }
}

/// A commit, who made it, and where.
pub(super) fn told(event: &Event, style: Style) -> String {
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
