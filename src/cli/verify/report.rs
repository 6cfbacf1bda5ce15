//! What a report of ours names: fingerprints, and the files they were found in. It holds no secret.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use straykey::findings::Fingerprint;

use crate::cli::error::CliError;
use crate::cli::home::read_at_most;

/// The biggest report that is read.
const MOST: u64 = 256 << 20;

/// What a report names.
#[derive(Debug, Default)]
pub struct Named {
    /// Whole fingerprints, in its order.
    pub fingerprints: Vec<String>,
    /// Paths as it writes them.
    pub paths: BTreeSet<PathBuf>,
    /// Whether it is of a history.
    pub history: bool,
}

/// Reads a report: `json`, `jsonl` or `sarif`.
///
/// # Errors
///
/// If it is none.
pub fn read(path: &Path) -> Result<Named, CliError> {
    let text = read_at_most(path, MOST)?;
    let mut named = Named::default();
    if let Ok(whole) = serde_json::from_str::<Value>(&text) {
        collect(&whole, &mut named);
        named.history = whole.get("history").is_some() || whole.get("repositories").is_some();
    } else {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str::<Value>(line) {
                Ok(value) => {
                    named.history |= value.get("story").is_some();
                    collect(&value, &mut named);
                }
                // Not a word of it is repeated: it may be anything.
                Err(_) => return Err(none()),
            }
        }
    }
    let mut seen = BTreeSet::new();
    named.fingerprints.retain(|f| seen.insert(f.clone()));
    if named.fingerprints.is_empty() {
        return Err(none());
    }
    Ok(named)
}

fn none() -> CliError {
    CliError::new("it is no report of straykey with findings: json, jsonl or sarif is needed")
}

/// Looks through all members.
fn collect(value: &Value, named: &mut Named) {
    match value {
        Value::Array(all) => all.iter().for_each(|v| collect(v, named)),
        Value::Object(all) => {
            for (key, value) in all {
                match (key.as_str(), value) {
                    ("fingerprint" | "straykeyFingerprint/v1", Value::String(text))
                        if Fingerprint::is_whole(text) =>
                    {
                        named.fingerprints.push(text.clone());
                    }
                    ("path" | "uri", Value::String(text)) => {
                        named.paths.insert(PathBuf::from(text));
                    }
                    // Findings that somebody accepted are not asked for by a report.
                    ("accepted" | "skips" | "taxonomies" | "rules", _) => {}
                    _ => collect(value, named),
                }
            }
        }
        _ => {}
    }
}
