//! `straykey commits`: every commit of a range by itself.

use std::path::PathBuf;
use std::sync::Arc;

use straykey::reports::Format;
use straykey::scan::{CommitsOptions, Progress};

use super::args::{CommitsArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::history::environment;
use super::output::{Outputs, report_options};
use super::progress::Watch;
use super::scan::tell_what_is_missing;
use super::settings::Settings;
use super::verify;

/// Runs the command.
pub fn run(args: &CommitsArgs, how: Tell) -> Result<Exit, CliError> {
    let outputs = Outputs::resolve(&args.report)?;
    let asks = verify::wanted(&args.verifying)?;
    let repository = args.repo.clone().unwrap_or_else(|| PathBuf::from("."));
    let confidence = args.report.confidence.map(|c| c.0);
    let mut settings = Settings::resolve(&args.look.look(), vec![repository.clone()], confidence)?;
    if let Some(severity) = args.report.severity {
        settings.severity = severity.0;
    }
    let stop = super::interrupt::watch();
    settings.options.stop = stop.clone();
    let progress = Arc::new(Progress::default());
    settings.options.progress = Some(Arc::clone(&progress));
    let watch = Watch::begin(&progress, how.quiet);
    let judged = straykey::scan::commits(&CommitsOptions {
        repository,
        places: environment(),
        revisions: args.revisions.clone(),
        scan: settings.options,
        ..CommitsOptions::default()
    });
    watch.into_iter().for_each(Watch::end);
    let mut result = judged?;
    result.scan.notices.splice(0..0, settings.notices);

    let mut options = report_options(args.report.show_secrets, settings.severity, how);
    let mut failed = None;
    if asks {
        let findings: Vec<_> = result.scan.findings.iter().collect();
        let patterns = &args.look.sought.patterns;
        match verify::ask(&args.verifying.asking, patterns, &findings, &stop, how)? {
            Some(asked) => (options.verdicts, failed) = (asked.verdicts, asked.failed),
            None => return Ok(Exit::Clean),
        }
    }
    let written = outputs.write(&options, |report, options, out| {
        report.write_range(&result, options, out)
    });
    if outputs.stdout() != Format::Human {
        tell_what_is_missing(&result.scan, how.quiet);
    }
    written?;
    if let Some(why) = failed {
        return Err(CliError::new(why));
    }
    Ok(Exit::of(
        &result.scan,
        settings.severity,
        args.report.exit_zero,
    ))
}
