//! A verdict in JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::second_of;
use crate::verify::Verified;

/// What the provider said of a credential.
#[derive(Serialize, JsonSchema)]
pub(super) struct VerifiedWire<'a> {
    /// live, restricted, expired, dead, unknown or not checked.
    verdict: &'a str,
    /// Why.
    reason: &'a str,
    /// When it was asked, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// Who was asked.
    #[serde(skip_serializing_if = "str::is_empty")]
    host: &'a str,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Whether an earlier run asked.
    remembered: bool,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a str>,
    /// What it may do, in the provider's words.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes: &'a [String],
    /// The most that those are worth: admin, write or read.
    #[serde(skip_serializing_if = "Option::is_none")]
    privilege: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<&'a str>,
    /// When it was used before it was asked, as the provider saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<&'a str>,
    /// What the credential tells of itself.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
}

impl<'a> VerifiedWire<'a> {
    pub(super) fn new(verified: &'a Verified) -> Self {
        let facts = &verified.facts;
        Self {
            verdict: verified.verdict.word(),
            reason: &verified.reason,
            time: verified.time.map(|time| format!("{}Z", second_of(time))),
            host: &verified.host,
            status: verified.status,
            remembered: verified.remembered,
            identity: facts.identity.as_deref(),
            scopes: &facts.scopes,
            privilege: facts.power.map(crate::detect::patterns::Power::word),
            created: facts.created.as_deref(),
            expires: facts.expires.as_deref(),
            last_used: facts.last_used.as_deref(),
            notes: &verified.notes,
        }
    }
}
