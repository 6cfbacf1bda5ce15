//! A credential as an asset: what it is, whose, since when, how far it reaches, how far it is
//! retired.
//!
//! This is a document: it is written, published with a schema, kept, and read again to be held
//! against a later one. So the type is the wire's type, too. The secret is never in it, nor anything
//! that the secret can be worked out from.

mod state;
mod told;
mod uses;
mod when;
mod who;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use state::{
    Issue, LastUsed, Life, Liveness, Privilege, PrivilegeClass, Rank, Requirement, Retirement,
    RetirementState, RuleResult, Step, StepResult,
};
pub use told::{DAY, Source, Stamp, Sureness, Told};
pub use uses::{Chain, Consumer, DeclaredIdentity, Link};
pub use when::{Age, Commit, LifetimeClass, Replaced, Rotation, Slot};
pub use who::{Environment, Owner, OwnerState, Party, Reuse, Workload};

/// The version of the record. The second number grows with additions, the first when something is
/// taken away or changes its meaning.
pub const RECORD_VERSION: &str = "1.1";

/// One credential, or one name of a credential that is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Its identity: the fingerprint of the secret; of a reference, of its system and name.
    pub id: String,
    /// Further fingerprints of the same secret: a weak one has one for each file.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it is.
    pub kind: Kind,
    /// The id of its pattern; absent for what no pattern found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What it is, for people.
    pub name: String,
    /// Who issues it.
    pub provider: String,
    /// Whose service it opens.
    pub party: Told<Party>,
    /// Whether its kind is one of continuous integration, of delivery or of packages.
    #[serde(default)]
    pub delivery: bool,
    /// The secret as it may be shown; empty for what has none.
    pub label: String,
    /// critical, high, medium or low: what its kind opens.
    pub severity: String,
    /// high, medium or low: how sure it is a credential.
    pub confidence: String,
    /// What it says of whom it belongs to, by name: `account`, `key-id`, `issuer`, `subject`.
    #[serde(default)]
    pub hints: Vec<Hint>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Told<String>>,
    /// Where it is used.
    #[serde(default)]
    pub environments: Vec<Told<Environment>>,
    /// What uses it.
    #[serde(default)]
    pub workloads: Vec<Told<Workload>>,
    /// What names it, and has it from elsewhere; the surest first.
    #[serde(default)]
    pub consumers: Vec<Told<Consumer>>,
    /// Identities that files declare, and whose credential it is.
    #[serde(default)]
    pub identities: Vec<Told<DeclaredIdentity>>,
    /// Who takes what, from what uses it on; the first ones.
    #[serde(default)]
    pub chains: Vec<Told<Chain>>,
    /// Who owns it.
    pub owner: Owner,
    /// The first commit that had it, parents' commits first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<Told<Commit>>,
    /// The last commit that brought it somewhere or took it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_changed: Option<Told<Commit>>,
    /// When it was last there: now, or when it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Told<Stamp>>,
    /// The commit that took it from the last commit; absent while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Told<Commit>>,
    /// When it was made, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Told<Stamp>>,
    /// How old it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<Told<Age>>,
    /// When it ends, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Told<Stamp>>,
    /// How long such a one works.
    pub lifetime: Told<LifetimeClass>,
    /// When it is to be replaced, and when it was.
    pub rotation: Rotation,
    /// Whether it works.
    pub life: Life,
    /// When it was last used.
    pub last_used: LastUsed,
    /// What it can do.
    pub privilege: Privilege,
    /// How far it is shared.
    pub reuse: Reuse,
    /// How it is kept: `plaintext`, `encoded`, `encrypted`, `reference`.
    pub storage: Told<String>,
    /// Where it stands: `at-head`, `history-only`, `unreachable`, `unknown`.
    pub standing: String,
    /// References whose history has it, if any; the first ones.
    #[serde(default)]
    pub references: Vec<String>,
    /// Remote-tracking references whose history has it: it has left this machine.
    #[serde(default)]
    pub pushed_to: Vec<String>,
    /// Where it stands or stood; the first ones, those of the last commit first.
    #[serde(default)]
    pub places: Vec<Place>,
    /// How many places there are.
    pub places_total: usize,
    /// How to take its power away.
    pub revoke: String,
    /// What to use instead; empty if nothing is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub replace: String,
    /// How far it is retired.
    pub retirement: Retirement,
    /// Its place in the order in which to act.
    pub rank: Rank,
    /// What is wrong with its life.
    #[serde(default)]
    pub issues: Vec<Issue>,
    /// Requirements that this record supports evidence for.
    #[serde(default)]
    pub requirements: Vec<Requirement>,
    /// What the rules of the policy said that failed or warned.
    #[serde(default)]
    pub policy: Vec<RuleResult>,
    /// When somebody last reviewed it, and until when that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Told<Review>>,
}

/// What a record is about.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A credential that stands there.
    #[default]
    Literal,
    /// A private key that stands there.
    Key,
    /// The name of a credential that is kept elsewhere.
    Reference,
    /// A certificate.
    Certificate,
    /// Trust in somebody else's identities.
    Trust,
    /// An identity that a file declares.
    Identity,
}

told::worded!(Kind);

/// Something a credential says of itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Hint {
    /// What.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A place of a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The repository, if several were swept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// The key's path in the file, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the last commit has it there.
    pub at_head: bool,
}

/// A review by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Who.
    pub by: String,
    /// When.
    pub on: Stamp,
    /// When the next is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Stamp>,
}

impl Record {
    /// A record of which nothing is known but what it is.
    pub fn new(id: impl Into<String>, kind: Kind, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            also: Vec::new(),
            kind,
            pattern: None,
            name: name.into(),
            provider: String::new(),
            party: Told::plain(Party::Unknown, Source::Derived, Sureness::Guess),
            delivery: false,
            label: String::new(),
            severity: "medium".to_owned(),
            confidence: "high".to_owned(),
            hints: Vec::new(),
            purpose: None,
            environments: Vec::new(),
            workloads: Vec::new(),
            consumers: Vec::new(),
            identities: Vec::new(),
            chains: Vec::new(),
            owner: Owner::default(),
            introduced: None,
            last_changed: None,
            last_seen: None,
            removed: None,
            created: None,
            age: None,
            expires: None,
            lifetime: Told::plain(LifetimeClass::Unknown, Source::Derived, Sureness::Guess),
            rotation: Rotation::default(),
            life: Life::default(),
            last_used: LastUsed::default(),
            privilege: Privilege {
                class: Told::plain(PrivilegeClass::Unknown, Source::Derived, Sureness::Guess),
                scopes: Vec::new(),
            },
            reuse: Reuse::default(),
            storage: Told::plain("plaintext".to_owned(), Source::Match, Sureness::Certain),
            standing: "unknown".to_owned(),
            references: Vec::new(),
            pushed_to: Vec::new(),
            places: Vec::new(),
            places_total: 0,
            revoke: String::new(),
            replace: String::new(),
            retirement: Retirement::default(),
            rank: Rank::default(),
            issues: Vec::new(),
            requirements: Vec::new(),
            policy: Vec::new(),
            reviewed: None,
        }
    }

    /// Whether it is wrong in this way.
    pub fn has_issue(&self, class: &str) -> bool {
        self.issues.iter().any(|issue| issue.class == class)
    }

    /// Whether the last commit of a worktree has it.
    pub fn is_at_head(&self) -> bool {
        self.standing == "at-head"
    }

    /// The environments that are known, each once, worst first.
    pub fn known_environments(&self) -> Vec<Environment> {
        let known = self.environments.iter().map(|e| e.value);
        let mut all: Vec<_> = known.filter(|e| *e != Environment::Unknown).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The short form of its identity that people type.
    pub fn short(&self) -> &str {
        if self.id.starts_with("w:") {
            &self.id
        } else {
            self.id.get(..8).unwrap_or(&self.id)
        }
    }
}

/// The word by which a choice is written.
pub(super) fn word_of<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
