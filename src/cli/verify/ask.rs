//! How providers are asked: what the arguments mean, what is refused, and what is said beside.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use straykey::base::{Stop, escape_controls, path_text};
use straykey::detect::patterns::parse_file;
use straykey::findings::Finding;
use straykey::store::VerdictStore;
use straykey::verify::{
    Audit, Endpoint, Http, HttpOptions, Memory, Verdicts, VerifyOptions, VerifyProgress, dry_run,
    verify,
};

use crate::cli::args::{Asking, Tell, Verifying};
use crate::cli::ci;
use crate::cli::error::{CliError, suggestion};
use crate::cli::home::read_named;
use crate::cli::output::to_stdout;
use crate::cli::progress::WatchCalls;
use crate::cli::tell;
use crate::cli::verify::user::Own;

/// What came of asking.
pub struct Asked {
    /// For reports.
    pub verdicts: Verdicts,
    /// Why not everything was asked, if that is an error.
    pub failed: Option<String>,
}

/// Variables that git and managers of hooks set for hooks.
const HOOKS: &[&str] = &[
    "GIT_INDEX_FILE",
    "GIT_QUARANTINE_PATH",
    "GIT_DIR",
    "PRE_COMMIT",
    "HUSKY_GIT_PARAMS",
];

/// Refuses to ask where somebody else would get the answer: whoever may put a text here could learn
/// of it whether a stolen credential works.
///
/// # Errors
///
/// In a hook, and for a change of which nobody says that it comes from this repository.
pub fn refuse() -> Result<(), CliError> {
    if let Some(name) = HOOKS.iter().find(|name| std::env::var_os(name).is_some()) {
        return Err(CliError::new(format!(
            "verification is refused in hooks ({name} is set): whoever pushes would learn whether \
             a credential works"
        )));
    }
    match ci::whose_change() {
        Some(why) => Err(CliError::new(format!(
            "verification is refused here: {why}. Whoever opened the change would learn whether a \
             credential works"
        ))),
        None => Ok(()),
    }
}

/// Whether a scan is to ask.
///
/// # Errors
///
/// If it must not, or if only how is said.
pub fn wanted(verifying: &Verifying) -> Result<bool, CliError> {
    if verifying.verify {
        refuse()?;
    } else if verifying.asking.is_given() {
        return Err(CliError::new(
            "--verify is needed beside that; without it nothing is asked",
        ));
    }
    Ok(verifying.verify)
}

/// Asks, or tells what would be asked: then there is nothing to report.
///
/// # Errors
///
/// If the arguments cannot be followed, or the audit log cannot be written.
pub fn ask(
    asking: &Asking,
    patterns: &[PathBuf],
    findings: &[&Finding],
    stop: &Stop,
    how: Tell,
) -> Result<Option<Asked>, CliError> {
    if asking.dry_run {
        let (options, own) = with_own(asking, patterns, stop)?;
        say_own(findings, &own, how);
        tell_calls(findings, &options)?;
        return Ok(None);
    }
    let ready = ready(asking, patterns, stop)?;
    say_ready(findings, &ready, how);
    let Ready {
        options,
        http,
        audit,
        ..
    } = ready;
    let progress = Arc::new(VerifyProgress::default());
    let watch = WatchCalls::begin(&progress, how.quiet);
    let asked = verify(findings, &options, &http, &audit, &progress);
    watch.into_iter().for_each(WatchCalls::end);
    let failed = asked.audit_failed.map(|why| {
        let path = path_text(audit.path());
        format!("{path}: {why}; what was not asked by then was not asked: no log, no call")
    });
    let failed = failed.or_else(|| asked.store_failed.map(|e| e.to_string()));
    let failed = failed.or_else(|| {
        let stopped = stop.is_asked();
        stopped.then(|| "interrupted: not everything was asked".to_owned())
    });
    Ok(Some(Asked {
        verdicts: Verdicts::new(findings, asked.verified, asked.calls),
        failed,
    }))
}

/// What is needed to ask.
pub struct Ready {
    /// How to ask.
    pub options: VerifyOptions,
    /// What is to be said of the user's own servers, by provider.
    pub own: Vec<(String, String)>,
    /// What sends.
    pub http: Http,
    /// The log.
    pub audit: Audit,
}

/// Gets ready to ask; nothing is sent by that.
///
/// # Errors
///
/// If the arguments cannot be followed, or the audit log cannot be written.
pub fn ready(asking: &Asking, patterns: &[PathBuf], stop: &Stop) -> Result<Ready, CliError> {
    let (mut options, own) = with_own(asking, patterns, stop)?;
    let ca = match &asking.ca_file {
        None => None,
        Some(path) => Some(read_named(path)?.into_bytes()),
    };
    let mut http = HttpOptions {
        allow_internal: asking.allow_internal,
        ca,
        connections: options.workers,
        ..HttpOptions::default()
    };
    if let Some(seconds) = asking.call_timeout {
        http.timeout = Duration::from_secs(u64::from(seconds));
    }
    let http = Http::new(&http).map_err(|why| CliError::new(format!("--ca-file: {why}")))?;
    let path = match &asking.audit {
        Some(path) => path.clone(),
        None => state().ok_or_else(|| {
            CliError::new("there is no home folder for the audit log: name a file with --audit")
        })?,
    };
    if let Some(path) = &asking.verdicts {
        let store = VerdictStore::open(path).map_err(|e| CliError::new(e.to_string()))?;
        if store.is_open_to_others() {
            return Err(CliError::new(format!(
                "{}: others may write to it, and could say that something is dead; chmod 600",
                path_text(path)
            )));
        }
        options.memory = Some(Memory::new(store, asking.max_age.unwrap_or(24 * 3_600)));
    }
    let audit = Audit::open(&path)
        .map_err(|e| CliError::file("no call without an audit log: cannot write", &path, &e))?;
    Ok(Ready {
        options,
        own,
        http,
        audit,
    })
}

/// What the arguments mean.
///
/// # Errors
///
/// If they cannot be followed.
fn options(asking: &Asking, patterns: &[PathBuf], stop: &Stop) -> Result<VerifyOptions, CliError> {
    let mut options = VerifyOptions {
        stop: stop.clone(),
        ..VerifyOptions::default()
    };
    if asking.trust_patterns {
        for path in patterns {
            let text = read_named(path)?;
            let parsed = parse_file(&path_text(path), None, &text).map_err(CliError::all)?;
            options.verifiers.trust(parsed.verifiers);
        }
    }
    let known = options.verifiers.providers();
    let provider = |name: &str, place: &str| provider(&known, name, place);
    for text in &asking.endpoint {
        let Some((name, url)) = text.split_once('=') else {
            return Err(CliError::new("--endpoint: PROVIDER=URL is needed"));
        };
        let name = provider(name, "--endpoint")?;
        let endpoint = Endpoint::parse(url)
            .map_err(|why| CliError::new(format!("--endpoint {name}: {why}")))?;
        options.endpoints.insert(name, endpoint);
    }
    for name in &asking.also {
        options.named.push(provider(name, "--also")?);
    }
    let rate = |given: Option<f64>, default: f64, option: &str| match given {
        None => Ok(default),
        Some(rate) if rate.is_finite() && (0.0..=10_000.0).contains(&rate) => Ok(rate),
        Some(_) => Err(CliError::new(format!(
            "{option}: 0 to 10,000 calls a second"
        ))),
    };
    options.rate_host = rate(asking.rate, options.rate_host, "--rate")?;
    options.rate_total = rate(asking.rate_total, options.rate_total, "--rate-total")?;
    Ok(options)
}

fn provider(known: &[&str], name: &str, place: &str) -> Result<String, CliError> {
    if known.contains(&name) {
        return Ok(name.to_owned());
    }
    let near = suggestion(name, known.iter().copied());
    Err(CliError::new(format!(
        "{place}: no check is known of any provider called '{}'{near}",
        straykey::base::quote(name)
    )))
}

/// What the arguments mean, and the servers that the user's own files name. Returns what is to be said
/// of these, by provider; what is of none is said in any case.
///
/// # Errors
///
/// If the arguments or the files cannot be followed.
pub fn with_own(
    asking: &Asking,
    patterns: &[PathBuf],
    stop: &Stop,
) -> Result<(VerifyOptions, Vec<(String, String)>), CliError> {
    let mut options = options(asking, patterns, stop)?;
    let known = options.verifiers.providers();
    let mut own = Own::read(|name, place| provider(&known, name, place))?;
    let mut said = std::mem::take(&mut own.notices);
    said.extend(own.add_to(&mut options.endpoints));
    Ok((options, said))
}

/// Says what a person should know before anything is sent: which servers the user's own files name, what a
/// check does beside being seen, which proxy is in between, where the log is.
pub fn say_ready(findings: &[&Finding], ready: &Ready, how: Tell) {
    say_own(findings, &ready.own, how);
    if !how.quiet {
        say_beside(findings, &ready.options, &ready.http, &ready.audit);
    }
}

/// Says what is to be said of the user's own servers.
pub fn say_own(findings: &[&Finding], said: &[(String, String)], how: Tell) {
    let asked_for = |provider: &str| findings.iter().any(|f| f.pattern.provider == provider);
    for (provider, told) in said.iter().filter(|_| !how.quiet) {
        if provider.is_empty() || asked_for(provider) {
            tell(&format!("notice: {told}"));
        }
    }
}

/// The log's place if none is named (XDG Base Directory Specification 0.8).
fn state() -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let absolute = |path: &PathBuf| path.is_absolute();
    let state = named("XDG_STATE_HOME").map(PathBuf::from).filter(absolute);
    let home = || {
        let home = named("HOME").or_else(|| named("USERPROFILE"))?;
        Some(PathBuf::from(home).join(".local/state"))
    };
    Some(state.or_else(home)?.join("straykey/verify.jsonl"))
}

/// What a person should know before it begins.
fn say_beside(findings: &[&Finding], options: &VerifyOptions, http: &Http, audit: &Audit) {
    let mut warnings = BTreeSet::new();
    for finding in findings {
        if let Some(verifier) = options.verifiers.of_finding(finding)
            && !verifier.warning.is_empty()
        {
            warnings.insert(format!("{}: {}", verifier.provider, verifier.warning));
        }
    }
    for warning in warnings {
        tell(&format!("warning: {warning}"));
    }
    if let Some(proxy) = http.proxy() {
        tell(&format!(
            "notice: calls go through the proxy {proxy}, which looks up names: the lists of hosts \
             alone decide where credentials go"
        ));
    }
    tell(&format!("audit log: {}", path_text(audit.path())));
}

fn tell_calls(findings: &[&Finding], options: &VerifyOptions) -> Result<(), CliError> {
    to_stdout(|out| {
        for finding in findings {
            let short = finding.fingerprint.short();
            writeln!(out, "{short}  {}  {}", finding.pattern.id, finding.masked)?;
            match dry_run(finding, options) {
                Err(why) => writeln!(out, "  no call: {}", escape_controls(&why.to_string()))?,
                Ok(calls) => {
                    for call in calls {
                        writeln!(out, "  {}", escape_controls(&call.line))?;
                        for (name, value) in &call.headers {
                            writeln!(out, "    {name}: {}", escape_controls(value))?;
                        }
                        if let Some(body) = &call.body {
                            writeln!(out, "    {}", escape_controls(body))?;
                        }
                    }
                }
            }
        }
        writeln!(out, "dry run: nothing sent")
    })
}
