//! What the JSON formats say of a history.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::path_text;
use crate::story::{Change, Event, HistoryRead, Story};

/// What of a repository was read.
#[derive(Serialize, JsonSchema)]
pub(super) struct HistoryWire<'a> {
    repository: Cow<'a, str>,
    /// Objects that exist, each once.
    objects: u64,
    /// Those of them that were read.
    objects_read: u64,
    commits: u64,
    references: u64,
    stashes: u64,
    /// Commits that no reference reaches.
    dangling_commits: u64,
    /// Commits whose parents were not fetched.
    shallow: u64,
    /// Objects of a partial clone that are not here.
    promised: u64,
}

/// The story of a finding.
#[derive(Serialize, JsonSchema)]
pub(super) struct StoryWire<'a> {
    /// at-head, history-only or unreachable.
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

impl<'a> HistoryWire<'a> {
    pub(super) fn new(read: &'a HistoryRead) -> Self {
        Self {
            repository: path_text(&read.repository),
            objects: read.objects,
            objects_read: read.objects_read,
            commits: read.commits,
            references: read.references,
            stashes: read.stashes,
            dangling_commits: read.dangling_commits,
            shallow: read.shallow,
            promised: read.promised,
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
