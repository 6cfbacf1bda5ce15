//! `straykey inventory check`: holds records against a policy.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use straykey::base::{path_text, quote};
use straykey::inventory::{Declarations, Policy, Record, Stamp};
use straykey::reports::InventoryFormat;
use straykey::scan::{brought_since, file_of};

use super::super::args::{InventoryCheckArgs, Tell};
use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::history::environment;
use super::super::home::{Home, Words as _, read_named};
use super::super::tell;
use super::{DECLARED, declarations, done, kept, make, report};

/// The policy in the folder of configuration.
const POLICY: &str = "policy.toml";

/// Runs the command.
pub fn run(args: &InventoryCheckArgs, how: Tell) -> Result<Exit, CliError> {
    let target = match &args.look.which.repositories[..] {
        [one] => one.clone(),
        _ => PathBuf::from("."),
    };
    let home = Home::of(std::slice::from_ref(&target))?;
    let mut notices = Vec::new();
    let own = match (&args.policy, &home) {
        (Some(file), _) => Some((path_text(file).into_owned(), read_named(file)?)),
        (None, Some(home)) => home.read(Path::new(POLICY), &mut notices)?,
        (None, None) => None,
    };
    let mut policy = match &own {
        Some((file, text)) => Policy::parse(file, text).map_err(CliError::all)?,
        None => Policy::parse(&format!(".straykey/{POLICY}"), "").map_err(CliError::all)?,
    };
    let mut declared = None;
    let mut loosened = Vec::new();
    if let Some(base) = &args.base {
        let at = |name: &str| {
            let path = format!(".straykey/{name}");
            file_of(&target, &environment(), base, &path)
                .map_err(|why| CliError::new(format!("--base {}: {why}", quote(base))))
        };
        let shown = |name: &str| format!("{base}: .straykey/{name}");
        let before = match at(POLICY)? {
            Some(text) => Policy::parse(&shown(POLICY), &text).map_err(CliError::all)?,
            None => Policy::default(),
        };
        loosened = policy.loosened(&before);
        policy = before;
        declared = Some(match at(DECLARED)? {
            Some(text) => declarations(&shown(DECLARED), &text)?,
            None => Declarations::default(),
        });
    }
    let mut made = make(&args.look, declared, how)?;
    made.result.scan.notices.splice(0..0, notices);
    let on = made.result.as_of.unwrap_or(Stamp(0));
    let mut records = std::mem::take(&mut made.result.records);
    let new = match args.base.as_deref().filter(|_| args.new_only) {
        Some(base) => Some(new_records(&target, base, &records)?),
        None => None,
    };
    let verdict = policy.judge(&mut records, args.gate.as_deref(), on, new.as_ref());
    let mut verdict = verdict.map_err(CliError::new)?;
    verdict.fails += loosened.len();
    verdict.lines.extend(loosened);
    if own.is_none() && args.base.is_none() {
        let notice = "there is no .straykey/policy.toml: only what fails by itself was judged";
        made.result.scan.notices.push(notice.to_owned());
    }
    verdict.lines.push(format!(
        "policy: {} fail, {} warn, {} excepted",
        verdict.fails, verdict.warns, verdict.excepted
    ));
    report(&made.result, &records, &verdict.lines, &args.report, how)?;
    kept::keep(&args.look, &made.result, &records)?;
    let format = args.report.format.map_or(InventoryFormat::Human, |f| f.0);
    if !matches!(format, InventoryFormat::Human | InventoryFormat::Tree) {
        verdict.lines.iter().for_each(|line| tell(line));
    }
    if args.tighten {
        let (Some(home), None) = (&home, &args.policy) else {
            return Err(CliError::new(
                "--tighten rewrites .straykey/policy.toml: there is none",
            ));
        };
        if made.result.scan.is_incomplete() {
            return Err(CliError::new(
                "--tighten: not all was read, so nothing was counted",
            ));
        }
        home.replace(POLICY, |text| Ok(policy.tightened(text, &verdict.counts)))?;
    }
    match done(&made.result)? {
        Exit::Clean if verdict.fails > 0 => Ok(Exit::Findings),
        exit => Ok(exit),
    }
}

/// The records that the base does not have: what came in with commits that it does not reach. What went and
/// came back with one of these is new again.
fn new_records(
    target: &Path,
    base: &str,
    records: &[Record],
) -> Result<BTreeSet<String>, CliError> {
    let commits = records.iter().flat_map(|record| {
        let all = [&record.introduced, &record.last_changed];
        all.into_iter().flatten().map(|told| told.value.id.clone())
    });
    let brought = brought_since(target, &environment(), base, &commits.collect());
    let brought = brought.map_err(|why| CliError::new(format!("--base {}: {why}", quote(base))))?;
    let is_new = |record: &&Record| {
        let of = |told: &Option<straykey::inventory::Told<straykey::inventory::record::Commit>>| {
            told.as_ref().map(|told| told.value.id.clone())
        };
        let here = |id: &String| {
            brought.by_head.contains(id)
                || record.is_at_head() && brought.unknown_to_base.contains(id)
        };
        let is_back = record.has_issue("resurrected");
        of(&record.introduced).as_ref().is_some_and(here)
            || is_back && of(&record.last_changed).as_ref().is_some_and(here)
    };
    Ok(records
        .iter()
        .filter(is_new)
        .map(|r| r.id.clone())
        .collect())
}
