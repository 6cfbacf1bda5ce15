//! `json`: one document; `jsonl`: a record a line, then what was not read, then the totals. Both can be
//! read again.

use std::io::{self, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use super::{Inventory, Totals};
use crate::base::path_text;
use crate::inventory::record::RECORD_VERSION;
use crate::inventory::{ObservedTold, Record, Stamp};

#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// Version of this format and of its records, `major.minor`.
    schema_version: &'a str,
    /// What made it.
    tool: Tool<'a>,
    /// The time that was asked for.
    as_of: Stamp,
    /// Whether everything that was asked for was read.
    complete: bool,
    /// How many there are of what.
    totals: Totals,
    /// Credentials that came after the time that was asked for.
    later: usize,
    /// What was swept.
    repositories: Vec<RepositoryWire<'a>>,
    /// What was not read, and why.
    skips: Vec<SkipWire<'a>>,
    /// Things a person should know.
    notices: &'a [String],
    /// What a policy found, if one was asked for.
    verdicts: &'a [String],
    /// What exports of providers say beside records, if any were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'a ObservedTold>,
    /// Records, in the order in which to act.
    records: &'a [Record],
}

#[derive(Serialize, JsonSchema)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
    /// How many patterns were looked for.
    patterns: usize,
}

#[derive(Serialize, JsonSchema)]
struct RepositoryWire<'a> {
    /// As the user named it.
    path: std::borrow::Cow<'a, str>,
    /// Objects that exist.
    objects: u64,
    /// Those of them that were read.
    objects_read: u64,
    commits: u64,
    references: u64,
    /// Whether everything of it was read.
    complete: bool,
}

#[derive(Serialize, JsonSchema)]
struct SkipWire<'a> {
    path: std::borrow::Cow<'a, str>,
    /// A stable word.
    reason: &'a str,
    message: String,
    /// Whether it makes the inventory incomplete.
    incomplete: bool,
}

/// A line.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'a> {
    /// A record.
    Record {
        schema_version: &'a str,
        #[serde(flatten)]
        record: &'a Record,
    },
    /// Something that was not read.
    Skip {
        #[serde(flatten)]
        skip: SkipWire<'a>,
    },
    /// What exports of providers say beside records, if any were given.
    Observed {
        #[serde(flatten)]
        observed: &'a ObservedTold,
    },
    /// The last line.
    Totals {
        as_of: Stamp,
        complete: bool,
        later: usize,
        #[serde(flatten)]
        totals: Totals,
    },
}

fn skips<'a>(inventory: &Inventory<'a>) -> Vec<SkipWire<'a>> {
    let all = inventory.scan.skips.iter().map(|s| SkipWire {
        path: path_text(&s.path),
        reason: s.reason.code(),
        message: s.reason.to_string(),
        incomplete: s.reason.is_incomplete(),
    });
    all.collect()
}

pub(super) fn write(inventory: &Inventory<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema_version: RECORD_VERSION,
        tool: Tool {
            name: "straykey",
            version: env!("CARGO_PKG_VERSION"),
            patterns: inventory.scan.patterns,
        },
        as_of: inventory.as_of,
        complete: !inventory.scan.is_incomplete(),
        totals: Totals::of(inventory.records),
        later: inventory.later,
        repositories: inventory
            .repositories
            .iter()
            .map(|one| RepositoryWire {
                path: path_text(&one.read.repository),
                objects: one.read.objects,
                objects_read: one.read.objects_read,
                commits: one.read.commits,
                references: one.read.references,
                complete: one.complete,
            })
            .collect(),
        skips: skips(inventory),
        notices: &inventory.scan.notices,
        verdicts: inventory.verdicts,
        observed: inventory.observed,
        records: inventory.records,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

pub(super) fn write_lines(inventory: &Inventory<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |line: &Line<'_>| -> io::Result<()> {
        serde_json::to_writer(&mut *out, line)?;
        writeln!(out)
    };
    for record in inventory.records {
        line(&Line::Record {
            schema_version: RECORD_VERSION,
            record,
        })?;
    }
    for skip in skips(inventory) {
        line(&Line::Skip { skip })?;
    }
    if let Some(observed) = inventory.observed {
        line(&Line::Observed { observed })?;
    }
    line(&Line::Totals {
        as_of: inventory.as_of,
        complete: !inventory.scan.is_incomplete(),
        later: inventory.later,
        totals: Totals::of(inventory.records),
    })
}

/// Reads an inventory again that either format holds: its records.
///
/// # Errors
///
/// Why it is none, with the line.
pub fn read(text: &str) -> Result<Vec<Record>, String> {
    #[derive(Deserialize)]
    struct Whole {
        schema_version: String,
        records: Vec<Record>,
    }
    #[derive(Deserialize)]
    struct Head {
        r#type: Option<String>,
        schema_version: Option<String>,
    }
    let known = |version: &str| {
        let major = |v: &str| v.split('.').next().map(str::to_owned);
        if major(version) == major(RECORD_VERSION) {
            Ok(())
        } else {
            Err(format!(
                "version {version} is not known; this program reads {RECORD_VERSION}"
            ))
        }
    };
    let first = text.lines().find(|line| !line.trim().is_empty());
    let head = first.and_then(|line| serde_json::from_str::<Head>(line).ok());
    if head.is_none_or(|head| head.r#type.is_none()) {
        let whole: Whole = serde_json::from_str(text).map_err(|e| format!("{e}"))?;
        known(&whole.schema_version)?;
        return Ok(whole.records);
    }
    let mut records = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |e: serde_json::Error| format!("line {}: {e}", number + 1);
        let head: Head = serde_json::from_str(line).map_err(wrong)?;
        if head.r#type.as_deref() == Some("record") {
            known(head.schema_version.as_deref().unwrap_or("0"))?;
            records.push(serde_json::from_str(line).map_err(wrong)?);
        }
    }
    Ok(records)
}

/// The schema of the document.
pub fn inventory_schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator();
    schema
        .into_root_schema_for::<Document<'static>>()
        .to_value()
}

/// The schema of a line.
pub fn inventory_jsonl_schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator();
    schema.into_root_schema_for::<Line<'static>>().to_value()
}
