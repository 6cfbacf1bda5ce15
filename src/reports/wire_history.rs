//! What the JSON formats say of a history.

use std::borrow::Cow;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::path_text;
use crate::story::{Change, Event, HistoryRead, RepositoryRead, Story};

/// What of a repository was read.
#[derive(Serialize, JsonSchema)]
pub(super) struct HistoryWire<'a> {
    repository: Cow<'a, str>,
    /// Objects that exist, each once.
    objects: u64,
    /// Those of them that were read, now or by an earlier sweep (`--store`).
    objects_read: u64,
    /// Those of them that an earlier sweep searched, and this one did not.
    searched_before: u64,
    /// Why all were searched again although the store remembers an earlier sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    searched_again: Option<&'a str>,
    /// Bytes of blobs that were searched: along deltas only what changed, with as much around it as
    /// a pattern can look at.
    searched_bytes: u64,
    /// Versions of files that are pointers of Git LFS: their content is elsewhere.
    #[serde(skip_serializing_if = "is_zero")]
    lfs_pointers: u64,
    commits: u64,
    references: u64,
    stashes: u64,
    /// Commits that no reference reaches.
    dangling_commits: u64,
    /// Commits whose parents were not fetched.
    shallow: u64,
    /// Objects of a partial clone that are not here.
    promised: u64,
    /// Each object was hashed and held against its id.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    verified: bool,
    /// What narrowed the report, and what it left out, if not everything is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    narrowed: Option<NarrowedWire<'a>>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants a reference
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What narrowed the report, and what it left out.
#[derive(Serialize, JsonSchema)]
struct NarrowedWire<'a> {
    /// What was asked for, in the words of the command line.
    by: &'a [String],
    /// Commits that were asked for.
    commits: u64,
    /// All others: what they alone brought in is not told.
    commits_left_out: u64,
    /// Findings that are not told.
    findings_left_out: u64,
}

/// The story of a finding.
#[derive(Serialize, JsonSchema)]
pub(super) struct StoryWire<'a> {
    /// at-head, history-only, unreachable, or unknown if the sweep was interrupted before.
    standing: &'a str,
    /// What commits did with it, parents' commits first.
    events: Vec<EventWire<'a>>,
    /// References whose history has it.
    references: &'a [String],
    /// Remote-tracking references whose history has or had it.
    remotes: &'a [String],
    /// If no reference reaches it: what holds it.
    holders: &'a [String],
    /// Ids of the objects it stands in.
    blobs: &'a [String],
    /// Days from the first commit that had it to its end, or to now.
    exposed_days: Option<u64>,
}

/// One thing that one commit did.
#[derive(Serialize, JsonSchema)]
struct EventWire<'a> {
    /// in or out.
    change: &'a str,
    commit: &'a str,
    author: &'a str,
    author_mail: &'a str,
    /// Seconds since 1970-01-01 UTC.
    author_time: i64,
    committer: &'a str,
    /// Seconds since 1970-01-01 UTC.
    time: i64,
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// The path it was moved from.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Cow<'a, str>>,
    /// The commit's parents are not here: then, or before.
    or_before: bool,
}

/// One of several repositories.
#[derive(Serialize, JsonSchema)]
pub(super) struct RepositoryWire<'a> {
    #[serde(flatten)]
    read: HistoryWire<'a>,
    /// Other folders that lead to it: its linked worktrees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Cow<'a, str>>,
    /// Whether everything of it was read.
    complete: bool,
}

/// The story of a finding in one of several repositories.
#[derive(Serialize, JsonSchema)]
pub(super) struct StoryInWire<'a> {
    repository: Cow<'a, str>,
    #[serde(flatten)]
    story: StoryWire<'a>,
}

impl<'a> RepositoryWire<'a> {
    pub(super) fn new(one: &'a RepositoryRead) -> Self {
        Self {
            read: HistoryWire::new(&one.read),
            also: one.also.iter().map(|path| path_text(path)).collect(),
            complete: one.complete,
        }
    }
}

impl<'a> StoryInWire<'a> {
    pub(super) fn new(repository: &'a Path, story: &'a Story) -> Self {
        Self {
            repository: path_text(repository),
            story: StoryWire::new(story),
        }
    }
}

impl<'a> HistoryWire<'a> {
    pub(super) fn new(read: &'a HistoryRead) -> Self {
        Self {
            repository: path_text(&read.repository),
            objects: read.objects,
            objects_read: read.objects_read,
            searched_before: read.searched_before,
            searched_again: read.searched_again.as_deref(),
            searched_bytes: read.searched_bytes,
            lfs_pointers: read.lfs_pointers,
            commits: read.commits,
            references: read.references,
            stashes: read.stashes,
            dangling_commits: read.dangling_commits,
            shallow: read.shallow,
            promised: read.promised,
            verified: read.verified,
            narrowed: read.narrowed.as_ref().map(|narrowed| NarrowedWire {
                by: &narrowed.by,
                commits: narrowed.commits,
                commits_left_out: narrowed.commits_left_out,
                findings_left_out: narrowed.findings_left_out,
            }),
        }
    }
}

impl<'a> StoryWire<'a> {
    pub(super) fn new(story: &'a Story) -> Self {
        Self {
            standing: story.standing.word(),
            events: story.events.iter().map(event).collect(),
            references: &story.references,
            remotes: &story.remotes,
            holders: &story.holders,
            blobs: &story.blobs,
            exposed_days: story.exposed_days,
        }
    }
}

fn event(e: &Event) -> EventWire<'_> {
    EventWire {
        change: match e.change {
            Change::In => "in",
            Change::Out => "out",
        },
        commit: &e.commit,
        author: &e.author,
        author_mail: &e.author_mail,
        author_time: e.author_time,
        committer: &e.committer,
        time: e.time,
        path: path_text(&e.path),
        line: e.line,
        from: e.from.as_deref().map(path_text),
        or_before: e.or_before,
    }
}
