//! Several histories for a person: which repositories have what, then each finding with its story
//! where it is oldest and a line for every other repository.

use std::io::{self, Write};

use super::ReportOptions;
use super::human::{left_out, thousands};
use super::human_history::{
    SHOWN, body, heading, missing, narrowed_line, nothing, pushed, severity, tail, told, words,
};
use super::style::Style;
use crate::base::{escape_controls, path_text};
use crate::detect::patterns::Severity;
use crate::findings::Finding;
use crate::story::{HistoriesResult, Standing, StoryIn};

/// How many repositories are listed without `-v`.
const REPOSITORIES: usize = 20;

pub(super) fn write(
    result: &HistoriesResult,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    let scan = &result.scan;
    if !options.quiet || scan.is_incomplete() {
        writeln!(out, "{}", head(result))?;
        missing(scan, options, style, out)?;
    }
    let narrowed = result.narrowed();
    if let Some(narrowed) = &narrowed {
        writeln!(out, "{}", narrowed_line(narrowed, style))?;
    }
    if !options.quiet {
        repositories(result, options, style, out)?;
    }
    for (found, stories) in scan.findings.iter().zip(&result.stories) {
        finding(result, found, stories, options, style, out)?;
    }
    if options.quiet {
        return Ok(());
    }
    match (scan.findings.len(), !scan.is_incomplete()) {
        (0, true) => writeln!(
            out,
            "{}: {}",
            style.good("Clean"),
            nothing(narrowed.as_ref())
        )?,
        (0, false) => writeln!(out, "no finding in what was read")?,
        (count, _) => {
            let s = if count == 1 { "" } else { "s" };
            let sent = super::verdicts::sent(options);
            writeln!(out, "{} finding{s}; {sent}", thousands(count as u64))?;
        }
    }
    left_out(scan, Vec::new(), options, out)
}

/// What was read, in a line.
fn head(result: &HistoriesResult) -> String {
    let all = &result.repositories;
    let complete = all.iter().filter(|one| one.complete).count();
    let sum = |of: fn(&crate::story::HistoryRead) -> u64| -> u64 {
        all.iter().map(|one| of(&one.read)).sum()
    };
    let s = if all.len() == 1 { "y" } else { "ies" };
    let mut parts = vec![
        format!(
            "{}/{} repositor{s}",
            thousands(complete as u64),
            thousands(all.len() as u64)
        ),
        format!(
            "{}/{} objects",
            thousands(sum(|read| read.objects_read)),
            thousands(sum(|read| read.objects))
        ),
        format!("{} refs", thousands(sum(|read| read.references))),
    ];
    if all.iter().any(|one| one.read.verified) {
        parts[1].push_str(" (ids verified)");
    }
    for (count, what) in [
        (sum(|read| read.stashes), "in the stash"),
        (sum(|read| read.dangling_commits), "dangling"),
        (sum(|read| read.promised), "promised, not here"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", thousands(count)));
        }
    }
    parts.push(format!("{:.1} s", result.scan.elapsed.as_secs_f64()));
    parts.join(", ")
}

/// What one repository has.
#[derive(Clone, Copy, Default)]
struct Tally {
    worst: Option<Severity>,
    at_head: usize,
    findings: usize,
    place: usize,
}

/// The repositories that have findings, the worst first.
fn repositories(
    result: &HistoriesResult,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut tallies: Vec<Tally> = (0..result.repositories.len())
        .map(|place| Tally {
            place,
            ..Tally::default()
        })
        .collect();
    for (found, stories) in result.scan.findings.iter().zip(&result.stories) {
        for one in stories {
            let tally = &mut tallies[one.repository];
            tally.worst = tally.worst.max(Some(found.pattern.severity));
            tally.findings += 1;
            tally.at_head += usize::from(one.story.standing == Standing::AtHead);
        }
    }
    tallies.sort_by_key(|t| std::cmp::Reverse((t.worst, t.at_head, t.findings)));
    let with = tallies.iter().filter(|t| t.findings > 0).count();
    if with == 0 {
        return Ok(());
    }
    writeln!(out, "findings  at head  worst     repository")?;
    let shown = if options.verbose {
        usize::MAX
    } else {
        REPOSITORIES
    };
    for tally in tallies[..with].iter().take(shown) {
        let one = &result.repositories[tally.place];
        let word = tally.worst.map_or(String::new(), |worst| {
            // The width counts without colours.
            let pad = " ".repeat(8usize.saturating_sub(worst.word().len()));
            format!("{}{pad}", severity(worst, style))
        });
        let mut also = String::new();
        if options.verbose && !one.also.is_empty() {
            let all: Vec<_> = one.also.iter().map(|path| path_text(path)).collect();
            also = format!(" (also {})", escape_controls(&all.join(", ")));
        }
        writeln!(
            out,
            "{:>8}  {:>7}  {word}  {}{also}",
            thousands(tally.findings as u64),
            thousands(tally.at_head as u64),
            escape_controls(&path_text(&one.read.repository)),
        )?;
    }
    if with > shown {
        writeln!(
            out,
            "          and {} more (-v)",
            thousands((with - shown) as u64)
        )?;
    }
    let (clean, rest): (Vec<&Tally>, Vec<&Tally>) = tallies[with..]
        .iter()
        .partition(|t| result.repositories[t.place].complete);
    for (count, what) in [
        (clean.len(), "in which nothing was found"),
        (
            rest.len(),
            "not or not wholly read, in which nothing was found",
        ),
    ] {
        if count > 0 {
            writeln!(out, "          {} {what}", thousands(count as u64))?;
        }
    }
    Ok(())
}

fn finding(
    result: &HistoriesResult,
    found: &Finding,
    stories: &[StoryIn],
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let more = match stories.len() {
        1 => String::new(),
        count => format!("  in {} repositories", thousands(count as u64)),
    };
    heading(found, HistoriesResult::standing(stories), &more, style, out)?;
    // Where it came in first it came from.
    let mut order: Vec<&StoryIn> = stories.iter().collect();
    order.sort_by_key(|one| {
        let first = one.story.first_in().map(|event| event.time);
        (first.is_none(), first, one.repository)
    });
    let name = |one: &StoryIn| {
        let path = path_text(&result.repositories[one.repository].read.repository).into_owned();
        style.bold(&escape_controls(&path))
    };
    let full = if options.verbose { order.len() } else { 1 };
    for one in order.iter().take(full) {
        let standing = match stories.len() {
            1 => String::new(),
            _ => format!("  {}", words(one.story.standing, style)),
        };
        writeln!(out, "  of   {}{standing}", name(one))?;
        let occurrences = &found.occurrences[one.occurrences.clone()];
        body(occurrences, &one.story, options, style, out)?;
    }
    for one in order.iter().skip(full).take(SHOWN) {
        let first = match (
            one.story.first_in(),
            found.occurrences.get(one.occurrences.start),
        ) {
            (Some(event), _) => format!("  in {}", told(event, style)),
            (None, Some(o)) => {
                let path = path_text(&o.path);
                format!("  {}:{}", escape_controls(&path), o.start.line)
            }
            (None, None) => String::new(),
        };
        let standing = words(one.story.standing, style);
        let pushed = match one.story.standing {
            Standing::Unknown => String::new(),
            _ => format!(", {}", pushed(&one.story)),
        };
        writeln!(out, "  also {}  {standing}{first}{pushed}", name(one))?;
    }
    let hidden = order.len().saturating_sub(full + SHOWN);
    if hidden > 0 {
        let count = thousands(hidden as u64);
        writeln!(out, "       and {count} more repositories (-v)")?;
    }
    tail(found, options, style, out)
}
