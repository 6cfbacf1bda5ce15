//! What the JSON formats say of a range of commits.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::path_text;
use crate::story::{CommitInfo, RangeRead};

/// What of a range of commits was read.
#[derive(Serialize, JsonSchema)]
pub(super) struct RangeWire<'a> {
    repository: Cow<'a, str>,
    /// The range as it was asked for.
    revisions: &'a [String],
    /// How many commits are in it.
    commits: u64,
    /// Findings in the files it touches that were there before: distinct secrets and paths.
    older: u64,
}

/// A commit that brought a finding in.
#[derive(Serialize, JsonSchema)]
pub(super) struct CommitWire<'a> {
    /// Its id.
    id: &'a str,
    author: &'a str,
    author_mail: &'a str,
    /// Seconds since 1970-01-01 UTC.
    author_time: i64,
    committer: &'a str,
    /// Seconds since 1970-01-01 UTC.
    time: i64,
}

impl<'a> RangeWire<'a> {
    pub(super) fn new(read: &'a RangeRead) -> Self {
        Self {
            repository: path_text(&read.repository),
            revisions: &read.revisions,
            commits: read.commits,
            older: read.older,
        }
    }
}

impl<'a> CommitWire<'a> {
    pub(super) fn new(info: &'a CommitInfo) -> Self {
        Self {
            id: &info.commit,
            author: &info.author,
            author_mail: &info.author_mail,
            author_time: info.author_time,
            committer: &info.committer,
            time: info.time,
        }
    }
}
