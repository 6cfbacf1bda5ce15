//! Asks: credential after credential, each at most three calls, and a made-up one for each verifier.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::audit::{self, Audit};
use super::cluster;
use super::endpoint::Endpoints;
use super::http::Transport;
use super::logins::{About, second_tries};
use super::memory::{Memory, how};
use super::offline::offline;
use super::pace::{PATIENCE, Pace};
use super::published;
use super::reading::{read, tell};
use super::request::{MASK, Shown, Values, fill};
use super::servers::plan;
use super::twin::twin;
use super::{Answer, Facts, Unchecked, Verdict, Verified, Verifiers};
use crate::base::{Secret, Stop};
use crate::detect::patterns::{Basis, Meaning, Verifier};
use crate::findings::{Credential, Finding};
use crate::store::StoreError;

/// The most calls that one credential is worth, a second try after a wait included.
const CALLS: usize = 3;
/// The most workers.
const WORKERS: usize = 64;

/// How to ask.
#[derive(Debug)]
pub struct VerifyOptions {
    /// The verifiers there are.
    pub verifiers: Verifiers,
    /// The servers that the user named, by provider's id.
    pub endpoints: Endpoints,
    /// Providers whose verifiers are used although they are off.
    pub named: Vec<String>,
    /// Calls a second to one host; 0 for any.
    pub rate_host: f64,
    /// Calls a second in all; 0 for any.
    pub rate_total: f64,
    /// Calls at the same time.
    pub workers: usize,
    /// What earlier runs were told.
    pub memory: Option<Memory>,
    /// Asks for an early end.
    pub stop: Stop,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            verifiers: Verifiers::embedded(),
            endpoints: Endpoints::new(),
            named: Vec::new(),
            rate_host: 5.0,
            rate_total: 50.0,
            workers: WORKERS,
            memory: None,
            stop: Stop::default(),
        }
    }
}

/// What has been done so far.
#[derive(Debug, Default)]
pub struct VerifyProgress {
    /// Credentials that are done.
    pub done: AtomicU64,
    /// All of them.
    pub all: AtomicU64,
    /// Calls that were made.
    pub calls: AtomicU64,
}

/// What became of asking.
#[derive(Debug)]
pub struct Asked {
    /// For each finding, in order, what was said.
    pub verified: Vec<Verified>,
    /// Calls that were made, those with made-up credentials included.
    pub calls: u64,
    /// Why the audit log could not be written, if it could not: then no further call was made.
    pub audit_failed: Option<String>,
    /// Why what was said could not be remembered, if it could not.
    pub store_failed: Option<StoreError>,
}

/// One credential and how it is asked for.
pub(super) struct Job<'a> {
    pub(super) finding: &'a Finding,
    pub(super) verifier: &'static Verifier,
}

/// What is to be done with a finding.
fn job<'a>(finding: &'a Finding, options: &VerifyOptions) -> Result<Job<'a>, Unchecked> {
    let verifier = options.verifiers.of_finding(finding);
    let verifier = verifier.ok_or(Unchecked::NoVerifier)?;
    let is_named = options.named.iter().any(|n| n == verifier.provider);
    if !is_named && !verifier.off.is_empty() {
        return Err(Unchecked::Off(verifier.off));
    }
    if !is_named && verifier.basis == Basis::Assumed {
        return Err(Unchecked::Off("nobody has shown what its provider answers"));
    }
    Ok(Job { finding, verifier })
}

/// What places are filled with, of a credential.
fn values(verifier: &Verifier, credential: &Credential, masked: &str) -> Values {
    let mut values = Values::default();
    values.put("secret", credential.secret.clone(), masked);
    for (name, part) in &credential.parts {
        values.put(name, part.clone(), MASK);
    }
    for (name, of, behind) in verifier.cut {
        let found = match *of {
            "secret" => Some(&credential.secret),
            of => credential.parts.iter().find(|p| p.0 == of).map(|p| &p.1),
        };
        // What cannot be cut is not there.
        let cut = found.and_then(|whole| {
            let text = std::str::from_utf8(whole.expose()).ok()?;
            Some(Secret::new(text.rsplit_once(behind)?.1.as_bytes()))
        });
        if let Some(cut) = cut {
            values.put(name, cut, &format!("<{name}>"));
        }
    }
    values
}

/// The first call that would be made for a finding, with every secret masked.
///
/// # Errors
///
/// Why none would be made.
pub fn dry_run(finding: &Finding, options: &VerifyOptions) -> Result<Vec<Shown>, Unchecked> {
    if let Some(list) = published::list(finding, options) {
        return Ok(vec![published::shown(list)]);
    }
    if let Some(login) = plan(finding, &options.endpoints) {
        return Ok(vec![login?.shown]);
    }
    let job = job(finding, options)?;
    let mut values = values(job.verifier, &finding.credential, &finding.masked);
    let endpoint = options.endpoints.get(job.verifier.provider);
    let mut out = Vec::new();
    for call in job.verifier.calls {
        let request = fill(job.verifier, call, &values, endpoint, now())?;
        out.push(request.shown);
        for (name, _) in call.take {
            values.put(name, Secret::new(b"taken"), &format!("<{name}>"));
        }
    }
    Ok(out)
}

/// Asks for each finding. Results are in the order of `findings`, whatever the number of workers.
pub fn verify(
    findings: &[&Finding],
    options: &VerifyOptions,
    transport: &dyn Transport,
    audit: &Audit,
    progress: &VerifyProgress,
) -> Asked {
    let pace = Pace::new(options.rate_host, options.rate_total);
    let run = Run {
        options,
        transport,
        audit,
        progress,
        pace,
        twins: Mutex::default(),
        numbers: AtomicU64::new(0),
        log_failed: Mutex::default(),
        log_broken: AtomicBool::new(false),
        second_tries: second_tries(findings, options),
    };
    progress.all.store(findings.len() as u64, Ordering::Relaxed);
    let results: Vec<Mutex<Option<Verified>>> = findings.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let order = spread(findings);
    std::thread::scope(|scope| {
        for _ in 0..options.workers.clamp(1, WORKERS).min(findings.len()) {
            scope.spawn(|| {
                while let Some(number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let told = run.one(*number, findings[*number]);
                    *results[*number]
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner) = Some(told);
                    progress.done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let verified: Vec<Verified> = results
        .into_iter()
        .map(|slot| {
            let told = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
            told.unwrap_or_else(|| Verified::not_checked(&Unchecked::Stopped))
        })
        .collect();
    let store_failed = options.memory.as_ref().and_then(|memory| {
        let said = findings
            .iter()
            .zip(&verified)
            .filter_map(|(finding, said)| {
                let verifier = options.verifiers.of_finding(finding)?;
                let endpoint = options.endpoints.get(verifier.provider);
                Some((*finding, how(finding, verifier, endpoint), said))
            });
        memory.keep(said).err()
    });
    Asked {
        verified,
        store_failed,
        calls: progress.calls.load(Ordering::Relaxed),
        audit_failed: run
            .log_failed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
    }
}

/// An order in which providers take turns, so that one host's pace does not hold up all workers.
fn spread(findings: &[&Finding]) -> Vec<usize> {
    let mut turns: HashMap<&str, usize> = HashMap::new();
    let mut order: Vec<(usize, usize)> = findings
        .iter()
        .enumerate()
        .map(|(number, finding)| {
            let turn = turns.entry(finding.pattern.provider).or_default();
            *turn += 1;
            (*turn, number)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, number)| number).collect()
}

/// One run.
pub(super) struct Run<'a> {
    pub(super) options: &'a VerifyOptions,
    pub(super) transport: &'a dyn Transport,
    pub(super) audit: &'a Audit,
    pub(super) progress: &'a VerifyProgress,
    pub(super) pace: Pace,
    /// What became of the made-up credential of each verifier, by its first pattern's id.
    twins: Mutex<HashMap<&'static str, Arc<Mutex<Option<Told>>>>>,
    /// Calls that were begun, by which the log numbers them.
    pub(super) numbers: AtomicU64,
    pub(super) log_failed: Mutex<Option<String>>,
    pub(super) log_broken: AtomicBool,
    /// Findings whose user was tried already.
    pub(super) second_tries: HashSet<usize>,
}

/// What a sequence of calls told.
#[derive(Clone, Debug)]
struct Told {
    verdict: Verdict,
    reason: String,
    host: String,
    status: Option<u16>,
    time: i64,
    facts: Facts,
    /// Whether an answer came at all.
    answered: bool,
}

impl Run<'_> {
    /// What is said of one credential: by itself first, then by an earlier run, then by its provider.
    fn one(&self, number: usize, finding: &Finding) -> Verified {
        let own = offline(finding);
        let mut said = match own.expires {
            Some(end) if end < now() => Verified {
                verdict: Verdict::Expired,
                reason: "by its own date it has ended".to_owned(),
                ..Verified::not_checked(&Unchecked::NoVerifier)
            },
            _ => self.by_others(number, finding),
        };
        let time = |seconds: i64| audit::time(seconds);
        let facts = &mut said.facts;
        facts.expires = facts.expires.take().or(own.expires.map(time));
        facts.created = facts.created.take().or(own.created.map(time));
        said.notes = own.notes;
        said
    }

    fn by_others(&self, number: usize, finding: &Finding) -> Verified {
        if let Some(list) = published::list(finding, self.options) {
            return self.looked_up(finding, list);
        }
        if let Some(login) = plan(finding, &self.options.endpoints) {
            return self.log_in(number, finding, login);
        }
        let job = match job(finding, self.options) {
            Ok(job) => job,
            Err(why) => return Verified::not_checked(&why),
        };
        if let Some(memory) = &self.options.memory {
            let endpoint = self.options.endpoints.get(job.verifier.provider);
            let how = how(finding, job.verifier, endpoint);
            // A store that cannot be read is told when it cannot be written.
            if let Ok(Some(said)) = memory.recall(finding, &how, now()) {
                return said;
            }
        }
        let told = match self.ask(&job, &finding.credential, false) {
            Ok(told) => told,
            Err(why) => return Verified::not_checked(&why),
        };
        let told = self.compared(&job, told);
        Verified {
            verdict: told.verdict,
            reason: told.reason,
            time: Some(told.time),
            host: told.host,
            status: told.status,
            facts: told.facts,
            notes: Vec::new(),
            remembered: false,
        }
    }

    /// Holds what a service said of a credential against what it says of a made-up one: a service that
    /// knows everything knows nothing.
    fn compared(&self, job: &Job<'_>, told: Told) -> Told {
        let works = matches!(told.verdict, Verdict::Live | Verdict::Restricted);
        if !works {
            return told;
        }
        let unknown = |reason: &str| Told {
            verdict: Verdict::Unknown,
            reason: reason.to_owned(),
            facts: Facts::default(),
            ..told.clone()
        };
        let Some(made_up) = twin(job.finding, job.verifier) else {
            return told;
        };
        let key = job.verifier.patterns.first().copied().unwrap_or_default();
        let slot = {
            let mut twins = self.twins.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(twins.entry(key).or_default())
        };
        // One at a time: whoever comes second knows what the first was told.
        let mut known = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let of_twin = match &*known {
            Some(known) => known.clone(),
            None => match self.ask(job, &made_up, true) {
                // One that got no answer is not sent again: a server that stalls would hold up all others.
                Ok(told) => {
                    *known = Some(told.clone());
                    told
                }
                Err(_) => return unknown("it could not be held against a made-up one"),
            },
        };
        drop(known);
        if !of_twin.answered {
            return unknown("it could not be held against a made-up one: no answer came");
        }
        if matches!(of_twin.verdict, Verdict::Live | Verdict::Restricted) {
            return unknown("a made-up one of the same form is welcome there, too");
        }
        told
    }

    /// One declared sequence.
    fn ask(
        &self,
        job: &Job<'_>,
        credential: &Credential,
        made_up: bool,
    ) -> Result<Told, Unchecked> {
        let verifier = job.verifier;
        let mut values = values(verifier, credential, &job.finding.masked);
        let endpoint = self.options.endpoints.get(verifier.provider);
        let mut facts = Facts::default();
        let mut left = CALLS;
        let mut told = None;
        for call in verifier.calls {
            let (answer, host) = loop {
                let request = fill(verifier, call, &values, endpoint, now())?;
                let host = request.target.host.clone();
                let unknown = |reason: String| Told {
                    verdict: Verdict::Unknown,
                    reason,
                    host: host.clone(),
                    status: None,
                    time: now(),
                    facts: Facts::default(),
                    answered: false,
                };
                if left == 0 {
                    return Ok(unknown(
                        "three calls were made, and it is not settled".into(),
                    ));
                }
                left -= 1;
                if !self.pace.wait(&host, &self.options.stop) {
                    return Err(Unchecked::Stopped);
                }
                let of = About::of(job, made_up);
                let number = self.log_call(&of, &request.shown, &host)?;
                let answer = match self.transport.send(&request) {
                    Ok(answer) => answer,
                    Err(trouble) => return Ok(unknown(trouble.to_string())),
                };
                self.log_answer(&of, &host, number, Some(answer.status));
                if let (429, Some(wait)) = (answer.status, retry_after(&answer)) {
                    self.pace.hold(&host, wait);
                    if left > 0 && wait <= PATIENCE {
                        continue;
                    }
                    let mut told = unknown(format!(
                        "too many calls; the service asks to wait {} s",
                        wait.as_secs()
                    ));
                    told.status = Some(429);
                    return Ok(told);
                }
                break (answer, host);
            };
            let read = read(call, &answer);
            tell(verifier, &answer, &mut facts);
            cluster::rights(verifier, &answer, &mut facts);
            let verdict = match read.means {
                Meaning::Live => Verdict::Live,
                Meaning::Dead => Verdict::Dead,
                Meaning::Restricted => Verdict::Restricted,
                Meaning::Expired => Verdict::Expired,
                Meaning::Unknown | Meaning::Next => Verdict::Unknown,
            };
            told = Some(Told {
                verdict,
                reason: read.reason,
                host,
                status: Some(answer.status),
                time: now(),
                facts: if verdict == Verdict::Unknown {
                    Facts::default()
                } else {
                    facts.clone()
                },
                answered: true,
            });
            if read.means != Meaning::Next {
                break;
            }
            for (name, value) in read.taken {
                values.put(name, Secret::new(value.as_bytes()), MASK);
            }
        }
        told.ok_or_else(|| Unchecked::Unfit("its verifier has no call".into()))
    }
}

/// How long a service asks to wait: seconds. A date is not worth a clock that may differ.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let found = answer
        .headers
        .iter()
        .find(|(name, _)| name == "retry-after");
    let seconds: u64 = found.and_then(|(_, value)| value.trim().parse().ok())?;
    Some(Duration::from_secs(seconds))
}

pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| d.as_secs() as i64)
}
