//! The story of every secret in a history: which commits brought it in and took it out, at which
//! paths, what still reaches it.
//!
//! It works on numbers: of objects (as [`Stores`](crate::sources::history::Stores) counts them), of
//! paths, of secrets; `scan` gives it what blobs hold. A [`HistoryResult`] wraps findings with their
//! stories; no finding knows its own.
//!
//! The cost does not grow with secrets times history: trees are read once as edits, root states
//! are compared, and only where they differ anything is looked at.

mod commits;
mod events;
mod paths;
mod range;
mod several;
mod staged;
mod trees;

use std::path::PathBuf;

use crate::findings::ScanResult;

pub use commits::{CommitFact, Commits};
pub use events::{Change, Happened, Happenings, Historian, Spot, ever_had};
pub use paths::{Paths, TOP, Visited, expand};
pub use range::{CommitInfo, RangeRead, RangeResult};
pub use several::{HistoriesResult, RepositoryRead, StoryIn};
pub use staged::{Before, StagedRead, StagedResult};
pub use trees::{Entry, NONE, State, Trees};

/// Where a secret stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// In the last commit of a worktree.
    AtHead,
    /// A reference reaches a commit that had it.
    InHistory,
    /// No reference does; something else may hold it, or nothing.
    Unreachable,
    /// Nobody looked: the sweep was interrupted before.
    Unknown,
}

impl Standing {
    /// Its word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtHead => "at-head",
            Self::InHistory => "history-only",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that one commit did with a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Whether it came in or went out.
    pub change: Change,
    /// The commit, in hex.
    pub commit: String,
    /// Who wrote the commit.
    pub author: String,
    /// Their mail address.
    pub author_mail: String,
    /// When it was written, in seconds since 1970.
    pub author_time: i64,
    /// Who committed it.
    pub committer: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// Where.
    pub path: PathBuf,
    /// The line on which it came in.
    pub line: Option<u64>,
    /// The path it was moved from, in the same commit.
    pub from: Option<PathBuf>,
    /// The commit's parents are not here: it came in then or before.
    pub or_before: bool,
    /// The blob it stands in, in hex, as it came in or before it went out; empty if it is not known.
    pub blob: String,
    /// The place of the commit among all, in which parents come before their children.
    pub order: u32,
}

/// The story of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Where it stands now.
    pub standing: Standing,
    /// What happened, parents' commits first.
    pub events: Vec<Event>,
    /// References whose history has it, as git names them; remote-tracking ones apart.
    pub references: Vec<String>,
    /// Remote-tracking references whose history has or had it: it has left this machine.
    pub remotes: Vec<String>,
    /// If no reference reaches it: what holds it (`stash@{1}`, `HEAD@{12}`, `index: path`,
    /// `dangling commit 51ce0d2`).
    pub holders: Vec<String>,
    /// The blobs it stands in, in hex; sorted.
    pub blobs: Vec<String>,
    /// Days from the first commit that had it to its end at every path, or to now.
    pub exposed_days: Option<u64>,
}

impl Story {
    /// That of a secret whose past nobody looked into.
    pub fn unknown(blobs: Vec<String>) -> Self {
        Self {
            standing: Standing::Unknown,
            events: Vec::new(),
            references: Vec::new(),
            remotes: Vec::new(),
            holders: Vec::new(),
            blobs,
            exposed_days: None,
        }
    }

    /// When it first came in.
    pub fn first_in(&self) -> Option<&Event> {
        self.events.iter().find(|e| e.change == Change::In)
    }

    /// When it last went out; `None` while a worktree's last commit has it.
    pub fn last_out(&self) -> Option<&Event> {
        let gone = self.standing != Standing::AtHead;
        self.events
            .iter()
            .rev()
            .find(|e| gone && e.change == Change::Out)
    }
}

/// What a sweep of a repository found: findings, each with its story.
#[derive(Clone, Debug, Default)]
pub struct HistoryResult {
    /// Findings, skips, notices; files and bytes are those of blobs.
    pub scan: ScanResult,
    /// The story of each finding, in the same order.
    pub stories: Vec<Story>,
    /// What was read.
    pub read: HistoryRead,
    /// Why not all that was searched could be remembered: what and where, and what to do.
    pub store_failed: Option<String>,
}

/// What of a repository was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryRead {
    /// The repository, as the user named it.
    pub repository: PathBuf,
    /// Objects that exist in any store, each once.
    pub objects: u64,
    /// Those of them that were read, now or by an earlier sweep that remembered it.
    pub objects_read: u64,
    /// Those of them that an earlier sweep searched, and this one did not.
    pub searched_before: u64,
    /// Why all were searched again although an earlier sweep remembered some.
    pub searched_again: Option<String>,
    /// Bytes of blobs that were searched: along deltas only what changed, with as much around it
    /// as a pattern can look at.
    pub searched_bytes: u64,
    /// Blobs that are pointers of Git LFS: their content is elsewhere.
    pub lfs_pointers: u64,
    /// Commits.
    pub commits: u64,
    /// References.
    pub references: u64,
    /// Entries of the stash.
    pub stashes: u64,
    /// Commits that no reference reaches.
    pub dangling_commits: u64,
    /// Commits whose parents were not fetched: the history before them is not here.
    pub shallow: u64,
    /// Objects that trees name and that no store has, in a partial clone: promised, not here.
    pub promised: u64,
    /// Whether each object was hashed and held against its id.
    pub verified: bool,
    /// What is not told, if not everything is.
    pub narrowed: Option<Narrowed>,
    /// Everybody who wrote or committed a commit, if that was asked for; sorted by mail address.
    pub people: Vec<Person>,
}

/// Somebody who works on a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// Their mail address, as commits have it.
    pub mail: String,
    /// When they last wrote or committed anything, in seconds since 1970.
    pub last: i64,
}

/// What narrowed a report, and what it left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// What was asked for, in the words of the command line.
    pub by: Vec<String>,
    /// Commits that were asked for.
    pub commits: u64,
    /// All others: they were read, and what they alone brought in is not told.
    pub commits_left_out: u64,
    /// Findings that are not told.
    pub findings_left_out: u64,
}

impl std::fmt::Display for Narrowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |n: u64, word: &str| match n {
            1 => format!("1 {word}"),
            n => format!("{n} {word}s"),
        };
        write!(
            f,
            "narrowed by {}: {} left out, {} elsewhere not told",
            self.by.join(" "),
            count(self.commits_left_out, "commit"),
            count(self.findings_left_out, "finding"),
        )
    }
}

impl Narrowed {
    /// Both together, of two repositories.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            by: self.by,
            commits: self.commits + other.commits,
            commits_left_out: self.commits_left_out + other.commits_left_out,
            findings_left_out: self.findings_left_out + other.findings_left_out,
        }
    }
}
