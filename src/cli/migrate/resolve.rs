//! Accepted places and values as findings: the tree is scanned, and what stands there now gets a
//! line of its own. Lists of line numbers and hashes become fingerprints.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use straykey::base::{Position, path_text};
use straykey::detect::Catalogue;
use straykey::detect::patterns::Confidence;
use straykey::findings::{FileMark, Finding, Occurrence};
use straykey::scan::{ScanOptions, Version, scan, versions};
use straykey::sources::history::hex;

use super::Tree;
use super::allowed::one_allowed;
use super::plan::{Known, Place, Plan, Sink, Source, Value};
use crate::cli::error::CliError;
use crate::cli::history::environment;
use crate::cli::{interrupt, tell};

/// An accepted finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its fingerprint, in full.
    pub fingerprint: String,
    /// Its pattern's id.
    pub pattern: String,
    /// Where it goes.
    pub sink: Sink,
    /// Why.
    pub reason: String,
    /// Where it was known; empty for any file.
    pub files: BTreeSet<FileMark>,
}

/// Words for kinds of values of which one is hashed with the value, and pairs of them.
const KINDS: &[&str] = &[
    "apikey",
    "password",
    "client_secret",
    "secret",
    "token",
    "private_key",
    "connection_uri",
    "connection_url",
    "username",
    "client_id",
    "webhook",
    "url",
    "uri",
    "key",
];

/// Of two values: the kinds, in order.
const PAIRS: &[(&str, &str)] = &[
    ("client_id", "client_secret"),
    ("password", "username"),
    ("apikey", "client_id"),
];

/// The longest line in which a hashed value is looked for, and how many parts of it are hashed.
const LINE: usize = 4 << 10;
const PARTS: usize = 1 << 13;
/// How many parts of lines are hashed in all.
const ALL_PARTS: usize = 1 << 23;
/// How many places and values all lists together may name.
const LISTED: usize = 100_000;
/// How many values may be listed as they are: each is held against each finding.
const PLAIN: usize = 5_000;

/// What the tree holds.
pub struct Seen<'a> {
    /// The tree.
    pub tree: &'a Tree,
    /// What was found in it, allowed or not.
    pub findings: Vec<Finding>,
    /// By path from the top.
    by_path: HashMap<String, Vec<usize>>,
    unread: HashSet<String>,
    /// By the hashes that lists may have of them.
    hashes: HashMap<String, Vec<usize>>,
    /// How many parts of lines may still be hashed.
    parts: Cell<usize>,
}

/// Finds what the plan accepts, and tells what it does not find.
///
/// # Errors
///
/// If the tree cannot be scanned.
pub fn resolve(plan: &mut Plan, tree: &Tree, catalogue: Catalogue) -> Result<Vec<Entry>, CliError> {
    if plan.places.is_empty() && plan.values.is_empty() && plan.allowed.is_empty() {
        return Ok(Vec::new());
    }
    let options = ScanOptions {
        targets: vec![tree.top.clone()],
        catalogue,
        least: Some(Confidence::Low),
        stop: interrupt::watch(),
        ..ScanOptions::default()
    };
    let result = scan(&options)?;
    if result.is_interrupted() {
        return Err(CliError::new("stopped: nothing was written"));
    }
    let mut seen = Seen {
        tree,
        findings: result.findings,
        by_path: HashMap::new(),
        unread: HashSet::new(),
        hashes: HashMap::new(),
        parts: Cell::new(ALL_PARTS),
    };
    // What a comment allows already may stand somewhere else without one.
    seen.findings
        .extend(result.accepted.into_iter().map(|a| a.finding));
    for (number, finding) in seen.findings.iter().enumerate() {
        for occurrence in &finding.occurrences {
            let path = tree.inner(&occurrence.path);
            let list = seen.by_path.entry(path).or_default();
            if list.last() != Some(&number) {
                list.push(number);
            }
        }
    }
    for skip in result.skips.iter().filter(|s| s.reason.is_incomplete()) {
        seen.unread.insert(tree.inner(&skip.path));
        tell(&format!("{}: {}", path_text(&skip.path), skip.reason));
    }
    seen.hash();
    cut(plan);
    let mut entries = Vec::new();
    places(plan, &seen, &options, &mut entries);
    for value in std::mem::take(&mut plan.values) {
        one_value(plan, &seen, &value, &mut entries);
    }
    for allowed in std::mem::take(&mut plan.allowed) {
        one_allowed(plan, &seen, &options, &allowed, &mut entries);
    }
    Ok(once(entries))
}

/// Gives up what is past the bounds.
fn cut(plan: &mut Plan) {
    let mut over: Vec<Source> = Vec::new();
    if plan.places.len() > LISTED {
        over.extend(plan.places.drain(LISTED..).map(|p| p.source));
    }
    let (mut all, mut plain) = (0, 0);
    plan.values.retain(|value| {
        all += 1;
        plain += usize::from(matches!(value.known, Known::Plain(_)));
        let stays = all <= LISTED && plain <= PLAIN;
        if !stays {
            over.push(value.source.clone());
        }
        stays
    });
    for source in over {
        plan.lose(&source, "too many places or values are listed");
    }
}

/// One entry for each finding: what is no secret needs no baseline.
fn once(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| {
        let key = |e: &Entry| (e.fingerprint.clone(), e.sink, e.reason.clone());
        key(a).cmp(&key(b))
    });
    entries.dedup_by(|b, a| {
        let is_same = a.fingerprint == b.fingerprint;
        if is_same && !(a.files.is_empty() || b.files.is_empty()) {
            a.files.append(&mut b.files);
        } else if is_same {
            a.files.clear();
        }
        is_same
    });
    entries
}

/// A finding as an entry.
pub fn entry(finding: &Finding, sink: Sink, reason: &str) -> Entry {
    Entry {
        fingerprint: finding.fingerprint.to_string(),
        pattern: finding.pattern.id.to_owned(),
        sink,
        reason: reason.to_owned(),
        files: BTreeSet::new(),
    }
}

/// What was known in one file; the fingerprint of a weak secret says in which.
fn known_in(path: &str, finding: &Finding, reason: &str) -> Entry {
    let files = Some(FileMark::of(Path::new(path))).filter(|_| !finding.fingerprint.is_weak());
    Entry {
        files: files.into_iter().collect(),
        ..entry(finding, Sink::Baseline, reason)
    }
}

fn places(plan: &mut Plan, seen: &Seen<'_>, options: &ScanOptions, entries: &mut Vec<Entry>) {
    let all = std::mem::take(&mut plan.places);
    let version = |p: &Place| {
        Some(Version {
            commit: p.commit.clone()?,
            path: p.path.clone(),
        })
    };
    let mut asked: Vec<Version> = all.iter().filter_map(version).collect();
    asked.sort();
    asked.dedup();
    let told = if asked.is_empty() {
        BTreeMap::new()
    } else {
        versions(&seen.tree.top, &environment(), options, &asked)
    };
    for place in &all {
        let known = version(place).and_then(|v| told.get(&v));
        let findings: Vec<&Finding> = match known {
            Some(Ok(findings)) => findings.iter().collect(),
            Some(Err(why)) => {
                plan.lose(&place.source, why.clone());
                continue;
            }
            None => seen.at(&place.path),
        };
        match meant(plan, place, findings) {
            Ok(found) => {
                let file = place.source.file.clone();
                for finding in found {
                    tell_spread(plan, seen, place, finding);
                    entries.push(known_in(&place.path, finding, &format!("from {file}")));
                }
            }
            Err(why) => {
                let why = match () {
                    () if seen.unread.contains(&place.path) => "the file could not be read",
                    () if place.commit.is_none() && !seen.tree.has(&place.path) => {
                        "there is no such file"
                    }
                    () => why,
                };
                plan.lose(&place.source, why);
            }
        }
    }
}

/// The findings that a place means.
fn meant<'f>(
    plan: &Plan,
    place: &Place,
    findings: Vec<&'f Finding>,
) -> Result<Vec<&'f Finding>, &'static str> {
    let on_line = |o: &Occurrence| {
        let within = |p: &Position| (place.lines.0..=place.lines.1).contains(&p.line);
        within(&o.start) || o.parts.iter().any(|p| within(&p.start))
    };
    let mut found: Vec<&Finding> = findings
        .into_iter()
        .filter(|f| f.occurrences.iter().any(on_line))
        .collect();
    if let Some(secret) = &place.secret
        && !found.is_empty()
    {
        found.retain(|f| overlap(f.secret.expose(), secret.expose()));
        if found.is_empty() {
            return Err("another secret stands there now");
        }
    }
    let one = |found: &[&Finding]| {
        let first = found.first().map(|f| f.secret.expose()).unwrap_or_default();
        found.iter().all(|f| overlap(f.secret.expose(), first))
    };
    if !one(&found) {
        let ids = plan.patterns_of(&place.rule);
        found.retain(|f| ids.iter().any(|id| id == f.pattern.id));
        if found.is_empty() || !one(&found) {
            return Err("several secrets stand there, and which is meant is not known");
        }
    }
    if found.is_empty() {
        return Err("straykey reports nothing there");
    }
    Ok(found)
}

/// Whether one is part of the other, blanks left out.
pub fn overlap(a: &[u8], b: &[u8]) -> bool {
    let bare = |text: &[u8]| -> Vec<u8> {
        let shown = text.iter().copied().filter(|b| !b.is_ascii_whitespace());
        shown.collect()
    };
    let (a, b) = (bare(a), bare(b));
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    !short.is_empty() && long.windows(short.len()).any(|w| w == short)
}

/// A fingerprint accepts its secret wherever it stands.
fn tell_spread(plan: &mut Plan, seen: &Seen<'_>, place: &Place, finding: &Finding) {
    let same = seen
        .findings
        .iter()
        .find(|f| f.fingerprint == finding.fingerprint);
    let elsewhere = same.map_or(0, |f| {
        let here = |o: &&Occurrence| seen.tree.inner(&o.path) == place.path;
        f.occurrences.iter().filter(|o| !here(o)).count()
    });
    if elsewhere > 0 {
        let how =
            format!("the same secret stands in {elsewhere} other places: accepted there, too");
        plan.differ(&place.source, how);
    }
}

impl Seen<'_> {
    /// Makes the hashes that lists may have of what was found.
    fn hash(&mut self) {
        let mut all: Vec<(String, usize)> = Vec::new();
        for (number, finding) in self.findings.iter().enumerate() {
            let secret = finding.secret.expose();
            all.push((hex(&Sha1::digest(secret)), number));
            let texts = KINDS.iter().map(|kind| said(secret, kind));
            let texts = texts.chain(self.pairs(finding));
            all.extend(texts.map(|text| (hex(&Sha256::digest(&text)), number)));
        }
        for (hash, number) in all {
            self.hashes.entry(hash).or_default().push(number);
        }
    }

    /// A credential of two parts, as it is hashed whole.
    fn pairs(&self, finding: &Finding) -> Vec<Vec<u8>> {
        let secret = finding.secret.expose();
        let mut out = Vec::new();
        for place in finding.occurrences.iter().take(8) {
            let path = self.tree.inner(&place.path);
            for part in &place.parts {
                let line = self.line(&path, part.start.line).unwrap_or_default();
                let part = columns(&line, &part.start, &part.end);
                let part = part.as_bytes();
                for (first, second) in PAIRS {
                    out.push([said(part, first), said(secret, second)].concat());
                    out.push([said(secret, first), said(part, second)].concat());
                }
            }
        }
        out
    }

    fn at(&self, path: &str) -> Vec<&Finding> {
        let numbers = self
            .by_path
            .get(path)
            .map(Vec::as_slice)
            .unwrap_or_default();
        numbers.iter().map(|n| &self.findings[*n]).collect()
    }

    /// A line of a file.
    pub fn line(&self, path: &str, number: u64) -> Option<String> {
        let text = self.tree.text(path)?;
        let number = usize::try_from(number.checked_sub(1)?).ok()?;
        text.lines().nth(number).map(str::to_owned)
    }
}

fn one_value(plan: &mut Plan, seen: &Seen<'_>, value: &Value, entries: &mut Vec<Entry>) {
    let findings: Vec<&Finding> = match &value.path {
        Some(path) => seen.at(path),
        None => seen.findings.iter().collect(),
    };
    let mut found: Vec<&Finding> = findings
        .iter()
        .copied()
        .filter(|f| is_value(seen, &value.known, f))
        .collect();
    let mut still_there = false;
    if found.is_empty()
        && let (Known::Sha1(hash), Some(path), Some(number)) =
            (&value.known, &value.path, value.line)
        && let Some(line) = seen.line(path, number)
        && let Some(part) = part_of(&line, hash, &seen.parts)
    {
        // Another scanner may see more or less of the same secret.
        still_there = true;
        let here = |o: &Occurrence| seen.tree.inner(&o.path) == *path && o.start.line == number;
        found = findings
            .iter()
            .copied()
            .filter(|f| f.occurrences.iter().any(here))
            .filter(|f| overlap(f.secret.expose(), part.as_bytes()))
            .collect();
    }
    if found.is_empty() {
        let unread = value.path.as_ref().is_some_and(|p| seen.unread.contains(p));
        let gone = value.path.as_ref().is_some_and(|p| !seen.tree.has(p));
        let why = match () {
            () if still_there => "it is there, and straykey does not report it",
            () if unread => "the file could not be read",
            () if gone => "there is no such file",
            () if value.path.is_some() => "no finding in the file has this value",
            () => "no finding in this tree has this value",
        };
        return plan.lose(&value.source, why);
    }
    let from = format!("from {}", value.source.file);
    let reason = match &value.reason {
        Some(reason) => format!("{reason} ({from})"),
        None => from,
    };
    entries.extend(found.into_iter().map(|f| match (value.sink, &value.path) {
        (Sink::Baseline, Some(path)) => known_in(path, f, &reason),
        (sink, _) => entry(f, sink, &reason),
    }));
}

fn is_value(seen: &Seen<'_>, known: &Known, finding: &Finding) -> bool {
    /// A shorter value is part of too many others.
    const SHORT: usize = 8;
    let secret = finding.secret.expose();
    match known {
        Known::Plain(value) => {
            let value = value.expose();
            value == secret || value.len().min(secret.len()) >= SHORT && overlap(value, secret)
        }
        Known::Sha1(hash) | Known::Sha256(hash) => {
            let same = seen.hashes.get(hash).map(Vec::as_slice).unwrap_or_default();
            same.iter()
                .any(|n| std::ptr::eq(&raw const seen.findings[*n], finding))
        }
    }
}

/// A value and a word for its kind, as they are hashed together.
fn said(value: &[u8], kind: &str) -> Vec<u8> {
    [value, b",", kind.as_bytes()].concat()
}

/// The text between two columns of one line.
fn columns(line: &str, start: &Position, end: &Position) -> String {
    let from = usize::try_from(start.column.saturating_sub(1)).unwrap_or(0);
    let count = usize::try_from(end.column.saturating_sub(start.column)).unwrap_or(0);
    line.chars().skip(from).take(count).collect()
}

/// The part of a line, between marks, whose SHA-1 is this.
fn part_of<'l>(line: &'l str, hash: &str, left: &Cell<usize>) -> Option<&'l str> {
    if line.len() > LINE {
        return None;
    }
    let is_mark = |c: char| !c.is_alphanumeric();
    let mut ends: Vec<usize> = vec![0];
    for (at, c) in line.char_indices().filter(|(_, c)| is_mark(*c)) {
        ends.extend([at, at + c.len_utf8()]);
    }
    ends.push(line.len());
    ends.dedup();
    let mut tried = 0;
    for (i, from) in ends.iter().enumerate() {
        for to in &ends[i + 1..] {
            tried += 1;
            left.set(left.get().checked_sub(1)?);
            if tried > PARTS {
                return None;
            }
            let part = line.get(*from..*to)?;
            if hex(&Sha1::digest(part.as_bytes())) == hash {
                return Some(part);
            }
        }
    }
    None
}

/// A path from the top, with `/`.
pub fn slashed(path: &Path) -> String {
    let parts = path.components().map(|c| c.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_value_is_found_between_marks() {
        // printf %s correct-horse | sha1sum
        let hash = "36cb589f74157b45811a690c58b434095f48e9fa";
        let left = Cell::new(1 << 20);
        let line = "password: \"correct-horse\", # x"; // straykey:allow generic.password made up
        assert_eq!(part_of(line, hash, &left), Some("correct-horse"));
        // straykey:allow generic.password made up
        assert_eq!(part_of("password: correct-horses", hash, &left), None);
        assert_eq!(part_of(&"a-".repeat(3000), hash, &left), None, "too long");
        left.set(3);
        assert_eq!(part_of(line, hash, &left), None, "nothing is left to hash");
    }

    #[test]
    fn overlapping_means_part_of_the_other() {
        assert!(overlap(b"a bc", b"xabcy") && overlap(b"abc", b"b"));
        assert!(!overlap(b"", b"a") && !overlap(b"abc", b"abd"));
    }
}
