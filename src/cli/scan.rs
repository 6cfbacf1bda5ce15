//! `straykey scan`: files, folders, standard input.

use std::path::PathBuf;
use std::sync::Arc;

use straykey::base::path_text;
use straykey::findings::ScanResult;
use straykey::reports::Format;
use straykey::scan::Progress;

use super::args::{ScanArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::output::{Outputs, report_options};
use super::progress::Watch;
use super::settings::Settings;
use super::{interrupt, tell, verify};

/// How many inputs that could not be read are named on standard error.
const NAMED: usize = 20;

/// Runs the command.
pub fn run(args: &ScanArgs, how: Tell) -> Result<Exit, CliError> {
    let outputs = Outputs::resolve(&args.report)?;
    let asks = verify::wanted(&args.verifying)?;
    if asks && args.find.is_some() {
        return Err(CliError::new(
            "--find looks for any value: nobody can be asked of it",
        ));
    }
    let targets = if args.paths.is_empty() {
        vec![PathBuf::from(".")]
    } else {
        args.paths.clone()
    };
    if args.find.is_some() && targets.iter().any(|t| t.as_os_str() == "-") {
        let why = "standard input holds the value to look for: name the files to look in";
        return Err(CliError::new(why));
    }
    let confidence = args.report.confidence.map(|c| c.0);
    let mut settings = Settings::resolve(&args.look, targets, confidence)?;
    if let Some(severity) = args.report.severity {
        settings.severity = severity.0;
    }
    settings.options.stop = interrupt::watch();
    let progress = Arc::new(Progress::default());
    settings.options.find = super::find::value(args.find.as_deref())?;
    settings.options.progress = Some(Arc::clone(&progress));
    let watch = Watch::begin(&progress, how.quiet);
    let scanned = straykey::scan::scan(&settings.options);
    watch.into_iter().for_each(Watch::end);
    let mut result = scanned?;
    result.notices.splice(0..0, settings.notices);

    let mut options = report_options(args.report.show_secrets, settings.severity, how);
    let mut failed = None;
    if asks {
        let stop = &settings.options.stop;
        let findings: Vec<_> = result.findings.iter().collect();
        let patterns = &args.look.sought.patterns;
        match verify::ask(&args.verifying.asking, patterns, &findings, stop, how)? {
            Some(asked) => (options.verdicts, failed) = (asked.verdicts, asked.failed),
            None => return Ok(Exit::Clean),
        }
    }
    let written = outputs.write(&options, |report, options, out| {
        report.write(&result, options, out)
    });
    if outputs.stdout() != Format::Human {
        tell_what_is_missing(&result, how.quiet);
    }
    written?;
    if let Some(why) = failed {
        return Err(CliError::new(why));
    }
    Ok(Exit::of(&result, settings.severity, args.report.exit_zero))
}

/// What the report for people would say of it.
pub fn tell_what_is_missing(result: &ScanResult, quiet: bool) {
    if result.is_interrupted() {
        tell("interrupted: the report has what was found until then");
    }
    let failed = || result.skips.iter().filter(|s| s.reason.is_incomplete());
    for skip in failed().take(NAMED) {
        tell(&format!("{}: {}", path_text(&skip.path), skip.reason));
    }
    let more = failed().count().saturating_sub(NAMED);
    if more > 0 {
        tell(&format!("and {more} more could not be read"));
    }
    if !quiet {
        for notice in &result.notices {
            tell(&format!("notice: {notice}"));
        }
    }
}
