//! One page for whoever has to act: what, whose, where, used last, by what, alive, how to kill it, was
//! it retired.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::ReportOptions;
use super::super::style::Style;
use super::human::{age, owner};
use crate::base::escape_controls;
use crate::inventory::Record;
use crate::inventory::record::{Consumer, Liveness, StepResult, Sureness, Told};

/// How many places are told without `-v`.
const PLACES: usize = 8;

/// Writes the page of a record. `key_id` is the id that was typed, if it was one: queries name it.
///
/// # Errors
///
/// What `out` says.
pub fn incident(
    record: &Record,
    key_id: Option<&str>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = Style::new(options.colour);
    let shown = |text: &str| escape_controls(text).into_owned();
    let title = format!("{}  {} {}", record.short(), record.name, record.label);
    writeln!(out, "{}", style.bold(&shown(&title)))?;
    let most = if options.verbose { usize::MAX } else { PLACES };
    for (word, lines) in parts(record, key_id, most) {
        writeln!(out, "\n{}", style.bold(word))?;
        for line in lines.iter().flat_map(|line| line.split('\n')) {
            writeln!(out, "  {}", shown(line))?;
        }
    }
    Ok(())
}

/// What there is to tell, part by part, not escaped; at most so many places.
pub(super) fn parts(
    record: &Record,
    key_id: Option<&str>,
    most: usize,
) -> Vec<(&'static str, Vec<String>)> {
    let steps = record.retirement.steps.iter().map(|step| {
        let tick = match step.result {
            StepResult::Yes => "[x]",
            StepResult::No => "[ ]",
            StepResult::Unknown => "[?]",
        };
        format!(
            "{tick} {}: {} ({})",
            step.check,
            step.evidence,
            step.at.day()
        )
    });
    let mut retired = vec![record.retirement.state.word()];
    retired.extend(steps);
    retired.push("not known: forks, clones, caches and logs of CI, images".to_owned());
    vec![
        ("WHAT", what(record)),
        ("WHOSE", whose(record)),
        ("WHERE", places(record, most)),
        ("USED LAST", used(record, key_id)),
        ("WHO CONSUMES IT", consumers(record)),
        ("STILL ALIVE?", vec![alive(record)]),
        ("KILL", kill(record)),
        ("WAS IT RETIRED?", retired),
    ]
}

fn what(record: &Record) -> Vec<String> {
    let mut lines = vec![format!(
        "{} of {}, severity {}, confidence {}",
        record.kind.word(),
        record.provider,
        record.severity,
        record.confidence
    )];
    let class = &record.privilege.class;
    lines.push(format!(
        "may: {} ({}{})",
        class.value.word(),
        class.place.as_deref().unwrap_or_default(),
        if record.privilege.scopes.is_empty() {
            String::new()
        } else {
            format!(": {}", record.privilege.scopes.join(" "))
        },
    ));
    lines.push(format!("age: {}", age(record)));
    lines.push(format!(
        "first to act on: place {} of its inventory; {}",
        record.rank.place,
        record.rank.because.join("; ")
    ));
    lines
}

fn whose(record: &Record) -> Vec<String> {
    let mut lines = vec![format!("owner: {}", owner(record))];
    for other in &record.owner.candidates {
        let place = other.place.as_deref().unwrap_or_default();
        lines.push(format!("or: {} ({place})", other.value));
    }
    if let Some(purpose) = &record.purpose {
        lines.push(format!(
            "purpose: {} ({})",
            purpose.value,
            purpose.source.word()
        ));
    }
    for hint in &record.hints {
        lines.push(format!("{}: {}", hint.name, hint.value));
    }
    lines
}

fn places(record: &Record, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = record
        .places
        .iter()
        .take(most)
        .map(|place| {
            let repository = place
                .repository
                .as_ref()
                .map_or(String::new(), |r| format!("{r}: "));
            let key = place
                .key
                .as_ref()
                .map_or(String::new(), |k| format!(" ({k})"));
            let there = if place.at_head {
                "in the last commit"
            } else {
                "no longer there"
            };
            format!("{repository}{}:{}{key}, {there}", place.path, place.line)
        })
        .collect();
    let more = record.places_total.saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {more} more places"));
    }
    lines.push(format!("standing: {}", record.standing));
    if !record.references.is_empty() {
        lines.push(format!(
            "in the history of {}",
            record.references.join(", ")
        ));
    }
    lines.push(if record.pushed_to.is_empty() {
        "no remote-tracking reference has it: perhaps it never left this machine".to_owned()
    } else {
        format!("it left this machine: {}", record.pushed_to.join(", "))
    });
    lines
}

fn used(record: &Record, key_id: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    let last = &record.last_used;
    if let Some(at) = &last.at {
        let what = last
            .what
            .as_ref()
            .map_or(String::new(), |w| format!(" for {w}"));
        let by = last
            .by
            .as_ref()
            .map_or(String::new(), |w| format!(" by {w}"));
        let place = at.place.as_deref().unwrap_or_default();
        lines.push(format!(
            "{}{what}{by} ({}, {place})",
            at.value,
            at.source.word()
        ));
    }
    if let Some(unused) = &last.unused {
        let place = unused.place.as_deref().unwrap_or_default();
        lines.push(format!("{} ({place})", unused.value));
    }
    if last.at.is_none() && last.unused.is_none() {
        lines.push("nobody asked; its provider keeps it:".to_owned());
    }
    match &record.last_used.kept_in {
        Some(kept) => lines.push(kept.value.clone()),
        None => lines.push("where is not known for this kind".to_owned()),
    }
    if let Some(query) = &record.last_used.query {
        let query = match key_id {
            Some(id) => query.replace("<access-key-id>", id),
            None => query.clone(),
        };
        lines.extend(query.split('\n').map(|line| format!("    {line}")));
    }
    if let Some(seen) = &record.last_seen {
        lines.push(format!("last in code: {}", seen.value.day()));
    }
    lines
}

fn consumers(record: &Record) -> Vec<String> {
    let mut lines: Vec<String> = record
        .workloads
        .iter()
        .map(|w| {
            let repository = w
                .value
                .repository
                .as_ref()
                .map_or(String::new(), |r| format!("{r}: "));
            format!(
                "{} {} ({repository}{})",
                w.value.kind, w.value.name, w.value.path
            )
        })
        .collect();
    for told in &record.consumers {
        lines.push(consumer(told));
    }
    if lines.is_empty() {
        lines.push("nothing in these repositories".to_owned());
    }
    for told in &record.identities {
        let identity = &told.value;
        let may = match &identity.grants[..] {
            [] => String::new(),
            grants => format!(", which may {}", grants.join(", ")),
        };
        lines.push(format!(
            "it is the credential of {} {}{may} ({}; by {})",
            identity.kind,
            identity.name,
            identity.place,
            told.place.as_deref().unwrap_or_default()
        ));
    }
    for told in &record.chains {
        let place = told.place.as_deref().unwrap_or_default();
        lines.push(format!("leads on: {} ({place})", told.value.told()));
    }
    lines.push("what reads it at run time from elsewhere is not seen here".to_owned());
    lines
}

/// What names it, why it is taken for it, and how sure that is.
pub(super) fn consumer(told: &Told<Consumer>) -> String {
    let consumer = &told.value;
    let user = consumer.workload.as_deref().unwrap_or("something");
    let perhaps = match told.confidence {
        Sureness::Certain => "",
        Sureness::Likely => "probably ",
        Sureness::Guess => "perhaps ",
    };
    let given = consumer
        .used_as
        .as_ref()
        .filter(|given| **given != consumer.name);
    let given = given.map_or(String::new(), |given| format!(" for {given}"));
    format!(
        "{perhaps}{user}, as {} {}{given} ({}; {})",
        consumer.kept,
        consumer.name,
        consumer.place(),
        told.place.as_deref().unwrap_or_default()
    )
}

fn alive(record: &Record) -> String {
    let life = &record.life;
    let told = match life.state.value {
        Liveness::NotChecked => "not checked: nobody asked its provider".to_owned(),
        other => other.word(),
    };
    let ends = record.expires.as_ref().map_or(String::new(), |end| {
        format!(
            "; ends {} ({})",
            end.value.day(),
            end.place.as_deref().unwrap_or_default()
        )
    });
    match life.checked_at {
        Some(at) => format!("{told} on {at}{ends}"),
        None => format!("{told}{ends}"),
    }
}

/// In which order, and what will break.
fn kill(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    let mut step = |text: String| {
        let number = lines.len() + 1;
        lines.push(format!("{number}. {text}"));
    };
    let over = record.retirement.result("dead-at-provider") == StepResult::Yes;
    if over {
        step("nothing to revoke: it is dead; take it out of the code".to_owned());
    } else {
        step("if it was abused: revoke at once, before all else".to_owned());
        step(if record.replace.is_empty() {
            "make a new one, and give it to what consumes it".to_owned()
        } else {
            format!("put something better in its place: {}", record.replace)
        });
        // A store outside has to get the new one before what reads it there is deployed.
        let outside = record.consumers.iter().map(|told| &told.value);
        let outside = outside.filter(|c| !matches!(&*c.kept, "file" | "environment"));
        let kept: BTreeSet<String> = outside.map(|c| format!("{} {}", c.kept, c.name)).collect();
        if !kept.is_empty() {
            let kept: Vec<String> = kept.into_iter().collect();
            step(format!(
                "put it where it is kept under a name: {}",
                kept.join(", ")
            ));
        }
        let perhaps = record.consumers.iter();
        let perhaps = perhaps
            .filter(|told| told.confidence == Sureness::Guess)
            .count();
        let broken = record.workloads.len() + record.consumers.len() - perhaps;
        let perhaps = match perhaps {
            0 => String::new(),
            n => format!(", and perhaps {n} more"),
        };
        step(match broken {
            0 if perhaps.is_empty() => "deploy; nothing here consumes it".to_owned(),
            n => format!(
                "deploy what consumes it ({n} above{perhaps}): without a new one it will break"
            ),
        });
        step("see in the records of use that the old one is still".to_owned());
        step(format!(
            "revoke: {}",
            if record.revoke.is_empty() {
                "at its provider"
            } else {
                &record.revoke
            }
        ));
    }
    if record.is_at_head() {
        step("take it out of the last commit".to_owned());
    }
    step("straykey inventory recheck: dated proof".to_owned());
    lines
}
