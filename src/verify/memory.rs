//! What earlier runs were told, by fingerprint: no secret is in it, nor anything that leads to one.

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::{Facts, Verdict, Verified};
use crate::detect::patterns::{Power, Verifier};
use crate::findings::{Credential, Finding};
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
    let parts = parts(&finding.credential);
    format!(
        "{id} {} {} {parts}{server}",
        verifier.reviewed,
        env!("CARGO_PKG_VERSION")
    )
}

/// Tells apart what has the same fingerprint and other parts: a key id beside a secret that somebody made
/// up must not make the real pair look dead. Sixteen bits of a hash are enough, and confirm no guess.
fn parts(credential: &Credential) -> String {
    if credential.parts.is_empty() {
        return String::new();
    }
    let mut all = Context::new(&SHA256);
    for (name, value) in &credential.parts {
        all.update(name.as_bytes());
        all.update(&(value.expose().len() as u64).to_le_bytes());
        all.update(value.expose());
    }
    let sum = all.finish();
    let bytes = sum.as_ref();
    format!("{:02x}{:02x} ", bytes[0], bytes[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    #[test]
    fn other_parts_are_another_credential() {
        let of = |all: &[(&'static str, &str)]| {
            parts(&Credential {
                secret: Secret::new(b"id"),
                parts: all
                    .iter()
                    .map(|(name, value)| (*name, Secret::new(value.as_bytes())))
                    .collect(),
            })
        };
        assert_eq!(of(&[]), "");
        assert_eq!(of(&[("key", "a")]), of(&[("key", "a")]));
        assert_ne!(of(&[("key", "a")]), of(&[("key", "b")]));
        assert_ne!(
            of(&[("key", "a"), ("b", "c")]),
            of(&[("key", "ab"), ("", "c")])
        );
        assert_eq!(of(&[("key", "a")]).len(), 5);
    }

    /// What the first program that remembered wrote can still be read.
    #[test]
    fn a_verdict_as_it_was_first_kept() {
        let text = r#"{"verdict":"live","reason":"the service knows it","host":"api.github.com","status":200,"identity":"octocat","scopes":["repo"],"power":"write","expires":null,"created":null,"last_used":null}"#;
        let kept: Kept = serde_json::from_str(text).expect("read");
        assert_eq!(Verdict::from_word(&kept.verdict), Some(Verdict::Live));
        assert_eq!(
            kept.power.as_deref().and_then(Power::from_word),
            Some(Power::Write)
        );
        assert_eq!((kept.status, kept.scopes), (Some(200), vec!["repo".into()]));
    }
}
