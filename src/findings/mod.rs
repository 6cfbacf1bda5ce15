//! Findings: distinct secrets, with all the places they stand in.
//!
//! The collector turns judged matches into findings; allowances take away those that somebody
//! accepted. What leaves this floor is sorted and the same at any number of threads.

mod allowances;
mod baseline;
mod beside;
pub mod claims;
mod collector;
mod cover;
mod fingerprint;
mod frame;
mod lines;
mod mask;
mod repeats;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use crate::base::{Position, Secret};
use crate::detect::Way;
use crate::detect::patterns::{Confidence, Pattern};
use crate::sources::{Skip, SkipReason};

pub use allowances::{Allowance, AllowanceError, Allowances, is_day};
pub use baseline::{Baseline, FileMark, Inserted, Known};
pub use beside::{BESIDE_URL, CERTIFICATE, CLUSTER_TOKEN, KEYS_CERTIFICATE};
pub use collector::{Collector, sort};
pub use fingerprint::{Fingerprint, Strength, place_id, strength};
pub use mask::{WEAK_MASK, mask, mask_line};

/// One distinct secret of one pattern.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is.
    pub pattern: &'static Pattern,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// The bytes. Reports show [`Self::masked`] unless asked.
    pub secret: Secret,
    /// What somebody needs to use it: the pattern's own secret (of a pair the id), and its parts.
    pub credential: Credential,
    /// The secret as it may be shown.
    pub masked: String,
    /// How sure it is a credential: the best of its occurrences.
    pub confidence: Confidence,
    /// Where it stands; sorted, never empty.
    pub occurrences: Vec<Occurrence>,
}

/// The bytes of a credential: of the first place that has the most parts of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What the pattern's own shape found.
    pub secret: Secret,
    /// What was found of its parts, with their names; and what stands beside it and is needed to use
    /// it ([`BESIDE_URL`], [`CERTIFICATE`], [`CLUSTER_TOKEN`]).
    pub parts: Vec<(&'static str, Secret)>,
}

/// One place in which a secret stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// The file, as the user named the target joined with what is below it; `-` is standard
    /// input.
    pub path: PathBuf,
    /// Where the secret begins. Of a credential with parts: where its secret part does. Behind a
    /// weak secret on the same line columns go on as if that were eight wide.
    pub start: Position,
    /// One past its end. For a weak secret this is eight columns from the start, whatever its
    /// length.
    pub end: Position,
    /// The other parts of the credential.
    pub parts: Vec<PartPlace>,
    /// How it was decoded, outermost first; empty if it stands there as it is. The place is that of
    /// the encoded text.
    pub decoded: Vec<Way>,
    /// The lines of source around it, masked. Empty past the first
    /// [`FRAMES`](crate::base::limits::FRAMES) places that one content has of one finding.
    pub frame: Vec<FrameLine>,
    /// Whether the secret stands at this path in the last commit; `None` if not known (no
    /// repository, standard input).
    pub committed: Option<bool>,
}

impl Occurrence {
    /// How it was decoded, in words: `decoded from base64`.
    pub fn decoded_from(&self) -> Option<String> {
        crate::detect::decoded_from(&self.decoded)
    }
}

/// Where a part of a credential stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartPlace {
    /// What part it is (`secret access key`, `key id`).
    pub name: String,
    /// Where it begins.
    pub start: Position,
    /// One past its end; for a weak part as in [`Occurrence::end`].
    pub end: Position,
    /// The part as it may be shown.
    pub masked: String,
}

/// A line of source in which every candidate is masked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameLine {
    /// Its number.
    pub line: u64,
    /// Its text, masked and cut to a window around the secret; control characters are not yet
    /// escaped.
    pub text: String,
    /// What to underline, in code points of `text`, from 0, end exclusive; empty for a line of
    /// context.
    pub underline: (usize, usize),
}

/// A finding that is not reported because somebody accepted it.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// What accepted it: a comment's token, or the file of allowances.
    pub by: String,
    /// The reason that was given.
    pub reason: Option<String>,
}

/// What a scan found, read and left out. Reports are made of this.
#[derive(Clone, Debug, Default)]
pub struct ScanResult {
    /// Findings at or above the least confidence that is shown; sorted worst first, then by
    /// place.
    pub findings: Vec<Finding>,
    /// Findings that somebody accepted; same order.
    pub accepted: Vec<Accepted>,
    /// How many findings are below the least confidence that is shown.
    pub hidden: usize,
    /// What was not read; sorted.
    pub skips: Vec<Skip>,
    /// How many files were read to their end.
    pub files: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// How many patterns were looked for.
    pub patterns: usize,
    /// Whether what was scanned lies in a repository, whose history was not read.
    pub has_history: bool,
    /// What configuration did: which file, what it did, how many findings or files it removed.
    pub configuration: Vec<Effect>,
    /// Things a person should know: a configuration of another owner that was ignored, an unused
    /// allowance, a pattern in the slow lane.
    pub notices: Vec<String>,
}

/// What one piece of configuration did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// Where it stands (`.straykey/config.toml: exclude`).
    pub source: String,
    /// What it removed (`files`, `findings`).
    pub removes: &'static str,
    /// How many.
    pub count: u64,
}

impl ScanResult {
    /// Whether something that was asked for was not read.
    pub fn is_incomplete(&self) -> bool {
        self.skips.iter().any(|s| s.reason.is_incomplete())
    }

    /// Whether somebody asked to stop before everything was read.
    pub fn is_interrupted(&self) -> bool {
        let interrupted = |s: &Skip| matches!(s.reason, SkipReason::Interrupted(_));
        self.skips.iter().any(interrupted)
    }
}
