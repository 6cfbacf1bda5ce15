//! What a proposed change says about its own judgement: it is read, told, and believed in part only.

use std::collections::HashMap;
use std::path::Path;

use straykey::findings::{Accepted, Allowance, Allowances, Baseline, Known};

use super::plan::Trust;
use super::repository::CommitHome;
use crate::cli::config::Config;
use crate::cli::error::CliError;
use crate::cli::home::{BASELINE, CONFIG, IGNORE, Words};

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
    let patterns = patterns(base, head, after.as_ref())?;
    if before != after.map(|(_, text)| text) {
        let what = "the change alters the configuration: that counts once it is merged";
        out.notices.push(what.to_owned());
    }
    out.notices.extend(patterns);
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
        let before = Baseline::parse("", &known.unwrap_or_default()).map_err(CliError::all)?;
        let known = before.known().iter();
        let before: HashMap<&str, &Known> = known.map(|k| (&*k.fingerprint, k)).collect();
        let after = Baseline::parse(&file, &text).map_err(CliError::all)?;
        // A line that loses its files covers all of them.
        let is_new = |k: &&Known| match before.get(&*k.fingerprint) {
            Some(old) if old.files.is_empty() => false,
            Some(old) => k.files.is_empty() || !k.files.is_subset(&old.files),
            None => true,
        };
        new.extend(after.known().iter().filter(is_new).map(|known| Allowance {
            fingerprint: known.fingerprint.clone(),
            pattern: known.pattern.clone(),
            reason: known.reason.clone().unwrap_or_default(),
            until: None,
            source: (file.clone(), known.line),
        }));
    }
    for allowance in new {
        let why = match trust.refusal() {
            Some(why) => why,
            None if allowance.reason.is_empty() => "it gives no reason",
            None => {
                out.counted.push(allowance);
                continue;
            }
        };
        let (file, line) = allowance.source;
        out.refused.push((file, line, why));
    }
    Ok(out)
}

/// Says which files of patterns the head has in another form than the base.
fn patterns(
    base: &CommitHome<'_, '_>,
    head: &CommitHome<'_, '_>,
    config: Option<&(String, String)>,
) -> Result<Vec<String>, CliError> {
    let Some((file, text)) = config else {
        return Ok(Vec::new());
    };
    let mut out = Vec::new();
    for (name, line) in Config::parse(file, text)?.patterns {
        // Not there is another form, too.
        let before = base.read(&name, &mut out)?.map(|(_, text)| text);
        let after = head.patterns(&name, &format!("{file}:{line}"), &mut out)?;
        if before != after.map(|(_, text)| text) {
            let name = name.to_string_lossy();
            out.push(format!(
                "the change alters the patterns in '{}': that counts once it is merged",
                straykey::base::quote(&name)
            ));
        }
    }
    Ok(out)
}

/// The globs of paths that are left out.
fn paths(allowances: &Allowances) -> Vec<String> {
    allowances.paths().iter().map(|p| p.0.clone()).collect()
}

/// What a change allows itself, of all that was accepted: comments that it brings in and lines that
/// it adds. `baseline` is what the base's baseline is called.
pub fn own<'a>(accepted: &'a [Accepted], added: &Added, baseline: &str) -> Vec<&'a Accepted> {
    let places = added.counted.iter();
    let places: Vec<String> = places
        .map(|a| format!("{}:{}", a.source.0, a.source.1))
        .collect();
    // What a file of allowances accepts is named by file and line, a comment by its token.
    let is_known = |by: &str| !baseline.is_empty() && by.starts_with(&format!("{baseline}:"));
    let is_file = |by: &str| {
        by.contains(&format!("/{IGNORE}:")) || by.contains(&format!("/{BASELINE}")) || is_known(by)
    };
    let is_own = |a: &&Accepted| !is_file(&a.by) || places.contains(&a.by);
    accepted.iter().filter(is_own).collect()
}
