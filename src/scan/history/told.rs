//! What of a repository was read, and what was not: the head of a report, its skips and notices.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::{HistoryOptions, tell};
use crate::detect::Detector;
use crate::findings::ScanResult;
use crate::sources::history::{Holder, HolderKind, Holders, Objects, Places, Stores};
use crate::sources::{Skip, SkipReason};
use crate::story::{Commits, HistoryRead, HistoryResult, NONE, Trees};

/// Takes down what opening the stores told.
pub(super) fn opened(
    options: &HistoryOptions,
    places: &Places,
    stores: &Stores,
    holders: &Holders,
    scan: &mut ScanResult,
) {
    if let Some(progress) = &options.scan.progress {
        let count = stores.objects().len() as u64;
        progress.objects.fetch_add(count, Ordering::Relaxed);
    }
    for known in [&places.skips[..], stores.skips(), &holders.skips] {
        scan.skips.extend_from_slice(known);
    }
}

/// What of a repository was read.
pub(super) fn what_was_read(
    options: &HistoryOptions,
    places: &Places,
    telling: &tell::Telling<'_>,
    seen: usize,
    is_whole: bool,
) -> HistoryRead {
    let holders = telling.holders;
    let stashed = |h: &&Holder| h.kind == HolderKind::Stash;
    let promised = if places.format.partial {
        telling.trees.missing_count
    } else {
        0
    };
    HistoryRead {
        repository: options.repository.clone(),
        objects: telling.stores.objects().len() as u64,
        objects_read: seen as u64,
        commits: telling.commits.len() as u64,
        references: holders.references as u64,
        stashes: holders.all.iter().filter(stashed).count() as u64,
        // Of some of the commits nothing is known of the others.
        dangling_commits: if is_whole {
            telling.dangling() as u64
        } else {
            0
        },
        shallow: places.shallow.len() as u64,
        promised: promised as u64,
        verified: options.verify,
        ..HistoryRead::default()
    }
}

/// Says how far it came.
pub(super) fn interrupted(result: &mut HistoryResult) {
    let read = &result.read;
    let how = format!(
        "{} of {} objects were read, and the stories of what was found are not known",
        read.objects_read, read.objects
    );
    result.scan.skips.push(Skip {
        path: read.repository.clone(),
        reason: SkipReason::Interrupted(how),
    });
}

/// Tells what is missing, and makes sure that nothing unread looks clean.
pub(super) fn complain(
    options: &HistoryOptions,
    places: &Places,
    commits: &Commits,
    trees: &Trees,
    objects: &Objects,
    result: &mut HistoryResult,
) {
    if !places.format.partial {
        let lacking = lacking(commits, places, objects, trees);
        result
            .scan
            .skips
            .extend(lacking.into_iter().map(|why| Skip {
                path: options.repository.clone(),
                reason: SkipReason::Corrupt(why),
            }));
    }
    let unread = result.read.objects - result.read.objects_read;
    if unread > 0 && !result.scan.is_incomplete() {
        result.scan.skips.push(Skip {
            path: options.repository.clone(),
            reason: SkipReason::Failed(format!("{unread} objects were not read")),
        });
    }
}

pub(super) fn lost(hex: &str, why: String) -> Skip {
    Skip {
        path: format!("object {hex}").into(),
        reason: SkipReason::Corrupt(why),
    }
}

/// Objects that others name and that no store has.
fn lacking(commits: &Commits, places: &Places, objects: &Objects, trees: &Trees) -> Vec<String> {
    let mut out = Vec::new();
    if !trees.missing.is_empty() {
        let few = trees.missing.iter().take(3).cloned().collect::<Vec<_>>();
        out.push(format!(
            "{} objects that trees name are in no store: {}",
            trees.missing_count,
            few.join(", ")
        ));
    }
    let all = || (0..commits.len() as u32).map(|place| (place, commits.fact(place)));
    let treeless = all().filter(|(_, fact)| fact.tree == NONE).count();
    if treeless > 0 {
        out.push(format!("the trees of {treeless} commits are in no store"));
    }
    let cut: HashSet<&String> = places.shallow.iter().collect();
    let orphans = all()
        .filter(|(place, fact)| {
            commits.is_border(*place) && !cut.contains(&objects.hex(fact.number))
        })
        .count();
    if orphans > 0 {
        out.push(format!("parents of {orphans} commits are in no store"));
    }
    out
}

pub(super) fn notices(
    places: &Places,
    holders: &Holders,
    detector: &Detector,
    result: &mut HistoryResult,
) {
    let (scan, pointers) = (&mut result.scan, result.read.lfs_pointers);
    if pointers > 0 {
        let (s, are) = if pointers == 1 {
            ("", "is a pointer")
        } else {
            ("s", "are pointers")
        };
        scan.notices.push(format!(
            "{pointers} version{s} of files {are} of Git LFS: their content is not here, and was not searched"
        ));
    }
    if !places.shallow.is_empty() {
        scan.notices.push(format!(
            "this is a shallow clone: what came before {} commits is not here",
            places.shallow.len()
        ));
    }
    if holders.replaced > 0 {
        scan.notices.push(format!(
            "{} replace references are not followed: commits are read as they were made",
            holders.replaced
        ));
    }
    if places.common_dir.join("info/grafts").exists() {
        scan.notices
            .push("grafts are not followed: commits are read as they were made".into());
    }
    for id in detector.slow() {
        scan.notices.push(format!(
            "pattern '{id}' has no prefilter and is tried everywhere"
        ));
    }
}
