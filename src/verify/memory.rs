//! What earlier runs were told, by fingerprint: no secret is in it, nor anything that leads to one.

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::{Facts, Verdict, Verified};
use crate::detect::patterns::{Power, Verifier};
use crate::findings::Finding;
use crate::store::{StoreError, VerdictStore};

/// Verdicts of earlier runs, as far as they count.
#[derive(Debug)]
pub struct Memory {
    store: VerdictStore,
    /// The longest time, in seconds, that a verdict counts.
    max_age: i64,
}

/// A verdict as it is kept.
#[derive(Deserialize, Serialize)]
struct Kept {
    verdict: String,
    reason: String,
    host: String,
    status: Option<u16>,
    identity: Option<String>,
    scopes: Vec<String>,
    power: Option<String>,
    expires: Option<String>,
    created: Option<String>,
    last_used: Option<String>,
}

impl Memory {
    /// What `store` holds, not older than `max_age` seconds.
    pub fn new(store: VerdictStore, max_age: i64) -> Self {
        Self { store, max_age }
    }

    /// What was said of a finding, if that still counts.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub(super) fn recall(
        &self,
        finding: &Finding,
        how: &str,
        now: i64,
    ) -> Result<Option<Verified>, StoreError> {
        if finding.fingerprint.is_weak() {
            return Ok(None);
        }
        let found = self.store.get(&finding.fingerprint.to_string(), how)?;
        let fresh = found.filter(|(time, _)| (0..=self.max_age).contains(&(now - time)));
        Ok(fresh.and_then(|(time, text)| {
            let kept: Kept = serde_json::from_str(&text).ok()?;
            Some(Verified {
                verdict: Verdict::from_word(&kept.verdict)?,
                reason: kept.reason,
                time: Some(time),
                host: kept.host,
                status: kept.status,
                facts: Facts {
                    identity: kept.identity,
                    scopes: kept.scopes,
                    power: kept.power.as_deref().and_then(Power::from_word),
                    expires: kept.expires,
                    created: kept.created,
                    last_used: kept.last_used,
                },
                notes: Vec::new(),
                remembered: true,
            })
        }))
    }

    /// Keeps what was said now: what is settled, of findings whose fingerprint names one secret only.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; then nothing was kept.
    pub(super) fn keep<'a>(
        &self,
        said: impl Iterator<Item = (&'a Finding, String, &'a Verified)>,
    ) -> Result<(), StoreError> {
        let rows: Vec<(String, String, i64, String)> = said
            .filter(|(finding, _, said)| {
                said.verdict.is_settled() && !said.remembered && !finding.fingerprint.is_weak()
            })
            .filter_map(|(finding, how, said)| {
                let facts = &said.facts;
                let kept = Kept {
                    verdict: said.verdict.word().to_owned(),
                    reason: said.reason.clone(),
                    host: said.host.clone(),
                    status: said.status,
                    identity: facts.identity.clone(),
                    scopes: facts.scopes.clone(),
                    power: facts.power.map(|p| p.word().to_owned()),
                    expires: facts.expires.clone(),
                    created: facts.created.clone(),
                    last_used: facts.last_used.clone(),
                };
                let text = serde_json::to_string(&kept).ok()?;
                Some((finding.fingerprint.to_string(), how, said.time?, text))
            })
            .collect();
        self.store.put(&rows)
    }
}

/// How a credential is asked for: what another check, or another server, told does not count.
pub(super) fn how(finding: &Finding, verifier: &Verifier, endpoint: Option<&Endpoint>) -> String {
    let server = endpoint.map_or("", Endpoint::base);
    let id = finding.pattern.id;
    format!(
        "{id} {} {} {server}",
        verifier.reviewed,
        env!("CARGO_PKG_VERSION")
    )
}
