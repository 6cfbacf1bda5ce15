//! Joins the floors for a range of commits: every commit is judged by itself.
//!
//! A secret that one commit adds and the next takes away has leaked all the same: so a range is not
//! judged by the difference of its ends. For each commit, the files whose content no parent has at
//! their path are judged whole, by the very code that judges a file of a working tree; what the
//! parents' versions hold as well is counted and left out. Only objects that the range needs are
//! read.

mod alone;
mod count;
mod judge;
mod pushed;
mod renames;
mod staged;

use std::collections::{BTreeMap, HashSet};
use std::iter::repeat_n;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{ScanError, ScanOptions, known, names, withhold};
use crate::detect::Detector;
use crate::detect::patterns::Confidence;
use crate::findings::ScanResult;
use crate::sources::history::{
    Absence, Id, Lookup, LookupReader, Places, PlacesOptions, Range, RangeCommit, RevisionError,
    Revisions, range,
};
use crate::sources::{Globs, Skip, SkipReason};
use crate::story::{CommitFact, Commits, NONE, RangeResult};
use judge::{Judging, Key, Older, Teller, Told};
use pushed::Alone;
pub use staged::{StagedOptions, explain_staged, staged};

pub use pushed::{Known, Pushed};

/// Which commits to judge, and how.
#[derive(Clone, Debug, Default)]
pub struct CommitsOptions {
    /// A folder of the repository, or its git folder.
    pub repository: PathBuf,
    /// What the environment says about object stores.
    pub places: PlacesOptions,
    /// The range: `A..B` (commits that B reaches and A does not), `A...B` (those of B since the two
    /// parted: the same), `B`, `^A`; several are one range.
    pub revisions: Vec<String>,
    /// References that a push sets: their commits belong to the range, and the annotated tags on the
    /// way to them are judged, too.
    pub pushed: Vec<Pushed>,
    /// What the other side of a push has: it is left out.
    pub known: Known,
    /// What is looked for and what is left out. Targets are not used. Of a baseline each line covers the
    /// files that it names.
    pub scan: ScanOptions,
    /// Which comments of the range count.
    pub comments: Comments,
}

/// Which comments may allow what they stand beside. Those of older versions are read in the same way,
/// so that what was there before stays older.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comments {
    /// All.
    #[default]
    Count,
    /// Those that give a reason.
    WithReason,
    /// None: whoever writes the range must not allow what it brings in.
    Refused,
}

/// What to do about a clone that lacks the range.
const SHALLOW: &str = "this is a shallow clone: the whole range is needed, and how deep that is \
                       cannot be told from here (fetch-depth: 0 in a workflow, or git fetch \
                       --unshallow)";

/// How many commits a worker takes at a time: neighbours share most of what they are read from.
const RUN: usize = 16;

/// Judges every commit of a range.
///
/// # Errors
///
/// If the options cannot be followed: a revision that is no commit, a range that a shallow clone
/// lacks. An object that cannot be read is a skip in the result.
pub fn commits(options: &CommitsOptions) -> Result<RangeResult, ScanError> {
    let began = Instant::now();
    known(&options.scan)?;
    let mut options = options.clone();
    // Few of all that was accepted are in the commits of one range: nothing is told of the rest.
    options.scan.targets = Vec::new();
    options.scan.baseline.hold_to_files();
    let options = &options;
    let exclude = globs(&options.scan)?;
    let mut result = RangeResult::default();
    result.read.repository.clone_from(&options.repository);
    result.read.revisions.clone_from(&options.revisions);
    let names = options.pushed.iter().map(|p| p.name.clone());
    result.read.revisions.extend(names);
    match Places::find(&options.repository, &options.places) {
        Ok(places) => judged(options, &exclude, &places, &mut result)?,
        Err(skip) => result.scan.skips.push(skip),
    }
    let effects = super::effects(&options.scan.exclude, &exclude);
    result.scan.configuration.extend(effects);
    result.scan.skips.sort();
    result.scan.skips.dedup();
    result.scan.elapsed = began.elapsed();
    Ok(result)
}

/// The globs that leave files out.
fn globs(scan: &ScanOptions) -> Result<Globs, ScanError> {
    let mut exclude = Globs::default();
    for one in &scan.exclude {
        exclude
            .add(&one.glob, one.base.as_deref())
            .map_err(|why| ScanError::Glob(one.source.clone(), why))?;
    }
    Ok(exclude)
}

/// How many findings were there before: such as would be shown, and are not new elsewhere.
fn older(scan: &ScanOptions, older: &HashSet<&Older>, new: &HashSet<&Key>) -> u64 {
    let counts = |o: &&&Older| {
        let off = scan.disable.iter();
        o.confidence >= scan.least.unwrap_or(Confidence::Low)
            && !off.clone().any(|(id, _)| names(id, o.pattern))
            && !new.contains(&(o.pattern.id, o.secret.clone()))
    };
    older.iter().filter(counts).count() as u64
}

fn judged(
    options: &CommitsOptions,
    exclude: &Globs,
    places: &Places,
    result: &mut RangeResult,
) -> Result<(), ScanError> {
    let lookup = Lookup::open(places);
    for known in [&places.skips[..], lookup.skips()] {
        result.scan.skips.extend_from_slice(known);
    }
    let mut reader = lookup.reader();
    let (range, alone) = resolved(options, places, &mut reader, &mut result.scan.notices)?;
    let ordered = ordered(range.commits);
    result.read.commits = ordered.len() as u64;
    if ordered.is_empty() && options.pushed.is_empty() {
        let none = "no commit is in the range: nothing was judged";
        result.scan.notices.push(none.to_owned());
    }
    let detector = Detector::new(&options.scan.catalogue, options.scan.engine);
    let today = crate::base::today();
    let judging = Judging {
        detector: &detector,
        exclude,
        today: &today,
        lookup: &lookup,
        is_partial: places.format.partial,
        progress: options.scan.progress.as_deref(),
        comments: options.comments,
        stop: &options.scan.stop,
    };
    let mut older: HashSet<Older> = HashSet::new();
    let mut new: HashSet<Key> = HashSet::new();
    let mut all = all_told(options, &judging, &ordered);
    let left = ordered.len() - all.len();
    let mut teller = Teller::new(&judging);
    let going = |_: &&Alone| !options.scan.stop.is_asked();
    let told = alone.iter().take_while(going).map(|one| teller.alone(one));
    all.extend(told.collect::<Vec<_>>());
    if all.len() < ordered.len() + alone.len() {
        let (judged, count) = (ordered.len() - left, ordered.len());
        let why = format!("{judged} of {count} commits were judged");
        result.scan.skips.push(Skip {
            path: options.repository.clone(),
            reason: SkipReason::Interrupted(why),
        });
    }
    let baseline = &options.scan.baseline;
    let mut spread = 0;
    for told in all {
        let before = result.scan.findings.len();
        gather(&options.scan, &today, told, &mut older, &mut new, result);
        let brought = result.scan.findings[before..].iter();
        spread += brought
            .filter(|f| baseline.contains(&f.fingerprint))
            .count();
    }
    if spread > 0 {
        result.scan.notices.push(match spread {
            1 => {
                "1 finding is in the baseline, of other files: it spreads, and is not covered here".to_owned()
            }
            n => format!(
                "{n} findings are in the baseline, of other files: they spread, and are not covered here"
            ),
        });
    }
    let (all, new) = (older.iter().collect(), new.iter().collect());
    result.read.older = self::older(&options.scan, &all, &new);
    result.scan.patterns = detector.patterns().len();
    notices(places, &detector, &mut result.scan);
    Ok(())
}

/// The commits of the range.
fn resolved(
    options: &CommitsOptions,
    places: &Places,
    reader: &mut LookupReader<'_>,
    notices: &mut Vec<String>,
) -> Result<(Range, Vec<Alone>), ScanError> {
    let lacking = |error: RevisionError| {
        let hint = match (error.is_missing, places.shallow.is_empty()) {
            (false, _) => String::new(),
            (true, false) => format!("; {SHALLOW}"),
            (true, true) => "; if another repository has it, fetch it first".to_owned(),
        };
        ScanError::Revision(format!("{error}{hint}"))
    };
    let (mut from, mut without): (Vec<Id>, Vec<Id>) = (Vec::new(), Vec::new());
    let mut revisions = Revisions::new(places, reader);
    for text in &options.revisions {
        let (exclude, include) = ends(text);
        for (name, list) in [(exclude, &mut without), (include, &mut from)] {
            if let Some(name) = name {
                list.push(revisions.commit(name).map_err(lacking)?);
            }
        }
    }
    notices.append(&mut revisions.notices);
    let alone = pushed::sent(&options.pushed, reader, &mut from)?;
    without.extend(pushed::known(&options.known, places, reader, notices));
    if from.is_empty() && !alone.is_empty() {
        return Ok((Range::default(), alone));
    }
    if from.is_empty() {
        let why = "no commit is asked for: a range ends with one (A..B, B, or ^A B)";
        return Err(ScanError::Revision(why.to_owned()));
    }
    let hash = reader.lookup().hash();
    let cut: HashSet<Id> = places
        .shallow
        .iter()
        .filter_map(|hex| hash.parse(hex.as_bytes()))
        .collect();
    let found = range(reader, &from, &without, |id| cut.contains(id));
    let found = found.map_err(|(id, why)| {
        let hex = reader.lookup().hex(&id);
        let hint = match (&why, places.shallow.is_empty()) {
            (Absence::Missing, false) => format!("; {SHALLOW}"),
            _ => String::new(),
        };
        ScanError::Revision(format!("commit {hex} of the range: {why}{hint}"))
    })?;
    if let Some(id) = found.cut.first() {
        let hex = reader.lookup().hex(id);
        let why = format!("the parents of {hex}, a commit of the range, are not here; {SHALLOW}");
        return Err(ScanError::Revision(why));
    }
    if found.is_doubtful {
        let why = format!("where the range begins is not known; {SHALLOW}");
        return Err(ScanError::Revision(why));
    }
    Ok((found, alone))
}

/// What one argument leaves out and what it asks for. An end that is not named is `HEAD`.
fn ends(text: &str) -> (Option<&str>, Option<&str>) {
    let parts = text.split_once("...").or_else(|| text.split_once(".."));
    if let Some((without, from)) = parts {
        let end = |name| Some(name).filter(|n: &&str| !n.is_empty()).or(Some("HEAD"));
        return (end(without), end(from));
    }
    match text.strip_prefix('^') {
        Some(name) => (Some(name), None),
        None => (None, Some(text)),
    }
}

/// Parents before children, the older first where either may be.
fn ordered(mut commits: Vec<RangeCommit>) -> Vec<RangeCommit> {
    commits.sort_unstable_by_key(|c| c.id);
    let number = |id: &Id| commits.binary_search_by_key(id, |c| c.id);
    let facts = commits.iter().zip(0..).map(|(commit, place)| CommitFact {
        number: place,
        tree: NONE,
        parents: commit
            .parents
            .iter()
            .filter_map(|p| Some(number(p).ok()? as u32))
            .collect(),
        time: commit.time,
    });
    let graph = Commits::new(facts.collect());
    let places = (0..graph.len() as u32).map(|place| graph.fact(place).number);
    places.map(|n| commits[n as usize].clone()).collect()
}

/// Judges all commits; what each told, in their order.
fn all_told(options: &CommitsOptions, judging: &Judging<'_>, commits: &[RangeCommit]) -> Vec<Told> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Vec<Told>>> = Mutex::default();
    let work = || {
        let mut teller = Teller::new(judging);
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            let Some(mine) = commits.chunks(RUN).nth(run) else {
                return;
            };
            let going = |_: &&RangeCommit| !options.scan.stop.is_asked();
            let told = mine.iter().take_while(going);
            let told = told.map(|commit| teller.commit(commit)).collect();
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.insert(run, told);
        }
    };
    let threads = match options.scan.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        some => some,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(commits.len().div_ceil(RUN)) {
            scope.spawn(work);
        }
        work();
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_values().flatten().collect()
}

/// Adds what one commit told.
fn gather(
    options: &ScanOptions,
    today: &str,
    told: Told,
    older: &mut HashSet<Older>,
    new: &mut HashSet<Key>,
    result: &mut RangeResult,
) {
    let mut own = ScanResult::default();
    withhold(options, today, told.findings, &mut own, &mut []);
    older.extend(told.older);
    new.extend(told.new);
    let scan = &mut result.scan;
    if !own.findings.is_empty() {
        result
            .by
            .extend(repeat_n(result.commits.len(), own.findings.len()));
        result.commits.push(told.info);
    }
    scan.findings.append(&mut own.findings);
    scan.accepted.extend(told.accepted);
    scan.accepted.append(&mut own.accepted);
    scan.hidden += own.hidden;
    scan.skips.extend(told.skips);
    scan.files += told.files;
    scan.bytes += told.bytes;
    result.read.refused += told.refused;
    for effect in own.configuration {
        let mut known = scan.configuration.iter_mut();
        match known.find(|e| (&e.source, e.removes) == (&effect.source, effect.removes)) {
            Some(known) => known.count += effect.count,
            None => scan.configuration.push(effect),
        }
    }
    for notice in own.notices {
        if !scan.notices.contains(&notice) {
            scan.notices.push(notice);
        }
    }
}

fn notices(places: &Places, detector: &Detector, scan: &mut ScanResult) {
    let has_any = |name: &str| {
        let entries = std::fs::read_dir(places.common_dir.join(name));
        entries.is_ok_and(|mut entries| entries.next().is_some())
    };
    if has_any("refs/replace") || places.common_dir.join("info/grafts").exists() {
        let told = "replace references and grafts are not followed: commits are read as they were \
                    made";
        scan.notices.push(told.to_owned());
    }
    for id in detector.slow() {
        scan.notices.push(format!(
            "pattern '{id}' has no prefilter and is tried everywhere"
        ));
    }
}

/// An object that is not at hand.
fn absent(what: &str, hex: &str, why: &Absence, is_partial: bool) -> Skip {
    let path = what.into();
    let reason = match why {
        Absence::Missing if is_partial => SkipReason::Unreadable(format!(
            "object {hex} is not here: this is a partial clone, and nothing is fetched"
        )),
        why => SkipReason::Corrupt(format!("object {hex}: {why}")),
    };
    Skip { path, reason }
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn the_ends_of_a_range() {
        assert_eq!(ends("a..b"), (Some("a"), Some("b")));
        assert_eq!(ends("a...b"), (Some("a"), Some("b")));
        assert_eq!(ends("a.."), (Some("a"), Some("HEAD")));
        assert_eq!(ends("..b"), (Some("HEAD"), Some("b")));
        assert_eq!(ends("^a"), (Some("a"), None));
        assert_eq!(ends("a^"), (None, Some("a^")));
        assert_eq!(ends("v1.0~2"), (None, Some("v1.0~2")));
    }
}
