//! What a credential can do, whether it still does, and how far it is retired.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::told::worded;
use super::{Source, Stamp, Told};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize,
            Deserialize, JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }
        worded!($name);
    };
}

choice! {
    /// Whether it works.
    Liveness {
        /// Nobody asked.
        #[default]
        NotChecked,
        /// It works.
        Live,
        /// It works from some places or for some calls only.
        Restricted,
        /// Its provider refuses it.
        Dead,
        /// Its own end is over.
        Expired,
        /// It was asked, and the answer tells nothing.
        Unknown,
    }
}

choice! {
    /// What it can do.
    PrivilegeClass {
        /// Nothing tells.
        #[default]
        Unknown,
        /// Reads.
        Read,
        /// Writes.
        Write,
        /// Everything, and grants it to others.
        Admin,
    }
}

/// What it can do, and what shows it. What it needs, and what was used, no file tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Privilege {
    /// The class.
    pub class: Told<PrivilegeClass>,
    /// Scopes, roles or permissions, by their own names.
    #[serde(default)]
    pub scopes: Vec<String>,
}

choice! {
    /// How far it is retired.
    RetirementState {
        /// In use, as far as is known.
        #[default]
        Active,
        /// Another stands in its place, and it is not known to be dead.
        Rotating,
        /// Gone from the last commit, and not known to be dead.
        Removed,
        /// Its provider refuses it, or its own end is over; it still stands in the last commit.
        Dead,
        /// Dead, and gone from the last commit and from what names it.
        Retired,
        /// It was gone or dead, and is back.
        Resurrected,
        /// No object has it any more: it cannot be asked about again. That is not retired.
        CannotBeRechecked,
    }
}

choice! {
    /// What became of a step.
    StepResult {
        /// Nobody knows.
        #[default]
        Unknown,
        /// Done.
        Yes,
        /// Not done.
        No,
    }
}

/// How far it is retired, and what shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retirement {
    /// The state.
    pub state: RetirementState,
    /// Each step to it.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A step to retirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// `gone-from-head`, `gone-from-references`, `gone-from-stash-and-dangling`,
    /// `dead-at-provider`, `replacement-seen`, `no-longer-referenced`.
    pub check: String,
    /// What became of it.
    pub result: StepResult,
    /// When that was seen.
    pub at: Stamp,
    /// Where it was seen.
    pub source: Source,
    /// What was seen, in words.
    pub evidence: String,
}

/// The step of this name, if it is there.
impl Retirement {
    /// The result of a step.
    pub fn result(&self, check: &str) -> StepResult {
        let step = self.steps.iter().find(|s| s.check == check);
        step.map_or(StepResult::Unknown, |s| s.result)
    }
}

/// Whether it works, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Life {
    /// The state.
    pub state: Told<Liveness>,
    /// When it was asked; absent if nobody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Stamp>,
}

impl Default for Life {
    fn default() -> Self {
        let state = Liveness::NotChecked;
        Self {
            state: Told::plain(state, Source::Derived, super::Sureness::Certain),
            checked_at: None,
        }
    }
}

/// When it was last used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastUsed {
    /// When, if anybody told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Told<Stamp>>,
    /// What it was used for then: a service and a call, an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Who used it then, as the provider calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why it counts as not used: since when its provider has seen nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<Told<String>>,
    /// Where its provider keeps that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_in: Option<Told<String>>,
    /// What to ask there, with what is known filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// Its place in the order in which to act, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rank {
    /// 1 comes first: 1 production write access, 2 CI and CD, 3 partners' services, 4 all else, 5
    /// what is known not to work.
    pub tier: u8,
    /// The place among all records, from 1.
    pub place: usize,
    /// Why, in the order in which it counts.
    #[serde(default)]
    pub because: Vec<String>,
}

/// A requirement that the record supports evidence for. It says nothing of compliance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// The framework, with its version.
    pub framework: String,
    /// The id in it.
    pub id: String,
    /// Its title, where it may be told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The issues of this record that lead to it.
    pub issues: Vec<String>,
}

/// Something that is wrong with the credential's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issue {
    /// A stable word: `literal-secret`, `orphaned-owner`, `rotation-overdue`.
    pub class: String,
    /// What was seen.
    pub why: String,
}

/// What a rule of the policy said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleResult {
    /// The rule: its key in the policy, with its line.
    pub rule: String,
    /// `warn`, `fail` or `excepted`.
    pub result: String,
    /// What was seen.
    pub why: String,
    /// The exception that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
}
