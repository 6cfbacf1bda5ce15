//! `straykey baseline`: what was known when the gate was put up, in `.straykey/baseline`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use straykey::base::{escape_controls, path_text};
use straykey::detect::patterns::Confidence;
use straykey::findings::{Baseline, Finding, Inserted, Known, ScanResult};
use straykey::scan::{HistoryOptions, ScanOptions};
use straykey::sources::{Names, top_of};
use straykey::story::Before;

use super::args::{BaselineArgs, BaselineCommand, BaselineOf};
use super::error::CliError;
use super::exit::Exit;
use super::history::environment;
use super::home::{BASELINE, Home, shown};
use super::output::to_stdout;
use super::settings::Settings;
use super::tell;

/// Runs the command.
pub fn run(args: &BaselineArgs) -> Result<Exit, CliError> {
    match &args.command {
        BaselineCommand::Write(of) => write(of),
        BaselineCommand::Prune(of) => prune(of),
        BaselineCommand::Show(of) => show(of),
    }
}

/// Where the baseline is, and what is looked at.
struct Place {
    home: Home,
    targets: Vec<PathBuf>,
    top: PathBuf,
}

impl Place {
    fn of(of: &BaselineOf) -> Result<Self, CliError> {
        let here = std::env::current_dir().and_then(|here| here.canonicalize());
        let here = here.map_err(|e| CliError::file("cannot find", Path::new("."), &e))?;
        let top = top_of(&here).unwrap_or(&here).to_owned();
        let targets = if of.paths.is_empty() {
            vec![super::allow::up_to(&here, &top)]
        } else {
            of.paths.clone()
        };
        let home = match &of.look.config {
            Some(folder) => Home {
                folder: folder.clone(),
                base: here,
                named: true,
            },
            None => Home::of(&targets)?.unwrap_or_else(|| Home::at(&top)),
        };
        Ok(Self { home, targets, top })
    }
}

/// What there is now: with the baseline as it is, and without it.
struct Now {
    known: Baseline,
    found: ScanResult,
}

impl Now {
    /// Looks. `all` takes what is below the least confidence, too.
    fn look(of: &BaselineOf, place: &Place, all: bool) -> Result<Self, CliError> {
        let confidence = of.confidence.map(|c| c.0);
        let mut settings = Settings::resolve(&of.look, place.targets.clone(), confidence)?;
        for notice in &settings.notices {
            tell(&format!("notice: {notice}"));
        }
        settings.options.stop = super::interrupt::watch();
        if all {
            settings.options.least = Some(Confidence::Low);
        }
        let known = std::mem::take(&mut settings.options.baseline);
        let found = if of.history {
            history(place, settings.options)?
        } else {
            straykey::scan::scan(&settings.options)?
        };
        Ok(Self { known, found })
    }

    fn incomplete(&self) -> bool {
        let failed = self.found.skips.iter().filter(|s| s.reason.is_incomplete());
        let mut any = false;
        for skip in failed {
            any = true;
            tell(&format!("{}: {}", path_text(&skip.path), skip.reason));
        }
        any
    }
}

fn history(place: &Place, scan: ScanOptions) -> Result<ScanResult, CliError> {
    let result = straykey::scan::history(&HistoryOptions {
        repository: place.top.clone(),
        places: environment(),
        scan,
        ..HistoryOptions::default()
    })?;
    Ok(result.scan)
}

fn write(of: &BaselineOf) -> Result<Exit, CliError> {
    let place = Place::of(of)?;
    let now = Now::look(of, &place, false)?;
    let incomplete = now.incomplete();
    let mut names = if of.history {
        Names::from_the_top()
    } else {
        Names::default()
    };
    let (mut added, mut wider, mut kept) = (0, 0, 0);
    let file = place.home.replace(BASELINE, |old| {
        // Somebody may have written it meanwhile.
        let mut baseline = parsed(&place.home, old)?;
        (added, wider, kept) = (0, 0, baseline.known().len());
        for finding in &now.found.findings {
            match baseline.insert(finding, &mut names, None) {
                Inserted::Finding => added += 1,
                Inserted::Files => wider += 1,
                Inserted::Nothing => {}
            }
        }
        let is_new = old.is_empty() || added + wider > 0;
        Ok(is_new.then(|| baseline.to_string()))
    })?;
    to_stdout(|out| {
        let file = escape_controls(&file).into_owned();
        write!(
            out,
            "{} added to {file}; {kept} were in it",
            counted(added, "finding")
        )?;
        match wider {
            0 => writeln!(out)?,
            n => writeln!(out, ", {n} of them in fewer files")?,
        }
        if added + wider > 0 {
            writeln!(
                out,
                "next: git add {file}; a commit, a pull request or a scan no longer fails for them"
            )?;
        }
        Ok(())
    })?;
    tell_what_spreads(of, &place)?;
    if incomplete {
        tell("error: not everything could be read: what is there was not added");
        return Ok(Exit::Failed);
    }
    Ok(Exit::Clean)
}

/// Says what a commit is stopped for all the same: what is staged need not be in the working tree, or
/// where was looked.
fn tell_what_spreads(of: &BaselineOf, place: &Place) -> Result<(), CliError> {
    let confidence = of.confidence.map(|c| c.0);
    let settings = Settings::resolve(&of.look, place.targets.clone(), confidence)?;
    let options = super::staged::options_here(&settings.options);
    // Without a repository nothing is staged.
    let Ok(staged) = straykey::scan::staged(&options) else {
        return Ok(());
    };
    let spreads = |(_, before): &(&Finding, &Before)| **before == Before::Known;
    let all = staged.scan.findings.iter().zip(&staged.before);
    for (finding, _) in all.filter(spreads) {
        let id = finding.fingerprint.short();
        let place = finding.occurrences.first();
        let place = place.map_or(String::new(), |o| path_text(&o.path).into_owned());
        tell(&format!(
            "notice: {id} is staged in {}, which was not looked at: that stops the commit; \
             straykey allow {id} --reason \"...\" accepts it",
            escape_controls(&place)
        ));
    }
    Ok(())
}

fn prune(of: &BaselineOf) -> Result<Exit, CliError> {
    let place = Place::of(of)?;
    let now = Now::look(of, &place, true)?;
    if now.incomplete() {
        return Err(CliError::new(
            "not everything could be read: a line may match what is there, nothing was taken out",
        ));
    }
    let found = places(&now.found);
    let mut gone: Vec<Known> = Vec::new();
    let file = place.home.replace(BASELINE, |old| {
        let mut baseline = parsed(&place.home, old)?;
        gone.clear();
        baseline.retain(|known| {
            let stays = found.contains_key(&known.fingerprint);
            if !stays {
                gone.push(known.clone());
            }
            stays
        });
        Ok((!gone.is_empty()).then(|| baseline.to_string()))
    })?;
    to_stdout(|out| {
        for known in &gone {
            let (print, pattern) = (&known.fingerprint, escape_controls(&known.pattern));
            writeln!(out, "{print} {pattern}: matches nothing, taken out")?;
        }
        let file = escape_controls(&file).into_owned();
        writeln!(out, "{} taken out of {file}", counted(gone.len(), "line"))
    })?;
    Ok(Exit::Clean)
}

fn show(of: &BaselineOf) -> Result<Exit, CliError> {
    let place = Place::of(of)?;
    let now = Now::look(of, &place, true)?;
    let incomplete = now.incomplete();
    let found = places(&now.found);
    let mut known: Vec<&Known> = now.known.known().iter().collect();
    known.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    to_stdout(|out| {
        let mut unmatched = 0;
        for one in &known {
            let reason = one.reason.as_deref().map(|r| format!(" # {r}"));
            let reason = reason.unwrap_or_default();
            let line = format!("{} {}{reason}", one.fingerprint, one.pattern);
            writeln!(out, "{}", escape_controls(&line))?;
            if let Some(places) = found.get(&one.fingerprint) {
                for place in places {
                    writeln!(out, "  {}", escape_controls(place))?;
                }
            } else {
                unmatched += 1;
                writeln!(out, "  matches nothing now")?;
            }
        }
        let all = counted(known.len(), "known finding");
        writeln!(out, "{all}; {unmatched} match nothing now")
    })?;
    Ok(if incomplete {
        Exit::Failed
    } else {
        Exit::Clean
    })
}

/// Where each fingerprint stands: all that was found, accepted or not.
fn places(found: &ScanResult) -> HashMap<String, Vec<String>> {
    let accepted = found.accepted.iter().map(|a| &a.finding);
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    let told = |f: &Finding| {
        let place = |path: &Path, line: u64| format!("{}:{line}", path_text(path));
        let places = f.occurrences.iter().map(|o| place(&o.path, o.start.line));
        places.collect::<Vec<_>>()
    };
    for finding in found.findings.iter().chain(accepted) {
        let places = all.entry(finding.fingerprint.to_string()).or_default();
        places.extend(told(finding));
        places.sort();
        places.dedup();
    }
    all
}

fn parsed(home: &Home, text: &str) -> Result<Baseline, CliError> {
    let file = shown(&home.folder.join(BASELINE));
    Baseline::parse(&file, text).map_err(CliError::all)
}

fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
