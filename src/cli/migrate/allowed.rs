//! Allowlists by what a secret looks like: what they allow today is accepted, one by one.

use std::collections::{BTreeMap, BTreeSet};

use straykey::findings::{Finding, Occurrence};
use straykey::scan::{CommitsOptions, ScanOptions, commits};

use super::plan::{Allowed, Plan, Sink, Target};
use super::resolve::{Entry, Seen, entry, overlap};
use crate::cli::history::environment;

/// How many commits an allowlist may name.
const COMMITS: usize = 500;

/// Accepts what an allowlist allows today.
pub fn one_allowed(
    plan: &mut Plan,
    seen: &Seen<'_>,
    options: &ScanOptions,
    allowed: &Allowed,
    entries: &mut Vec<Entry>,
) {
    let brought_in = of_commits(plan, seen, options, allowed);
    let is_meant = |f: &Finding| match &allowed.patterns {
        Some(ids) => ids.iter().any(|id| id == f.pattern.id),
        None => true,
    };
    let holds = |f: &Finding| {
        let places = f.occurrences.iter();
        places.clone().count() > 0
            && places
                .clone()
                .all(|o| is_allowed(seen, allowed, f, o, &brought_in))
    };
    let from = format!("from {}", allowed.source.file);
    let reason = match &allowed.reason {
        Some(reason) => format!("{reason} ({from})"),
        None => from,
    };
    let found = seen.findings.iter().filter(|f| is_meant(f) && holds(f));
    let found: Vec<Entry> = found.map(|f| entry(f, Sink::Ignore, &reason)).collect();
    let count = found.len();
    plan.differ(
        &allowed.source,
        format!(
            "an allowlist by what a secret looks like: what it allows today is accepted one by one \
             ({count} findings), what comes later is reported"
        ),
    );
    entries.extend(found);
    for (fingerprint, pattern) in brought_in {
        if !allowed.is_all
            && allowed
                .patterns
                .as_ref()
                .is_none_or(|ids| ids.contains(&pattern))
        {
            entries.push(Entry {
                fingerprint,
                pattern,
                sink: Sink::Ignore,
                reason: reason.clone(),
                files: BTreeSet::new(),
            });
        }
    }
}

fn is_allowed(
    seen: &Seen<'_>,
    allowed: &Allowed,
    finding: &Finding,
    place: &Occurrence,
    brought_in: &BTreeMap<String, String>,
) -> bool {
    let path = seen.tree.inner(&place.path);
    let secret = finding.secret.expose();
    let mut told = Vec::new();
    if !allowed.paths.is_empty() {
        told.push(allowed.paths.iter().any(|p| p.is_match(path.as_bytes())));
    }
    if !allowed.regexes.is_empty() {
        let line = match allowed.target {
            Target::Secret => None,
            _ => seen.line(&path, place.start.line),
        };
        let line = line.unwrap_or_default();
        let line = line.as_bytes();
        told.push(allowed.regexes.iter().any(|regex| {
            match allowed.target {
                Target::Secret => regex.is_match(secret),
                Target::Line => regex.is_match(line),
                Target::Match => regex
                    .find_iter(line)
                    .any(|m| !m.is_empty() && overlap(m.as_bytes(), secret)),
            }
        }));
    }
    if !allowed.words.is_empty() {
        let secret = String::from_utf8_lossy(secret).to_lowercase();
        told.push(allowed.words.iter().any(|w| secret.contains(w.as_str())));
    }
    if !allowed.commits.is_empty() {
        told.push(brought_in.contains_key(&finding.fingerprint.to_string()));
    }
    if allowed.is_all {
        !told.is_empty() && told.iter().all(|t| *t)
    } else {
        told.iter().any(|t| *t)
    }
}

/// What the commits of an allowlist brought in: fingerprints and patterns.
fn of_commits(
    plan: &mut Plan,
    seen: &Seen<'_>,
    options: &ScanOptions,
    allowed: &Allowed,
) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (number, commit) in allowed.commits.iter().enumerate() {
        if number == COMMITS {
            plan.lose(&allowed.source, format!("more than {COMMITS} commits"));
            break;
        }
        let judge = |revisions: Vec<String>| {
            commits(&CommitsOptions {
                repository: seen.tree.top.clone(),
                places: environment(),
                revisions,
                scan: options.clone(),
                ..CommitsOptions::default()
            })
        };
        // The first commit has no parent to leave out.
        let told = judge(vec![commit.clone(), format!("^{commit}^")])
            .or_else(|_| judge(vec![commit.clone()]));
        let told = match told {
            Ok(told) if !told.scan.is_incomplete() => told,
            Ok(_) => {
                plan.lose(&allowed.source, "a commit of it could not be read whole");
                continue;
            }
            Err(why) => {
                plan.lose(&allowed.source, format!("a commit of it: {why}"));
                continue;
            }
        };
        for (i, finding) in told.scan.findings.iter().enumerate() {
            let of = told.commit_of(i);
            if of.is_some_and(|c| c.commit.starts_with(commit.as_str())) {
                out.insert(
                    finding.fingerprint.to_string(),
                    finding.pattern.id.to_owned(),
                );
            }
        }
    }
    out
}
