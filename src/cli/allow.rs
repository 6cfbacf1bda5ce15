//! `straykey allow`: accepts a finding, in `.straykey/ignore`.

use std::path::{Path, PathBuf};

use straykey::base::{escape_controls, path_text};
use straykey::findings::{Allowance, Baseline, Finding, Fingerprint, is_day};
use straykey::sources::top_of;

use super::args::AllowArgs;
use super::error::CliError;
use super::exit::Exit;
use super::home::{Home, IGNORE};
use super::output::to_stdout;
use super::settings::Settings;
use super::staged;
use super::tell;

/// The first line of the file.
const HEAD: &str = "# Findings that are accepted: FINGERPRINT PATTERN [until=YYYY-MM-DD] REASON\n";

/// Runs the command.
pub fn run(args: &AllowArgs) -> Result<Exit, CliError> {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.chars().any(char::is_control) {
        return Err(CliError::new(
            "--reason: say in one line why it is accepted",
        ));
    }
    if let Some(day) = args.until.as_ref().filter(|day| !is_day(day)) {
        return Err(CliError::new(format!(
            "--until '{day}': a day is YYYY-MM-DD"
        )));
    }
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let here = here.map_err(|e| CliError::file("cannot find", Path::new("."), &e))?;
    let top = top_of(&here).unwrap_or(&here);
    let targets = if args.paths.is_empty() {
        vec![up_to(&here, top)]
    } else {
        args.paths.clone()
    };
    let home = match &args.look.config {
        Some(folder) => Home {
            folder: folder.clone(),
            base: here.clone(),
            named: true,
        },
        None => Home::of(&targets)?.unwrap_or_else(|| Home::at(top)),
    };
    let low = Some(straykey::detect::patterns::Confidence::Low);
    let mut settings = Settings::resolve(&args.look, targets, low)?;
    // A baseline covers no new places: whoever asks for more gets it.
    settings.options.baseline = Baseline::default();
    let mut result = straykey::scan::scan(&settings.options)?;
    let accepted = result.accepted.iter().map(|a| &a.finding);
    let mut all = accepted.chain(&result.findings);
    if !all.any(|f| f.fingerprint.matches(&args.id)) {
        // Whoever was stopped at a commit may have it in the index alone. Where there is none, or it
        // cannot be read, nothing is found in it.
        let staged = staged::options_here(&settings.options);
        if let Ok(staged) = straykey::scan::staged(&staged) {
            result.accepted = staged.scan.accepted;
            result.findings = staged.scan.findings;
        }
    }
    let by = result
        .accepted
        .iter()
        .find(|a| a.finding.fingerprint.matches(&args.id));
    if let Some(accepted) = by {
        to_stdout(|out| {
            let by = escape_controls(&accepted.by);
            writeln!(out, "{} is accepted already, by {by}", args.id)
        })?;
        return Ok(Exit::Clean);
    }
    let asked = |f: &&Finding| f.fingerprint.matches(&args.id);
    let found: Vec<&Finding> = result.findings.iter().filter(asked).collect();
    let (fingerprint, pattern) = chosen(&args.id, &found)?;
    let allowance = Allowance {
        fingerprint,
        pattern,
        reason: reason.to_owned(),
        until: args.until.clone(),
        source: (String::new(), 0),
    };
    let file = append(&home, &allowance)?;
    for skip in result.skips.iter().filter(|s| s.reason.is_incomplete()) {
        tell(&format!("{}: {}", path_text(&skip.path), skip.reason));
    }
    to_stdout(|out| {
        let id = &allowance.fingerprint;
        writeln!(
            out,
            "accepted {id} ({}) in {}",
            allowance.pattern,
            escape_controls(&file)
        )
    })?;
    Ok(Exit::Clean)
}

/// The fingerprint and the pattern that an id means.
fn chosen(id: &str, found: &[&Finding]) -> Result<(String, String), CliError> {
    match found {
        [one] => Ok((one.fingerprint.to_string(), one.pattern.id.to_owned())),
        // A finding of a history, say: the whole fingerprint leaves no doubt.
        [] if Fingerprint::is_whole(id) => Ok((id.to_owned(), "-".to_owned())),
        [] => Err(CliError::new(format!(
            "no finding here has the fingerprint '{id}'; name the file or folder it is in, or give \
             the whole fingerprint"
        ))),
        many if many.iter().all(|f| f.fingerprint == many[0].fingerprint) => {
            let one = many[0];
            Ok((one.fingerprint.to_string(), one.pattern.id.to_owned()))
        }
        many => {
            let mut lines = vec![format!("'{id}' is not enough; these begin so:")];
            lines.extend(
                many.iter()
                    .map(|f| format!("  {} {}", f.fingerprint, f.pattern.id)),
            );
            Err(CliError::all(lines))
        }
    }
}

/// Adds a line to the home's allowances; all others stay as they are. Gives the file.
fn append(home: &Home, allowance: &Allowance) -> Result<String, CliError> {
    home.replace(IGNORE, |old| {
        let mut text = if old.is_empty() {
            HEAD.to_owned()
        } else {
            old.to_owned()
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(Some(format!("{text}{allowance}\n")))
    })
}

/// `top`, which is `here` or lies above it, as seen from `here`.
pub fn up_to(here: &Path, top: &Path) -> PathBuf {
    let steps = here
        .strip_prefix(top)
        .map_or(0, |below| below.components().count());
    if steps == 0 {
        PathBuf::from(".")
    } else {
        std::iter::repeat_n("..", steps).collect()
    }
}
