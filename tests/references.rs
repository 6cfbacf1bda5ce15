//! References, identities, edges and observations of files written by hand, whose answers are known; the forms
//! are those that each format's documentation shows.

#[path = "references/agents.rs"]
mod agents;
#[path = "references/ci.rs"]
mod ci;
#[path = "references/cloud.rs"]
mod cloud;
#[path = "references/cluster.rs"]
mod cluster;
mod common;
#[path = "references/hostile.rs"]
mod hostile;
#[path = "references/program.rs"]
mod program;

use std::fmt::Write as _;

use straykey::inventory::references::{Found, read};

/// Reads a file that must be read whole.
fn told(path: &str, text: &str) -> Found {
    let found = read(path, text.as_bytes());
    assert_eq!(found.unread, [], "{path} was not read");
    found
}

/// References as lines: where kept, name, line; `>` what it is given to; `@` what uses it.
fn references(found: &Found) -> Vec<String> {
    let all = found.references.iter();
    all.map(|r| {
        let mut line = format!("{} {} {}", r.place.line, r.kept.word(), r.name);
        if let Some(used_as) = &r.used_as {
            let _ = write!(line, " > {used_as}");
        }
        if let Some(workload) = &r.workload {
            let _ = write!(line, " @ {}", workload.name);
        }
        line
    })
    .collect()
}

/// Observations as lines: line, rule, subject.
fn observations(found: &Found) -> Vec<String> {
    let all = found.observations.iter();
    all.map(|o| format!("{} {} {}", o.place.line, o.rule.id, o.subject))
        .collect()
}

/// Edges as lines.
fn edges(found: &Found) -> Vec<String> {
    let all = found.edges.iter();
    all.map(|e| {
        let (from, to) = (&e.from, &e.to);
        format!(
            "{} {} {} > {} {} : {}",
            e.place.line,
            from.kind.word(),
            from.name,
            to.kind.word(),
            to.name,
            e.via
        )
    })
    .collect()
}

/// Identities as lines: line, kind, name, grants.
fn identities(found: &Found) -> Vec<String> {
    let all = found.identities.iter();
    all.map(|i| {
        let grants: Vec<_> = i.grants.iter().map(|g| g.name.as_str()).collect();
        format!(
            "{} {} {} {}",
            i.place.line,
            i.kind.word(),
            i.name,
            grants.join(",")
        )
        .trim_end()
        .to_owned()
    })
    .collect()
}
