//! `straykey allow`: accepts a finding, in `.straykey/ignore`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use straykey::base::{escape_controls, path_text};
use straykey::findings::{Allowance, Finding, Fingerprint, is_day};
use straykey::reports::write_atomically;
use straykey::sources::top_of;

use super::args::AllowArgs;
use super::error::CliError;
use super::exit::Exit;
use super::home::{Home, IGNORE, shown};
use super::output::to_stdout;
use super::settings::Settings;
use super::tell;

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
    let settings = Settings::resolve(&args.look, targets, low)?;
    let result = straykey::scan::scan(&settings.options)?;
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
        let (id, file) = (&allowance.fingerprint, shown(&file));
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
fn append(home: &Home, allowance: &Allowance) -> Result<PathBuf, CliError> {
    let file = home.folder.join(IGNORE);
    let wrong = |e: std::io::Error| CliError::file("cannot write", &file, &e);
    fs::create_dir_all(&home.folder).map_err(wrong)?;
    home.refuse_outside(&home.folder)?;
    home.refuse_outside(&file)?;
    // Two of these at once must not lose a line. Not every system can lock a folder.
    let lock = File::open(&home.folder).ok();
    if let Some(lock) = &lock {
        let _ = lock.lock();
    }
    if fs::metadata(&file).is_ok_and(|meta| !meta.is_file()) {
        return Err(wrong(std::io::Error::other("it is no regular file")));
    }
    let mut text = match fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            b"# Findings that are accepted: FINGERPRINT PATTERN [until=YYYY-MM-DD] REASON\n"
                .to_vec()
        }
        Err(error) => return Err(wrong(error)),
    };
    if text.last().is_some_and(|b| *b != b'\n') {
        text.push(b'\n');
    }
    text.extend(format!("{allowance}\n").into_bytes());
    write_atomically(&file, |out| out.write_all(&text)).map_err(wrong)?;
    Ok(file)
}

/// `top`, which is `here` or lies above it, as seen from `here`.
fn up_to(here: &Path, top: &Path) -> PathBuf {
    let steps = here
        .strip_prefix(top)
        .map_or(0, |below| below.components().count());
    if steps == 0 {
        PathBuf::from(".")
    } else {
        std::iter::repeat_n("..", steps).collect()
    }
}
