//! What the commits of a range brought in.

use std::path::PathBuf;

use crate::findings::ScanResult;

/// What a commit says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id, in hex.
    pub commit: String,
    /// Who wrote it.
    pub author: String,
    /// Their mail address.
    pub author_mail: String,
    /// When it was written, in seconds since 1970.
    pub author_time: i64,
    /// Who committed it.
    pub committer: String,
    /// When, in seconds since 1970.
    pub time: i64,
}

/// The findings of a range, each with the commit that brought it in.
#[derive(Clone, Debug, Default)]
pub struct RangeResult {
    /// Findings in the order of their commits, the worst of each first; a secret that several
    /// commits brought in is told for each. Files and bytes are those of the versions that were
    /// judged.
    pub scan: ScanResult,
    /// Commits that brought something in; parents' come before children's.
    pub commits: Vec<CommitInfo>,
    /// For each finding, the place of its commit among these.
    pub by: Vec<usize>,
    /// What was read.
    pub read: RangeRead,
}

impl RangeResult {
    /// The commit that brought a finding in.
    pub fn commit_of(&self, finding: usize) -> Option<&CommitInfo> {
        self.commits.get(*self.by.get(finding)?)
    }
}

/// What of a range was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeRead {
    /// The repository, as the user named it.
    pub repository: PathBuf,
    /// The range, as the user named it.
    pub revisions: Vec<String>,
    /// How many commits are in it.
    pub commits: u64,
    /// Findings in files that the range touches which were there before: distinct secrets and
    /// paths.
    pub older: u64,
    /// Places brought in beside a comment that allows them and does not count: where comments of the
    /// range are refused, or need a reason.
    pub refused: u64,
}
