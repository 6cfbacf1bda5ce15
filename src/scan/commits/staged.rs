//! Joins the floors for an index: what a commit of it would bring in.
//!
//! An index is judged as the commit that git would make of it: by the same code, against the last
//! commit, and in a merge against all commits that are merged. Only the index and objects are read,
//! nothing of the working tree.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::{Explained, ScanError, ScanOptions, known, withhold};
use super::judge::{Judging, Teller, Told};
use super::{Comments, globs, notices, older};
use crate::detect::{Detector, Outcome};
use crate::findings::Fingerprint;
use crate::sources::history::{
    Commit, Id, Index, Lookup, ObjectKind, Places, PlacesOptions, Revisions, path_of,
};
use crate::sources::{Globs, Skip, SkipReason, top_of};
use crate::story::{Before, StagedResult};

/// Which index to judge, and how.
#[derive(Clone, Debug, Default)]
pub struct StagedOptions {
    /// A folder of the repository, or its git folder.
    pub repository: PathBuf,
    /// What the environment says about object stores.
    pub places: PlacesOptions,
    /// The index, if it is not the repository's own: git names another one to its hooks
    /// (`GIT_INDEX_FILE`). A relative path begins at the top of the working tree.
    pub index: Option<PathBuf>,
    /// The top of the working tree, if it is not where the repository is (`GIT_WORK_TREE`).
    pub top: Option<PathBuf>,
    /// Ids of commits that are being merged, if git has not written them down yet: it has not when
    /// it calls `pre-merge-commit`.
    pub merging: Vec<String>,
    /// Judge all that is in the index, not only what is new to the last commit.
    pub whole: bool,
    /// What is looked for and what is left out. Targets are not used. Of a baseline each line covers the
    /// files that it names, unless all is judged.
    pub scan: ScanOptions,
}

/// Judges what is staged.
///
/// # Errors
///
/// If the options cannot be followed, or the last commit is not known. What cannot be read is a skip
/// in the result.
pub fn staged(options: &StagedOptions) -> Result<StagedResult, ScanError> {
    run(options, false).map(|(_, result)| result)
}

/// All candidates in the files that are staged, accepted and rejected, in order of place.
///
/// # Errors
///
/// As [`staged`].
pub fn explain_staged(
    options: &StagedOptions,
) -> Result<(Vec<Explained>, StagedResult), ScanError> {
    run(options, true)
}

fn run(
    options: &StagedOptions,
    explaining: bool,
) -> Result<(Vec<Explained>, StagedResult), ScanError> {
    let mut explained = explaining.then(Vec::new);
    let began = Instant::now();
    known(&options.scan)?;
    let mut exclude = globs(&options.scan)?;
    let mut result = StagedResult::default();
    result.read.repository.clone_from(&options.repository);
    match Places::find(&options.repository, &options.places) {
        Ok(places) => {
            let top = top(options);
            exclude.begin_at(&top);
            let index = match &options.index {
                Some(named) => named_index(&top, named, &places),
                None => places.git_dir.join("index"),
            };
            Judge {
                options,
                places: &places,
                index: &index,
            }
            .judge(&exclude, &mut explained, &mut result)?;
        }
        Err(skip) => result.scan.skips.push(skip),
    }
    let effects = super::super::effects(&options.scan.exclude, &exclude);
    result.scan.configuration.extend(effects);
    result.scan.skips.sort();
    result.scan.skips.dedup();
    result.scan.elapsed = began.elapsed();
    let mut explained = explained.unwrap_or_default();
    explained.sort_by(|a, b| {
        (&a.path, a.start, a.judged.pattern.id).cmp(&(&b.path, b.start, b.judged.pattern.id))
    });
    Ok((explained, result))
}

/// The index that git names to its hooks. In a container the repository lies elsewhere than where git
/// has named it: an index that is not there is looked for by its name in the repository's own folder.
fn named_index(top: &Path, named: &Path, places: &Places) -> PathBuf {
    let path = top.join(named);
    let own = named.file_name().map(|name| places.git_dir.join(name));
    match own {
        Some(own) if named.is_absolute() && !path.exists() && own.exists() => own,
        _ => path,
    }
}

/// The top of the working tree.
fn top(options: &StagedOptions) -> PathBuf {
    let start = options.top.as_deref().unwrap_or(&options.repository);
    let start = start.canonicalize().unwrap_or_else(|_| start.to_owned());
    match &options.top {
        Some(_) => start,
        None => top_of(&start).unwrap_or(&start).to_owned(),
    }
}

struct Judge<'a> {
    options: &'a StagedOptions,
    places: &'a Places,
    index: &'a Path,
}

impl Judge<'_> {
    fn judge(
        &self,
        exclude: &Globs,
        explained: &mut Option<Vec<Explained>>,
        result: &mut StagedResult,
    ) -> Result<(), ScanError> {
        let mut lookup = Lookup::open(self.places);
        for known in [&self.places.skips[..], lookup.skips()] {
            result.scan.skips.extend_from_slice(known);
        }
        let parents = self.parents(&lookup, result)?;
        let Some(index) = self.read(&lookup, result) else {
            return Ok(());
        };
        let scan = &self.options.scan;
        let detector = Detector::new(&scan.catalogue, scan.engine);
        let today = crate::base::today();
        let mut missing = HashSet::new();
        let told = loop {
            let staged = match index.tree(&missing) {
                Ok(staged) => staged,
                Err(reason) => {
                    let path = self.index.to_owned();
                    result.scan.skips.push(Skip { path, reason });
                    return Ok(());
                }
            };
            lookup.lend(staged.made);
            let judging = Judging {
                detector: &detector,
                exclude,
                today: &today,
                lookup: &lookup,
                is_partial: self.places.format.partial,
                progress: scan.progress.as_deref(),
                comments: Comments::Count,
                stop: &scan.stop,
            };
            let mut teller = Teller::new(&judging);
            teller.explained = explained.as_ref().map(|_| Vec::new());
            let told = teller.tree("index", staged.tree, &parents);
            // The index may remember trees that were swept away since: then they are made anew.
            if told.missing.iter().any(|id| staged.cached.contains(id)) {
                missing.extend(staged.cached);
                continue;
            }
            result.read.changes = staged.tree != last_tree(&lookup, &parents);
            let conflict = "it is in conflict: git makes no commit until that is resolved";
            result
                .scan
                .skips
                .extend(staged.conflicts.iter().map(|path| Skip {
                    path: path_of(path),
                    reason: SkipReason::Unsupported(conflict.to_owned()),
                }));
            if staged.announced > 0 {
                result.scan.notices.push(format!(
                    "{} only announced (git add --intent-to-add): a commit has nothing of that",
                    files(staged.announced)
                ));
            }
            *explained = teller.explained;
            break told;
        };
        let explained = explained.as_deref_mut().unwrap_or_default();
        self.gather(told, &today, explained, result);
        result.scan.patterns = detector.patterns().len();
        notices(self.places, &detector, &mut result.scan);
        Ok(())
    }

    /// The commits that a commit would have as parents.
    fn parents(&self, lookup: &Lookup, result: &mut StagedResult) -> Result<Vec<Id>, ScanError> {
        if self.options.whole {
            return Ok(Vec::new());
        }
        let mut reader = lookup.reader();
        let head = Revisions::new(self.places, &mut reader).head();
        let head = head.map_err(|error| ScanError::Revision(error.to_string()))?;
        result.read.is_first = head.is_none();
        let mut parents: Vec<Id> = head.into_iter().collect();
        let hash = lookup.hash();
        let written = self.places.git_file("MERGE_HEAD").map_err(|why| {
            let why = format!("what is being merged is not known: {why}");
            ScanError::Revision(why)
        })?;
        let named = match &written {
            Some(written) => String::from_utf8_lossy(written)
                .lines()
                .map(str::to_owned)
                .collect(),
            None => self.options.merging.clone(),
        };
        for hex in &named {
            let id = hash.parse(hex.trim().as_bytes()).ok_or_else(|| {
                let why = "what is being merged is not known: MERGE_HEAD does not parse";
                ScanError::Revision(why.to_owned())
            })?;
            if !parents.contains(&id) {
                parents.push(id);
                result.read.merged += 1;
            }
        }
        Ok(parents)
    }

    fn read(&self, lookup: &Lookup, result: &mut StagedResult) -> Option<Index> {
        let reason = match Index::read(self.index, lookup.hash()) {
            Ok(Some(index)) => return Some(index),
            Ok(None) if self.options.index.is_none() => {
                let told = "there is no index: nothing was ever staged";
                result.scan.notices.push(told.to_owned());
                return None;
            }
            Ok(None) => SkipReason::Unreadable("there is no such index".to_owned()),
            Err(reason) => reason,
        };
        let path = self.index.to_owned();
        result.scan.skips.push(Skip { path, reason });
        None
    }

    fn gather(
        &self,
        told: Told,
        today: &str,
        explained: &mut [Explained],
        result: &mut StagedResult,
    ) {
        let mut scan = self.options.scan.clone();
        // Few of all that was accepted are in the files of one commit.
        scan.targets = Vec::new();
        if !self.options.whole {
            scan.baseline.hold_to_files();
        }
        let new: HashSet<Fingerprint> = told.findings.iter().map(|f| f.fingerprint).collect();
        withhold(&scan, today, told.findings, &mut result.scan, explained);
        for one in explained.iter_mut() {
            if one.judged.outcome == Outcome::Match && !new.contains(&one.fingerprint) {
                let why = "it was there before: it does not stop the commit";
                one.withheld.get_or_insert_with(|| why.to_owned());
            }
        }
        result.scan.accepted.extend(told.accepted);
        result.scan.skips.extend(told.skips);
        result.scan.files = told.files;
        result.scan.bytes = told.bytes;
        let before: HashSet<(Fingerprint, &Path)> = told
            .older
            .iter()
            .map(|o| (o.fingerprint(), &*o.path))
            .collect();
        let anywhere: HashSet<Fingerprint> = before.iter().map(|(f, _)| *f).collect();
        for finding in &mut result.scan.findings {
            for o in &mut finding.occurrences {
                o.committed = Some(before.contains(&(finding.fingerprint, &o.path)));
            }
            result.before.push(match &finding.fingerprint {
                known if scan.baseline.contains(known) => Before::Known,
                there if anywhere.contains(there) => Before::Committed,
                _ => Before::Nowhere,
            });
        }
        let (all, new) = (told.older.iter().collect(), told.new.iter().collect());
        result.read.older = older(&scan, &all, &new);
        result.read.files = told.touched;
    }
}

fn files(count: u64) -> String {
    match count {
        1 => "1 file is".to_owned(),
        count => format!("{count} files are"),
    }
}

/// The tree of the first of these commits; the empty one if there is none.
fn last_tree(lookup: &Lookup, parents: &[Id]) -> Id {
    let tree = parents.first().and_then(|head| {
        let (_, data) = lookup.reader().read(head).ok()?;
        lookup.hash().parse(Commit::parse(&data)?.tree)
    });
    tree.unwrap_or_else(|| lookup.hash().id_of(ObjectKind::Tree, b""))
}
