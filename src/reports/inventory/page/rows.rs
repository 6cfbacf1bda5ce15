//! What the page's table, its lives and its graph are drawn of: a row of numbers a record.

use serde_json::{Value, json};

use super::Texts;
use crate::inventory::Record;
use crate::inventory::record::{
    DAY, LifetimeClass, OwnerState, PrivilegeClass, RetirementState, Stamp, StepResult, Sureness,
};
use crate::reports::inventory::Inventory;

/// The columns of a row. Texts are numbers of the block's texts, days are counted from 1970.
const COLUMNS: [&str; 21] = [
    "id",
    "name",
    "label",
    "pattern",
    "severity",
    "owner",
    "owned",
    "path",
    "environment",
    "workloads",
    "named",
    "flags",
    "age",
    "introduced",
    "removed",
    "turns",
    "due",
    "expires",
    "dead",
    "privilege",
    "state",
];

/// What may be true of a record, the lowest bit first. Those that are totals, too, are counted as
/// `Totals` counts them.
const FLAGS: [&str; 14] = [
    "head", "declared", "inferred", "orphaned", "unowned", "overdue", "standing", "reused",
    "broad", "retired", "back", "before", "least", "unused",
];

/// How many workloads of a record are drawn; its card tells all of them.
const WORKLOADS: usize = 12;
/// How many replacements are drawn: the last ones.
const TURNS: usize = 24;

pub(super) fn rows(inventory: &Inventory<'_>) -> Value {
    let mut texts = Texts::default();
    let records = inventory.records.iter();
    let rows: Vec<Value> = records.map(|record| row(record, &mut texts)).collect();
    json!({ "columns": COLUMNS, "flags": FLAGS, "text": texts.all, "rows": rows })
}

fn day(at: Stamp) -> i64 {
    at.0.div_euclid(DAY)
}

fn flags(record: &Record) -> u32 {
    let owner = |state| record.owner.state == state;
    let state = |state| record.retirement.state == state;
    let introduced = record.introduced.as_ref();
    let all = [
        record.is_at_head(),
        owner(OwnerState::Declared),
        owner(OwnerState::Inferred),
        owner(OwnerState::Orphaned),
        owner(OwnerState::Unknown),
        record.has_issue("rotation-overdue"),
        record.lifetime.value == LifetimeClass::Standing,
        record.has_issue("reuse"),
        record.privilege.class.value == PrivilegeClass::Admin,
        state(RetirementState::Retired),
        state(RetirementState::Resurrected),
        introduced.is_some_and(|told| told.value.or_before),
        record.age.as_ref().is_some_and(|told| told.value.at_least),
        record.last_used.unused.is_some(),
    ];
    let bits = all.iter().enumerate();
    bits.fold(0, |sum, (bit, set)| sum | u32::from(*set) << bit)
}

fn row(record: &Record, texts: &mut Texts) -> Value {
    let place = record.places.first().map_or(String::new(), |place| {
        let repository = place.repository.as_ref();
        let repository = repository.map_or(String::new(), |r| format!("{r}: "));
        format!("{repository}{}:{}", place.path, place.line)
    });
    let owner = record.owner.principal.as_ref();
    let environments = record.known_environments();
    let environments: Vec<String> = environments.iter().map(|e| e.word()).collect();
    let mut workloads: Vec<usize> = Vec::new();
    for workload in &record.workloads {
        let number = texts.of(&format!("{} {}", workload.value.kind, workload.value.name));
        if !workloads.contains(&number) && workloads.len() < WORKLOADS {
            workloads.push(number);
        }
    }
    // What consumes it under a name, if that is more than a guess.
    let mut named: Vec<usize> = Vec::new();
    for told in record
        .consumers
        .iter()
        .filter(|c| c.confidence > Sureness::Guess)
    {
        let user = told.value.workload.as_deref().unwrap_or(&told.value.path);
        let number = texts.of(user);
        if !workloads.contains(&number) && !named.contains(&number) && named.len() < WORKLOADS {
            named.push(number);
        }
    }
    let events = &record.rotation.events;
    let turns = events[events.len().saturating_sub(TURNS)..].iter();
    let turns = turns.map(|event| (day(event.time), u8::from(event.new != record.id)));
    let dead = record.retirement.steps.iter();
    let mut dead = dead.filter(|s| s.check == "dead-at-provider" && s.result == StepResult::Yes);
    json!([
        texts.of(&record.id),
        texts.of(&record.name),
        texts.of(&record.label),
        texts.of(record.pattern.as_deref().unwrap_or_default()),
        texts.of(&record.severity),
        texts.of(owner.map_or("", |o| &o.value)),
        texts.of(&record.owner.state.word()),
        texts.of(&place),
        texts.of(&environments.join(", ")),
        workloads,
        named,
        flags(record),
        record.age.as_ref().map(|told| told.value.days),
        record.introduced.as_ref().map(|told| day(told.value.time)),
        record.removed.as_ref().map(|told| day(told.value.time)),
        turns.collect::<Vec<_>>(),
        record.rotation.due.map(day),
        record.expires.as_ref().map(|told| day(told.value)),
        dead.next().map(|step| day(step.at)),
        texts.of(&record.privilege.class.value.word()),
        texts.of(&record.retirement.state.word()),
    ])
}

/// What a card tells beyond the page for an incident.
pub(super) fn more(record: &Record) -> Vec<(&'static str, Vec<String>)> {
    let issues = record.issues.iter();
    let issues = issues.map(|issue| format!("{}: {}", issue.class, issue.why));
    let rules = record.policy.iter().map(|rule| {
        let exception = rule.exception.as_ref();
        let exception = exception.map_or(String::new(), |id| format!(" (exception {id})"));
        format!("{} {}: {}{exception}", rule.result, rule.rule, rule.why)
    });
    let requirements = record.requirements.iter();
    let requirements = requirements.map(|r| {
        let issues = r.issues.join(", ");
        let told = format!("{} {} {}", r.framework, r.id, r.title);
        format!("{}: {issues}", told.trim_end())
    });
    vec![
        ("WHAT IS WRONG WITH ITS LIFE", issues.collect()),
        ("WHAT THE POLICY SAYS", rules.collect()),
        (
            "SUPPORTS EVIDENCE FOR (NO STATEMENT OF COMPLIANCE)",
            requirements.collect(),
        ),
    ]
}
