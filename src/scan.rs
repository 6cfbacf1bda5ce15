//! Joins the floors: sources to detection to findings.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::detect::patterns::Confidence;
use crate::detect::{Catalogue, Judged};
use crate::findings::{Allowances, Effect, ScanResult};

/// Which engine looks for the patterns. Both find the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Prefilter, then marks at its hits.
    #[default]
    Fast,
    /// Every pattern as a regular expression over every byte: the reference.
    Plain,
}

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
    /// The least confidence that is shown; what is below is counted.
    pub least: Option<Confidence>,
    /// What somebody accepted.
    pub allowances: Allowances,
    /// Path globs that are left out, each with where it was configured.
    pub exclude: Vec<(String, String)>,
    /// Pattern ids (or `provider.*`) that are not looked for, each with where it was configured.
    pub disable: Vec<(String, String)>,
    /// Counters that a progress display may read meanwhile.
    pub progress: Option<Arc<Progress>>,
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
}

/// Why a scan could not be made at all. What is merely not read is a skip.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanError {
    /// A glob that does not parse: where it was configured, and why.
    Glob(String, String),
    /// A pattern id that nothing has.
    UnknownPattern(String, String),
}

impl std::fmt::Display for ScanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Glob(source, why) => write!(f, "{source}: {why}"),
            Self::UnknownPattern(source, id) => {
                write!(
                    f,
                    "{source}: no pattern is called '{id}'; see: straykey patterns list"
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
    let _ = options;
    Ok(ScanResult::default())
}

/// What `explain` tells of one candidate: which pattern looked at it, and what became of it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The file.
    pub path: PathBuf,
    /// Where it begins.
    pub start: crate::base::Position,
    /// The candidate as it may be shown.
    pub masked: String,
    /// Its fingerprint, if it is a match.
    pub fingerprint: Option<crate::findings::Fingerprint>,
    /// What judgement made of it.
    pub judged: Judged,
    /// What took a match away from the report: an allowance, a glob, the least confidence.
    pub withheld: Option<Effect>,
}

/// All candidates in the targets, accepted and rejected, in order of place.
///
/// # Errors
///
/// As [`scan`].
pub fn explain(options: &ScanOptions) -> Result<(Vec<Explained>, ScanResult), ScanError> {
    let _ = options;
    Ok((Vec::new(), ScanResult::default()))
}
