//! Joins the floors: sources to detection to findings.

mod brought;
mod commits;
mod conceal;
mod histories;
mod history;
mod inventory;
mod references;
mod tips;
mod versions;
mod worker;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use crate::base::{Position, Stop};
pub use crate::detect::Engine;
use crate::detect::patterns::{Confidence, Pattern};
use crate::detect::{Catalogue, Detector, Judged, Needles};
use crate::findings::{Accepted, Allowances, Baseline, Effect, Finding, Fingerprint, ScanResult};
use crate::sources::history::SweepProgress;
use crate::sources::{Globs, Heads, Skip, SkipReason, TreeOptions, TreeSource, top_of};
use worker::Worker;

pub use brought::{Brought, brought_since};
pub use commits::{
    Comments, CommitsOptions, Known, Pushed, StagedOptions, commits, explain_staged, staged,
};
pub use histories::histories;
pub use history::{HistoryOptions, Moment, Narrow, history};
pub use inventory::{InventoryOptions, InventoryResult, file_of, inventory};
pub use references::{ReferencesOptions, references};
pub use tips::{Tips, tips};
pub use versions::{Version, versions};

/// What to scan, and how.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// Files and folders; `-` is standard input. Empty means nothing is scanned.
    pub targets: Vec<PathBuf>,
    /// Read what git ignores, too.
    pub ignored: bool,
    /// Worker threads; 0 for as many as there are cores.
    pub threads: usize,
    /// What is looked for.
    pub catalogue: Catalogue,
    /// How.
    pub engine: Engine,
    /// One known value to look for, instead of patterns.
    pub find: Option<Arc<Needles>>,
    /// The least confidence that is shown; what is below is counted.
    pub least: Option<Confidence>,
    /// What somebody accepted.
    pub allowances: Allowances,
    /// What was known when a gate was put up.
    pub baseline: Baseline,
    /// Files that are left out.
    pub exclude: Vec<Exclude>,
    /// Pattern ids (or `provider.*`) whose findings are left out, and counted; each with where it
    /// was configured.
    pub disable: Vec<(String, String)>,
    /// Asks for an early end: what was found until then is told.
    pub stop: Stop,
    /// Counters that a progress display may read meanwhile.
    pub progress: Option<Arc<Progress>>,
}

/// Files that are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclude {
    /// A glob in the syntax of `.gitignore`.
    pub glob: String,
    /// The folder (canonical) that it counts in; `None` compares it with paths as reports show
    /// them.
    pub base: Option<PathBuf>,
    /// Where it was configured.
    pub source: String,
}

/// What has been done so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files read to their end.
    pub files: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    /// Matches so far.
    pub matches: AtomicU64,
    /// Objects of the histories that were begun.
    pub objects: AtomicU64,
    /// What of them was read.
    pub sweep: Arc<SweepProgress>,
    /// Repositories that were begun, and that are to be swept, if several are.
    pub repositories: (AtomicU64, AtomicU64),
}

/// Why a scan could not be made at all. What is merely not read is a skip.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanError {
    /// A glob that does not parse: where it was configured, and why.
    Glob(String, String),
    /// A pattern id that nothing has: where it was configured, and the id.
    UnknownPattern(String, String),
    /// A store of earlier sweeps that cannot be used: which, why, and what to do.
    Store(String),
    /// Commits that were asked for and are not known: why.
    Revision(String),
}

impl std::fmt::Display for ScanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Glob(source, why) => write!(f, "{source}: {why}"),
            Self::Store(why) | Self::Revision(why) => f.write_str(why),
            Self::UnknownPattern(source, id) => {
                write!(
                    f,
                    "{source}: no pattern is called '{}'; see: straykey patterns list",
                    crate::base::quote(id)
                )
            }
        }
    }
}

impl std::error::Error for ScanError {}

/// Scans.
///
/// # Errors
///
/// If the options cannot be followed. Inputs that cannot be read are skips in the result.
pub fn scan(options: &ScanOptions) -> Result<ScanResult, ScanError> {
    run(options, false).map(|(_, result)| result)
}

/// What `explain` tells of one candidate: which pattern looked at it, and what became of it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The file.
    pub path: PathBuf,
    /// Where it begins.
    pub start: Position,
    /// The line on which it ends.
    pub end_line: u64,
    /// The candidate as it may be shown.
    pub masked: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// What judgement made of it.
    pub judged: Judged,
    /// What took a match away from the report: configuration, the least confidence, an allowance.
    pub withheld: Option<String>,
}

/// All candidates in the targets, accepted and rejected, in order of place.
///
/// # Errors
///
/// As [`scan`].
pub fn explain(options: &ScanOptions) -> Result<(Vec<Explained>, ScanResult), ScanError> {
    run(options, true)
}

fn run(options: &ScanOptions, explaining: bool) -> Result<(Vec<Explained>, ScanResult), ScanError> {
    let began = Instant::now();
    known(options)?;
    let mut exclude = Globs::default();
    for one in &options.exclude {
        exclude
            .add(&one.glob, one.base.as_deref())
            .map_err(|why| ScanError::Glob(one.source.clone(), why))?;
    }
    let detector = Detector::new(&options.catalogue, options.engine);
    let today = crate::base::today();
    let source = TreeSource::new(&TreeOptions {
        targets: options.targets.clone(),
        ignored: options.ignored,
        threads: options.threads,
        stop: options.stop.clone(),
    });
    let progress = options.progress.as_deref();
    let find = options.find.as_deref();
    let worker = |progress| {
        let stop = &options.stop;
        Worker::new(
            &detector, find, &exclude, progress, explaining, &today, stop,
        )
    };
    let workers = source.walk(|| worker(progress));

    let mut merged = worker(None);
    for worker in workers {
        merged.merge(worker);
    }
    let mut result = ScanResult {
        files: merged.files,
        bytes: merged.bytes,
        patterns: sought(options, &detector),
        has_history: options.targets.iter().any(|target| {
            let target = target.canonicalize();
            target.is_ok_and(|target| top_of(&target).is_some())
        }),
        configuration: effects(&options.exclude, &exclude),
        ..ScanResult::default()
    };
    let mut explained = std::mem::take(&mut merged.explained);
    result.skips = std::mem::take(&mut merged.skips);
    if merged.was_stopped() {
        let read = merged.files;
        result.skips.push(Skip {
            path: options.targets.first().cloned().unwrap_or_default(),
            reason: SkipReason::Interrupted(format!("{read} files were read to their end")),
        });
    }
    result.skips.sort();
    result.skips.dedup();
    let (findings, accepted) = merged.collector.finish();
    result.accepted = accepted;
    withhold(options, &today, findings, &mut result, &mut explained);
    // Whether places are committed is not known then.
    if !options.stop.is_asked() {
        ask_git(&mut result.findings);
    }
    for id in detector.slow() {
        result.notices.push(format!(
            "pattern '{id}' has no prefilter and is tried everywhere"
        ));
    }
    explained.sort_by(|a, b| {
        (&a.path, a.start, a.judged.pattern.id).cmp(&(&b.path, b.start, b.judged.pattern.id))
    });
    if let Some(needles) = find {
        conceal::conceal(&mut result, needles);
    }
    result.elapsed = began.elapsed();
    Ok((explained, result))
}

/// How many patterns are looked for, or ways of writing one value.
fn sought(options: &ScanOptions, detector: &Detector) -> usize {
    let find = options.find.as_deref();
    find.map_or(detector.patterns().len(), Needles::ways)
}

/// What each glob left out.
fn effects(exclude: &[Exclude], globs: &Globs) -> Vec<Effect> {
    exclude
        .iter()
        .zip(globs.counts())
        .map(|(one, count)| Effect {
            source: format!("{}: exclude '{}'", one.source, one.glob),
            removes: "files",
            count,
        })
        .collect()
}

/// How many places git is asked about; the worst come first.
const ASKED: usize = 2_000;

/// Fills in whether each place is in the last commit.
fn ask_git(findings: &mut [Finding]) {
    let mut heads = Heads::new();
    let places = findings.iter_mut().flat_map(|f| {
        let secret = &f.secret;
        f.occurrences.iter_mut().map(move |o| (secret, o))
    });
    for (secret, occurrence) in places.take(ASKED) {
        if occurrence.path != Path::new("-") {
            occurrence.committed = heads.holds(&occurrence.path, secret.expose());
        }
    }
}

/// Whether `id`, a pattern's or `provider.*`, names a pattern.
fn names(id: &str, pattern: &Pattern) -> bool {
    let provider = id.strip_suffix(".*");
    provider.map_or(pattern.id == id, |provider| pattern.provider == provider)
}

/// Refuses ids that nothing has.
fn known(options: &ScanOptions) -> Result<(), ScanError> {
    let all = options.catalogue.patterns();
    let unknown = |(id, _): &&(String, String)| !all.iter().any(|p| names(id, p));
    match options.disable.iter().find(unknown) {
        Some((id, source)) => Err(ScanError::UnknownPattern(source.clone(), id.clone())),
        None => Ok(()),
    }
}

/// Takes away what is disabled, what somebody accepted and what is below the least confidence, and
/// tells of it.
///
/// A disabled pattern is looked for all the same: its findings are counted, and the same secret
/// does not come back under the name of a more general pattern.
fn withhold(
    options: &ScanOptions,
    today: &str,
    findings: Vec<Finding>,
    result: &mut ScanResult,
    explained: &mut [Explained],
) {
    let mut disabled = vec![0u64; options.disable.len()];
    let mut used = vec![0u64; options.allowances.entries().len()];
    let mut known = HashSet::new();
    let mut told: HashMap<Fingerprint, String> = HashMap::new();
    for finding in findings {
        let mut tell = |why| {
            told.insert(finding.fingerprint, why);
        };
        let least = options.least.unwrap_or(Confidence::Low);
        let off = options.disable.iter();
        if let Some(i) = off.clone().position(|(id, _)| names(id, finding.pattern)) {
            disabled[i] += 1;
            let (id, source) = &options.disable[i];
            tell(format!("{source}: disable '{id}'"));
        } else if finding.confidence < least {
            let is = finding.confidence.word();
            tell(format!("{is} confidence is not shown by default"));
            result.hidden += 1;
        } else if let Some(i) = options.allowances.find(&finding.fingerprint, today) {
            used[i] += 1;
            let allowance = &options.allowances.entries()[i];
            let by = format!("{}:{}", allowance.source.0, allowance.source.1);
            tell(format!("allowed by {by}: {}", allowance.reason));
            result.accepted.push(Accepted {
                finding,
                by,
                reason: Some(allowance.reason.clone()),
            });
        } else if let Some(i) = options.baseline.covering(&finding) {
            known.insert(i);
            let entry = &options.baseline.known()[i];
            let by = format!("{}:{}", options.baseline.file(), entry.line);
            tell(format!("known by {by}"));
            result.accepted.push(Accepted {
                finding,
                by,
                reason: entry.reason.clone(),
            });
        } else {
            let mut finding = finding;
            options.baseline.leave_uncovered(&mut finding);
            result.findings.push(finding);
        }
    }
    for one in explained {
        one.withheld = told.get(&one.fingerprint).cloned();
    }
    for ((id, source), count) in options.disable.iter().zip(disabled) {
        result.configuration.push(Effect {
            source: format!("{source}: disable '{id}'"),
            removes: "findings",
            count,
        });
    }
    let mut unused = 0;
    for (allowance, count) in options.allowances.entries().iter().zip(used) {
        let source = format!("{}:{}", allowance.source.0, allowance.source.1);
        if count > 0 {
            result.configuration.push(Effect {
                source,
                removes: "findings",
                count,
            });
        } else if allowance.is_over(today) {
            let told = &allowance.fingerprint;
            let notice = format!("{source}: the allowance of {told} is over");
            result.notices.push(notice);
        } else {
            unused += 1;
        }
    }
    let baseline = &options.baseline;
    if !known.is_empty() {
        result.configuration.push(Effect {
            source: baseline.file().to_owned(),
            removes: "findings",
            count: known.len() as u64,
        });
    }
    // A few named files never hold all that was accepted.
    let is_whole = options.targets.iter().any(|target| target.is_dir());
    let unmatched = baseline.known().len() - known.len();
    if unmatched > 0 && is_whole {
        let file = baseline.file();
        let lines = if unmatched == 1 {
            "line matches"
        } else {
            "lines match"
        };
        result.notices.push(format!(
            "{file}: {unmatched} {lines} nothing here; straykey baseline prune takes such away"
        ));
    }
    if unused > 0 && is_whole {
        result
            .notices
            .push(format!("{unused} allowances match nothing here"));
    }
}
