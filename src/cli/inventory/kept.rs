//! What `--store` keeps of inventories, and how it is found again.
//!
//! Kept are the records as they were told, with the names of people: the file is for its owner alone,
//! and a change of owners could not be told otherwise. No secret is in a record.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use straykey::base::{day_of, path_text, second_of};
use straykey::inventory::Record;
use straykey::scan::InventoryResult;
use straykey::store::{Run, RunStore, StoreError};

use super::super::args::{Date, InventoryLook, Tell};
use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::tell;

/// Keeps the records of a run in the store that was named, if one was.
///
/// # Errors
///
/// If they cannot be kept.
pub fn keep(
    look: &InventoryLook,
    result: &InventoryResult,
    records: &[Record],
) -> Result<(), CliError> {
    let Some(path) = &look.store else {
        return Ok(());
    };
    let texts: Result<Vec<String>, _> = records.iter().map(serde_json::to_string).collect();
    let texts = texts.map_err(|e| CliError::new(format!("a record cannot be kept: {e}")))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let taken = now.map_or(0, |d| d.as_secs() as i64);
    let confidence = look.confidence.map_or("medium", |c| c.0.word());
    let run = Run {
        scope: scope(result),
        as_of: result.as_of.map_or(taken, |at| at.0),
        taken,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        how: format!("{} patterns, confidence {confidence}", result.scan.patterns),
        complete: !result.scan.is_incomplete(),
        records: texts.len(),
    };
    let store = RunStore::open(path).map_err(failed)?;
    store.add(&run, &texts).map_err(failed)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "that is how `map_err` hands it over"
)]
fn failed(error: StoreError) -> CliError {
    CliError::new(error.to_string())
}

/// The places of the repositories that were swept, sorted.
pub fn scope(result: &InventoryResult) -> String {
    let places = result
        .repositories
        .iter()
        .map(|one| whole(&one.read.repository));
    let mut places: Vec<String> = places.collect();
    places.sort();
    places.dedup();
    places.join("\n")
}

/// A place as the store names it: that of its repository, whichever folder of it was named.
fn whole(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let top = straykey::sources::top_of(&path).map(Path::to_owned);
    path_text(&top.unwrap_or(path)).into_owned()
}

/// Opens a store that must be there.
///
/// # Errors
///
/// If it is not, or cannot be read.
pub fn open(path: &Path) -> Result<RunStore, CliError> {
    if let Err(error) = std::fs::metadata(path) {
        return Err(CliError::file("cannot read", path, &error));
    }
    let store = RunStore::open(path).map_err(failed)?;
    if store.is_open_to_others() {
        tell(&format!(
            "{}: others may write to it, and could say that something is retired; chmod 600",
            path_text(path)
        ));
    }
    Ok(store)
}

/// Records that were kept, and what is known of their run.
pub struct Kept {
    pub run: Run,
    pub records: Vec<Record>,
}

/// What was kept last of some repositories until a time.
///
/// # Errors
///
/// If the store cannot be read.
pub fn at(store: &RunStore, scope: &str, until: i64) -> Result<Option<Kept>, CliError> {
    let Some((run, texts)) = store.at(scope, until).map_err(failed)? else {
        return Ok(None);
    };
    let records: Result<Vec<Record>, _> = texts.iter().map(|t| serde_json::from_str(t)).collect();
    let records = records.map_err(|e| {
        CliError::new(format!(
            "the inventory of {} is not one that this straykey reads ({}): {e}",
            day_of(run.as_of),
            run.program
        ))
    })?;
    Ok(Some(Kept { run, records }))
}

/// All runs of some repositories, by time.
///
/// # Errors
///
/// If the store cannot be read.
pub fn runs(store: &RunStore, scope: &str) -> Result<Vec<Run>, CliError> {
    let mut runs = store.runs().map_err(failed)?;
    runs.retain(|run| run.scope == scope);
    Ok(runs)
}

/// The records of one side, and how its run ended.
type Side = (Vec<Record>, Exit);

/// What was kept at two times.
///
/// # Errors
///
/// If the store cannot be read, or has no such inventory.
pub fn between(
    path: &Path,
    repository: Option<&Path>,
    from: &Date,
    to: Option<&Date>,
    how: Tell,
) -> Result<(Side, Side), CliError> {
    let store = open(path)?;
    let scope = chosen(&store, path, repository)?;
    let side = |until: i64, written: &str| -> Result<Kept, CliError> {
        if let Some(kept) = at(&store, &scope, until)? {
            return Ok(kept);
        }
        let runs = runs(&store, &scope)?;
        let first = runs.first().map_or(String::new(), |run| {
            format!("; the first is of {}", day_of(run.as_of))
        });
        Err(CliError::new(format!(
            "{} keeps no inventory of {written} or before{first}",
            path_text(path)
        )))
    };
    let before = side(from.seconds.1, &from.written)?;
    let after = match to {
        Some(to) => side(to.seconds.1, &to.written)?,
        None => side(i64::MAX, "today")?,
    };
    if after.run.as_of < before.run.as_of {
        return Err(CliError::new("--to is before --from"));
    }
    let mut ends = [Exit::Clean, Exit::Clean];
    for (kept, end) in [&before, &after].into_iter().zip(&mut ends) {
        if !how.quiet {
            tell(&line(&kept.run));
        }
        if !kept.run.complete {
            *end = Exit::Failed;
            tell(&format!(
                "the inventory of {} did not read all: what is missing in it may be there",
                day_of(kept.run.as_of)
            ));
        }
    }
    let (a, b) = (&before.run, &after.run);
    if (&a.program, &a.how) != (&b.program, &b.how) {
        tell(&format!(
            "they were made differently, which is a change, too: straykey {}, {}; straykey {}, {}",
            a.program, a.how, b.program, b.how
        ));
    }
    Ok(((before.records, ends[0]), (after.records, ends[1])))
}

/// A run, in words.
fn line(run: &Run) -> String {
    let s = if run.records == 1 { "" } else { "s" };
    format!(
        "as of {}Z: {} credential{s}, kept on {}",
        second_of(run.as_of),
        run.records,
        day_of(run.taken)
    )
}

/// Which repositories of a store are meant.
fn chosen(store: &RunStore, path: &Path, repository: Option<&Path>) -> Result<String, CliError> {
    let runs = store.runs().map_err(failed)?;
    let mut scopes: Vec<String> = runs.into_iter().map(|run| run.scope).collect();
    scopes.dedup();
    let path = path_text(path);
    let wanted = whole(repository.unwrap_or(Path::new(".")));
    if scopes.contains(&wanted) {
        return Ok(wanted);
    }
    match (&mut scopes[..], repository) {
        ([], _) => Err(CliError::new(format!(
            "{path} keeps no inventory: make one with straykey inventory --store {path}"
        ))),
        ([only], None) => Ok(std::mem::take(only)),
        (all, _) => {
            let shown = all.iter().map(|scope| scope.replace('\n', ", "));
            Err(CliError::new(format!(
                "{path} keeps none of {wanted}; name one with --repo: {}",
                shown.collect::<Vec<_>>().join("; ")
            )))
        }
    }
}
