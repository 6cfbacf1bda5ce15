//! What several repositories hold together.

use std::ops::Range;
use std::path::PathBuf;

use super::{HistoryRead, Narrowed, Standing, Story};
use crate::findings::ScanResult;

/// What a sweep of several repositories found: one finding a secret, wherever it stands.
#[derive(Clone, Debug, Default)]
pub struct HistoriesResult {
    /// Findings, worst first, then those that stand in the last commit somewhere, then those in
    /// the most repositories. Skips and notices say which repository they are about; files, bytes
    /// and what configuration removed are sums.
    pub scan: ScanResult,
    /// For each finding, in the same order, its story in each repository that has it: never empty,
    /// in order of repositories.
    pub stories: Vec<Vec<StoryIn>>,
    /// The repositories, in the order in which they were swept.
    pub repositories: Vec<RepositoryRead>,
}

/// The story of a finding in one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryIn {
    /// The repository's place in [`HistoriesResult::repositories`].
    pub repository: usize,
    /// Which of the finding's occurrences are in it.
    pub occurrences: Range<usize>,
    /// What happened there.
    pub story: Story,
}

/// One of several repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryRead {
    /// What of it was read.
    pub read: HistoryRead,
    /// Other folders that lead to the same repository: its linked worktrees.
    pub also: Vec<PathBuf>,
    /// Whether everything of it was read.
    pub complete: bool,
}

impl HistoriesResult {
    /// What narrowed the report, and what it left out of all repositories.
    pub fn narrowed(&self) -> Option<Narrowed> {
        let all = self.repositories.iter();
        let mut all = all.filter_map(|one| one.read.narrowed.as_ref());
        let first = all.next()?.clone();
        Some(all.fold(first, Narrowed::and))
    }

    /// Where a finding stands at worst.
    pub fn standing(stories: &[StoryIn]) -> Standing {
        let all = stories.iter().map(|s| s.story.standing);
        all.min().unwrap_or(Standing::Unreachable)
    }
}
