//! A table for a person: what to act on first comes first, with why.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::super::ReportOptions;
use super::super::human::thousands;
use super::super::style::Style;
use super::{Inventory, TIERS, Totals, incident};
use crate::base::escape_controls;
use crate::inventory::record::{OwnerState, RetirementState};
use crate::inventory::{Issued, Record};

/// How many records are told without `-v`.
const SHOWN: usize = 50;
/// How many credentials that are not known here are told without `-v`.
const ISSUED: usize = 5;

pub(super) fn write(
    inventory: &Inventory<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    head(inventory, options, style, out)?;
    let shown = if options.verbose {
        inventory.records.len()
    } else {
        SHOWN
    };
    let mut tier = 0;
    for record in inventory.records.iter().take(shown) {
        if record.rank.tier != tier {
            tier = record.rank.tier;
            let name = TIERS.get(usize::from(tier).wrapping_sub(1)).unwrap_or(&"");
            writeln!(out, "\n{}", style.bold(name))?;
        }
        one(record, options, style, out)?;
    }
    let more = inventory.records.len().saturating_sub(shown);
    if more > 0 {
        writeln!(out, "\nand {} more: -v tells all", thousands(more as u64))?;
    }
    foot(inventory, options, style, out)
}

/// What was read, and what was not.
pub(super) fn head(
    inventory: &Inventory<'_>,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let scan = inventory.scan;
    let incomplete = scan.skips.iter().filter(|s| s.reason.is_incomplete());
    for skip in incomplete {
        let path = crate::base::path_text(&skip.path);
        let line = format!("not read: {}: {}", escape_controls(&path), skip.reason);
        writeln!(out, "{}", style.bad(&line))?;
    }
    if options.quiet {
        return Ok(());
    }
    let sum = |of: fn(&crate::story::HistoryRead) -> u64| -> u64 {
        inventory.repositories.iter().map(|one| of(&one.read)).sum()
    };
    let count = inventory.repositories.len();
    let s = if count == 1 { "y" } else { "ies" };
    writeln!(
        out,
        "{} on {}: {count} repositor{s}, {}/{} objects, {} commit{}, {:.2} s; nothing sent",
        match inventory.records.len() {
            1 => "1 credential".to_owned(),
            n => format!("{} credentials", thousands(n as u64)),
        },
        inventory.as_of.day(),
        thousands(sum(|read| read.objects_read)),
        thousands(sum(|read| read.objects)),
        thousands(sum(|read| read.commits)),
        if sum(|read| read.commits) == 1 {
            ""
        } else {
            "s"
        },
        scan.elapsed.as_secs_f64(),
    )
}

fn one(
    record: &Record,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = |text: &str| escape_controls(text).into_owned();
    let state = record.retirement.state.word();
    let state = match record.retirement.state {
        RetirementState::Resurrected | RetirementState::Active => style.bad(&state),
        RetirementState::Retired => style.good(&state),
        _ => style.warn(&state),
    };
    writeln!(
        out,
        "{:>3}  {}  {} {}  {state}",
        record.rank.place,
        style.bold(record.short()),
        shown(&record.name),
        shown(&record.label),
    )?;
    let mut line = |word: &str, text: String| {
        writeln!(out, "     {}  {text}", style.dim(&format!("{word:<6}")))
    };
    let places = record
        .places
        .iter()
        .take(if options.verbose { 100 } else { 1 });
    for place in places {
        let repository = place
            .repository
            .as_ref()
            .map_or(String::new(), |r| format!("{r}: "));
        let mut text = style.path(&shown(&format!(
            "{repository}{}:{}",
            place.path, place.line
        )));
        if let Some(key) = &place.key {
            let _ = write!(text, " ({})", shown(key));
        }
        if !place.at_head {
            text.push_str(", no longer there");
        }
        line("where", text)?;
    }
    if record.places_total > 1 && !options.verbose {
        line("", format!("and {} more places", record.places_total - 1))?;
    }
    let environments: Vec<String> = record.environments.iter().map(|e| e.value.word()).collect();
    let workloads: Vec<String> = record
        .workloads
        .iter()
        .take(3)
        .map(|w| shown(&format!("{} {}", w.value.kind, w.value.name)))
        .collect();
    line(
        "used",
        format!("{}; {}", environments.join(", "), workloads.join(", ")),
    )?;
    let most = if options.verbose { usize::MAX } else { 2 };
    for told in record.consumers.iter().take(most) {
        line("named", shown(&incident::consumer(told)))?;
    }
    let more = record.consumers.len().saturating_sub(most);
    if more > 0 {
        line("", format!("and {more} more"))?;
    }
    if let Some(last) = last_used(record) {
        line("last", shown(&last))?;
    }
    line("owner", shown(&owner(record)))?;
    line("age", shown(&age(record)))?;
    if let Some(rotated) = rotated(record) {
        line("turned", shown(&rotated))?;
    }
    if options.verbose {
        for step in &record.retirement.steps {
            line(
                "step",
                format!(
                    "{} {}: {} ({})",
                    step.check,
                    step.result.word(),
                    shown(&step.evidence),
                    step.at.day()
                ),
            )?;
        }
        line("rank", shown(&record.rank.because.join("; ")))?;
        for issue in &record.issues {
            line("wrong", shown(&format!("{}: {}", issue.class, issue.why)))?;
        }
        let ids: Vec<&str> = record.requirements.iter().map(|r| &*r.id).collect();
        line("see", format!("supports evidence for {}", ids.join(", ")))?;
    } else {
        let issues: Vec<&str> = record.issues.iter().map(|i| &*i.class).collect();
        line("wrong", issues.join(", "))?;
    }
    for rule in &record.policy {
        line(
            "rule",
            shown(&format!("{} {}: {}", rule.result, rule.rule, rule.why)),
        )?;
    }
    Ok(())
}

/// When it was last used, if anybody told.
fn last_used(record: &Record) -> Option<String> {
    let last = &record.last_used;
    let used = last.at.as_ref().map(|at| {
        let what = last
            .what
            .as_ref()
            .map_or(String::new(), |w| format!(" for {w}"));
        format!("used {}{what}", at.value.day())
    });
    let unused = last.unused.as_ref().map(|unused| unused.value.clone());
    match (used, unused) {
        (Some(used), Some(unused)) => Some(format!("{used}; {unused}")),
        (used, unused) => used.or(unused),
    }
}

/// Who owns it, and who says so.
pub(super) fn owner(record: &Record) -> String {
    let owner = &record.owner;
    let who = owner
        .principal
        .as_ref()
        .map_or("nobody is named".to_owned(), |told| {
            let place = told.place.as_deref().unwrap_or_default();
            format!("{} ({}, {place})", told.value, owner.state.word())
        });
    match (&owner.orphaned_because, owner.state) {
        (Some(why), OwnerState::Orphaned) => format!("{who}: {why}"),
        _ => who,
    }
}

/// How old it is, and when it is due.
pub(super) fn age(record: &Record) -> String {
    let mut text = match record.age.as_ref().map(|age| age.value) {
        Some(age) if age.at_least => format!("at least {} days", age.days),
        Some(age) => format!("{} days", age.days),
        None => "not known".to_owned(),
    };
    if let Some(first) = &record.introduced {
        let commit = &first.value;
        let before = if commit.or_before { " or before" } else { "" };
        let id = commit.id.get(..9).unwrap_or(&commit.id);
        let _ = write!(
            text,
            "; in {}{before} {id} {}",
            commit.time.day(),
            commit.author
        );
    }
    if let Some(out) = &record.removed {
        let commit = &out.value;
        let id = commit.id.get(..9).unwrap_or(&commit.id);
        let _ = write!(text, "; out {} {id} {}", commit.time.day(), commit.author);
    }
    if let Some(end) = &record.expires {
        let _ = write!(text, "; ends {}", end.value.day());
    } else {
        let _ = write!(text, "; {}", record.lifetime.value.word());
    }
    if let (Some(days), Some(every)) = (record.rotation.overdue_days, &record.rotation.every_days) {
        let source = every.place.as_deref().unwrap_or_default();
        let _ = write!(
            text,
            "; {days} days overdue ({} days, {source})",
            every.value
        );
    }
    text
}

/// What took whose place.
pub(super) fn rotated(record: &Record) -> Option<String> {
    let last = record.rotation.events.last()?;
    let short = |id: &str| -> String {
        if id.starts_with("w:") {
            id.to_owned()
        } else {
            id.chars().take(8).collect()
        }
    };
    let text = if last.old == record.id {
        format!("replaced by {} on {}", short(&last.new), last.time.day())
    } else {
        format!("replaced {} on {}", short(&last.old), last.time.day())
    };
    let more = record.rotation.events.len() - 1;
    Some(if more > 0 {
        format!("{text}; {more} more")
    } else {
        text
    })
}

/// A credential that was issued, and that no record here is.
pub(super) fn told_issued(issued: &Issued) -> String {
    let mut text = format!("{} {}", issued.kind, issued.id);
    if let Some(whose) = &issued.whose {
        let _ = write!(text, " of {whose}");
    }
    if let Some(made) = issued.created {
        let _ = write!(text, ", made {}", made.day());
    }
    let used = issued
        .last_used
        .map(|last| format!(", last used {}", last.day()));
    text.push_str(used.as_deref().unwrap_or(", no use known"));
    if issued.active == Some(false) {
        text.push_str(", inactive");
    }
    text
}

/// Totals and notices.
pub(super) fn foot(
    inventory: &Inventory<'_>,
    options: &ReportOptions,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !inventory.verdicts.is_empty() {
        writeln!(out)?;
    }
    for verdict in inventory.verdicts {
        writeln!(out, "{}", style.warn(&escape_controls(verdict)))?;
    }
    if options.quiet {
        return Ok(());
    }
    let totals = Totals::of(inventory.records);
    writeln!(out)?;
    writeln!(
        out,
        "owners: {} declared, {} inferred, {} orphaned, {} unknown",
        totals.owner_declared, totals.owner_inferred, totals.orphaned, totals.owner_unknown
    )?;
    writeln!(
        out,
        "{} overdue, {} standing, {} reused, {} broad, {} retired, {} back",
        totals.overdue,
        totals.standing,
        totals.reused,
        totals.broad,
        totals.retired,
        totals.resurrected
    )?;
    if let Some(observed) = inventory.observed {
        let s = if observed.files.len() == 1 { "" } else { "s" };
        writeln!(
            out,
            "observed: {} export{s}; {} here, {} issued and not known here",
            observed.files.len(),
            observed.known,
            observed.unknown_total
        )?;
        let shown = if options.verbose { usize::MAX } else { ISSUED };
        for issued in observed.unknown.iter().take(shown) {
            writeln!(out, "  {}", escape_controls(&told_issued(issued)))?;
        }
        let more = observed
            .unknown_total
            .saturating_sub(shown.min(observed.unknown.len()));
        if more > 0 && !observed.unknown.is_empty() {
            writeln!(out, "  and {more} more")?;
        }
        for note in &observed.notes {
            writeln!(
                out,
                "{}",
                style.dim(&format!("note: {}", escape_controls(note)))
            )?;
        }
    }
    if inventory.later > 0 {
        let day = inventory.as_of.day();
        writeln!(out, "{} came after {day} and are not told", inventory.later)?;
    }
    let scan = inventory.scan;
    if scan.hidden > 0 {
        writeln!(out, "hidden: {} of low confidence", scan.hidden)?;
    }
    if !scan.accepted.is_empty() {
        writeln!(out, "accepted: {}", scan.accepted.len())?;
    }
    for notice in &scan.notices {
        writeln!(
            out,
            "{}",
            style.dim(&format!("note: {}", escape_controls(notice)))
        )?;
    }
    Ok(())
}
