//! What changed between two inventories.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::record::{Record, RetirementState};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Change {
    /// `added`, `gone`, `removed`, `retired`, `resurrected`, `rotated`, `owner`, `overdue`, `state`,
    /// `standing`, `environment`.
    pub what: String,
    /// The record.
    pub id: String,
    /// What it is.
    pub name: String,
    /// What was.
    pub before: String,
    /// What is.
    pub after: String,
}

/// The changes, sorted by kind and record.
pub fn diff(before: &[Record], after: &[Record]) -> Vec<Change> {
    let keyed = |all: &'_ [Record]| -> BTreeMap<String, usize> {
        let mut keys = BTreeMap::new();
        for (number, record) in all.iter().enumerate() {
            for id in std::iter::once(&record.id).chain(&record.also) {
                keys.entry(id.clone()).or_insert(number);
            }
        }
        keys
    };
    let (old, new) = (keyed(before), keyed(after));
    let find = |keys: &BTreeMap<String, usize>, record: &Record| {
        let mut ids = std::iter::once(&record.id).chain(&record.also);
        ids.find_map(|id| keys.get(id).copied())
    };
    let mut out = Vec::new();
    for record in before.iter().filter(|r| find(&new, r).is_none()) {
        out.push(change("gone", record, &record.retirement.state.word(), ""));
    }
    for record in after {
        let Some(was) = find(&old, record).map(|place| &before[place]) else {
            out.push(change("added", record, "", &record.retirement.state.word()));
            continue;
        };
        differ(was, record, &mut out);
    }
    out.sort();
    out
}

fn change(what: &str, record: &Record, before: &str, after: &str) -> Change {
    Change {
        what: what.to_owned(),
        id: record.id.clone(),
        name: record.name.clone(),
        before: before.to_owned(),
        after: after.to_owned(),
    }
}

fn differ(was: &Record, is: &Record, out: &mut Vec<Change>) {
    let mut say = |what: &str, before: &str, after: &str| {
        if before != after {
            out.push(change(what, is, before, after));
        }
    };
    let (old, new) = (was.retirement.state, is.retirement.state);
    let what = match new {
        RetirementState::Retired => "retired",
        RetirementState::Resurrected => "resurrected",
        RetirementState::Removed => "removed",
        _ => "state",
    };
    say(what, &old.word(), &new.word());
    say("standing", &was.standing, &is.standing);
    let owner = |r: &Record| {
        let name = r
            .owner
            .principal
            .as_ref()
            .map_or("", |p| &p.value)
            .to_owned();
        format!("{name} ({})", r.owner.state.word())
    };
    say("owner", &owner(was), &owner(is));
    let environments = |r: &Record| {
        let all: BTreeSet<String> = r.environments.iter().map(|e| e.value.word()).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    say("environment", &environments(was), &environments(is));
    let overdue = |r: &Record| {
        if r.has_issue("rotation-overdue") {
            "yes"
        } else {
            "no"
        }
    };
    say("overdue", overdue(was), overdue(is));
    let known = |event| was.rotation.events.iter().any(|e| e == event);
    for event in is
        .rotation
        .events
        .iter()
        .filter(|e| e.old == is.id && !known(*e))
    {
        out.push(change("rotated", is, &event.old, &event.new));
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Kind;
    use super::*;

    #[test]
    fn what_came_went_and_changed() {
        let one = |id: &str| Record::new(id, Kind::Literal, "x");
        let (a, b, mut c) = (one("a"), one("b"), one("a"));
        c.retirement.state = RetirementState::Retired;
        "history-only".clone_into(&mut c.standing);
        let mut d = one("c");
        d.also.push("e".into());
        let told = diff(&[a.clone(), b, one("e")], &[c, d, one("f")]);
        let short: Vec<(&str, &str)> = told.iter().map(|c| (&*c.what, &*c.id)).collect();
        assert_eq!(
            short,
            [
                ("added", "f"),
                ("gone", "b"),
                ("retired", "a"),
                ("standing", "a")
            ]
        );
        assert!(diff(std::slice::from_ref(&a), std::slice::from_ref(&a)).is_empty());
    }
}
