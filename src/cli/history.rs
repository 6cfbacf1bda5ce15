//! `straykey history`: everything that git repositories hold.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use straykey::findings::ScanResult;
use straykey::reports::{Format, Report, ReportOptions};
use straykey::scan::{HistoryOptions, Moment, Narrow, Progress, ScanError};
use straykey::sources::history::PlacesOptions;
use straykey::story::{HistoriesResult, HistoryResult, Narrowed};

use super::args::{HistoryArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::output::{Outputs, report_options};
use super::progress::Watch;
use super::repositories::Repositories;
use super::scan::tell_what_is_missing;
use super::settings::Settings;
use super::{interrupt, tell, verify};

/// What was found, in one repository or in several.
enum Swept {
    One(HistoryResult),
    Several(HistoriesResult),
}

impl Swept {
    fn scan(&mut self) -> &mut ScanResult {
        match self {
            Self::One(result) => &mut result.scan,
            Self::Several(result) => &mut result.scan,
        }
    }

    fn store_failed(&self) -> Option<String> {
        match self {
            Self::One(result) => result.store_failed.clone(),
            Self::Several(result) => result.store_failed.clone(),
        }
    }

    fn narrowed(&self) -> Option<Narrowed> {
        match self {
            Self::One(result) => result.read.narrowed.clone(),
            Self::Several(result) => result.narrowed(),
        }
    }

    fn write(
        &self,
        report: &dyn Report,
        options: &ReportOptions,
        out: &mut dyn std::io::Write,
    ) -> std::io::Result<()> {
        match self {
            Self::One(result) => report.write_history(result, options, out),
            Self::Several(result) => report.write_histories(result, options, out),
        }
    }
}

/// Runs the command.
pub fn run(args: &HistoryArgs, how: Tell) -> Result<Exit, CliError> {
    let outputs = Outputs::resolve(&args.report)?;
    let asks = verify::wanted(&args.verifying)?;
    if asks && args.find.is_some() {
        return Err(CliError::new(
            "--find looks for any value: nobody can be asked of it",
        ));
    }
    let stop = interrupt::watch();
    let confidence = args.report.confidence.map(|c| c.0);
    let repositories = Repositories::resolve(&args.which, &stop)?;
    let targets = match &repositories {
        Repositories::One(path) => vec![path.clone()],
        Repositories::Several(_) => Vec::new(),
    };
    let mut settings = Settings::resolve(&args.look.look(), targets, confidence)?;
    if let Some(severity) = args.report.severity {
        settings.severity = severity.0;
    }
    let progress = Arc::new(Progress::default());
    let taken = args.which.repos_from.as_deref() == Some(Path::new("-"));
    if args.find.is_some() && taken {
        let why = "standard input holds the value to look for: name a file with --repos-from";
        return Err(CliError::new(why));
    }
    settings.options.find = super::find::value(args.find.as_deref())?;
    settings.options.progress = Some(Arc::clone(&progress));
    settings.options.stop = stop.clone();
    let watch = Watch::begin(&progress, how.quiet);
    let mut options = HistoryOptions {
        people: false,
        most: None,
        repository: PathBuf::new(),
        places: environment(),
        full_scan: args.full_scan,
        verify: args.verify_objects,
        narrow: narrow(args)?,
        store: args.store.clone(),
        scan: settings.options,
    };
    let swept = sweep(&mut options, repositories);
    watch.into_iter().for_each(Watch::end);
    let mut result = swept?;
    result.scan().notices.splice(0..0, settings.notices);

    let mut options = report_options(args.report.show_secrets, settings.severity, how);
    let mut failed = None;
    if asks {
        let findings: Vec<_> = result.scan().findings.iter().collect();
        let patterns = &args.look.sought.patterns;
        match verify::ask(&args.verifying.asking, patterns, &findings, &stop, how)? {
            Some(asked) => (options.verdicts, failed) = (asked.verdicts, asked.failed),
            None => return Ok(Exit::Clean),
        }
    }
    let written = outputs.write(&options, |report, options, out| {
        result.write(report, options, out)
    });
    let (narrowed, store_failed) = (result.narrowed(), result.store_failed());
    let scan = result.scan();
    if outputs.stdout() != Format::Human {
        tell_what_is_missing(scan, how.quiet);
        if let Some(narrowed) = narrowed {
            tell(&narrowed.to_string());
        }
    }
    written?;
    if let Some(why) = failed {
        return Err(CliError::new(why));
    }
    if let Some(why) = store_failed {
        return Err(CliError::new(why));
    }
    Ok(Exit::of(scan, settings.severity, args.report.exit_zero))
}

/// What is told.
fn narrow(args: &HistoryArgs) -> Result<Narrow, CliError> {
    let since = args.since.as_ref().map(|date| Moment {
        written: date.written.clone(),
        time: date.seconds.0,
    });
    let until = args.until.as_ref().map(|date| Moment {
        written: date.written.clone(),
        time: date.seconds.1,
    });
    if let (Some(since), Some(until)) = (&since, &until)
        && since.time > until.time
    {
        return Err(CliError::new(format!(
            "--since {} is after --until {}: no commit can be told",
            since.written, until.written
        )));
    }
    Ok(Narrow {
        since,
        until,
        refs: args.refs.clone(),
        paths: args.paths.clone(),
    })
}

fn sweep(options: &mut HistoryOptions, repositories: Repositories) -> Result<Swept, ScanError> {
    match repositories {
        Repositories::One(path) => {
            options.repository = path;
            straykey::scan::history(options).map(Swept::One)
        }
        Repositories::Several(found) => {
            straykey::scan::histories(options, &found).map(Swept::Several)
        }
    }
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
