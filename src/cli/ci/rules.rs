//! The settings of a run: by the rules of the commit that has the say.

use std::path::Path;

use straykey::base::{path_text, quote};
use straykey::findings::Baseline;

use super::allowances::{self, Added};
use super::inside::{self, Where};
use super::plan::{Judge, Plan, Trust};
use super::repository::{CommitHome, Known, Reader, Repository};
use crate::cli::args::CiArgs;
use crate::cli::error::CliError;
use crate::cli::home::{BASELINE, Words as _, read_named};
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
    let known = args.baseline.as_deref();
    let known = known.map(|file| inside::find(&repository.places, "--baseline", file));
    let known = known.transpose()?;
    let in_commits = match &known {
        None => Known::Usual,
        Some(Where::Inside(names)) => Known::At(names.clone()),
        Some(Where::Outside(_)) => Known::Elsewhere,
    };
    let mut ruled = by_commits(args, folder, repository, reader, plan, &in_commits)?;
    if let Some(Where::Outside(path)) = known {
        // Whoever runs this has put it there.
        let baseline = Baseline::parse(&path_text(&path), &read_named(&path)?);
        ruled.settings.options.baseline = baseline.map_err(CliError::all)?;
    }
    Ok(ruled)
}

/// The same but for a baseline that is in no commit.
fn by_commits(
    args: &CiArgs,
    folder: &Path,
    repository: &Repository,
    reader: &Reader<'_>,
    plan: &Plan,
    known: &Known,
) -> Result<Ruled, CliError> {
    let mut look = args.look();
    let confidence = args.confidence.map(|c| c.0);
    let targets = vec![folder.to_owned()];
    let place = match &args.config {
        None => Where::Inside(CommitHome::usual()),
        Some(config) => inside::find(&repository.places, "--config", config)?,
    };
    let names = match place {
        Where::Inside(names) if !args.no_config => names,
        Where::Outside(path) if !args.no_config => {
            if matches!(known, Known::At(_)) {
                return Err(CliError::new(
                    "--baseline is a file of the repository, and --config a folder elsewhere: its rules \
                     do not come from a commit",
                ));
            }
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
    let base = CommitHome::new(reader, rules, &names).with_baseline(known.clone());
    let head = match (&plan.what, plan.trust) {
        (Judge::Range { head, .. }, Trust::Proposed | Trust::Fork | Trust::Unknown) => {
            let head = reader.commit(head, &mut Vec::new());
            let head = head.map_err(|e| CliError::new(e.to_string()))?;
            Some(CommitHome::new(reader, head, &names).with_baseline(known.clone()))
        }
        _ => None,
    };
    let mut lacks = Vec::new();
    if let Known::At(file) = known
        && base.read(Path::new(BASELINE), &mut Vec::new())?.is_none()
    {
        let is_new = match &head {
            Some(head) => head.read(Path::new(BASELINE), &mut Vec::new())?.is_some(),
            None => false,
        };
        lacks.push(lacking(
            "--baseline",
            "file",
            file,
            &reader.hex(&rules),
            is_new,
        )?);
    }
    if args.config.is_some() && !base.is_there()? {
        let is_new = match &head {
            Some(head) => head.is_there()?,
            None => false,
        };
        lacks.push(lacking(
            "--config",
            "folder",
            &names,
            &reader.hex(&rules),
            is_new,
        )?);
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

/// Says that the commit whose rules count does not have what an argument names, but the change does.
///
/// # Errors
///
/// If the change does not have it, either: then nobody means it.
fn lacking(
    argument: &str,
    what: &str,
    names: &[String],
    rules: &str,
    is_new: bool,
) -> Result<String, CliError> {
    let path = names.join("/");
    let (short, shown) = (&rules[..9], quote(&path));
    let lacks = format!("{argument}: {short}, whose rules count, has no {what} '{shown}'");
    if is_new {
        let then = "judged without; that of the change counts once it is merged";
        Ok(format!("{lacks}: {then}"))
    } else {
        Err(CliError::new(lacks))
    }
}
