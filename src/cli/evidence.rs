//! `straykey evidence`: a report for an auditor, and whether one is as it was written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use straykey::base::path_text;
use straykey::detect::Catalogue;
use straykey::inventory::{Excepted, Policy, Record, Stamp, unnamed};
use straykey::reports::{
    Before, Call, EVIDENCE_SUMS, EvidenceFacts, EvidenceInput, EvidenceNames, Inventory,
    SigningKey, ToolFacts, check_evidence, evidence_files, write_atomically,
};
use straykey::scan::{InventoryResult, tips};
use straykey::sources::history::hex;
use straykey::store::RunStore;

use super::args::{EvidenceArgs, EvidenceCommand, EvidenceVerifyArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::history::environment;
use super::home::{Home, Words as _, read_at_most, read_named};
use super::inventory::{DECLARED, done, earlier, export, kept, make, observed_told};
use super::output::to_stdout;
use super::tell;

/// The policy in the folder of configuration.
const POLICY: &str = "policy.toml";
/// The days of a period whose first day nobody names.
const PERIOD: i64 = 90;
/// The biggest audit log that is read, in bytes.
const LOG: u64 = 1 << 30;

/// Runs the command.
pub fn run(args: &EvidenceArgs, how: Tell) -> Result<Exit, CliError> {
    match &args.command {
        Some(EvidenceCommand::Verify(args)) => verify(args, how),
        None => write(args, how),
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn write(args: &EvidenceArgs, how: Tell) -> Result<Exit, CliError> {
    let Some(folder) = &args.output else {
        return Err(CliError::new("-o FOLDER is needed"));
    };
    is_free(folder)?;
    // What cannot be read is told before anything is swept.
    let key = args.sign_key.as_deref().map(signing_key).transpose()?;
    let mut inputs = Vec::new();
    let mut notices = Vec::new();
    let policy = policy(args, &mut inputs, &mut notices)?;
    let before = args.previous.as_deref().map(previous).transpose()?;
    let mut made = make(&args.look, None, how)?;
    made.result.scan.notices.splice(0..0, notices);
    let to = made.result.as_of.unwrap_or(Stamp(0));
    let from = args.from.as_ref().map_or_else(
        || {
            let day = to.plus_days(-PERIOD).0.div_euclid(86_400) * 86_400;
            (day, day + 86_399)
        },
        |date| date.seconds,
    );
    if from.0 > to.0 {
        return Err(CliError::new("--from is after the end of the period"));
    }
    let calls = calls(args, (from.0, to.0), &mut inputs)?;
    let (chain, mut before) = match before {
        Some((chain, before)) => (Some(chain), Some(before)),
        None => (None, None),
    };
    let mut first_seen = None;
    if let Some(path) = &args.look.store {
        let store = kept::open(path)?;
        let scope = kept::scope(&made.result);
        first_seen = Some(seen(&store, &scope, to)?);
        if before.is_none() {
            before = then(&store, path, &scope, from.1)?;
        }
    }
    let mut records = std::mem::take(&mut made.result.records);
    let counted = match &policy {
        Some(policy) => {
            let verdict = policy
                .judge(&mut records, None, to, None)
                .map_err(CliError::new)?;
            Some((verdict.fails, verdict.warns, verdict.excepted))
        }
        None => None,
    };
    if args.no_names {
        nameless(&mut records, before.as_mut());
    }
    declared(args, made.home.as_ref(), &mut inputs)?;
    let mut exceptions: Vec<Excepted<'_>> = policy.iter().flat_map(Policy::excepted).collect();
    if args.no_names {
        for one in &mut exceptions {
            one.approved_by = "left out";
        }
    }
    let observed = observed_told(&made.result, args.no_names);
    let facts = EvidenceFacts {
        inventory: Inventory {
            records: &records,
            as_of: to,
            later: made.result.later,
            scan: &made.result.scan,
            repositories: &made.result.repositories,
            verdicts: &[],
            observed: observed.as_ref(),
        },
        from: Stamp(from.0),
        tool: tool(args, folder, &made.catalogue)?,
        inputs,
        names: names(&made.result),
        exceptions,
        policy: counted,
        before,
        first_seen,
        calls,
        previous: chain,
        signer: key.as_ref().map(SigningKey::fingerprint),
    };
    let files = evidence_files(&facts, key.as_ref())
        .map_err(|e| CliError::new(format!("the report cannot be made: {e}")))?;
    put(folder, &files)?;
    if !how.quiet {
        let shown = path_text(folder);
        let signed = if key.is_some() {
            "signed"
        } else {
            "not signed"
        };
        tell(&format!(
            "{shown}: {} credentials, {signed}; look at it again with straykey evidence verify {shown}",
            records.len()
        ));
    }
    super::scan::tell_what_is_missing(&made.result.scan, how.quiet);
    done(&made.result)
}

/// A folder that nothing would be lost of.
fn is_free(folder: &Path) -> Result<(), CliError> {
    match fs::read_dir(folder).map(Iterator::count) {
        Ok(0) => Ok(()),
        Ok(_) => Err(CliError::new(format!(
            "{}: there is something in it; a report gets a folder of its own",
            path_text(folder)
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CliError::file("cannot write", folder, &error)),
    }
}

/// Puts all files at their place, or none.
fn put(folder: &Path, files: &BTreeMap<&'static str, Vec<u8>>) -> Result<(), CliError> {
    let failed = |e: std::io::Error| CliError::file("cannot write", folder, &e);
    let whole = std::path::absolute(folder).map_err(failed)?;
    let parent = whole.parent().unwrap_or(&whole);
    let temporary = tempfile::Builder::new()
        .prefix(".straykey-")
        .tempdir_in(parent)
        .map_err(failed)?;
    for (name, bytes) in files {
        let path = temporary.path().join(name);
        write_atomically(&path, |out| out.write_all(bytes)).map_err(failed)?;
    }
    if whole.is_dir() {
        fs::remove_dir(&whole).map_err(failed)?;
    }
    fs::rename(temporary.path(), &whole).map_err(failed)?;
    // Nothing is there any more that could be taken away.
    let _ = temporary.keep();
    Ok(())
}

fn signing_key(path: &Path) -> Result<SigningKey, CliError> {
    let text = read_at_most(path, 1 << 20)?;
    SigningKey::read(&text)
        .map_err(|why| CliError::new(format!("--sign-key {}: {why}", path_text(path))))
}

fn policy(
    args: &EvidenceArgs,
    inputs: &mut Vec<EvidenceInput>,
    notices: &mut Vec<String>,
) -> Result<Option<Policy>, CliError> {
    let own = match &args.policy {
        Some(file) => Some((path_text(file).into_owned(), read_named(file)?)),
        None => match Home::of(&targets(args))? {
            Some(home) => home.read(Path::new(POLICY), notices)?,
            None => None,
        },
    };
    let Some((file, text)) = own else {
        return Ok(None);
    };
    let policy = Policy::parse(&file, &text).map_err(CliError::all)?;
    inputs.push(input("policy", file, text.as_bytes()));
    Ok(Some(policy))
}

fn targets(args: &EvidenceArgs) -> Vec<PathBuf> {
    match &args.look.which.repositories[..] {
        [one] => vec![one.clone()],
        _ => vec![PathBuf::from(".")],
    }
}

fn input(role: &'static str, path: String, bytes: &[u8]) -> EvidenceInput {
    EvidenceInput {
        role,
        path,
        sha256: sha256(bytes),
    }
}

/// The files of declarations and of people that the records are a function of.
fn declared(
    args: &EvidenceArgs,
    home: Option<&Home>,
    inputs: &mut Vec<EvidenceInput>,
) -> Result<(), CliError> {
    if let Some(file) = &args.look.declared {
        let text = read_named(file)?;
        inputs.push(input(
            "declarations",
            path_text(file).into_owned(),
            text.as_bytes(),
        ));
    } else if let Some(home) = home
        && let Some((file, text)) = home.read(Path::new(DECLARED), &mut Vec::new())?
    {
        inputs.push(input("declarations", file, text.as_bytes()));
    }
    if let Some(file) = &args.look.people {
        let text = read_named(file)?;
        inputs.push(input(
            "people",
            path_text(file).into_owned(),
            text.as_bytes(),
        ));
    }
    for file in &args.look.observed {
        let (path, bytes) = export(file)?;
        inputs.push(input("observed use", path, &bytes));
    }
    Ok(())
}

/// The report before: the hash over it, and its records.
fn previous(folder: &Path) -> Result<(String, Before), CliError> {
    #[derive(Deserialize)]
    struct Report {
        period: Period,
        scope: Scope,
    }
    #[derive(Deserialize)]
    struct Period {
        to: Stamp,
    }
    #[derive(Deserialize)]
    struct Scope {
        complete: bool,
    }
    let shown = path_text(folder).into_owned();
    let failed = |why: String| CliError::new(format!("--previous {shown}: {why}"));
    let checked = check_evidence(folder, None, None).map_err(&failed)?;
    if let Some(wrong) = checked.wrong.first() {
        return Err(failed(format!("it is not as it was written: {wrong}")));
    }
    let sums = read_named(&folder.join(EVIDENCE_SUMS))?;
    let records = earlier(&folder.join("inventory.json"))?;
    let text = read_at_most(&folder.join("report.json"), 2 << 30)?;
    let report: Report =
        serde_json::from_str(&text).map_err(|e| failed(format!("report.json: {e}")))?;
    let before = Before {
        what: format!("the report of {}", report.period.to.day()),
        as_of: Some(report.period.to),
        complete: report.scope.complete,
        records,
    };
    Ok((sha256(sums.as_bytes()), before))
}

/// What a store kept last until a time.
fn then(
    store: &RunStore,
    path: &Path,
    scope: &str,
    until: i64,
) -> Result<Option<Before>, CliError> {
    let kept = kept::at(store, scope, until)?;
    Ok(kept.map(|kept| Before {
        what: format!("what {} kept", path_text(path)),
        as_of: Some(Stamp(kept.run.as_of)),
        complete: kept.run.complete,
        records: kept.records,
    }))
}

/// When each record was first in an inventory that was kept.
fn seen(store: &RunStore, scope: &str, to: Stamp) -> Result<Vec<(String, Stamp)>, CliError> {
    let mut first: BTreeMap<String, Stamp> = BTreeMap::new();
    for run in kept::runs(store, scope)? {
        // An inventory of a past day found nothing on that day, but on the one it was made.
        if run.as_of > to.0 || run.taken > to.0 {
            continue;
        }
        let kept = kept::at(store, scope, run.as_of)?;
        for record in kept.into_iter().flat_map(|kept| kept.records) {
            let taken = first.entry(record.id).or_insert(Stamp(run.taken));
            *taken = (*taken).min(Stamp(run.taken));
        }
    }
    Ok(first.into_iter().collect())
}

/// The lines of audit logs that fall in the period.
fn calls(
    args: &EvidenceArgs,
    (from, to): (i64, i64),
    inputs: &mut Vec<EvidenceInput>,
) -> Result<Option<Vec<Call>>, CliError> {
    if args.audit.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for path in &args.audit {
        let text = read_at_most(path, LOG)?;
        let shown = path_text(path).into_owned();
        for (line, number) in text.lines().zip(1..) {
            if line.trim().is_empty() {
                continue;
            }
            // What does not parse may be anything: it is not quoted.
            let call: Call = serde_json::from_str(line).map_err(|_| {
                CliError::new(format!("{shown}:{number}: this is no line of an audit log"))
            })?;
            if (from..=to).contains(&call.time.0) {
                all.push(call);
            }
        }
        inputs.push(input("audit log", shown, text.as_bytes()));
    }
    all.sort_by(|a, b| (a.time, a.number, &a.event).cmp(&(b.time, b.number, &b.event)));
    Ok(Some(all))
}

/// Takes people out of both inventories, with the same number for the same person.
fn nameless(records: &mut Vec<Record>, before: Option<&mut Before>) {
    let count = records.len();
    let mut none = Vec::new();
    let old = before.map_or(&mut none, |before| &mut before.records);
    records.append(old);
    unnamed(records, &mut []);
    *old = records.split_off(count);
}

fn tool(args: &EvidenceArgs, folder: &Path, catalogue: &Catalogue) -> Result<ToolFacts, CliError> {
    let failed = |e: std::io::Error| CliError::new(format!("the program cannot be hashed: {e}"));
    let program = std::env::current_exe().and_then(fs::read).map_err(failed)?;
    let mut patterns = Sha256::new();
    for pattern in catalogue.patterns() {
        patterns.update(format!("{pattern:?}\n"));
    }
    // Where it is written is no part of what is written.
    let folder = folder.to_string_lossy();
    let mut command = vec!["straykey".to_owned()];
    command.extend(std::env::args_os().skip(1).map(|arg| {
        let arg = arg.to_string_lossy().into_owned();
        match arg.strip_suffix(&*folder) {
            Some(begin @ ("" | "-o" | "-o=" | "--output=")) => format!("{begin}FOLDER"),
            _ => arg,
        }
    }));
    Ok(ToolFacts {
        program: sha256(&program),
        patterns: hex(&patterns.finalize()),
        command,
        run: ci_run(),
        clock: if args.look.as_of.is_some() {
            "the time that --as-of names"
        } else {
            "the clock of the machine that made it"
        },
    })
}

/// The run of continuous integration this is, as that system names it.
fn ci_run() -> Option<String> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(server), Some(repository), Some(run)) = (
        named("GITHUB_SERVER_URL"),
        named("GITHUB_REPOSITORY"),
        named("GITHUB_RUN_ID"),
    ) {
        return Some(format!("{server}/{repository}/actions/runs/{run}"));
    }
    named("CI_JOB_URL").or_else(|| named("BUILD_URL"))
}

fn names(result: &InventoryResult) -> Vec<EvidenceNames> {
    let places = environment();
    let of = |one: &straykey::story::RepositoryRead| {
        let tips = tips(&one.read.repository, &places);
        EvidenceNames {
            repository: path_text(&one.read.repository).into_owned(),
            references: tips.references.into_iter().collect(),
            remotes: tips.remotes.into_iter().collect(),
            partial: tips.partial,
            unread: tips.unread,
        }
    };
    result.repositories.iter().map(of).collect()
}

/// `evidence verify`: whether a report is as it was written.
fn verify(args: &EvidenceVerifyArgs, how: Tell) -> Result<Exit, CliError> {
    let public = args.public_key.as_deref().map(read_named).transpose()?;
    let checked = check_evidence(&args.folder, public.as_deref(), args.previous.as_deref());
    let checked = checked.map_err(CliError::new)?;
    to_stdout(|out| {
        for wrong in &checked.wrong {
            writeln!(out, "wrong: {}", straykey::base::escape_controls(wrong))?;
        }
        for unknown in &checked.unknown {
            writeln!(
                out,
                "not checked: {}",
                straykey::base::escape_controls(unknown)
            )?;
        }
        if how.quiet {
            return Ok(());
        }
        let s = if checked.whole == 1 { " is" } else { "s are" };
        writeln!(out, "{} file{s} as written", checked.whole)?;
        match &checked.signer {
            Some(key) if args.public_key.is_some() => {
                writeln!(out, "signed by {key}, the key that was named")
            }
            Some(key) => writeln!(
                out,
                "signed by {key}; whose key that is --public-key can say, and ssh-keygen -Y verify"
            ),
            None => writeln!(out, "no signature that holds"),
        }
    })?;
    Ok(match (&checked.wrong[..], &checked.unknown[..]) {
        ([], []) => Exit::Clean,
        ([], _) => Exit::Failed,
        _ => Exit::Findings,
    })
}
