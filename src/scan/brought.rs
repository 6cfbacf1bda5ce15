//! Which commits a base does not have.

use std::collections::BTreeSet;
use std::path::Path;

use crate::base::path_text;
use crate::sources::history::{Id, Lookup, Places, PlacesOptions, Revisions, range};

/// Commits, by their ids, that a base does not reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Those that HEAD reaches.
    pub by_head: BTreeSet<String>,
    /// Those of the ones that were asked for, wherever they lie.
    pub unknown_to_base: BTreeSet<String>,
}

/// Tells commits that came after a base: those that HEAD has, and which of `commits` it does not reach.
///
/// # Errors
///
/// If there is no such base, or a commit on the way cannot be read: in a shallow clone, for one.
pub fn brought_since(
    repository: &Path,
    places: &PlacesOptions,
    base: &str,
    commits: &BTreeSet<String>,
) -> Result<Brought, String> {
    let found = Places::find(repository, places);
    let found = found.map_err(|skip| format!("{}: {}", path_text(&skip.path), skip.reason))?;
    let lookup = Lookup::open(&found);
    let mut reader = lookup.reader();
    let mut revisions = Revisions::new(&found, &mut reader);
    let base = revisions.commit(base).map_err(|e| e.to_string())?;
    let head = revisions.head().map_err(|e| e.to_string())?;
    let asked: Vec<Id> = commits
        .iter()
        .filter_map(|hex| lookup.hash().parse(hex.as_bytes()))
        .collect();
    let mut since = |from: &[Id]| -> Result<BTreeSet<String>, String> {
        let told = range(&mut reader, from, &[base], |_| false);
        let told = told.map_err(|(id, why)| {
            let hex = lookup.hex(&id);
            format!("commit {hex} cannot be read, so what is new cannot be told: {why}")
        })?;
        Ok(told.commits.iter().map(|c| lookup.hex(&c.id)).collect())
    };
    let by_head = since(head.as_slice())?;
    let mut unknown_to_base = since(&asked)?;
    unknown_to_base.retain(|id| commits.contains(id));
    Ok(Brought {
        by_head,
        unknown_to_base,
    })
}
