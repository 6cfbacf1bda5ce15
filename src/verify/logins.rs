//! One run's logins at servers that do not speak HTTP, and its lines in the audit log.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::audit::{self, Line};
use super::engine::{Job, Run, VerifyOptions, now};
use super::request::Shown;
use super::servers::{Login, plan};
use super::{Facts, Unchecked, Verdict, Verified};
use crate::findings::Finding;

/// The findings, by number, whose user an earlier one tries already: more than one password could lock
/// somebody out.
pub(super) fn second_tries(findings: &[&Finding], options: &VerifyOptions) -> HashSet<usize> {
    let mut seen = HashSet::new();
    let mut out = HashSet::new();
    for (number, finding) in findings.iter().enumerate() {
        if let Some(Ok(login)) = plan(finding, &options.endpoints)
            && let Some((protocol, host, port, user)) = login.account()
            && !seen.insert((protocol, host.to_owned(), port, user.to_owned()))
        {
            out.insert(number);
        }
    }
    out
}

/// What lines of the log are about.
pub(super) struct About<'a> {
    finding: &'a Finding,
    provider: &'a str,
    made_up: bool,
}

impl<'a> About<'a> {
    /// Of a look that does not use the credential.
    pub(super) fn looking(finding: &'a Finding, provider: &'a str) -> Self {
        Self {
            finding,
            provider,
            made_up: false,
        }
    }

    pub(super) fn of(job: &Job<'a>, made_up: bool) -> Self {
        Self {
            finding: job.finding,
            provider: job.verifier.provider,
            made_up,
        }
    }
}

impl Run<'_> {
    /// Tries a password, once.
    pub(super) fn log_in(
        &self,
        number: usize,
        finding: &Finding,
        login: Result<Login, Unchecked>,
    ) -> Verified {
        match login.and_then(|login| self.tried(number, finding, &login)) {
            Ok(said) => said,
            Err(why) => Verified::not_checked(&why),
        }
    }

    fn tried(
        &self,
        number: usize,
        finding: &Finding,
        login: &Login,
    ) -> Result<Verified, Unchecked> {
        if self.second_tries.contains(&number) {
            return Err(Unchecked::OneTry);
        }
        let host = &login.target.host;
        if !self.pace.wait(host, &self.options.stop) {
            return Err(Unchecked::Stopped);
        }
        let of = About {
            finding,
            provider: login.protocol.provider(),
            made_up: false,
        };
        let number = self.log_call(&of, &login.shown, host)?;
        let unknown = |reason: String| Verified {
            verdict: Verdict::Unknown,
            reason,
            time: Some(now()),
            host: host.clone(),
            status: None,
            facts: Facts::default(),
            notes: Vec::new(),
            remembered: false,
        };
        let said = match self.transport.login(login) {
            Ok(said) => said,
            Err(trouble) => return Ok(unknown(trouble.to_string())),
        };
        self.log_answer(&of, host, number, said.status);
        Ok(Verified {
            verdict: said.verdict,
            status: said.status,
            facts: said.facts,
            ..unknown(said.reason)
        })
    }

    /// Writes the call into the log before it is made.
    pub(super) fn log_call(
        &self,
        of: &About<'_>,
        shown: &Shown,
        host: &str,
    ) -> Result<u64, Unchecked> {
        if self.log_broken.load(Ordering::Acquire) {
            return Err(Unchecked::Stopped);
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.log("call", of, number, Some(&shown.line), host, None) {
            return Err(Unchecked::Stopped);
        }
        self.progress.calls.fetch_add(1, Ordering::Relaxed);
        Ok(number)
    }

    /// Writes what came back. A log that breaks here is found broken by the next call.
    pub(super) fn log_answer(&self, of: &About<'_>, host: &str, number: u64, status: Option<u16>) {
        self.log("answer", of, number, None, host, status);
    }

    /// Whether the line could be written.
    fn log(
        &self,
        event: &str,
        of: &About<'_>,
        number: u64,
        call: Option<&str>,
        host: &str,
        status: Option<u16>,
    ) -> bool {
        let fingerprint = of.finding.fingerprint.to_string();
        let written = self.audit.write(&Line {
            event,
            time: audit::time(now()),
            number,
            provider: of.provider,
            pattern: of.finding.pattern.id,
            fingerprint: &fingerprint,
            made_up: of.made_up,
            call,
            host,
            status,
            verdict: None,
        });
        let Err(error) = written else { return true };
        self.log_broken.store(true, Ordering::Release);
        let mut failed = self
            .log_failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert_with(|| error.to_string());
        false
    }
}
