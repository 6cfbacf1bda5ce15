//! `straykey history`: everything that a git repository holds.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use straykey::detect::Engine;
use straykey::reports::Format;
use straykey::scan::{HistoryOptions, Progress};
use straykey::sources::history::PlacesOptions;

use super::args::{EngineArg, HistoryArgs, Look, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::output::{Outputs, report_options};
use super::progress::Watch;
use super::scan::tell_what_is_missing;
use super::settings::Settings;

/// Runs the command.
pub fn run(args: &HistoryArgs, how: Tell) -> Result<Exit, CliError> {
    let outputs = Outputs::resolve(&args.report)?;
    let repository = args
        .repository
        .clone()
        .unwrap_or_else(|| PathBuf::from("."));
    let look = Look {
        no_ignore: false,
        exclude: args.exclude.clone(),
        patterns: args.patterns.clone(),
        only: args.only.clone(),
        disable: args.disable.clone(),
        // A repository that is looked into after the fact must not say what is looked for.
        no_config: args.config.is_none(),
        config: args.config.clone(),
        threads: args.threads,
        engine: EngineArg(Engine::Fast),
    };
    let confidence = args.report.confidence.map(|c| c.0);
    let mut settings = Settings::resolve(&look, vec![repository.clone()], confidence)?;
    if let Some(severity) = args.report.severity {
        settings.severity = severity.0;
    }
    let progress = Arc::new(Progress::default());
    settings.options.find = super::find::value(args.find.as_deref())?;
    settings.options.progress = Some(Arc::clone(&progress));
    let watch = Watch::begin(&progress, how.quiet);
    let swept = straykey::scan::history(&HistoryOptions {
        repository,
        places: environment(),
        full_scan: args.full_scan,
        scan: settings.options,
    });
    watch.into_iter().for_each(Watch::end);
    let mut result = swept?;
    result.scan.notices.splice(0..0, settings.notices);

    let options = report_options(args.report.show_secrets, settings.severity, how);
    let written = outputs.write(&options, |report, options, out| {
        report.write_history(&result, options, out)
    });
    if outputs.stdout() != Format::Human {
        tell_what_is_missing(&result.scan, how.quiet);
    }
    written?;
    Ok(Exit::of(
        &result.scan,
        settings.severity,
        args.report.exit_zero,
    ))
}

/// Where git's own variables say that objects are.
pub fn environment() -> PlacesOptions {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let list = named("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_else(OsString::new);
    PlacesOptions {
        object_directory: named("GIT_OBJECT_DIRECTORY").map(PathBuf::from),
        alternates: std::env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty())
            .collect(),
    }
}
