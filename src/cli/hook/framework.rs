//! The framework called pre-commit: it runs hooks with its own variables instead of git's standard
//! input, and on demand, when nothing is staged at all.

use straykey::scan::{CommitsOptions, Known};

use super::run::{judged, tracking};
use crate::cli::args::{HookRunArgs, LookStaged, Reporting, StagedArgs, Tell};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::staged;

/// What a range is asked for by: revisions, and what the other side has.
pub type Asked = (Vec<String>, Known);

fn named(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the framework runs us.
pub fn is_here() -> bool {
    named("PRE_COMMIT").is_some()
}

/// The range that the framework names, if it names one.
///
/// # Errors
///
/// If it names half of one.
pub fn pushed() -> Result<Option<Asked>, CliError> {
    let remote = named("PRE_COMMIT_REMOTE_NAME");
    let known = Known {
        objects: Vec::new(),
        references: tracking(remote.as_deref()),
    };
    let from = named("PRE_COMMIT_FROM_REF").or_else(|| named("PRE_COMMIT_ORIGIN"));
    let to = named("PRE_COMMIT_TO_REF").or_else(|| named("PRE_COMMIT_SOURCE"));
    match (from, to, named("PRE_COMMIT_LOCAL_BRANCH")) {
        (Some(from), Some(to), _) => Ok(Some((vec![to, format!("^{from}")], known))),
        // The first commit of all is pushed: the framework names no beginning.
        (None, None, Some(branch)) if remote.is_some() => Ok(Some((vec![branch], known))),
        (None, None, _) => Ok(None),
        _ => Err(CliError::new(
            "PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF are the two ends of a range: one is missing",
        )),
    }
}

/// Judges what a commit would add. On demand nothing is staged: then the range that is named is
/// judged, or all files that git tracks.
pub fn pre_commit(args: &HookRunArgs, how: Tell) -> Result<Exit, CliError> {
    if is_here()
        && let Some((revisions, known)) = pushed()?
    {
        let options = CommitsOptions {
            revisions,
            known,
            ..CommitsOptions::default()
        };
        return judged(args, options, how, "range");
    }
    let asked = asked(args);
    let judged = staged::judge(&asked, how, false)?;
    // Git names the index to the hooks of a commit; a commit may well add nothing.
    let on_demand = is_here() && named("GIT_INDEX_FILE").is_none();
    if on_demand && !judged.result.read.changes && !judged.result.scan.is_incomplete() {
        return all_files(args, how);
    }
    judged.tell(&asked, how)
}

/// Judges all files that git tracks, as they are staged.
pub fn all_files(args: &HookRunArgs, how: Tell) -> Result<Exit, CliError> {
    let asked = asked(args);
    staged::judge(&asked, how, true)?.tell_whole(&asked, how)
}

/// What `straykey staged` would be asked.
fn asked(args: &HookRunArgs) -> StagedArgs {
    StagedArgs {
        repo: None,
        report: Reporting::default(),
        look: LookStaged {
            config: args.config.clone(),
            ..LookStaged::default()
        },
    }
}
