//! Where reports go: files first, whole or not at all; then standard output.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use straykey::base::path_text;
use straykey::detect::patterns::Severity;
use straykey::reports::{Format, Report, ReportOptions, write_atomically};
use straykey::verify::Verdicts;

use super::args::{Output, Reporting, Tell};
use super::error::CliError;

/// The reports of a run.
#[derive(Debug)]
pub struct Outputs {
    files: Vec<Output>,
    /// What standard output gets.
    stdout: Format,
}

impl Outputs {
    /// Works out what goes where.
    ///
    /// # Errors
    ///
    /// If secrets would be written in full in CI, or two reports to the same place.
    pub fn resolve(args: &Reporting) -> Result<Self, CliError> {
        if args.show_secrets && is_ci() {
            return Err(CliError::new(
                "--show-secrets is refused in CI: logs are kept, and read by many",
            ));
        }
        let (format, output) = (args.format, &args.output[..]);
        let mut seen = BTreeSet::new();
        for path in output.iter().filter_map(|o| o.path.as_ref()) {
            if !seen.insert(whole(path)) {
                let path = path_text(path);
                return Err(CliError::new(format!(
                    "two reports would be written to '{path}'"
                )));
            }
        }
        let (stdout, files): (Vec<_>, Vec<_>) =
            output.iter().cloned().partition(|o| o.path.is_none());
        let mut chosen = format.map(|f| f.0).into_iter();
        let mut chosen = chosen.by_ref().chain(stdout.iter().map(|o| o.format));
        let first = chosen.next().unwrap_or(Format::Human);
        if chosen.next().is_some() {
            let what = "two reports would be written to standard output";
            return Err(CliError::new(format!(
                "{what}: --format and -o FORMAT:- choose the same"
            )));
        }
        Ok(Self {
            files,
            stdout: first,
        })
    }

    /// What standard output gets.
    pub fn stdout(&self) -> Format {
        self.stdout
    }

    /// Writes all reports, each with `write`.
    ///
    /// # Errors
    ///
    /// The files that could not be written; all others were.
    pub fn write(
        &self,
        options: &ReportOptions,
        write: impl Fn(&dyn Report, &ReportOptions, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let files = self.write_files(options, &write);
        let mut errors: Vec<String> = Vec::new();
        errors.extend(files.err().iter().flat_map(CliError::lines).cloned());
        let report = self.stdout.report();
        let told = to_stdout(|out| write(&*report, options, out));
        errors.extend(told.err().iter().flat_map(CliError::lines).cloned());
        if errors.is_empty() {
            Ok(())
        } else {
            Err(CliError::all(errors))
        }
    }

    /// Writes those that go to files.
    ///
    /// # Errors
    ///
    /// The files that could not be written; all others were.
    pub fn write_files(
        &self,
        options: &ReportOptions,
        write: impl Fn(&dyn Report, &ReportOptions, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let mut errors = Vec::new();
        let plain = ReportOptions {
            colour: false,
            ..options.clone()
        };
        for file in &self.files {
            let path = file.path.as_deref().unwrap_or(Path::new("-"));
            let report = file.format.report();
            if let Err(e) = write_atomically(path, |out| write(&*report, &plain, out)) {
                errors.push(format!("cannot write {}: {e}", path_text(path)));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(CliError::all(errors))
        }
    }
}

/// A path without links, `.` and `..`, though nothing may be there yet: two names for one file
/// would leave one report.
fn whole(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let beside = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    let real = path.canonicalize().ok().or_else(beside);
    real.unwrap_or_else(|| path.to_owned())
}

/// Writes to standard output. Whoever closes the pipe has read enough: that is no error.
///
/// # Errors
///
/// If it cannot be written (a full disk behind it).
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::new(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => {
            // What is still buffered would be tried once more, and panic on a closed pipe.
            drop(out.into_parts());
            Ok(())
        }
    }
}

pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// What reports may show.
pub fn report_options(show_secrets: bool, threshold: Severity, how: Tell) -> ReportOptions {
    ReportOptions {
        show_secrets,
        threshold,
        colour: colour(),
        verbose: how.verbose,
        quiet: how.quiet,
        verdicts: Verdicts::default(),
    }
}

/// Whether standard output is to have colours.
fn colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}
