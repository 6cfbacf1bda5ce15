//! `straykey references`: credentials that files name and others keep, and who takes what.

use std::path::PathBuf;

use straykey::detect::patterns::Severity;
use straykey::reports::{references_dot, references_human, references_jsonl};
use straykey::scan::{Exclude, ReferencesOptions};

use super::args::{ReferencesArgs, ReferencesFormat, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::interrupt;
use super::output::{report_options, to_stdout};

/// Runs the command.
pub fn run(args: &ReferencesArgs, how: Tell) -> Result<Exit, CliError> {
    let targets = if args.paths.is_empty() {
        vec![PathBuf::from(".")]
    } else {
        args.paths.clone()
    };
    let exclude = args.exclude.iter().map(|glob| Exclude {
        glob: glob.clone(),
        base: None,
        source: "--exclude".into(),
    });
    let listing = straykey::scan::references(&ReferencesOptions {
        targets,
        ignored: args.no_ignore,
        exclude: exclude.collect(),
        threads: args.threads.min(super::settings::THREADS),
        stop: interrupt::watch(),
    })?;
    let options = report_options(false, Severity::Medium, how);
    to_stdout(|out| match args.format {
        ReferencesFormat::Human => references_human(&listing, &options, out),
        ReferencesFormat::Jsonl => references_jsonl(&listing, out),
        ReferencesFormat::Dot => references_dot(&listing, out),
    })?;
    let mut severities = listing.found.observations.iter().map(|o| o.rule.severity);
    let fails = args
        .fail_on
        .is_some_and(|least| severities.any(|s| s >= least.0));
    Ok(if listing.is_incomplete() {
        Exit::Failed
    } else if fails {
        Exit::Findings
    } else {
        Exit::Clean
    })
}
