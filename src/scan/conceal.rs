//! Takes secrets out of what is shown beside them: the names of people, and for a value that was
//! looked for those of files and references, too.

use std::path::{Path, PathBuf};

use crate::base::path_text;
use crate::detect::Needles;
use crate::findings::{ScanResult, WEAK_MASK};
use crate::sources::{Skip, SkipReason};
use crate::story::HistoryResult;

/// What is looked for and what is not, in words.
const TOLD: &str = "one value was looked for: as it is, in base64, base64url, hex, \
                    percent-encoded, escaped and in UTF-16; what is compressed is not found";

/// Takes the value out of a scan's result, and says what was looked for.
pub(super) fn conceal(result: &mut ScanResult, needles: &Needles) {
    for notice in &mut result.notices {
        text(notice, needles);
    }
    result.notices.insert(0, TOLD.to_owned());
    let accepted = result.accepted.iter_mut().map(|a| &mut a.finding);
    for finding in result.findings.iter_mut().chain(accepted) {
        for occurrence in &mut finding.occurrences {
            path(&mut occurrence.path, needles);
        }
    }
    for Skip { path: at, reason } in &mut result.skips {
        path(at, needles);
        match reason {
            SkipReason::Unreadable(why)
            | SkipReason::Changed(why)
            | SkipReason::Corrupt(why)
            | SkipReason::Failed(why)
            | SkipReason::Unsupported(why) => text(why, needles),
            _ => {}
        }
    }
    for effect in &mut result.configuration {
        text(&mut effect.source, needles);
    }
}

/// The same of a history's result.
pub(super) fn conceal_history(result: &mut HistoryResult, needles: &Needles) {
    conceal(&mut result.scan, needles);
    path(&mut result.read.repository, needles);
    for story in &mut result.stories {
        for event in &mut story.events {
            path(&mut event.path, needles);
            event.from.iter_mut().for_each(|from| path(from, needles));
            for name in [
                &mut event.author,
                &mut event.author_mail,
                &mut event.committer,
            ] {
                text(name, needles);
            }
        }
        let names = [
            &mut story.references,
            &mut story.remotes,
            &mut story.holders,
        ];
        for name in names.into_iter().flatten() {
            text(name, needles);
        }
    }
}

fn text(text: &mut String, needles: &Needles) {
    if needles.is_in(text.as_bytes()) {
        *text = needles.concealed(text);
    }
}

fn path(path: &mut PathBuf, needles: &Needles) {
    let shown = path_text(Path::new(path)).into_owned();
    if needles.is_in(shown.as_bytes()) {
        *path = needles.concealed(&shown).into();
    }
}

/// Takes the secrets that stand in commits out of the names of the people who made them.
pub(super) fn conceal_people(result: &mut HistoryResult) {
    let accepted = result.scan.accepted.iter().map(|a| &a.finding);
    let findings = result.scan.findings.iter().chain(accepted);
    let spoken = findings.filter(|f| {
        let mut places = f.occurrences.iter();
        places.any(|o| o.path.to_string_lossy().starts_with("commit:"))
    });
    let secrets: Vec<String> = spoken
        .map(|f| String::from_utf8_lossy(f.secret.expose()).into_owned())
        .collect();
    for event in result.stories.iter_mut().flat_map(|s| &mut s.events) {
        for name in [
            &mut event.author,
            &mut event.author_mail,
            &mut event.committer,
        ] {
            for secret in &secrets {
                hide(name, secret);
            }
        }
    }
}

/// Takes a secret out of a name.
pub(super) fn hide(name: &mut String, secret: &str) {
    if !secret.is_empty() && name.contains(secret) {
        *name = name.replace(secret, WEAK_MASK);
    }
}
