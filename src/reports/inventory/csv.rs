//! A table for spreadsheets and auditors: a row a record; what was not read has rows, too.

use std::io::{self, Write};

use super::super::csv::is_formula;
use super::Inventory;
use crate::base::{escape_controls, path_text};
use crate::inventory::Record;

const COLUMNS: [&str; 36] = [
    "kind",
    "place_in_rank",
    "tier",
    "id",
    "pattern",
    "name",
    "provider",
    "label",
    "severity",
    "standing",
    "path",
    "line",
    "environments",
    "workloads",
    "owner",
    "owner_state",
    "owner_source",
    "purpose",
    "introduced",
    "introduced_by",
    "removed",
    "age_days",
    "age_is_lower_bound",
    "expires",
    "lifetime",
    "rotation_due",
    "overdue_days",
    "privilege",
    "liveness",
    "retirement",
    "issues",
    "consumers",
    "last_used",
    "last_used_for",
    "unused",
    "requirements",
];

pub(super) fn write(inventory: &Inventory<'_>, out: &mut dyn Write) -> io::Result<()> {
    row(COLUMNS.iter().map(|c| (*c).to_owned()), out)?;
    for skip in inventory
        .scan
        .skips
        .iter()
        .filter(|s| s.reason.is_incomplete())
    {
        let mut cells = vec![String::new(); COLUMNS.len()];
        "incomplete".clone_into(&mut cells[0]);
        cells[10] = told(&path_text(&skip.path));
        cells[30] = told(&skip.reason.to_string());
        row(cells.into_iter(), out)?;
    }
    for issued in inventory.observed.into_iter().flat_map(|o| &o.unknown) {
        let mut cells = vec![String::new(); COLUMNS.len()];
        "issued-unknown-here".clone_into(&mut cells[0]);
        cells[3] = told(&issued.id);
        cells[5].clone_from(&issued.kind);
        cells[10] = told(&issued.place);
        cells[14] = told(issued.whose.as_deref().unwrap_or_default());
        let day = |at: Option<crate::inventory::Stamp>| {
            at.map_or(String::new(), crate::inventory::Stamp::day)
        };
        cells[18] = day(issued.created);
        cells[32] = day(issued.last_used);
        row(cells.into_iter(), out)?;
    }
    for record in inventory.records {
        row(cells(record).into_iter(), out)?;
    }
    Ok(())
}

fn told(text: &str) -> String {
    escape_controls(text).into_owned()
}

fn cells(record: &Record) -> Vec<String> {
    let place = record.places.first();
    let owner = record.owner.principal.as_ref();
    let number = |n: Option<i64>| n.map_or(String::new(), |n| n.to_string());
    let list = |all: &mut dyn Iterator<Item = String>| -> String {
        told(&all.collect::<Vec<_>>().join("; "))
    };
    let introduced = record.introduced.as_ref().map(|t| &t.value);
    let age = record.age.as_ref().map(|t| t.value);
    vec![
        record.kind.word(),
        record.rank.place.to_string(),
        record.rank.tier.to_string(),
        record.id.clone(),
        told(record.pattern.as_deref().unwrap_or_default()),
        told(&record.name),
        told(&record.provider),
        told(&record.label),
        record.severity.clone(),
        record.standing.clone(),
        place.map_or(String::new(), |p| told(&p.path)),
        place.map_or(String::new(), |p| p.line.to_string()),
        list(&mut record.environments.iter().map(|e| e.value.word())),
        list(
            &mut record
                .workloads
                .iter()
                .map(|w| format!("{} {}", w.value.kind, w.value.name)),
        ),
        owner.map_or(String::new(), |o| told(&o.value)),
        record.owner.state.word(),
        owner.map_or(String::new(), |o| {
            told(o.place.as_deref().unwrap_or_default())
        }),
        record
            .purpose
            .as_ref()
            .map_or(String::new(), |p| told(&p.value)),
        introduced.map_or(String::new(), |c| c.time.day()),
        introduced.map_or(String::new(), |c| told(&c.author)),
        record
            .removed
            .as_ref()
            .map_or(String::new(), |t| t.value.time.day()),
        number(age.map(|a| a.days)),
        age.map_or(String::new(), |a| a.at_least.to_string()),
        record
            .expires
            .as_ref()
            .map_or(String::new(), |t| t.value.day()),
        record.lifetime.value.word(),
        record
            .rotation
            .due
            .map_or(String::new(), crate::inventory::Stamp::day),
        number(record.rotation.overdue_days),
        record.privilege.class.value.word(),
        record.life.state.value.word(),
        record.retirement.state.word(),
        list(&mut record.issues.iter().map(|i| i.class.clone())),
        list(&mut record.consumers.iter().map(|told| {
            let c = &told.value;
            let user = c.workload.as_deref().unwrap_or(&c.path);
            format!("{user} as {} ({})", c.name, told.confidence.word())
        })),
        record
            .last_used
            .at
            .as_ref()
            .map_or(String::new(), |t| t.value.day()),
        told(record.last_used.what.as_deref().unwrap_or_default()),
        record
            .last_used
            .unused
            .as_ref()
            .map_or(String::new(), |t| told(&t.value)),
        list(
            &mut record
                .requirements
                .iter()
                .map(|r| format!("{} {}", r.framework, r.id)),
        ),
    ]
}

fn row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells
        .map(|text| {
            let apostrophe = if is_formula(&text) { "'" } else { "" };
            format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
        })
        .collect();
    writeln!(out, "{}", cells.join(","))
}
