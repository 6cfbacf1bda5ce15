//! What the JSON formats say of an index.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::path_text;
use crate::story::{Before, StagedRead};

/// What of an index was read.
#[derive(Serialize, JsonSchema)]
pub(super) struct StagedWire<'a> {
    repository: Cow<'a, str>,
    /// Files whose content the last commit does not have at their path, nor one that is merged.
    files: u64,
    /// Whether a commit would have another tree than the last one.
    changes: bool,
    /// Whether there is no commit yet.
    first: bool,
    /// How many commits are merged with the last one.
    merged: u64,
    /// Findings in those files that were there before, and do not stop the commit: distinct secrets
    /// and paths.
    older: u64,
}

/// Where a staged secret was before.
#[derive(Serialize, JsonSchema)]
pub(super) struct BeforeWire {
    /// `staged`: nowhere but in the index. `committed`: the last commit has it, elsewhere or less
    /// often. `known`: it is in the baseline, of other files.
    before: &'static str,
    /// Whether a secret that was there before stands in a new place: revoke it first.
    spreads: bool,
}

impl<'a> StagedWire<'a> {
    pub(super) fn new(read: &'a StagedRead) -> Self {
        Self {
            repository: path_text(&read.repository),
            files: read.files,
            changes: read.changes,
            first: read.is_first,
            merged: read.merged,
            older: read.older,
        }
    }
}

impl BeforeWire {
    pub(super) fn new(before: Before) -> Self {
        Self {
            before: before.word(),
            spreads: before.spreads(),
        }
    }
}
