//! Several repositories: swept one after another, and joined.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{HistoryOptions, ScanError, ScanOptions, history, known};
use crate::base::Secret;
use crate::findings::{Accepted, Effect, Finding, Fingerprint, ScanResult};
use crate::sources::history::{Discovery, Located};
use crate::sources::{Skip, SkipReason};
use crate::story::{HistoriesResult, HistoryRead, HistoryResult, RepositoryRead, StoryIn};

/// Sweeps several repositories. One finding is told of each secret, with its story in each of
/// them.
///
/// # Errors
///
/// If the options cannot be followed. A repository that cannot be read is a skip in the result,
/// and the others are swept all the same.
pub fn histories(
    options: &HistoryOptions,
    found: &Discovery,
) -> Result<HistoriesResult, ScanError> {
    let began = Instant::now();
    known(&options.scan)?;
    let mut joined = Joined::default();
    joined.result.scan.skips.extend_from_slice(&found.skips);
    let mut one = options.clone();
    // What is not used in one repository may be in another.
    one.scan.targets = Vec::new();
    let progress = options.scan.progress.as_deref();
    if let Some(progress) = progress {
        let count = found.repositories.len() as u64;
        progress.repositories.1.store(count, Ordering::Relaxed);
    }
    for located in &found.repositories {
        if let Some(progress) = progress {
            progress.repositories.0.fetch_add(1, Ordering::Relaxed);
        }
        if options.scan.stop.is_asked() {
            joined.left(
                located,
                SkipReason::Interrupted("it was not begun".to_owned()),
            );
            continue;
        }
        one.repository.clone_from(&located.path);
        match catch_unwind(AssertUnwindSafe(|| history(&one))) {
            Ok(swept) => joined.add(swept?, located),
            // The hook has told where.
            Err(_) => joined.left(located, SkipReason::Failed("a bug".to_owned())),
        }
    }
    let mut result = joined.finish(&options.scan);
    result.scan.elapsed = began.elapsed();
    Ok(result)
}

/// What makes findings of several repositories the same. Fingerprints of weak secrets are short:
/// there the secret itself counts, too.
type Key = (&'static str, Fingerprint, Option<Secret>);

fn key(finding: &Finding) -> Key {
    let weak = finding.fingerprint.is_weak();
    let secret = weak.then(|| finding.secret.clone());
    (finding.pattern.id, finding.fingerprint, secret)
}

#[derive(Default)]
struct Joined {
    result: HistoriesResult,
    /// Places of findings in the result.
    places: HashMap<Key, usize>,
    /// Places of accepted findings, with what accepted them.
    accepted: HashMap<(Key, String, Option<String>), usize>,
    effects: BTreeMap<(String, &'static str), u64>,
    /// Notices, and the repositories that gave them; in order of coming.
    notices: Vec<(String, Vec<PathBuf>)>,
}

impl Joined {
    /// Names a repository that was not swept.
    fn left(&mut self, located: &Located, reason: SkipReason) {
        let path = located.path.clone();
        self.result.repositories.push(RepositoryRead {
            read: HistoryRead {
                repository: path.clone(),
                ..HistoryRead::default()
            },
            also: located.also.clone(),
            complete: false,
        });
        self.result.scan.skips.push(Skip { path, reason });
    }

    fn add(&mut self, swept: HistoryResult, located: &Located) {
        let repository = self.result.repositories.len();
        let HistoryResult {
            scan,
            stories,
            read,
        } = swept;
        self.result.repositories.push(RepositoryRead {
            read,
            also: located.also.clone(),
            complete: !scan.is_incomplete(),
        });
        for (finding, story) in scan.findings.into_iter().zip(stories) {
            let place = *self.places.entry(key(&finding)).or_insert_with(|| {
                self.result.scan.findings.push(Finding {
                    occurrences: Vec::new(),
                    ..finding.clone()
                });
                self.result.stories.push(Vec::new());
                self.result.stories.len() - 1
            });
            let start = merge(&mut self.result.scan.findings[place], finding);
            self.result.stories[place].push(StoryIn {
                repository,
                occurrences: start..self.result.scan.findings[place].occurrences.len(),
                story,
            });
        }
        let all = &mut self.result.scan;
        for one in scan.accepted {
            let key = (key(&one.finding), one.by.clone(), one.reason.clone());
            if let Some(place) = self.accepted.get(&key) {
                merge(&mut all.accepted[*place].finding, one.finding);
            } else {
                self.accepted.insert(key, all.accepted.len());
                all.accepted.push(one);
            }
        }
        all.hidden += scan.hidden;
        all.files += scan.files;
        all.bytes += scan.bytes;
        all.patterns = scan.patterns;
        let named = |skip: Skip| Skip {
            path: within(&located.path, &skip.path),
            reason: skip.reason,
        };
        all.skips.extend(scan.skips.into_iter().map(named));
        for effect in scan.configuration {
            *self
                .effects
                .entry((effect.source, effect.removes))
                .or_default() += effect.count;
        }
        for notice in scan.notices {
            let path = located.path.clone();
            match self.notices.iter_mut().find(|n| n.0 == notice) {
                Some((_, paths)) => paths.push(path),
                None => self.notices.push((notice, vec![path])),
            }
        }
    }

    fn finish(self, options: &ScanOptions) -> HistoriesResult {
        let mut result = self.result;
        let mut both: Vec<(Finding, Vec<StoryIn>)> = result
            .scan
            .findings
            .into_iter()
            .zip(result.stories)
            .collect();
        both.sort_by_cached_key(|(finding, stories)| {
            (
                Reverse((finding.pattern.severity, finding.confidence)),
                HistoriesResult::standing(stories),
                Reverse(stories.len()),
                stories.first().map(|s| s.repository),
                finding
                    .occurrences
                    .first()
                    .map(|o| (o.path.clone(), o.start)),
                (
                    finding.pattern.id,
                    finding.fingerprint,
                    finding.secret.clone(),
                ),
            )
        });
        (result.scan.findings, result.stories) = both.into_iter().unzip();
        let swept = result.repositories.len();
        let notices = self
            .notices
            .into_iter()
            .map(|(text, paths)| match &paths[..] {
                all if all.len() == swept => text,
                [one] => format!("{}: {text}", crate::base::path_text(one)),
                some => format!("in {} repositories: {text}", some.len()),
            });
        result.scan.notices.extend(notices);
        unused(options, &self.effects, &mut result.scan);
        let effects = self.effects.into_iter();
        result.scan.configuration = effects
            .map(|((source, removes), count)| Effect {
                source,
                removes,
                count,
            })
            .collect();
        result.scan.skips.sort();
        result.scan.skips.dedup();
        sort_accepted(&mut result.scan.accepted);
        result
    }
}

/// Adds the occurrences of `more`, which is the same finding; where they begin.
fn merge(finding: &mut Finding, more: Finding) -> usize {
    let start = finding.occurrences.len();
    finding.occurrences.extend(more.occurrences);
    finding.confidence = finding.confidence.max(more.confidence);
    finding.secret = finding.secret.clone().min(more.secret);
    start
}

fn sort_accepted(accepted: &mut [Accepted]) {
    accepted.sort_by(|a, b| {
        let order = |a: &Accepted| {
            let f = &a.finding;
            (
                Reverse((f.pattern.severity, f.confidence)),
                f.pattern.id,
                f.fingerprint,
            )
        };
        (order(a), &a.by, &a.reason).cmp(&(order(b), &b.by, &b.reason))
    });
}

/// Tells how many allowances no repository had a use for.
fn unused(
    options: &ScanOptions,
    effects: &BTreeMap<(String, &'static str), u64>,
    scan: &mut ScanResult,
) {
    let used: HashSet<&str> = effects.keys().map(|(source, _)| &**source).collect();
    let today = crate::base::today();
    let unused = options.allowances.entries().iter().filter(|allowance| {
        let source = format!("{}:{}", allowance.source.0, allowance.source.1);
        !allowance.is_over(&today) && !used.contains(&*source)
    });
    let unused = unused.count();
    if unused > 0 {
        let notice = format!("{unused} allowances match nothing in any repository");
        scan.notices.push(notice);
    }
}

/// What a skip is about, with the repository that it is in.
fn within(repository: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() || path.starts_with(repository) {
        return path.to_owned();
    }
    let mut shown = OsString::from(repository);
    shown.push(": ");
    shown.push(path);
    shown.into()
}
