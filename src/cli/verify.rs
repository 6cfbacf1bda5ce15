//! `straykey verify`, and `--verify` of scans: asks providers whether credentials work.

mod ask;
mod report;
mod user;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use straykey::base::path_text;
use straykey::findings::{Finding, ScanResult};
use straykey::reports::Format;
use straykey::scan::{HistoryOptions, Progress};
use straykey::verify::{Verdict, Verdicts};

use super::args::{Look, Tell, VerifyArgs};
use super::error::CliError;
use super::exit::Exit;
use super::history::environment;
use super::output::{Outputs, report_options};
use super::progress::Watch;
use super::scan::tell_what_is_missing;
use super::settings::Settings;
use super::{interrupt, tell};
use straykey::detect::patterns::Confidence;

pub use ask::{Asked, Ready, ask, ready, refuse, say_own, say_ready, wanted, with_own};

/// What is to be asked for.
enum What {
    /// Fingerprints as they were typed or stood in the report, in lower case.
    Fingerprints(HashSet<String>),
    /// Whatever standard input holds.
    Input,
}

impl What {
    fn has(&self, finding: &Finding) -> bool {
        match self {
            Self::Fingerprints(all) => finding.fingerprint.names().any(|name| all.contains(&name)),
            Self::Input => true,
        }
    }
}

/// Runs the command.
pub fn run(args: &VerifyArgs, how: Tell) -> Result<Exit, CliError> {
    refuse()?;
    let outputs = Outputs::resolve(&args.report)?;
    let (what, targets, history) = read(args)?;
    let stop = interrupt::watch();
    let mut result = look(&args.look, targets, history, &stop, how)?;
    // What somebody accepted may work all the same.
    let accepted = std::mem::take(&mut result.accepted);
    result
        .findings
        .extend(accepted.into_iter().map(|a| a.finding));
    result.findings.retain(|f| what.has(f));
    straykey::findings::sort(&mut result.findings);
    // A comment may allow one place of it and not the other.
    result
        .findings
        .dedup_by(|b, a| (a.pattern.id, a.fingerprint) == (b.pattern.id, b.fingerprint));
    if result.findings.is_empty() {
        return Err(nothing(&what, &result));
    }
    let findings: Vec<&Finding> = result.findings.iter().collect();
    let asked = ask(
        &args.asking,
        &args.look.sought.patterns,
        &findings,
        &stop,
        how,
    )?;
    let Some(Asked { verdicts, failed }) = asked else {
        return Ok(Exit::Clean);
    };
    let threshold = args
        .report
        .severity
        .map_or(straykey::detect::patterns::Severity::Low, |severity| {
            severity.0
        });
    let mut options = report_options(args.report.show_secrets, threshold, how);
    options.verdicts = verdicts.clone();
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
    Ok(exit(&result, &verdicts, &what, args.report.exit_zero))
}

/// How the command ends.
fn exit(result: &ScanResult, verdicts: &Verdicts, what: &What, exit_zero: bool) -> Exit {
    let missing = match what {
        What::Fingerprints(all) => missing(all, result),
        What::Input => 0,
    };
    if result.is_incomplete() || missing > 0 {
        return Exit::Failed;
    }
    let over = |verdict: Verdict| matches!(verdict, Verdict::Dead | Verdict::Expired);
    if exit_zero || verdicts.all().all(|v| over(v.verdict)) {
        Exit::Clean
    } else {
        Exit::Findings
    }
}

/// What is asked for, where it is looked for, and whether in a history.
fn read(args: &VerifyArgs) -> Result<(What, Vec<PathBuf>, bool), CliError> {
    let paths = args.paths.clone();
    let or_here = |paths: Vec<PathBuf>| {
        if paths.is_empty() {
            vec![PathBuf::from(".")]
        } else {
            paths
        }
    };
    if args.what == "-" {
        if !paths.is_empty() || args.history {
            return Err(CliError::new("- is standard input: no place is looked at"));
        }
        return Ok((What::Input, vec![PathBuf::from("-")], false));
    }
    let digits = args.what.strip_prefix("w:").unwrap_or(&args.what);
    let is_print = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if is_print && !Path::new(&args.what).exists() {
        let what = What::Fingerprints([args.what.to_ascii_lowercase()].into());
        return Ok((what, or_here(paths), args.history));
    }
    if !Path::new(&args.what).is_file() {
        // What was typed may be the secret: it is not repeated.
        return Err(CliError::new(
            "a fingerprint, a report or - is needed. A secret is never an argument: every process \
             could see it; give it on standard input",
        ));
    }
    let report = report::read(Path::new(&args.what))?;
    let of_history = args.history || report.history;
    let places = match (paths.is_empty(), of_history) {
        (true, false) => report.paths.into_iter().filter(|p| p.exists()).collect(),
        _ => paths,
    };
    Ok((
        What::Fingerprints(lower(report.fingerprints)),
        or_here(places),
        of_history,
    ))
}

fn lower(all: impl IntoIterator<Item = String>) -> HashSet<String> {
    all.into_iter().map(|f| f.to_ascii_lowercase()).collect()
}

/// Looks for the secrets again: all of them, however unsure.
pub fn look(
    look: &Look,
    targets: Vec<PathBuf>,
    history: bool,
    stop: &straykey::base::Stop,
    how: Tell,
) -> Result<ScanResult, CliError> {
    let mut look = look.clone();
    if history {
        // As in a history: the tree must not say what is looked for.
        look.no_config = look.config.is_none();
    }
    let mut settings = Settings::resolve(&look, targets.clone(), Some(Confidence::Low))?;
    let progress = Arc::new(Progress::default());
    settings.options.stop = stop.clone();
    settings.options.progress = Some(Arc::clone(&progress));
    let watch = Watch::begin(&progress, how.quiet);
    let found = if history {
        let repository = targets
            .into_iter()
            .next()
            .unwrap_or_else(|| PathBuf::from("."));
        straykey::scan::history(&HistoryOptions {
            repository,
            places: environment(),
            full_scan: false,
            verify: false,
            people: false,
            narrow: straykey::scan::Narrow::default(),
            most: None,
            store: None,
            scan: settings.options,
        })
        .map(|result| result.scan)
    } else {
        straykey::scan::scan(&settings.options)
    };
    watch.into_iter().for_each(Watch::end);
    let mut result = found?;
    result.notices.splice(0..0, settings.notices);
    Ok(result)
}

fn nothing(what: &What, result: &ScanResult) -> CliError {
    let skips = result.skips.iter().filter(|s| s.reason.is_incomplete());
    let mut lines: Vec<String> = skips
        .take(10)
        .map(|s| format!("{}: {}", path_text(&s.path), s.reason))
        .collect();
    lines.push(match what {
        What::Input => "nothing on standard input looks like a credential; with what it is called \
                        before it (NAME=value) more kinds are known"
            .into(),
        What::Fingerprints(all) if all.len() == 1 => {
            "nothing here has that fingerprint; --history looks in what git holds".into()
        }
        What::Fingerprints(_) => "nothing here has any of the report's fingerprints".into(),
    });
    CliError::all(lines)
}

/// Tells what was asked for and was not found again.
fn missing(all: &HashSet<String>, result: &ScanResult) -> usize {
    let names = result.findings.iter().flat_map(|f| f.fingerprint.names());
    let there: HashSet<String> = names.filter(|name| all.contains(name)).collect();
    let missing = all.len() - there.len();
    if missing > 0 {
        tell(&format!(
            "{missing} of {} credentials were not found again, and not asked for",
            all.len()
        ));
    }
    missing
}
