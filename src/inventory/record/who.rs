//! Who owns a credential, and what for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::told::worded;
use super::{Stamp, Told};

/// Who owns it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// Whether somebody said so.
    pub state: OwnerState,
    /// The owner: a team, a handle, a person. An inferred one is a candidate, not an accountable
    /// person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Told<String>>,
    /// Everybody else who may be it, surest first.
    #[serde(default)]
    pub candidates: Vec<Told<String>>,
    /// When the owner, or the last person who worked on it, last committed anything anywhere here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_active: Option<Told<Stamp>>,
    /// Who knew this very value and has left since: it was not replaced after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_since_rotation: Option<String>,
    /// Why it counts as orphaned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphaned_because: Option<String>,
}

/// Whether an owner is known.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerState {
    /// Somebody declared it, for this credential.
    Declared,
    /// Worked out from who is responsible for the file, or who worked on it.
    Inferred,
    /// Everybody who may be it has left or fallen silent.
    Orphaned,
    /// Nothing tells.
    #[default]
    Unknown,
}

worded!(OwnerState);

/// Something that uses the credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Workload {
    /// `ci-job`, `compose-service`, `kubernetes`, `terraform`, `mcp-server`, `package`, `folder`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The repository, if several were swept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The file that uses the credential.
    pub path: String,
}

/// Where a credential is used.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Production.
    Production,
    /// Staging and its like.
    Staging,
    /// Development.
    Development,
    /// Tests.
    Test,
    /// Continuous integration.
    Ci,
    /// Nothing tells.
    #[default]
    Unknown,
}

worded!(Environment);

/// How far a credential is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reuse {
    /// How many files have it or had it.
    pub files: usize,
    /// How many repositories.
    pub repositories: usize,
    /// How many workloads.
    pub workloads: usize,
    /// How many environments that are known.
    pub environments: usize,
    /// How many owners of its files that are known.
    pub owners: usize,
}

/// Whose service it opens.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// One's own.
    First,
    /// A vendor's or a partner's.
    Third,
    /// Nothing tells.
    #[default]
    Unknown,
}

worded!(Party);
