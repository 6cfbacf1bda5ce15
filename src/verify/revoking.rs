//! Revokes: the one thing here that changes something at a provider. Whoever calls this has asked a
//! person before.

use std::io;

use super::audit::{self, Line};
use super::engine::now;
use super::{
    Audit, Transport, Unchecked, Verdict, Verified, Verifiers, VerifyOptions, VerifyProgress,
    verify,
};
use crate::findings::Finding;

/// Makes the calls by which whoever holds a credential revokes it. `options` must have been made with
/// [`Verifiers::revoking`]. [`Verdict::Dead`] is said if the provider says that it was done.
pub fn revoke(
    finding: &Finding,
    options: &VerifyOptions,
    transport: &dyn Transport,
    audit: &Audit,
) -> Verified {
    // A check must not be taken for it.
    let revokes = options.verifiers.of(finding.pattern.id);
    if !revokes.is_some_and(|r| r.revokes) {
        return Verified::not_checked(&Unchecked::NoVerifier);
    }
    let progress = VerifyProgress::default();
    let asked = verify(&[finding], options, transport, audit, &progress);
    let said = asked.verified.into_iter().next();
    said.unwrap_or_else(|| Verified::not_checked(&Unchecked::Stopped))
}

/// Writes into the log what a check said after a revocation.
///
/// # Errors
///
/// If it cannot be written.
pub fn prove(finding: &Finding, said: &Verified, audit: &Audit) -> io::Result<()> {
    let time = audit::time(said.time.unwrap_or_else(now));
    audit.write(&Line {
        event: "revoked",
        time,
        number: 0,
        provider: finding.pattern.provider,
        pattern: finding.pattern.id,
        fingerprint: &finding.fingerprint.to_string(),
        made_up: false,
        call: None,
        host: &said.host,
        status: said.status,
        verdict: Some(said.verdict.word()),
    })
}

impl Verified {
    /// Whether nobody can use the credential any more, as its provider says.
    pub fn is_over(&self) -> bool {
        matches!(self.verdict, Verdict::Dead | Verdict::Expired)
    }
}

impl VerifyOptions {
    /// The same servers and limits, to revoke at. Verdicts are not remembered.
    #[must_use]
    pub fn to_revoke(&self) -> Self {
        Self {
            verifiers: Verifiers::revoking(),
            endpoints: self.endpoints.clone(),
            named: self.named.clone(),
            rate_host: self.rate_host,
            rate_total: self.rate_total,
            workers: 1,
            memory: None,
            stop: self.stop.clone(),
        }
    }
}
