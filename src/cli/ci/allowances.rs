//! What a proposed change says about its own judgement: it is read, told, and believed in part only.

use std::collections::HashSet;
use std::path::Path;

use straykey::findings::{Accepted, Allowance, Allowances, Baseline, Fingerprint};

use super::plan::Trust;
use super::repository::CommitHome;
use crate::cli::config::Config;
use crate::cli::error::CliError;
use crate::cli::home::{CONFIG, IGNORE, Words};

/// The file of findings that are known: `FINGERPRINT PATTERN [# REASON]`.
const BASELINE: &str = "baseline";

/// What the head says that the base does not.
#[derive(Debug, Default)]
pub struct Added {
    /// Allowances that count, each named by where it stands in the head.
    pub counted: Vec<Allowance>,
    /// Allowances that do not count: file, line, and why not.
    pub refused: Vec<(String, usize, &'static str)>,
    /// What a person should know.
    pub notices: Vec<String>,
}

/// Compares the configuration of the head with that of the base.
///
/// # Errors
///
/// If the head's cannot be followed: it would be the next base.
pub fn added(
    base: &CommitHome<'_, '_>,
    head: &CommitHome<'_, '_>,
    trust: Trust,
) -> Result<Added, CliError> {
    let mut out = Added::default();
    let mut both = |name: &str| -> Result<_, CliError> {
        let before = base.read(Path::new(name), &mut out.notices)?;
        let after = head.read(Path::new(name), &mut out.notices)?;
        Ok((before.map(|(_, text)| text), after))
    };
    let (before, after) = both(CONFIG)?;
    let (lines, more) = both(IGNORE)?;
    let (known, all) = both(BASELINE)?;
    if let Some((file, text)) = &after {
        Config::parse(file, text)?;
    }
    if before != after.map(|(_, text)| text) {
        let what = "the change alters the configuration: that counts once it is merged";
        out.notices.push(what.to_owned());
    }
    let mut new = Vec::new();
    if let Some((file, text)) = more {
        let before = Allowances::parse("", &lines.unwrap_or_default());
        let before = before.map_err(CliError::all)?;
        let known_paths = paths(&before);
        let before: Vec<String> = before.entries().iter().map(ToString::to_string).collect();
        let after = Allowances::parse(&file, &text).map_err(CliError::all)?;
        if known_paths != paths(&after) {
            let what = "the change alters which paths are left out: that counts once it is merged";
            out.notices.push(what.to_owned());
        }
        let is_new = |e: &&Allowance| !before.contains(&e.to_string());
        new.extend(after.entries().iter().filter(is_new).cloned());
    }
    if let Some((file, text)) = all {
        Baseline::parse(&file, &text).map_err(CliError::all)?;
        let before = known.unwrap_or_default();
        let before: HashSet<&str> = before.lines().filter_map(fingerprint).collect();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(id) = fingerprint(line).filter(|id| !before.contains(id)) {
                new.push(baselined(id, line, (file.clone(), number)));
            }
        }
    }
    for allowance in new {
        let why = match trust {
            Trust::Fork => "the change comes from a fork",
            _ if allowance.reason.is_empty() => "it gives no reason",
            Trust::Own | Trust::Proposed => {
                out.counted.push(allowance);
                continue;
            }
        };
        let (file, line) = allowance.source;
        out.refused.push((file, line, why));
    }
    Ok(out)
}

/// The globs of paths that are left out.
fn paths(allowances: &Allowances) -> Vec<String> {
    allowances.paths().iter().map(|p| p.0.clone()).collect()
}

/// The fingerprint that a line of a baseline begins with.
fn fingerprint(line: &str) -> Option<&str> {
    let first = line.split_whitespace().next()?;
    Fingerprint::is_whole(first).then_some(first)
}

/// A line of a baseline that a change adds, as what it is: an allowance.
fn baselined(id: &str, line: &str, source: (String, usize)) -> Allowance {
    let (before, reason) = line.split_once('#').unwrap_or((line, ""));
    Allowance {
        fingerprint: id.to_owned(),
        pattern: before.split_whitespace().nth(1).unwrap_or("").to_owned(),
        reason: reason.trim().to_owned(),
        until: None,
        source,
    }
}

/// What a change allows itself, of all that was accepted: comments that it brings in and lines that
/// it adds.
pub fn own<'a>(accepted: &'a [Accepted], added: &Added) -> Vec<&'a Accepted> {
    let places = added.counted.iter();
    let places: Vec<String> = places
        .map(|a| format!("{}:{}", a.source.0, a.source.1))
        .collect();
    // What a file of allowances accepts is named by file and line, a comment by its token.
    let is_file =
        |by: &str| by.contains(&format!("/{IGNORE}:")) || by.contains(&format!("/{BASELINE}"));
    let is_own = |a: &&Accepted| !is_file(&a.by) || places.contains(&a.by);
    accepted.iter().filter(is_own).collect()
}
