//! One page for whoever has to act: what, whose, where, used last, by what, alive, how to kill it, was
//! it retired.

use std::io::{self, Write};

use super::super::ReportOptions;
use super::super::style::Style;
use super::human::{age, owner};
use crate::base::escape_controls;
use crate::inventory::Record;
use crate::inventory::record::{Liveness, StepResult};

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
    match &record.last_used.at {
        Some(at) => lines.push(format!("{} ({})", at.value, at.source.word())),
        None => lines.push("nobody asked; its provider keeps it:".to_owned()),
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
    if lines.is_empty() {
        lines.push("nothing in these repositories".to_owned());
    }
    lines.push("what reads it at run time from elsewhere is not seen here".to_owned());
    lines
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
        let broken = record.workloads.len();
        step(match broken {
            0 => "deploy; nothing here consumes it".to_owned(),
            n => format!("deploy what consumes it ({n} above): without a new one it will break"),
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
