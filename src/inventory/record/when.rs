//! When a credential came, changed and went; how long it may live; when it is to be replaced.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::told::worded;
use super::{Stamp, Told};

/// A commit that did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// When it was committed, as its committer's clock said.
    pub time: Stamp,
    /// Its id.
    pub id: String,
    /// Who wrote it; of a mailmap the proper name.
    pub author: String,
    /// Their mail address.
    pub mail: String,
    /// The repository, if several were swept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The file.
    pub path: String,
    /// The history before is not here: it was then or before.
    #[serde(default)]
    pub or_before: bool,
}

/// How old a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Age {
    /// In whole days.
    pub days: i64,
    /// It may be older: what is known is only since when it is in a history.
    pub at_least: bool,
}

/// How long a credential of its kind works.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LifetimeClass {
    /// An hour at most, or one use.
    Ephemeral,
    /// A day at most.
    Short,
    /// It ends some day.
    Bounded,
    /// It works until somebody revokes it.
    Standing,
    /// Nothing tells.
    #[default]
    Unknown,
}

worded!(LifetimeClass);

/// When it is to be replaced, and when it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rotation {
    /// Replace it at least every so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<Told<u32>>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Stamp>,
    /// Days since it was due; absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_days: Option<i64>,
    /// The slots it stood in, and what else stood there.
    #[serde(default)]
    pub slots: Vec<Slot>,
    /// Replacements that the histories tell of, in which it is the old or the new one; in order.
    #[serde(default)]
    pub events: Vec<Replaced>,
    /// When what stands in its slots was last replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Stamp>,
}

/// A place for a credential that outlives it: a file, followed through renames, and a key in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Slot {
    /// The repository, if several were swept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The file, by its last name.
    pub path: String,
    /// The key's path in it; empty if the file has none there.
    pub key: String,
}

/// One credential took the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replaced {
    /// When.
    pub time: Stamp,
    /// The commit that brought the new one.
    pub commit: String,
    /// Where.
    pub slot: Slot,
    /// The record that went.
    pub old: String,
    /// The record that came.
    pub new: String,
    /// How many days nothing stood there: 0 if one commit did both.
    pub gap_days: i64,
    /// Whether the slot has a key; without, one of the same kind in the same file.
    pub confidence: super::Sureness,
}
