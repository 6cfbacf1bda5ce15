//! What stands in single files of single commits: for lists that name a place in a commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ScanOptions;
use crate::base::path_text;
use crate::detect::{Detector, Scratch};
use crate::findings::{Collector, Finding};
use crate::sources::history::{
    Commit, Id, Lookup, LookupReader, Places, PlacesOptions, Revisions, entry_at,
};
use crate::sources::{Chunk, Origin, content};

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The commit, by any name that a range may have.
    pub commit: String,
    /// The file's path from the top of the repository, with `/`.
    pub path: String,
}

/// The findings in each version, allowed ones included; or why it cannot be read. Only the objects
/// that lead there are read. Of `options` the catalogue and the engine count.
pub fn versions(
    repository: &Path,
    places: &PlacesOptions,
    options: &ScanOptions,
    asked: &[Version],
) -> BTreeMap<Version, Result<Vec<Finding>, String>> {
    let found = match Places::find(repository, places) {
        Ok(found) => found,
        Err(skip) => {
            let why = format!("{}: {}", path_text(&skip.path), skip.reason);
            let all = asked.iter().map(|one| (one.clone(), Err(why.clone())));
            return all.collect();
        }
    };
    let lookup = Lookup::open(&found);
    let mut reader = lookup.reader();
    let detector = Detector::new(&options.catalogue, options.engine).with_inline_allow(false);
    let mut scratch = Scratch::default();
    let today = crate::base::today();
    let mut commits: BTreeMap<&str, Result<Id, String>> = BTreeMap::new();
    let mut out = BTreeMap::new();
    for one in asked {
        let tree = commits
            .entry(&one.commit)
            .or_insert_with(|| tree_of(&found, &mut reader, &one.commit))
            .clone();
        let blob = tree.and_then(|tree| {
            let entry = entry_at(&mut reader, tree, one.path.as_bytes());
            let entry = entry.map_err(|(_, why)| why.to_string())?;
            entry.ok_or_else(|| "the commit has no such file".to_owned())
        });
        let data = blob.and_then(|id| reader.read(&id).map_err(|why| why.to_string()));
        let told = data.map(|(_, data)| {
            let (text, kind) = content(&data);
            let chunk = Chunk::whole(&text, kind);
            let origin = Origin::new(PathBuf::from(&one.path));
            let judged = detector.scan(&chunk, &origin.path, &mut scratch);
            let mut collector = Collector::from_the_top().without_frames();
            collector.begin();
            collector.see(&chunk, &judged, &[]);
            collector.take(&origin, &chunk, &judged, &today);
            if collector.is_full() {
                return Err("it has more matches than are collected of one file".to_owned());
            }
            Ok(collector.finish().0)
        });
        let told = told.and_then(|told| told);
        out.insert(one.clone(), told);
    }
    out
}

fn tree_of(places: &Places, reader: &mut LookupReader<'_>, name: &str) -> Result<Id, String> {
    let commit = Revisions::new(places, reader).commit(name);
    let commit = commit.map_err(|e| e.to_string())?;
    let (_, data) = reader.read(&commit).map_err(|why| why.to_string())?;
    let hex = Commit::parse(&data).map(|c| c.tree.to_vec());
    let tree = hex.and_then(|hex| reader.lookup().hash().parse(&hex));
    tree.ok_or_else(|| "the commit does not parse".to_owned())
}
