//! Over all files: one credential that several MCP servers are given.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::MCP_SHARED;
use super::{Found, Kept, Observation, Place, WorkloadKind};

/// What only all files together show. Call it once, when all files were read.
pub fn shared(found: &Found) -> Vec<Observation> {
    let mut by_name: BTreeMap<(Kept, &str, &str), (BTreeSet<&str>, &Place)> = BTreeMap::new();
    for reference in &found.references {
        let Some(workload) = &reference.workload else {
            continue;
        };
        if workload.kind != WorkloadKind::McpServer || reference.kept == Kept::File {
            continue;
        }
        // The ids of inputs are those of one file.
        let file = if reference.kept == Kept::McpInput {
            reference.place.path.as_str()
        } else {
            ""
        };
        let key = (reference.kept, reference.name.as_str(), file);
        let known = by_name
            .entry(key)
            .or_insert_with(|| (BTreeSet::new(), &reference.place));
        known.0.insert(&workload.name);
        known.1 = known.1.min(&reference.place);
    }
    let several = by_name
        .into_iter()
        .filter(|(_, (servers, _))| servers.len() > 1);
    let told = several.map(|((kept, name, _), (servers, place))| {
        let servers = servers.into_iter().collect::<Vec<_>>().join(", ");
        Observation {
            place: place.clone(),
            rule: &MCP_SHARED,
            subject: servers.clone(),
            what: format!("{servers} are all given {name} ({})", kept.word()),
            instead: None,
        }
    });
    told.collect()
}
