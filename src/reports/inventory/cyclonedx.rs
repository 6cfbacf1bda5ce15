//! `cyclonedx`: a bill of materials of cryptographic assets, as `CycloneDX` 1.7 has it
//! (<https://cyclonedx.org/docs/1.7/json/>).
//!
//! A record is a component of type `cryptographic-asset`; what uses it is one of type `application` that
//! depends on it. What the format has no word for is a property named `straykey:`. A value is never
//! in it, and no `fingerprint`: the format's means an open hash of the secret, ours is not one.
//!
//! Its compositions say `unknown` even if all was read: credentials that never passed through a
//! repository are in no inventory of repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::Inventory;
use crate::base::{escape_controls, path_text};
use crate::inventory::Record;
use crate::inventory::record::{Kind, Liveness, RetirementState, Stamp};

/// The component that stands for all that was swept.
const ROOT: &str = "straykey:repositories";

pub(super) fn write(inventory: &Inventory<'_>, out: &mut dyn Write) -> io::Result<()> {
    // What uses what: the reference of a workload, its name, what it depends on.
    let mut workloads: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    let mut components: Vec<Value> = Vec::with_capacity(inventory.records.len());
    for record in inventory.records {
        components.push(component(record));
        for told in &record.workloads {
            let workload = &told.value;
            let name = format!("{} {}", workload.kind, workload.name);
            let repository = workload.repository.as_deref().unwrap_or_default();
            let id = format!("straykey:workload:{repository}:{}:{name}", workload.path);
            let entry = workloads.entry(shown(&id)).or_default();
            entry.0 = shown(&name);
            entry.1.insert(reference(record));
        }
    }
    let all: Vec<String> = inventory.records.iter().map(reference).collect();
    let mut dependencies = vec![json!({ "ref": ROOT, "dependsOn": all })];
    for (id, (name, uses)) in &workloads {
        components.push(json!({ "type": "application", "bom-ref": id, "name": name }));
        dependencies.push(json!({ "ref": id, "dependsOn": uses }));
    }
    let is_incomplete = inventory.scan.is_incomplete();
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": {
            "timestamp": inventory.as_of,
            "tools": { "components": [{
                "type": "application",
                "name": "straykey",
                "version": env!("CARGO_PKG_VERSION"),
            }]},
            "component": { "type": "application", "name": "repositories", "bom-ref": ROOT },
            "properties": swept(inventory),
        },
        "components": components,
        "dependencies": dependencies,
        "compositions": [{
            "aggregate": if is_incomplete { "incomplete" } else { "unknown" },
            "dependencies": [ROOT],
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn shown(text: &str) -> String {
    escape_controls(text).into_owned()
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("straykey:{name}"), "value": shown(value) })
}

/// What was read, and what was not.
fn swept(inventory: &Inventory<'_>) -> Vec<Value> {
    let complete = !inventory.scan.is_incomplete();
    let mut all = vec![property("complete", &complete.to_string())];
    for one in inventory.repositories {
        all.push(property("repository", &path_text(&one.read.repository)));
    }
    let skips = inventory.scan.skips.iter();
    for skip in skips.filter(|s| s.reason.is_incomplete()) {
        let told = format!("{}: {}", path_text(&skip.path), skip.reason);
        all.push(property("not-read", &told));
    }
    all
}

fn reference(record: &Record) -> String {
    shown(&format!("straykey:{}:{}", record.kind.word(), record.id))
}

fn component(record: &Record) -> Value {
    let places: Vec<Value> = record
        .places
        .iter()
        .map(|place| {
            let repository = place.repository.as_ref();
            let repository = repository.map_or(String::new(), |r| format!("{r}: "));
            let mut told = Map::new();
            let location = format!("{repository}{}", place.path);
            told.insert("location".to_owned(), json!(shown(&location)));
            told.insert("line".to_owned(), json!(place.line));
            if let Some(key) = &place.key {
                told.insert("symbol".to_owned(), json!(shown(key)));
            }
            let there = if place.at_head {
                "in the last commit"
            } else {
                "no longer there"
            };
            told.insert("additionalContext".to_owned(), json!(there));
            Value::Object(told)
        })
        .collect();
    let name = format!("{} {}", record.name, record.label);
    json!({
        "type": "cryptographic-asset",
        "bom-ref": reference(record),
        "name": shown(name.trim_end()),
        "cryptoProperties": crypto(record),
        "evidence": { "occurrences": places },
        "properties": properties(record),
    })
}

fn crypto(record: &Record) -> Value {
    if record.kind == Kind::Certificate {
        let mut told = Map::new();
        if let Some(created) = &record.created {
            told.insert("notValidBefore".to_owned(), json!(created.value));
        }
        if let Some(expires) = &record.expires {
            told.insert("notValidAfter".to_owned(), json!(expires.value));
        }
        return json!({ "assetType": "certificate", "certificateProperties": told });
    }
    let mut told = Map::new();
    told.insert("type".to_owned(), json!(material(record)));
    told.insert("id".to_owned(), json!(shown(&record.id)));
    if let Some(state) = state(record) {
        told.insert("state".to_owned(), json!(state));
    }
    let mut time = |name: &str, at: Option<Stamp>| {
        if let Some(at) = at {
            told.insert(name.to_owned(), json!(at));
        }
    };
    time("creationDate", record.created.as_ref().map(|t| t.value));
    time("expirationDate", record.expires.as_ref().map(|t| t.value));
    if let Some(pattern) = &record.pattern {
        told.insert("format".to_owned(), json!(shown(pattern)));
    }
    json!({ "assetType": "related-crypto-material", "relatedCryptoMaterialProperties": told })
}

/// The format's word for what it is.
fn material(record: &Record) -> &'static str {
    let name = record.name.to_lowercase();
    match record.kind {
        Kind::Key => "private-key",
        Kind::Literal if name.contains("private key") => "private-key",
        Kind::Literal if name.contains("password") => "password",
        Kind::Literal if name.contains("token") => "token",
        Kind::Certificate | Kind::Trust => "other",
        Kind::Literal | Kind::Reference | Kind::Identity => "credential",
    }
}

/// The state of SP 800-57, where it is known: a key that works and was let out is compromised.
fn state(record: &Record) -> Option<&'static str> {
    let life = record.life.state.value;
    match record.retirement.state {
        RetirementState::Dead | RetirementState::Retired => Some("deactivated"),
        _ if matches!(life, Liveness::Dead | Liveness::Expired) => Some("deactivated"),
        _ if matches!(life, Liveness::Live | Liveness::Restricted)
            && matches!(record.kind, Kind::Literal | Kind::Key) =>
        {
            Some("compromised")
        }
        _ => None,
    }
}

fn properties(record: &Record) -> Vec<Value> {
    let mut all = vec![
        property("kind", &record.kind.word()),
        property("rank", &record.rank.place.to_string()),
        property("severity", &record.severity),
        property("standing", &record.standing),
        property("lifetime", &record.lifetime.value.word()),
        property("privilege", &record.privilege.class.value.word()),
        property("liveness", &record.life.state.value.word()),
        property("retirement", &record.retirement.state.word()),
        property("owner-state", &record.owner.state.word()),
    ];
    let mut some = |name: &str, value: Option<String>| {
        all.extend(value.map(|value| property(name, &value)));
    };
    let owner = record.owner.principal.as_ref();
    some("owner", owner.map(|o| o.value.clone()));
    some("purpose", record.purpose.as_ref().map(|p| p.value.clone()));
    let introduced = record.introduced.as_ref();
    some("introduced", introduced.map(|t| t.value.time.to_string()));
    let removed = record.removed.as_ref();
    some("removed", removed.map(|t| t.value.time.to_string()));
    let age = record.age.as_ref().map(|t| t.value);
    some("age-days", age.map(|a| a.days.to_string()));
    some("rotation-due", record.rotation.due.map(|d| d.to_string()));
    for environment in record.known_environments() {
        some("environment", Some(environment.word()));
    }
    for issue in &record.issues {
        some("issue", Some(format!("{}: {}", issue.class, issue.why)));
    }
    for requirement in &record.requirements {
        let told = format!("{} {}", requirement.framework, requirement.id);
        some("supports-evidence-for", Some(told));
    }
    all
}
