//! Tells less than all: findings that commits of a time, or commits that references reach, brought
//! in; findings at some paths.
//!
//! Everything is read and searched all the same, and stories are whole: only what is told is less.
//! So what is left out can be counted, and a finding whose secret is told has all of its past.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::ScanError;
use crate::sources::history::{Holders, Objects};
use crate::sources::{Globs, Skip, SkipReason};
use crate::story::{Change, Commits, HistoryResult, Narrowed, Standing, State, Story, Trees};

/// How many tags may point to tags.
const TAGS: usize = 16;

/// A time as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// As it was written.
    pub written: String,
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
}

/// What is told of a history. By default everything is.
///
/// With a time or a reference a finding is told if a commit among those brought it in: the commit
/// has it at a path, and no parent of it has. With paths it is told if that path matches; with
/// nothing but paths, if any path of it matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Only commits that were committed then or later.
    pub since: Option<Moment>,
    /// Only commits that were committed then or before.
    pub until: Option<Moment>,
    /// Only commits that these reach, and what these are themselves (a tag, a tag of a blob):
    /// names of references, or ids.
    pub refs: Vec<String>,
    /// Only paths that match one of these globs, in the syntax of `.gitignore`.
    pub paths: Vec<String>,
}

impl Narrow {
    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    fn is_of_commits(&self) -> bool {
        self.since.is_some() || self.until.is_some() || !self.refs.is_empty()
    }

    fn is_of_time(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// The globs of the paths.
    ///
    /// # Errors
    ///
    /// If one does not parse.
    pub(super) fn globs(&self) -> Result<Globs, ScanError> {
        let mut globs = Globs::default();
        for glob in &self.paths {
            globs
                .add(glob, None)
                .map_err(|why| ScanError::Glob("--path".to_owned(), why))?;
        }
        Ok(globs)
    }

    /// What narrows, in the words of the command line.
    fn words(&self) -> Vec<String> {
        let moment = |name: &str, at: &Option<Moment>| {
            let at = at.as_ref();
            at.map(|at| format!("--{name} {}", at.written))
        };
        let refs = self.refs.iter().map(|name| format!("--ref {name}"));
        let paths = self.paths.iter().map(|glob| format!("--path {glob}"));
        moment("since", &self.since)
            .into_iter()
            .chain(moment("until", &self.until))
            .chain(refs)
            .chain(paths)
            .collect()
    }
}

/// What of a history is looked at to narrow it.
pub(super) struct Narrowing<'a> {
    pub(super) narrow: &'a Narrow,
    pub(super) globs: &'a Globs,
    pub(super) objects: &'a Objects,
    pub(super) commits: &'a Commits,
    pub(super) trees: &'a Trees,
    pub(super) holders: &'a Holders,
    /// What annotated tags point to.
    pub(super) tags: &'a std::collections::HashMap<u32, u32>,
    /// Blobs that were looked at, by tree: what [`Trees::states`] gives of them.
    pub(super) states: &'a dyn Fn() -> Vec<State>,
}

impl Narrowing<'_> {
    /// Takes away what is not told, and counts it.
    pub(super) fn apply(&self, result: &mut HistoryResult) {
        if self.narrow.is_all() {
            return;
        }
        let mut direct = HashSet::new();
        let tips = self.tips(&mut direct, result);
        let within = self.within(&tips);
        let mut left_out = 0;
        let scan = &mut result.scan;
        let findings = std::mem::take(&mut scan.findings);
        let stories = std::mem::take(&mut result.stories);
        for (mut finding, story) in findings.into_iter().zip(stories) {
            let all = finding.occurrences.iter().map(|o| &*o.path);
            let Some(told) = self.told(&story, all, &within, &direct) else {
                left_out += 1;
                continue;
            };
            if finding.occurrences.iter().any(|o| told.contains(&o.path)) {
                finding.occurrences.retain(|o| told.contains(&o.path));
            }
            scan.findings.push(finding);
            result.stories.push(story);
        }
        let count = within.iter().filter(|w| **w).count() as u64;
        result.read.narrowed = Some(Narrowed {
            by: self.narrow.words(),
            commits: count,
            commits_left_out: within.len() as u64 - count,
            findings_left_out: left_out,
        });
    }

    /// The paths at which a finding is told; `None` if it is not.
    fn told<'p>(
        &self,
        story: &Story,
        paths: impl Iterator<Item = &'p Path>,
        within: &[bool],
        direct: &HashSet<String>,
    ) -> Option<HashSet<PathBuf>> {
        let matches = |path: &Path| self.narrow.paths.is_empty() || self.globs.matches(path);
        let came_in = story.events.iter().filter(|e| e.change == Change::In);
        let mut told: HashSet<PathBuf> = HashSet::new();
        if self.narrow.is_of_commits() {
            let is_within = |commit: &str| {
                let number = self.objects.find_hex(commit.as_bytes());
                let place = number.and_then(|n| self.commits.place(n));
                place.is_some_and(|place| within[place as usize])
            };
            let here = came_in.filter(|e| is_within(&e.commit) && matches(&e.path));
            told.extend(here.map(|e| e.path.clone()));
            let is_direct = story.blobs.iter().any(|blob| direct.contains(blob));
            // Whether a commit among those brought it in is not known of what nobody looked into.
            if is_direct || story.standing == Standing::Unknown {
                told.extend(paths.filter(|p| matches(p)).map(Path::to_owned));
            }
        } else {
            told.extend(came_in.map(|e| e.path.clone()).filter(|p| matches(p)));
            told.extend(paths.filter(|p| matches(p)).map(Path::to_owned));
        }
        (!told.is_empty()).then_some(told)
    }

    /// The commits that the references are, by place. `direct` takes what they hold without a
    /// commit between.
    fn tips(&self, direct: &mut HashSet<String>, result: &mut HistoryResult) -> Vec<u32> {
        let mut tips = Vec::new();
        for name in &self.narrow.refs {
            let mut at = match self.holders.resolve(name, self.objects) {
                Ok(object) => object,
                Err(why) => {
                    result.scan.skips.push(Skip {
                        path: result.read.repository.clone(),
                        reason: SkipReason::Unreadable(why),
                    });
                    continue;
                }
            };
            let mut held = vec![at];
            for _ in 0..TAGS {
                match self.tags.get(&at) {
                    Some(next) => at = *next,
                    None => break,
                }
                held.push(at);
            }
            if let Some(place) = self.commits.place(at) {
                tips.push(place);
            } else if self.trees.numbers().binary_search(&at).is_ok() {
                let states = (self.states)();
                held.extend(below(self.trees, &states, at));
            }
            // A tag or a tree has no time.
            if !self.narrow.is_of_time() {
                direct.extend(held.into_iter().map(|object| self.objects.hex(object)));
            }
        }
        tips
    }

    /// Whether each commit is among those that are asked for, by place.
    fn within(&self, tips: &[u32]) -> Vec<bool> {
        let count = self.commits.len();
        let mut reached = vec![self.narrow.refs.is_empty(); count];
        for tip in tips {
            reached[*tip as usize] = true;
        }
        if !self.narrow.refs.is_empty() {
            for place in (0..count as u32).rev() {
                if reached[place as usize] {
                    for parent in self.commits.parents(place) {
                        reached[*parent as usize] = true;
                    }
                }
            }
        }
        let since = self.narrow.since.as_ref().map_or(i64::MIN, |m| m.time);
        let until = self.narrow.until.as_ref().map_or(i64::MAX, |m| m.time);
        for (place, flag) in reached.iter_mut().enumerate() {
            let time = self.commits.fact(place as u32).time;
            *flag &= since <= time && time <= until;
        }
        reached
    }
}

/// The blobs below a tree that have a state.
fn below(trees: &Trees, states: &[State], tree: u32) -> Vec<u32> {
    let (mut blobs, mut seen, mut stack) = (Vec::new(), HashSet::new(), vec![tree]);
    while let Some(tree) = stack.pop() {
        if !seen.insert(tree) {
            continue;
        }
        for entry in trees.entries(tree, states) {
            let list = if entry.is_tree {
                &mut stack
            } else {
                &mut blobs
            };
            list.push(entry.child);
        }
    }
    blobs
}
