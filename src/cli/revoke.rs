//! `straykey revoke`: takes one credential out of use, as far as whoever holds it can, and proves it.
//!
//! Without `--execute` nothing is sent: the steps are told. With it a person at the terminal is asked,
//! never standard input; the call is in the audit log before it is made, and a check afterwards too.

mod steps;
mod terminal;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use straykey::base::Stop;
use straykey::findings::Finding;
use straykey::reports::verdict_lines;
use straykey::verify::{Verdict, Verified, VerifyProgress, dry_run, prove, revoke, verify};

use super::args::{RevokeArgs, Tell};
use super::error::CliError;
use super::exit::Exit;
use super::output::to_stdout;
use super::verify::{Ready, look, ready, refuse, say_own, say_ready, with_own};
use super::{interrupt, tell};

/// Variables by which systems of continuous integration are known.
const CI: &[&str] = &[
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "TF_BUILD",
    "BITBUCKET_BUILD_NUMBER",
    "BUILDKITE",
    "CIRCLECI",
    "JENKINS_URL",
    "JENKINS_HOME",
    "TEAMCITY_VERSION",
    "CODEBUILD_BUILD_ID",
    "DRONE",
];

/// Runs the command.
pub fn run(args: &RevokeArgs, how: Tell) -> Result<Exit, CliError> {
    if args.execute {
        not_here()?;
    }
    let stop = interrupt::watch();
    let finding = find(args, &stop, how)?;
    let patterns = &args.look.sought.patterns;
    let asking = args.asking();
    if !args.execute {
        let (options, own) = with_own(&asking, patterns, &stop)?;
        say_own(&[&finding], &own, how);
        let calls = dry_run(&finding, &options.to_revoke());
        to_stdout(|out| steps::write(&finding, &calls, out))?;
        return Ok(Exit::Clean);
    }
    let ready = ready(&asking, patterns, &stop)?;
    say_ready(&[&finding], &ready, how);
    let revoking = ready.options.to_revoke();
    if let Err(why) = dry_run(&finding, &revoking) {
        let calls = Err(why);
        to_stdout(|out| steps::write(&finding, &calls, out))?;
        return Err(CliError::new(
            "straykey cannot revoke it: the steps above are for a person",
        ));
    }
    let before = check(&finding, &ready);
    if before.is_over() {
        say(&before)?;
        tell("it is out of use already: nothing was revoked");
        return Ok(Exit::Clean);
    }
    let warning = revoking.verifiers.of(finding.pattern.id);
    let warning = warning.map_or("", |revoker| revoker.warning);
    if !terminal::confirm(&finding, &before, warning)? {
        return Err(CliError::new("not confirmed: nothing was revoked"));
    }
    if stop.is_asked() {
        return Err(CliError::new("interrupted: nothing was revoked"));
    }
    let done = revoke(&finding, &revoking, &ready.http, &ready.audit);
    if done.verdict != Verdict::Dead {
        let lines = verdict_lines(&done).join("; ");
        return Err(CliError::new(format!(
            "nobody can say that it was revoked: {lines}"
        )));
    }
    let after = wait(
        &finding,
        &ready,
        Duration::from_secs(u64::from(args.wait)),
        &stop,
    );
    prove(&finding, &after, &ready.audit).map_err(|e| {
        CliError::file(
            "it was revoked, and the proof cannot be written to",
            ready.audit.path(),
            &e,
        )
    })?;
    to_stdout(|out| writeln!(out, "revoked: its provider says so"))?;
    say(&after)?;
    Ok(match after.verdict {
        Verdict::Dead | Verdict::Expired => Exit::Clean,
        Verdict::Live | Verdict::Restricted => {
            tell("it still works: look at its provider's page, and check again later");
            Exit::Findings
        }
        _ => {
            tell("nobody can say that it is out of use: check again later");
            Exit::Findings
        }
    })
}

/// Refuses where no person sits.
fn not_here() -> Result<(), CliError> {
    let set = |name: &&&str| {
        let value = std::env::var(name).unwrap_or_default();
        !matches!(value.trim(), "" | "0" | "false")
    };
    match CI.iter().find(set) {
        Some(name) => Err(CliError::new(format!(
            "revoking is refused in CI ({name} is set): a person has to say so"
        ))),
        None => refuse(),
    }
}

/// The one credential that is meant.
fn find(args: &RevokeArgs, stop: &Stop, how: Tell) -> Result<Finding, CliError> {
    let input = args.what == "-";
    let digits = args.what.strip_prefix("w:").unwrap_or(&args.what);
    if !input && (digits.len() < 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit())) {
        // What was typed may be the secret: it is not repeated.
        return Err(CliError::new(
            "a fingerprint (its first eight digits, or more) or - is needed. A secret is never an \
             argument: every process could see it; give it on standard input",
        ));
    }
    let targets = match (input, args.paths.is_empty()) {
        (true, true) if !args.history => vec![PathBuf::from("-")],
        (true, _) => {
            return Err(CliError::new("- is standard input: no place is looked at"));
        }
        (false, true) => vec![PathBuf::from(".")],
        (false, false) => args.paths.clone(),
    };
    let mut result = look(&args.look, targets, args.history, stop, how)?;
    let mut found = std::mem::take(&mut result.findings);
    let accepted = std::mem::take(&mut result.accepted);
    found.extend(accepted.into_iter().map(|a| a.finding));
    found.retain(|f| input || f.fingerprint.matches(&args.what));
    straykey::findings::sort(&mut found);
    found.dedup_by(|b, a| (a.pattern.id, a.fingerprint) == (b.pattern.id, b.fingerprint));
    let one = found.pop();
    match one {
        Some(one) if found.is_empty() => Ok(one),
        Some(one) => {
            found.push(one);
            let all = found.iter().take(20);
            let mut lines = vec!["one credential is revoked at a time; which is meant?".to_owned()];
            lines.extend(all.map(|f| format!("{}  {}", f.fingerprint, f.pattern.id)));
            Err(CliError::all(lines))
        }
        None if input => Err(CliError::new(
            "nothing on standard input looks like a credential; with what it is called before it \
             (NAME=value) more kinds are known",
        )),
        None => Err(CliError::new(
            "nothing here has that fingerprint; --history looks in what git holds",
        )),
    }
}

/// Whether it works now.
fn check(finding: &Finding, ready: &Ready) -> Verified {
    let progress = VerifyProgress::default();
    let asked = verify(
        &[finding],
        &ready.options,
        &ready.http,
        &ready.audit,
        &progress,
    );
    let said = asked.verified.into_iter().next();
    said.unwrap_or_else(|| Verified::not_checked(&straykey::verify::Unchecked::Stopped))
}

/// Checks until it is dead, or nobody has patience any more: some providers take a while.
fn wait(finding: &Finding, ready: &Ready, patience: Duration, stop: &Stop) -> Verified {
    let until = Instant::now() + patience;
    let mut nap = Duration::from_secs(1);
    loop {
        let said = check(finding, ready);
        let left = until.saturating_duration_since(Instant::now());
        if said.is_over()
            || said.verdict == Verdict::NotChecked
            || left.is_zero()
            || stop.is_asked()
        {
            return said;
        }
        std::thread::sleep(nap.min(left));
        nap *= 2;
    }
}

fn say(said: &Verified) -> Result<(), CliError> {
    to_stdout(|out| {
        for line in verdict_lines(said) {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    })
}
