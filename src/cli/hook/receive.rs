//! `straykey hook run pre-receive`: on a server, before a push is accepted.
//!
//! Whoever pushes decides nothing: configuration, allowances and exceptions are the server's, and
//! comments in what is pushed do not count. What could not be judged in time is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use straykey::base::{Stop, path_text};
use straykey::findings::is_day;
use straykey::scan::{Comments, CommitsOptions, Known, Progress};

use super::places::{found, repository};
use super::push::{Update, is_zero, say_stopped, updates};
use super::run::{Said, look, said};
use crate::cli::args::{HookRunArgs, OnTimeout, Tell};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::environment;
use crate::cli::home::read_named;
use crate::cli::settings::Settings;
use crate::cli::tell;

/// The server's own folder, in the bare repository.
const FOLDER: &str = "straykey";
/// The pushes that pass unjudged, in it.
const BREAK_GLASS: &str = "break-glass";
/// So long before the time is over work is asked to end, in milliseconds.
const BEFORE: u64 = 500;

/// Of a push that comes in.
const SAID: Said<'static> = Said {
    what: "push",
    on_server: true,
};

/// Runs the hook.
pub fn run(args: &HookRunArgs, how: Tell) -> Result<Exit, CliError> {
    let clock = Clock::start(args.timeout, args.on_timeout);
    let done = judged(args, &clock, how);
    clock.decide();
    done
}

fn judged(args: &HookRunArgs, clock: &Clock, how: Tell) -> Result<Exit, CliError> {
    let mut updates = updates(std::io::stdin(), 3)?;
    let repository = repository();
    let mut places = environment();
    let quarantine = std::env::var_os("GIT_QUARANTINE_PATH").filter(|path| !path.is_empty());
    places.alternates.extend(quarantine.map(PathBuf::from));
    let git_dir = found(&repository, &places)?.git_dir;
    let own = git_dir.join(FOLDER);
    let folder = args.config.clone().or_else(|| own.is_dir().then_some(own));
    if let Some(folder) = &folder {
        let today = straykey::base::today();
        let passes = BreakGlass::read(folder)?;
        updates.retain(|update| match passes.of(&update.new, &today) {
            Some(pass) => {
                tell(&format!("NOT SCANNED by break-glass, line {}:", pass.line));
                tell(&format!("  {} {}", update.name, pass.reason));
                false
            }
            None => true,
        });
    }
    let olds = updates.iter().map(|u| u.old.clone());
    let mut options = CommitsOptions {
        repository,
        places,
        pushed: updates.iter().filter_map(Update::pushed).collect(),
        known: Known {
            objects: olds.filter(|old| !is_zero(old)).collect(),
            references: Some(String::new()),
        },
        comments: Comments::Refused,
        ..CommitsOptions::default()
    };
    if options.pushed.is_empty() {
        return Ok(Exit::Clean);
    }
    let look = look(folder.clone(), folder.is_none());
    let settings = Settings::resolve(&look, Vec::new(), None)?;
    options.scan = settings.options;
    options.scan.stop = clock.stop.clone();
    options.scan.progress = Some(Arc::clone(&clock.progress));
    // Paths begin at the top of what is pushed, wherever the server keeps its configuration.
    for exclude in &mut options.scan.exclude {
        exclude.base = None;
    }
    let result = straykey::scan::commits(&options)?;
    clock.decide();
    if result.scan.is_interrupted() {
        let fails = |f: &straykey::findings::Finding| f.pattern.severity >= settings.severity;
        if result.scan.findings.iter().any(fails) {
            say_stopped(&result, settings.severity, &SAID);
            return Ok(Exit::Findings);
        }
        return Ok(out_of_time(args.timeout, args.on_timeout));
    }
    Ok(said(&result, settings.severity, how, &SAID))
}

/// Says that the time was over.
fn out_of_time(seconds: u16, then: OnTimeout) -> Exit {
    tell(&format!("NOT SCANNED: not done within {seconds} s"));
    match then {
        OnTimeout::Allow => {
            tell("the push goes through all the same: it was not judged");
            Exit::Clean
        }
        OnTimeout::Block => {
            tell("push stopped: push fewer commits at a time,");
            tell("or ask whoever looks after this server");
            Exit::Failed
        }
    }
}

/// The same in the middle of work. Whatever was found until then stops the push: somebody may have
/// put a file beside it that takes long.
fn cut_off(seconds: u16, then: OnTimeout, progress: &Progress) -> Exit {
    if then == OnTimeout::Block || progress.matches.load(Ordering::Relaxed) == 0 {
        return out_of_time(seconds, then);
    }
    tell(&format!(
        "NOT SCANNED to its end: not done within {seconds} s"
    ));
    tell("push stopped: what was judged until then has secrets;");
    tell("push fewer commits at a time to see which");
    Exit::Failed
}

/// Ends the hook in time, whatever the work is at.
struct Clock {
    stop: Stop,
    /// What was done so far.
    progress: Arc<Progress>,
    /// Whether somebody has said how it ends.
    decided: Arc<AtomicBool>,
}

impl Clock {
    fn start(seconds: u16, then: OnTimeout) -> Self {
        let began = Instant::now();
        let (stop, decided) = (Stop::default(), Arc::new(AtomicBool::new(false)));
        let progress = Arc::new(Progress::default());
        let clock = Self {
            stop: stop.clone(),
            progress: Arc::clone(&progress),
            decided: Arc::clone(&decided),
        };
        if seconds == 0 {
            stop.ask();
            return clock;
        }
        let whole = Duration::from_secs(u64::from(seconds));
        std::thread::spawn(move || {
            std::thread::sleep(whole.saturating_sub(Duration::from_millis(BEFORE)));
            stop.ask();
            std::thread::sleep(whole.saturating_sub(began.elapsed()));
            if !decided.swap(true, Ordering::AcqRel) {
                std::process::exit(match cut_off(seconds, then, &progress) {
                    Exit::Clean => 0,
                    _ => 2,
                });
            }
        });
        clock
    }

    /// Takes the decision from the clock; waits for the end if that has it already.
    fn decide(&self) {
        static OURS: AtomicBool = AtomicBool::new(false);
        if OURS.swap(true, Ordering::AcqRel) {
            return;
        }
        while self.decided.swap(true, Ordering::AcqRel) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Pushes that somebody who looks after the server lets through unjudged.
#[derive(Debug, Default)]
struct BreakGlass(Vec<Pass>);

#[derive(Debug)]
struct Pass {
    object: String,
    until: String,
    reason: String,
    line: usize,
}

impl BreakGlass {
    fn read(folder: &Path) -> Result<Self, CliError> {
        let path = folder.join(BREAK_GLASS);
        if path.symlink_metadata().is_err() {
            return Ok(Self::default());
        }
        Self::parse(&path_text(&path), &read_named(&path)?)
    }

    /// Reads lines of `ID until=YYYY-MM-DD REASON`.
    fn parse(file: &str, text: &str) -> Result<Self, CliError> {
        let mut all = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let pass = || {
                let (object, rest) = text.split_once(' ')?;
                let (until, reason) = rest.trim_start().strip_prefix("until=")?.split_once(' ')?;
                let good = matches!(object.len(), 40 | 64)
                    && object.bytes().all(|b| b.is_ascii_hexdigit())
                    && is_day(until)
                    && !reason.trim().is_empty();
                good.then(|| Pass {
                    object: object.to_ascii_lowercase(),
                    until: until.to_owned(),
                    reason: reason.trim().to_owned(),
                    line,
                })
            };
            let what = "ID until=YYYY-MM-DD REASON is needed, with the whole id that is pushed";
            let wrong = || CliError::new(format!("{file}:{line}: {what}"));
            all.push(pass().ok_or_else(wrong)?);
        }
        Ok(Self(all))
    }

    fn of(&self, object: &str, today: &str) -> Option<&Pass> {
        let matches = |p: &&Pass| p.object == object && p.until.as_str() >= today;
        self.0.iter().find(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glass_is_broken_for_one_object_until_a_day() {
        let id = "a".repeat(40);
        let text = format!("# why\n\n{id} until=2027-01-31 the incident of today\n");
        let passes = BreakGlass::parse("f", &text).unwrap();
        assert!(passes.of(&id, "2027-01-31").is_some());
        assert!(passes.of(&id, "2027-02-01").is_none());
        assert!(passes.of(&"b".repeat(40), "2027-01-31").is_none());
        for bad in [
            "x".to_owned(),
            format!("{id} because"),
            format!("{id} until=2027-01-31"),
            format!("{id} until=2027-01-31  "),
            format!("{id} until=soon because"),
            format!("{} until=2027-01-31 because", &id[..12]),
        ] {
            let error = BreakGlass::parse("f", &bad).unwrap_err();
            assert!(error.lines()[0].starts_with("f:1: "), "{bad}");
        }
    }
}
