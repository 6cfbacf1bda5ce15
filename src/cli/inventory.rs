//! `straykey inventory`: a record of every credential of some repositories.

mod check;
mod diff;
pub mod kept;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use straykey::base::path_text;
use straykey::detect::Catalogue;
use straykey::detect::patterns::Severity;
use straykey::inventory::{
    Declarations, OBSERVED_BYTES, Observed, ObservedTold, Options, People, Record, Stamp, purged,
    recheck, unnamed,
};
use straykey::reports::{Inventory, InventoryFormat, read_inventory, write_atomically};
use straykey::scan::{
    HistoryOptions, InventoryOptions, InventoryResult, Narrow, Progress, inventory,
};

use super::args::{
    InventoryArgs, InventoryCommand, InventoryInitArgs, InventoryLook, InventoryRecheckArgs,
    InventoryReport, Tell,
};
use super::error::CliError;
use super::exit::Exit;
use super::history::environment;
use super::home::{Home, Words as _, read_at_most, read_named};
use super::output::{report_options, to_stdout};
use super::progress::Watch;
use super::repositories::Repositories;
use super::settings::Settings;
use super::{interrupt, tell};

/// Where people declare what they know of credentials.
pub const DECLARED: &str = "inventory.toml";

/// The biggest earlier inventory that is read, in bytes.
const INVENTORY: u64 = 2 << 30;

/// Runs the command.
pub fn run(args: &InventoryArgs, how: Tell) -> Result<Exit, CliError> {
    match &args.command {
        None => {
            let made = make(&args.look, None, how)?;
            report(&made.result, &made.result.records, &[], &args.report, how)?;
            kept::keep(&args.look, &made.result, &made.result.records)?;
            done(&made.result)
        }
        Some(InventoryCommand::Check(args)) => check::run(args, how),
        Some(InventoryCommand::Recheck(args)) => again(args, how),
        Some(InventoryCommand::Init(args)) => init(args, how),
        Some(InventoryCommand::Diff(args)) => diff::run(args, how),
    }
}

/// An inventory, and what it was made with.
pub struct Made {
    pub result: InventoryResult,
    /// The configuration of its repository, if it is one.
    pub home: Option<Home>,
    /// What was looked for.
    pub catalogue: Catalogue,
}

/// Makes an inventory. `declared` is what counts instead of the repository's own.
pub fn make(
    look: &InventoryLook,
    declared: Option<Declarations>,
    how: Tell,
) -> Result<Made, CliError> {
    let stop = interrupt::watch();
    let repositories = Repositories::resolve(&look.which, &stop)?;
    let targets = match &repositories {
        Repositories::One(path) => vec![path.clone()],
        Repositories::Several(_) => Vec::new(),
    };
    let confidence = look.confidence.map(|c| c.0);
    let mut settings = Settings::resolve(&look.look.look(), targets.clone(), confidence)?;
    let mut notices = std::mem::take(&mut settings.notices);
    let home = Home::of(&targets)?;
    let mut is_declared = declared.is_some() || look.declared.is_some();
    let mut declared = declared.unwrap_or_default();
    if let Some(file) = &look.declared {
        declared = declarations(&path_text(file), &read_named(file)?)?;
    } else if !is_declared
        && let Some(home) = &home
        && let Some((file, text)) = home.read(Path::new(DECLARED), &mut notices)?
    {
        declared = declarations(&file, &text)?;
        is_declared = true;
    }
    let people = match &look.people {
        Some(file) => {
            let people = People::parse(&path_text(file), &read_named(file)?);
            Some(people.map_err(CliError::new)?)
        }
        None => None,
    };
    let observed = observed(&look.observed)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = Stamp(now.map_or(0, |d| d.as_secs() as i64));
    let as_of = look
        .as_of
        .as_ref()
        .map_or(now, |date| Stamp(date.seconds.1).min(now));
    let progress = Arc::new(Progress::default());
    settings.options.progress = Some(Arc::clone(&progress));
    settings.options.stop = stop;
    let watch = Watch::begin(&progress, how.quiet);
    let mut options = InventoryOptions {
        history: HistoryOptions {
            people: true,
            most: None,
            repository: targets.first().cloned().unwrap_or_default(),
            places: environment(),
            full_scan: false,
            verify: false,
            narrow: Narrow::default(),
            store: look.store.clone(),
            scan: settings.options,
        },
        records: Options {
            now,
            as_of,
            declared,
            people,
            silent_days: i64::from(look.silent_days),
            observed,
        },
        is_declared,
    };
    let made = match &repositories {
        Repositories::One(path) => {
            options.history.repository.clone_from(path);
            inventory(&options, None)
        }
        Repositories::Several(found) => inventory(&options, Some(found)),
    };
    watch.into_iter().for_each(Watch::end);
    let mut result = made?;
    result.scan.notices.splice(0..0, notices);
    Ok(Made {
        result,
        home,
        catalogue: options.history.scan.catalogue,
    })
}

/// What is told of observed use.
pub fn observed_told(result: &InventoryResult, no_names: bool) -> Option<ObservedTold> {
    let mut observed = result.observed.clone();
    if let Some(observed) = observed.as_mut().filter(|_| no_names) {
        // Users of providers are people, often enough.
        observed.unknown.clear();
    }
    observed
}

/// What providers recorded, as people exported it.
fn observed(files: &[PathBuf]) -> Result<Option<Observed>, CliError> {
    if files.is_empty() {
        return Ok(None);
    }
    let read: Vec<_> = files
        .iter()
        .map(|file| export(file))
        .collect::<Result<_, _>>()?;
    Observed::read(&read).map(Some).map_err(CliError::all)
}

/// An export, as far as it may be read: one byte more says that there is more.
pub fn export(file: &Path) -> Result<(String, Vec<u8>), CliError> {
    let wrong = |e: std::io::Error| CliError::file("cannot read", file, &e);
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(wrong)?;
    let most = OBSERVED_BYTES as u64 + 1;
    opened.take(most).read_to_end(&mut bytes).map_err(wrong)?;
    Ok((path_text(file).into_owned(), bytes))
}

fn declarations(file: &str, text: &str) -> Result<Declarations, CliError> {
    Declarations::parse(file, text).map_err(CliError::all)
}

/// Writes the reports.
pub fn report(
    result: &InventoryResult,
    records: &[Record],
    verdicts: &[String],
    args: &InventoryReport,
    how: Tell,
) -> Result<(), CliError> {
    let mut verdicts = verdicts.to_vec();
    let mut without;
    let records = if args.no_names {
        without = records.to_vec();
        unnamed(&mut without, &mut verdicts);
        &without
    } else {
        records
    };
    let observed = observed_told(result, args.no_names);
    let told = Inventory {
        records,
        as_of: result.as_of.unwrap_or(Stamp(0)),
        later: result.later,
        scan: &result.scan,
        repositories: &result.repositories,
        verdicts: &verdicts,
        observed: observed.as_ref(),
    };
    let options = report_options(false, Severity::Medium, how);
    let plain = straykey::reports::ReportOptions {
        colour: false,
        ..options.clone()
    };
    let mut errors = Vec::new();
    for (format, path) in &args.output {
        if let Err(e) = write_atomically(path, |out| format.0.write(&told, &plain, out)) {
            errors.push(format!("cannot write {}: {e}", path_text(path)));
        }
    }
    let format = args.format.map_or(InventoryFormat::Human, |f| f.0);
    if let Err(error) = to_stdout(|out| format.write(&told, &options, out)) {
        errors.extend(error.lines().iter().cloned());
    }
    if !matches!(format, InventoryFormat::Human | InventoryFormat::Tree) {
        super::scan::tell_what_is_missing(&result.scan, how.quiet);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(CliError::all(errors))
    }
}

/// How a run ends that judges nothing.
pub fn done(result: &InventoryResult) -> Result<Exit, CliError> {
    if let Some(why) = &result.store_failed {
        return Err(CliError::new(why.clone()));
    }
    Ok(if result.scan.is_incomplete() {
        Exit::Failed
    } else {
        Exit::Clean
    })
}

/// `inventory recheck`: what became of the records of an earlier one.
fn again(args: &InventoryRecheckArgs, how: Tell) -> Result<Exit, CliError> {
    let before = earlier(&args.before)?;
    let made = make(&args.look, None, how)?;
    let mut records = made.result.records.clone();
    let at = made.result.as_of.unwrap_or(Stamp(0));
    for record in &mut records {
        let same = |b: &&Record| b.id == record.id || b.also.contains(&record.id);
        if let Some(before) = before.iter().find(same) {
            recheck(record, before);
        }
    }
    // What was not read to its end may be there still.
    let is_whole = !made.result.scan.is_incomplete();
    for old in before {
        let is_here = records
            .iter()
            .any(|r| r.id == old.id || r.also.contains(&old.id) || old.also.contains(&r.id));
        if !is_here && is_whole {
            records.push(purged(old, at));
        }
    }
    straykey::inventory::ranked(&mut records);
    report(&made.result, &records, &[], &args.report, how)?;
    kept::keep(&args.look, &made.result, &records)?;
    done(&made.result)
}

/// The records of an earlier inventory.
pub fn earlier(path: &Path) -> Result<Vec<Record>, CliError> {
    let text = read_at_most(path, INVENTORY)?;
    read_inventory(&text).map_err(|why| CliError::new(format!("{}: {why}", path_text(path))))
}

/// `inventory init`: drafts declarations.
fn init(args: &InventoryInitArgs, how: Tell) -> Result<Exit, CliError> {
    let made = make(&args.look, None, how)?;
    let records = &made.result.records;
    let target = match &args.look.which.repositories[..] {
        [] => PathBuf::from("."),
        [one] => one.clone(),
        _ => return Err(CliError::new("init drafts for one repository: name one")),
    };
    let home = if let Some(home) = made.home.clone() {
        home
    } else {
        let folder = target
            .canonicalize()
            .map_err(|e| CliError::file("cannot read", &target, &e))?;
        let top = straykey::sources::top_of(&folder).map(Path::to_owned);
        Home::at(&top.unwrap_or(folder))
    };
    let draft = |text: &str| -> Result<Option<String>, CliError> {
        Ok(declarations(DECLARED, text)?.drafted(text, records))
    };
    if args.dry_run {
        let text = home
            .read(Path::new(DECLARED), &mut Vec::new())?
            .map_or(String::new(), |t| t.1);
        let text = draft(&text)?.unwrap_or(text);
        to_stdout(|out| out.write_all(text.as_bytes()))?;
        return done(&made.result);
    }
    let mut changed = false;
    let file = home.replace(DECLARED, |text| {
        let new = draft(text)?;
        changed = new.is_some();
        Ok(new)
    })?;
    if !how.quiet {
        tell(&if changed {
            format!("{file}: fill in owners and purposes, and commit it")
        } else {
            format!("{file}: it has an entry for every credential")
        });
    }
    done(&made.result)
}
