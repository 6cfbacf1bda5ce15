//! The ten parts, as they are written.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use crate::inventory::{Change, Stamp};

/// The version of the report. The second number grows with additions, the first when something is
/// taken away or changes its meaning.
pub(super) const VERSION: &str = "1.0";

/// A report for an auditor.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// Version of this format, `major.minor`.
    pub(super) schema_version: &'static str,
    /// What it says of itself.
    pub(super) statement: &'static str,
    /// The time it tells of.
    pub(super) period: Period,
    /// 1. What was looked through, and whether that was all.
    pub(super) scope: Scope,
    /// 2. What looked, and with what.
    pub(super) tool: Tool,
    /// 3. What there is.
    pub(super) population: Population,
    /// 4. What was tested.
    pub(super) controls: Vec<ControlTest>,
    /// 5. Owner, expiry and revocation of each.
    pub(super) credentials: Vec<Held>,
    /// 6. How rotation went.
    pub(super) rotation: Rotations,
    /// 7. Exceptions.
    pub(super) exceptions: Exceptions,
    /// 8. What changed.
    pub(super) changes: Changes,
    /// 9. What was asked of providers.
    pub(super) verification: Verification,
    /// 10. How changes of this report would show.
    pub(super) integrity: Integrity,
}

/// A time, from its first to its last second.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Period {
    pub from: Stamp,
    pub to: Stamp,
}

/// What was looked through.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Scope {
    /// Whether everything of every repository was read.
    pub complete: bool,
    /// The same, in words.
    pub completeness: String,
    pub repositories: Vec<Repository>,
    /// What was not read, and makes the report incomplete.
    pub not_read: Vec<Missing>,
    /// What was left out by its nature or by configuration, by reason.
    pub left_out: Vec<Count>,
    /// Things a person should know.
    pub notices: Vec<String>,
    /// What a report of this kind cannot see.
    #[serde(rename = "out_of_scope")]
    pub beyond: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Repository {
    pub path: String,
    /// Objects that exist, in all its stores.
    pub objects: u64,
    /// Those of them that were read, now or by an earlier sweep that remembered it.
    pub objects_read: u64,
    pub commits: u64,
    pub references: u64,
    pub stashes: u64,
    pub dangling_commits: u64,
    /// Commits whose parents were not fetched.
    pub shallow: u64,
    /// Whether objects may be missing that a remote promised.
    pub partial: bool,
    /// Objects that are missing for that reason.
    pub promised: u64,
    /// Contents that are elsewhere, and were not fetched.
    pub lfs_pointers: u64,
    pub complete: bool,
    pub remotes: Vec<Remote>,
    /// How many references are in `references.txt`, with what they stand for.
    pub names: usize,
    /// What of its names could not be read.
    pub unread: Vec<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Remote {
    pub name: String,
    pub url: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Missing {
    pub path: String,
    pub reason: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Count {
    pub what: String,
    pub count: usize,
}

/// What looked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Tool {
    pub name: &'static str,
    pub version: &'static str,
    /// SHA-256 of the program that ran.
    pub program_sha256: String,
    pub patterns: usize,
    /// SHA-256 of all patterns that were looked for.
    pub patterns_sha256: String,
    pub command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci_run: Option<String>,
    pub clock: &'static str,
    pub inputs: Vec<Hashed>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Hashed {
    /// What it is for.
    pub role: String,
    pub path: String,
    pub sha256: String,
}

/// What there is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Population {
    pub credentials: usize,
    pub at_head: usize,
    pub by_name: Vec<Count>,
    pub by_owner: Vec<Count>,
    pub by_owner_state: Vec<Count>,
    pub by_environment: Vec<Count>,
    pub by_state: Vec<Count>,
    /// Credentials that came after the period.
    pub later: usize,
}

/// What was tested of one requirement. It supports evidence; it says nothing of compliance.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ControlTest {
    pub framework: &'static str,
    pub id: &'static str,
    pub title: &'static str,
    /// Which records are exceptions: those with one of these issues.
    pub query: Vec<&'static str>,
    /// How many records it is told of.
    pub population: usize,
    pub exceptions: usize,
    /// `no exception found`, `exceptions found`, `nothing to test`, or `not all was read`.
    pub result: &'static str,
    /// Ids of exceptions, chosen by the hashes of them and of the period's end.
    pub sample: Vec<String>,
    /// A command for each of the sample.
    pub command: String,
}

/// Owner, expiry and revocation of one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Held {
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    pub owner_state: String,
    /// Who says so, and where.
    pub owner_source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Stamp>,
    pub expiry_source: String,
    pub lifetime: String,
    /// Whether it works, as far as anybody asked.
    pub liveness: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Stamp>,
    pub state: String,
    /// The dated steps of its retirement.
    pub revocation: Vec<String>,
    /// Issues, by their words.
    pub issues: Vec<String>,
}

/// How rotation went.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Rotations {
    /// Replacements in the period.
    pub events: Vec<Turn>,
    /// Days that what was replaced had been there, the middle one; at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_age_days: Option<i64>,
    pub overdue: Vec<Overdue>,
    /// From the first commit that has one to the first inventory that was kept with it.
    pub to_detection: Spans,
    /// From that inventory to the day it was seen dead.
    pub to_death: Spans,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(super) struct Turn {
    pub time: Stamp,
    pub old: String,
    pub new: String,
    /// Days that the old one had been there; at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_days: Option<i64>,
    pub commit: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Overdue {
    pub id: String,
    pub days: i64,
    /// After so many days it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u32>,
    /// Who says that.
    pub source: String,
}

/// Lengths of time, in days.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(super) struct Spans {
    /// Of how many it is known.
    pub known: usize,
    /// Of how many it is not.
    pub unknown: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_days: Option<i64>,
    /// Why not more is known.
    pub why: &'static str,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Exceptions {
    /// What the policy said: how many results fail, warn, are excepted; absent without a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyResults>,
    pub register: Vec<Exception>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct PolicyResults {
    pub fails: usize,
    pub warns: usize,
    pub excepted: usize,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Exception {
    pub id: String,
    pub credential: String,
    /// The rules it covers; none means all.
    pub rules: Vec<String>,
    pub reason: String,
    pub approved_by: String,
    pub compensating: Vec<String>,
    pub until: Stamp,
    /// Whether its last day is over.
    pub ended: bool,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Changes {
    /// What it was held against; absent if nothing was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against_as_of: Option<Stamp>,
    /// Whether both had read everything: otherwise what is gone may be there.
    pub complete: bool,
    pub counts: Vec<Count>,
    pub all: Vec<Change>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Verification {
    /// Where the calls come from.
    pub source: &'static str,
    pub calls: Vec<Call>,
}

/// A line of the audit log of verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// `call`, before it is made, or `answer`.
    pub event: String,
    /// When.
    pub time: Stamp,
    /// Which call of its run it is about.
    pub number: u64,
    /// Whom it asks.
    pub provider: String,
    /// The credential's pattern.
    pub pattern: String,
    /// The credential.
    pub fingerprint: String,
    /// Whether what was sent is made up.
    #[serde(default)]
    pub made_up: bool,
    /// The call without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Where it went.
    pub host: String,
    /// What came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Integrity {
    /// The files beside this report. `SHA256SUMS` has them and the report itself.
    pub files: Vec<Hashed>,
    /// SHA-256 of the `SHA256SUMS` of the report before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_sha256: Option<String>,
    /// Fingerprint of the key that signs `SHA256SUMS`; absent if nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    pub how_to_check: Vec<String>,
}

/// The schema of the document.
pub fn evidence_schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator();
    schema.into_root_schema_for::<Evidence>().to_value()
}
