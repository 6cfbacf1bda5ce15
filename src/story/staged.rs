//! What a commit of an index would bring in.

use std::path::PathBuf;

use crate::findings::ScanResult;

/// The findings of an index, each with whether it is new to the last commit.
#[derive(Clone, Debug, Default)]
pub struct StagedResult {
    /// Findings that a commit would add, worst first. Files and bytes are those of the contents that
    /// were judged; paths begin at the top of the repository.
    pub scan: ScanResult,
    /// For each finding, where the secret was before.
    pub before: Vec<Before>,
    /// What was read.
    pub read: StagedRead,
}

/// Where a staged secret was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Before {
    /// In the index only, as far as is known: what it is compared with does not have it.
    Nowhere,
    /// The last commit has it, elsewhere or less often: it spreads.
    Committed,
    /// It is in the baseline, of other files: it is known there, and it spreads.
    Known,
}

impl Before {
    /// Whether a secret that was there before stands in a new place.
    pub const fn spreads(self) -> bool {
        !matches!(self, Self::Nowhere)
    }

    /// Its word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nowhere => "staged",
            Self::Committed => "committed",
            Self::Known => "known",
        }
    }
}

/// What of an index was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StagedRead {
    /// The repository, as the user named it.
    pub repository: PathBuf,
    /// Files whose content no parent has at their path.
    pub files: u64,
    /// Whether a commit would have another tree than the last one.
    pub changes: bool,
    /// Whether there is no commit yet.
    pub is_first: bool,
    /// How many commits are merged with the last one.
    pub merged: u64,
    /// Whether findings stop nothing (`--exit-zero`).
    pub passes: bool,
    /// Whether the person who commits is in a folder below the top of the working tree.
    pub is_below: bool,
    /// Findings in those files that were there before: distinct secrets and paths.
    pub older: u64,
}
