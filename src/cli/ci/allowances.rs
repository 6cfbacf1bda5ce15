//! What a proposed change says about its own judgement: it is read, told, and believed in part only.

use std::path::Path;

use straykey::findings::{Accepted, Allowance, Allowances};

use super::plan::Trust;
use super::repository::CommitHome;
use crate::cli::config::Config;
use crate::cli::error::CliError;
use crate::cli::home::{CONFIG, IGNORE, Words};

/// What the head says that the base does not.
#[derive(Debug, Default)]
pub struct Added {
    /// Allowances that count, each named by where it stands in the head.
    pub counted: Vec<Allowance>,
    /// Allowances that do not count.
    pub refused: Vec<Allowance>,
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
    if let Some((file, text)) = &after {
        Config::parse(file, text)?;
    }
    if before != after.map(|(_, text)| text) {
        let what = "the change alters the configuration: that counts once it is merged";
        out.notices.push(what.to_owned());
    }
    if let Some((file, text)) = more {
        let known = Allowances::parse("", &lines.unwrap_or_default());
        let known = known.map_err(CliError::all)?;
        let known: Vec<String> = known.entries().iter().map(ToString::to_string).collect();
        let after = Allowances::parse(&file, &text).map_err(CliError::all)?;
        let new = after
            .entries()
            .iter()
            .filter(|e| !known.contains(&e.to_string()));
        let list = match trust {
            Trust::Fork => &mut out.refused,
            Trust::Own | Trust::Proposed => &mut out.counted,
        };
        list.extend(new.cloned());
    }
    Ok(out)
}

/// What a change allows itself, of all that was accepted: comments that it brings in and lines that
/// it adds.
pub fn own<'a>(accepted: &'a [Accepted], added: &Added) -> Vec<&'a Accepted> {
    let places = added.counted.iter();
    let places: Vec<String> = places
        .map(|a| format!("{}:{}", a.source.0, a.source.1))
        .collect();
    // What a file of allowances accepts is named by file and line, a comment by its token.
    let is_file = |by: &str| by.contains(&format!("/{IGNORE}:"));
    let is_own = |a: &&Accepted| !is_file(&a.by) || places.contains(&a.by);
    accepted.iter().filter(is_own).collect()
}
