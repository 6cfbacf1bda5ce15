//! The ten parts for people. What comes from a repository stands in code spans, so that nothing of it
//! is markup.

use std::io::{self, Write};

use super::super::markdown::span;
use super::wire::{
    Changes, ControlTest, Count, Evidence, Exceptions, Held, Integrity, Population, Repository,
    Rotations, Scope, Spans, Tool, Verification,
};
use crate::inventory::Stamp;

/// How many rows of a table are told; the JSON document has all.
const ROWS: usize = 2_000;

pub(super) fn write(report: &Evidence, out: &mut dyn Write) -> io::Result<()> {
    let (from, to) = (report.period.from, report.period.to);
    writeln!(
        out,
        "# Evidence on machine credentials, {} to {}\n",
        from.day(),
        to.day()
    )?;
    writeln!(out, "{}\n", report.statement)?;
    writeln!(
        out,
        "Period: {from} to {to}. Times are UTC. Ids are of credentials, none of which is in this report."
    )?;
    scope(&report.scope, out)?;
    tool(&report.tool, out)?;
    population(&report.population, out)?;
    controls(&report.controls, out)?;
    credentials(&report.credentials, out)?;
    rotation(&report.rotation, out)?;
    exceptions(&report.exceptions, out)?;
    changes(&report.changes, out)?;
    verification(&report.verification, out)?;
    integrity(&report.integrity, out)
}

/// A table; says how many rows are not told.
fn table<T>(
    head: &[&str],
    rows: &[T],
    cells: impl Fn(&T) -> Vec<String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "None.");
    }
    writeln!(out, "| {} |", head.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(head.len()))?;
    for row in rows.iter().take(ROWS) {
        writeln!(out, "| {} |", cells(row).join(" | "))?;
    }
    if rows.len() > ROWS {
        let more = rows.len() - ROWS;
        writeln!(out, "\n{more} more are in report.json.")?;
    }
    Ok(())
}

fn counted(what: &str, all: &[Count], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nBy {what}:\n")?;
    let cells = |c: &Count| vec![span(&c.what), c.count.to_string()];
    table(&[what, "credentials"], all, cells, out)
}

fn list(title: &str, all: &[String], out: &mut dyn Write) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}\n")?;
    all.iter()
        .try_for_each(|one| writeln!(out, "- {}", span(one)))
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn at(stamp: Option<Stamp>) -> String {
    stamp.map_or_else(|| "-".to_owned(), |s| s.to_string())
}

fn scope(scope: &Scope, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 1. Scope and completeness\n")?;
    let complete = if scope.complete {
        "Complete"
    } else {
        "**Not complete**"
    };
    writeln!(out, "{complete}: {}.\n", scope.completeness)?;
    let cells = |r: &Repository| {
        vec![
            span(&r.path),
            format!("{} of {}", r.objects_read, r.objects),
            r.commits.to_string(),
            r.references.to_string(),
            format!("{} / {}", r.stashes, r.dangling_commits),
            r.shallow.to_string(),
            if r.partial {
                format!("yes, {} objects", r.promised)
            } else {
                "no".to_owned()
            },
            r.lfs_pointers.to_string(),
            yes(r.complete),
        ]
    };
    let head = [
        "repository",
        "objects read",
        "commits",
        "references",
        "stashes / dangling commits",
        "commits without their parents",
        "partial clone",
        "large files elsewhere",
        "complete",
    ];
    table(&head, &scope.repositories, cells, out)?;
    for one in &scope.repositories {
        let remotes = one.remotes.iter();
        let remotes = remotes.map(|r| format!("{}: {} = {}", one.path, r.name, r.url));
        list("Remotes:", &remotes.collect::<Vec<_>>(), out)?;
        list("Names that could not be read:", &one.unread, out)?;
    }
    writeln!(
        out,
        "\nWhat each reference stood for is in `references.txt`."
    )?;
    let missing = scope.not_read.iter();
    let missing: Vec<String> = missing
        .map(|m| format!("{}: {}", m.path, m.reason))
        .collect();
    list("Not read:", &missing, out)?;
    let left = scope.left_out.iter();
    let left: Vec<String> = left.map(|c| format!("{}: {}", c.what, c.count)).collect();
    list("Left out, by reason:", &left, out)?;
    list("Notes:", &scope.notices, out)?;
    writeln!(out, "\nOut of scope by the nature of such a report:\n")?;
    scope
        .beyond
        .iter()
        .try_for_each(|one| writeln!(out, "- {one}"))
}

fn tool(tool: &Tool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 2. What looked\n")?;
    writeln!(
        out,
        "- {} {}, SHA-256 `{}`",
        tool.name, tool.version, tool.program_sha256
    )?;
    writeln!(
        out,
        "- {} patterns, SHA-256 `{}`",
        tool.patterns, tool.patterns_sha256
    )?;
    writeln!(out, "- command: {}", span(&tool.command.join(" ")))?;
    writeln!(out, "- clock: {}", tool.clock)?;
    if let Some(run) = &tool.ci_run {
        writeln!(out, "- run of continuous integration: {}", span(run))?;
    }
    for input in &tool.inputs {
        let (role, path) = (&input.role, span(&input.path));
        writeln!(out, "- {role}: {path}, SHA-256 `{}`", input.sha256)?;
    }
    Ok(())
}

fn population(population: &Population, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 3. Population\n")?;
    writeln!(
        out,
        "{} credentials, {} of them in the last commit of a worktree; {} came after the period. All of \
         them are in `inventory.csv` and `inventory.json`.",
        population.credentials, population.at_head, population.later
    )?;
    counted("kind", &population.by_name, out)?;
    counted("owner", &population.by_owner, out)?;
    counted("state of the owner", &population.by_owner_state, out)?;
    counted("environment", &population.by_environment, out)?;
    counted("state", &population.by_state, out)
}

fn controls(controls: &[ControlTest], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 4. Control tests\n")?;
    writeln!(
        out,
        "Each row supports evidence for a requirement. An exception is a record with one of the issues \
         of its query. Titles are the frameworks' own, short.\n"
    )?;
    let cells = |c: &ControlTest| {
        vec![
            format!("{} {}", c.framework, c.id),
            c.title.to_owned(),
            c.query.join(", "),
            c.population.to_string(),
            c.exceptions.to_string(),
            c.result.to_owned(),
        ]
    };
    let head = [
        "requirement",
        "title",
        "query",
        "population",
        "exceptions",
        "result",
    ];
    table(&head, controls, cells, out)?;
    writeln!(
        out,
        "\nSamples of the exceptions, chosen by hashes, at most 25 each; {} tells each of them:\n",
        span(controls.first().map_or("", |c| &c.command))
    )?;
    for control in controls.iter().filter(|c| !c.sample.is_empty()) {
        let ids: Vec<String> = control.sample.iter().map(|id| span(id)).collect();
        writeln!(
            out,
            "- {} {}: {}",
            control.framework,
            control.id,
            ids.join(" ")
        )?;
    }
    Ok(())
}

fn credentials(all: &[Held], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 5. Ownership, expiry, revocation\n")?;
    let cells = |h: &Held| {
        vec![
            span(&h.id),
            span(&h.name),
            format!(
                "{} ({}, {})",
                h.owner
                    .as_ref()
                    .map_or("nobody is named".to_owned(), |o| span(o)),
                h.owner_state,
                span(&h.owner_source)
            ),
            format!(
                "{} ({}; {})",
                at(h.expires),
                span(&h.expiry_source),
                h.lifetime
            ),
            match h.checked_at {
                Some(time) => format!("{} on {time}", h.liveness),
                None => h.liveness.clone(),
            },
            h.state.clone(),
            h.revocation
                .iter()
                .map(|s| span(s))
                .collect::<Vec<_>>()
                .join("<br>"),
        ]
    };
    let head = [
        "id",
        "what",
        "owner",
        "expires",
        "works",
        "state",
        "steps of its retirement",
    ];
    table(&head, all, cells, out)
}

fn rotation(told: &Rotations, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 6. Rotation\n")?;
    let days = |days: Option<i64>| days.map_or("not known".to_owned(), |d| format!("{d} days"));
    writeln!(out, "- replacements in the period: {}", told.events.len())?;
    writeln!(
        out,
        "- age at replacement, the middle one, at least: {}",
        days(told.median_age_days)
    )?;
    writeln!(out, "- overdue: {}", told.overdue.len())?;
    let mut spans = |what: &str, spans: &Spans| {
        writeln!(
            out,
            "- {what}: median {}, mean {}; known of {}, not of {} ({})",
            days(spans.median_days),
            days(spans.mean_days),
            spans.known,
            spans.unknown,
            spans.why
        )
    };
    spans(
        "from the first commit to the first inventory kept",
        &told.to_detection,
    )?;
    spans("from that to the day it was seen dead", &told.to_death)?;
    writeln!(out, "\nReplacements:\n")?;
    let head = ["time", "old", "new", "age, at least", "commit"];
    let cells = |t: &super::wire::Turn| {
        vec![
            t.time.to_string(),
            span(&t.old),
            span(&t.new),
            days(t.age_days),
            span(&t.commit),
        ]
    };
    table(&head, &told.events, cells, out)?;
    writeln!(out, "\nOverdue:\n")?;
    let cells = |o: &super::wire::Overdue| {
        let every = o.every_days.map_or("-".to_owned(), |d| format!("{d} days"));
        vec![
            span(&o.id),
            format!("{} days", o.days),
            every,
            span(&o.source),
        ]
    };
    table(
        &["id", "overdue by", "longest age", "who says so"],
        &told.overdue,
        cells,
        out,
    )
}

fn exceptions(told: &Exceptions, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 7. Exceptions\n")?;
    match &told.policy {
        Some(p) => writeln!(
            out,
            "Policy: {} results fail, {} warn, {} are excepted.\n",
            p.fails, p.warns, p.excepted
        )?,
        None => writeln!(out, "There is no policy file.\n")?,
    }
    let cells = |e: &super::wire::Exception| {
        let ended = if e.ended { " **over**" } else { "" };
        let rules = if e.rules.is_empty() {
            "all".to_owned()
        } else {
            span(&e.rules.join(", "))
        };
        vec![
            span(&e.id),
            span(&e.credential),
            rules,
            span(&e.reason),
            span(&e.approved_by),
            span(&e.compensating.join("; ")),
            format!("{}{ended}", e.until.day()),
        ]
    };
    let head = [
        "id",
        "credential",
        "rules",
        "reason",
        "approved by",
        "done instead",
        "until",
    ];
    table(&head, &told.register, cells, out)
}

fn changes(told: &Changes, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 8. Changes\n")?;
    let Some(against) = &told.against else {
        return writeln!(
            out,
            "No earlier report or inventory was given to be held against."
        );
    };
    let of = told
        .against_as_of
        .map_or(String::new(), |at| format!(", as of {at}"));
    writeln!(out, "Against {}{of}.", span(against))?;
    if !told.complete {
        writeln!(
            out,
            "\n**One of the two did not read all: what is gone may be there.**"
        )?;
    }
    counted("change", &told.counts, out)?;
    writeln!(out)?;
    let cells = |c: &crate::inventory::Change| {
        vec![
            c.what.clone(),
            span(&c.id),
            span(&c.name),
            span(&c.before),
            span(&c.after),
        ]
    };
    table(
        &["change", "id", "what", "before", "after"],
        &told.all,
        cells,
        out,
    )
}

fn verification(told: &Verification, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 9. Verification\n")?;
    writeln!(out, "Source: {}.\n", told.source)?;
    let cells = |c: &super::wire::Call| {
        vec![
            c.time.to_string(),
            c.event.clone(),
            span(&c.host),
            span(&c.provider),
            span(&c.fingerprint),
            if c.made_up {
                "made up"
            } else {
                "the credential"
            }
            .to_owned(),
            c.status.map_or("-".to_owned(), |s| s.to_string()),
        ]
    };
    let head = [
        "time",
        "event",
        "host",
        "provider",
        "credential",
        "sent",
        "status",
    ];
    table(&head, &told.calls, cells, out)
}

fn integrity(told: &Integrity, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## 10. Integrity\n")?;
    let cells = |h: &super::wire::Hashed| {
        vec![
            format!("`{}`", h.path),
            h.role.clone(),
            format!("`{}`", h.sha256),
        ]
    };
    table(&["file", "what", "SHA-256"], &told.files, cells, out)?;
    writeln!(out, "\n`SHA256SUMS` has these and the report itself.\n")?;
    match &told.previous_sha256 {
        Some(hash) => writeln!(
            out,
            "- follows the report whose `SHA256SUMS` has SHA-256 `{hash}`"
        )?,
        None => writeln!(out, "- follows no other report that was given")?,
    }
    match &told.signer {
        Some(key) => writeln!(out, "- signed by the key {}", span(key))?,
        None => writeln!(out, "- not signed when it was made")?,
    }
    writeln!(out, "\nTo check it:\n")?;
    told.how_to_check
        .iter()
        .try_for_each(|how| writeln!(out, "    {how}"))
}
