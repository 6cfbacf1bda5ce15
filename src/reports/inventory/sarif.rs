//! `sarif`: SARIF 2.1.0 of an inventory: a result for each thing that is wrong with a credential's life, and
//! for each rule of the policy that failed or warned.
//!
//! It is told as an analysis of its own (`straykey/inventory`), so that a service that keeps alerts does
//! not take it for a scan. Each result names the requirements that it supports evidence for, as taxa.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    Invocation, Location, Message, MultiformatMessageString, PhysicalLocation, PropertyBag, Region,
    ReportingConfiguration, ReportingDescriptor, Result as SarifResult, ResultLevel, Run,
    RunAutomationDetails, Tool, ToolComponent,
};

use super::super::{sarif, taxonomies};
use super::Inventory;
use crate::inventory::record::Place;
use crate::inventory::{ALWAYS, ISSUES, Record, leads_of};

/// How many places of a credential a result points to.
const PLACES: usize = 20;

pub(super) fn write(inventory: &Inventory<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut all: Vec<(String, Wanted<'_>)> = Vec::new();
    for record in inventory.records {
        for issue in &record.issues {
            let level = level_of(&issue.class);
            let wanted = Wanted {
                record,
                level,
                why: &issue.why,
                issue: Some(&issue.class),
            };
            all.push((format!("inventory.{}", issue.class), wanted));
        }
        for said in &record.policy {
            // An issue that fails by itself is told as one already.
            let name = said.rule.split(' ').next().unwrap_or_default();
            if said.result == "excepted" || ALWAYS.contains(&name) {
                continue;
            }
            let level = match &*said.result {
                "fail" => ResultLevel::Error,
                _ => ResultLevel::Warning,
            };
            let wanted = Wanted {
                record,
                level,
                why: &said.why,
                issue: None,
            };
            all.push((format!("policy.{name}"), wanted));
        }
    }
    let ids: BTreeSet<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
    let index: BTreeMap<&str, i64> = ids.iter().zip(0..).map(|(id, i)| (*id, i)).collect();
    let driver = ToolComponent::builder()
        .name("straykey")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(ids.iter().map(|id| rule(id)).collect::<Vec<_>>())
        .supported_taxonomies(taxonomies::supported())
        .build();
    let kept = all.iter().take(sarif::RESULTS);
    let results: Vec<SarifResult> = kept
        .map(|(id, one)| result(id, index[&**id], one))
        .collect();
    let mut notifications = sarif::notifications(&inventory.scan.skips);
    let over = all.len().saturating_sub(sarif::RESULTS);
    if over > 0 {
        let why = format!(
            "{over} results are left out: a run holds {}",
            sarif::RESULTS
        );
        notifications.push(sarif::notification("error", &why, None));
    }
    let told = inventory.scan.notices.iter().chain(inventory.verdicts);
    notifications.extend(told.map(|line| sarif::notification("note", line, None)));
    let invocation = Invocation::builder()
        .execution_successful(!inventory.scan.is_incomplete())
        .tool_execution_notifications(notifications)
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(
            RunAutomationDetails::builder()
                .id("straykey/inventory/")
                .build(),
        )
        .results(results)
        .invocations(vec![invocation])
        .taxonomies(taxonomies::all())
        .column_kind(json!("unicodeCodePoints"))
        .redaction_tokens(vec!["....".to_owned()])
        .build();
    sarif::log(run, out)
}

/// What a result tells.
struct Wanted<'r> {
    record: &'r Record,
    level: ResultLevel,
    why: &'r str,
    issue: Option<&'r str>,
}

/// What fails a check by itself is an error. That a credential is there at all a scan says.
fn level_of(class: &str) -> ResultLevel {
    match class {
        class if ALWAYS.contains(&class) => ResultLevel::Error,
        "literal-secret" | "secret-in-history-only" | "no-expiry" | "unowned" => ResultLevel::Note,
        _ => ResultLevel::Warning,
    }
}

fn rule(id: &str) -> ReportingDescriptor {
    let text = |text: &str| MultiformatMessageString::builder().text(text).build();
    let class = id.strip_prefix("inventory.");
    let meaning = class.and_then(|class| ISSUES.iter().find(|(known, _)| *known == class));
    let meaning = meaning.map_or("a rule of .straykey/policy.toml", |(_, meaning)| meaning);
    let level = match class.map(level_of) {
        Some(ResultLevel::Error) => "error",
        Some(ResultLevel::Note) => "note",
        _ => "warning",
    };
    let leads = class.into_iter().flat_map(leads_of);
    let leads = leads.filter_map(|(framework, id)| taxonomies::of(framework, id));
    let config = ReportingConfiguration::builder()
        .level(json!(level))
        .build();
    let help = format!(
        "{meaning}. straykey incident FINGERPRINT tells of a credential what to do first. The \
         requirements it is related to are those that it supports evidence for: that is no statement \
         of compliance."
    );
    ReportingDescriptor::builder()
        .id(id)
        .name(id.rsplit('.').next().unwrap_or(id))
        .short_description(text(meaning))
        .full_description(text(meaning))
        .help(text(&help))
        .default_configuration(config)
        .relationships(
            leads
                .map(|t| taxonomies::related(t, "relevant"))
                .collect::<Vec<_>>(),
        )
        .build()
}

fn result(id: &str, index: i64, wanted: &Wanted<'_>) -> SarifResult {
    let record = wanted.record;
    let text = format!("{} {}: {}.", record.name, record.label, wanted.why);
    let taxa = record.requirements.iter().filter(|requirement| {
        let issue = wanted.issue.unwrap_or_default();
        requirement.issues.iter().any(|own| own == issue)
    });
    let taxa = taxa.filter_map(|r| taxonomies::of(&r.framework, &r.id));
    let taxa: Vec<_> = taxa.map(taxonomies::reference).collect();
    let owner = record.owner.principal.as_ref();
    let mut properties: BTreeMap<String, Value> = BTreeMap::new();
    properties.insert("fingerprint".into(), json!(record.id));
    properties.insert("pattern".into(), json!(record.pattern));
    properties.insert("severity".into(), json!(record.severity));
    properties.insert("standing".into(), json!(record.standing));
    properties.insert("state".into(), json!(record.retirement.state.word()));
    properties.insert("rank".into(), json!(record.rank.place));
    properties.insert("owner".into(), json!(owner.map(|told| &told.value)));
    properties.insert("ownerState".into(), json!(record.owner.state.word()));
    let mut places = record.places.iter().map(location);
    let first: Vec<Location> = places.next().into_iter().collect();
    let related: Vec<Location> = places
        .zip(1..)
        .take(PLACES)
        .map(|(mut place, id)| {
            place.id = Some(id);
            place
        })
        .collect();
    let key = format!("{}/{id}", record.id);
    let fingerprints = BTreeMap::from([("straykeyInventory/v1".to_owned(), key)]);
    let mut result = SarifResult::builder()
        .rule_id(id)
        .rule_index(index)
        .level(wanted.level)
        .message(Message::builder().text(text).build())
        .locations(first)
        .related_locations(related)
        .partial_fingerprints(fingerprints)
        .properties(
            PropertyBag::builder()
                .additional_properties(properties)
                .build(),
        )
        .build();
    if !taxa.is_empty() {
        result.taxa = Some(taxa);
    }
    result
}

fn location(place: &Place) -> Location {
    let path = match &place.repository {
        Some(repository) => Path::new(repository).join(&place.path),
        None => Path::new(&place.path).to_owned(),
    };
    let mut physical = PhysicalLocation::builder()
        .artifact_location(sarif::artifact(&path))
        .build();
    if place.line > 0 {
        physical.region = Some(Region::builder().start_line(place.line as i64).build());
    }
    Location::builder().physical_location(physical).build()
}
