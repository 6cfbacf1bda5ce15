//! The settings of a run: by the rules of the commit that has the say.

use std::path::Path;

use super::allowances::{self, Added};
use super::inside::{self, Where};
use super::plan::{Judge, Plan, Trust};
use super::repository::{CommitHome, Reader, Repository};
use crate::cli::args::CiArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;

/// What a run goes by.
#[derive(Debug)]
pub struct Ruled {
    /// The configuration of the commit that has the say, and the arguments.
    pub settings: Settings,
    /// What the head adds to it.
    pub added: Added,
}

/// Reads the rules.
///
/// # Errors
///
/// If they cannot be followed, or are not where the arguments say.
pub fn settle(
    args: &CiArgs,
    folder: &Path,
    repository: &Repository,
    reader: &Reader<'_>,
    plan: &Plan,
) -> Result<Ruled, CliError> {
    let mut look = args.look();
    let confidence = args.confidence.map(|c| c.0);
    let targets = vec![folder.to_owned()];
    let place = match &args.config {
        None => Where::Inside(CommitHome::usual()),
        Some(config) => inside::find(&repository.places, config)?,
    };
    let names = match place {
        Where::Inside(names) if !args.no_config => names,
        Where::Outside(path) if !args.no_config => {
            // Whoever runs this has put it there.
            look.config = Some(path);
            look.no_config = false;
            return Ok(Ruled {
                settings: Settings::resolve(&look, targets, confidence)?,
                added: Added::default(),
            });
        }
        Where::Inside(_) | Where::Outside(_) => Vec::new(),
    };
    let Some(rules) = plan.rules.filter(|_| !names.is_empty()) else {
        if plan.what == Judge::Everything && !args.no_config {
            return Err(CliError::new(
                "HEAD leads to no commit: whose configuration counts is not known, and that of the \
                 working tree does not; --no-config judges without one",
            ));
        }
        return Ok(Ruled {
            settings: Settings::resolve(&look, targets, confidence)?,
            added: Added::default(),
        });
    };
    let base = CommitHome::new(reader, rules, &names);
    let head = match (&plan.what, plan.trust) {
        (Judge::Range { head, .. }, Trust::Proposed | Trust::Fork | Trust::Unknown) => {
            let head = reader.commit(head, &mut Vec::new());
            let head = head.map_err(|e| CliError::new(e.to_string()))?;
            Some(CommitHome::new(reader, head, &names))
        }
        _ => None,
    };
    let mut lacks = None;
    if args.config.is_some() && !base.is_there()? {
        let short = &reader.hex(&rules)[..9];
        let shown = straykey::base::quote(&names.join("/")).into_owned();
        let is_new = match &head {
            Some(head) => head.is_there()?,
            None => false,
        };
        if !is_new {
            return Err(CliError::new(format!(
                "--config: {short}, whose rules count, has no folder '{shown}'"
            )));
        }
        lacks = Some(format!(
            "--config: {short}, whose rules count, has no folder '{shown}': judged without; that of \
             the change counts once it is merged"
        ));
    }
    let mut settings = Settings::with(&look, Some(&base), targets.clone(), confidence)?;
    settings.notices.extend(lacks);
    let added = match &head {
        Some(head) => {
            // What cannot be followed would be the next base's.
            Settings::with(&look, Some(head), targets, confidence)?;
            allowances::added(&base, head, plan.trust)?
        }
        None => Added::default(),
    };
    Ok(Ruled { settings, added })
}
