//! `straykey staged`: what this commit would add. What `hook run pre-commit` runs, too.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use straykey::detect::patterns::Severity;
use straykey::reports::{Format, Report, ReportOptions};
use straykey::scan::{Progress, ScanOptions, StagedOptions};
use straykey::sources::history::PlacesOptions;
use straykey::sources::top_of;
use straykey::story::StagedResult;

use super::args::{StagedArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::history::environment;
use super::output::{Outputs, report_options};
use super::progress::Watch;
use super::scan::tell_what_is_missing;
use super::settings::Settings;

/// Where things are.
struct Where {
    repository: PathBuf,
    places: PlacesOptions,
    index: Option<PathBuf>,
    top: Option<PathBuf>,
    merging: Vec<String>,
}

impl Where {
    fn options(self, scan: ScanOptions) -> StagedOptions {
        StagedOptions {
            repository: self.repository,
            places: self.places,
            index: self.index,
            top: self.top,
            merging: self.merging,
            whole: false,
            scan,
        }
    }
}

/// What is staged here, for who asks about one finding of it: it need not be in the working tree.
pub fn options_here(scan: &ScanOptions) -> StagedOptions {
    located(None).options(scan.clone())
}

/// Runs the command.
pub fn run(args: &StagedArgs, how: Tell) -> Result<Exit, CliError> {
    judge(args, how, false).and_then(|judged| judged.tell(args, how))
}

/// What was judged, to be told.
pub struct Judged {
    /// What was found.
    pub result: StagedResult,
    /// The least severity that fails.
    severity: Severity,
    outputs: Outputs,
}

/// Judges what is staged; `whole` asks for all that is in the index, new or not.
pub fn judge(args: &StagedArgs, how: Tell, whole: bool) -> Result<Judged, CliError> {
    let outputs = Outputs::resolve(&args.report)?;
    let places = located(args.repo.as_ref());
    let confidence = args.report.confidence.map(|c| c.0);
    let home = places.top.clone().unwrap_or_else(|| {
        let start = places.repository.canonicalize();
        let top = start.ok().and_then(|s| top_of(&s).map(PathBuf::from));
        top.unwrap_or_else(|| places.repository.clone())
    });
    let mut settings = Settings::resolve(&args.look.look(), vec![home], confidence)?;
    if let Some(severity) = args.report.severity {
        settings.severity = severity.0;
    }
    settings.options.stop = super::interrupt::watch();
    let progress = Arc::new(Progress::default());
    settings.options.progress = Some(Arc::clone(&progress));
    let watch = Watch::begin(&progress, how.quiet);
    let judged = straykey::scan::staged(&StagedOptions {
        whole,
        ..places.options(settings.options)
    });
    watch.into_iter().for_each(Watch::end);
    let mut result = judged?;
    result.scan.notices.splice(0..0, settings.notices);
    result.read.passes = args.report.exit_zero;
    result.read.is_below = is_below();
    Ok(Judged {
        result,
        severity: settings.severity,
        outputs,
    })
}

impl Judged {
    /// Writes the reports, and says how it ends.
    pub fn tell(self, args: &StagedArgs, how: Tell) -> Result<Exit, CliError> {
        self.written(args, how, |report, result, options, out| {
            report.write_staged(result, options, out)
        })
    }

    /// The same of a whole index: its findings need not be new.
    pub fn tell_whole(self, args: &StagedArgs, how: Tell) -> Result<Exit, CliError> {
        self.written(args, how, |report, result, options, out| {
            report.write(&result.scan, options, out)
        })
    }

    fn written(
        self,
        args: &StagedArgs,
        how: Tell,
        write: impl Fn(&dyn Report, &StagedResult, &ReportOptions, &mut dyn Write) -> io::Result<()>,
    ) -> Result<Exit, CliError> {
        let options = report_options(args.report.show_secrets, self.severity, how);
        let written = self.outputs.write(&options, |report, options, out| {
            write(report, &self.result, options, out)
        });
        if self.outputs.stdout() != Format::Human {
            tell_what_is_missing(&self.result.scan, how.quiet);
        }
        written?;
        let exit_zero = args.report.exit_zero;
        Ok(Exit::of(&self.result.scan, self.severity, exit_zero))
    }
}

/// The repository that is named, or the one that git's own variables speak of: git sets them for its
/// hooks.
fn located(named: Option<&PathBuf>) -> Where {
    if let Some(repository) = named {
        return Where {
            repository: repository.clone(),
            places: PlacesOptions::default(),
            index: None,
            top: None,
            merging: Vec::new(),
        };
    }
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let git_dir = variable("GIT_DIR");
    // Whoever names the git folder says with it that the working tree begins here.
    let here = git_dir.as_ref().map(|_| PathBuf::from("."));
    Where {
        repository: git_dir.unwrap_or_else(|| PathBuf::from(".")),
        places: environment(),
        index: variable("GIT_INDEX_FILE"),
        top: variable("GIT_WORK_TREE").or(here),
        merging: merging(),
    }
}

/// Whether the person who commits is in a folder below the top: git runs its hooks at the top, and
/// says from where.
fn is_below() -> bool {
    if let Some(prefix) = std::env::var_os("GIT_PREFIX") {
        return !prefix.is_empty();
    }
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.is_ok_and(|here| top_of(&here).is_some_and(|top| top != here))
}

/// Commits that a merge in progress has named to its hooks. `git merge` writes them down only after
/// `pre-merge-commit` ran.
fn merging() -> Vec<String> {
    let action = std::env::var("GIT_REFLOG_ACTION").unwrap_or_default();
    if !matches!(action.split(' ').next(), Some("merge" | "pull")) {
        return Vec::new();
    }
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let ids = names.filter_map(|name| name.strip_prefix("GITHEAD_").map(str::to_owned));
    let mut ids: Vec<String> = ids.collect();
    ids.sort();
    ids
}
