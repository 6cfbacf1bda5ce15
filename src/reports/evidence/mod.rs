//! The report for an auditor: ten parts, each with what it was made of, and hashes over all.
//!
//! `make` works the parts out of an inventory and of what stands around it ([`Facts`]); `markdown`
//! writes them for people, and the same value is the JSON document. `folder` writes both with the
//! population beside them and hashes over everything, `sign` puts a signature on those. The same
//! input makes the same bytes.
//!
//! Nothing here says that anybody complies with anything: a part tells what was looked for, in how
//! many, and what was found.

mod folder;
mod make;
mod markdown;
mod sign;
mod wire;

use crate::inventory::{Excepted, Record, Stamp};
use crate::reports::Inventory;

pub use folder::{Checked, SUMS, check, files};
pub use sign::{NAMESPACE, SIGNATURE, SigningKey};
pub use wire::{Call, evidence_schema};

/// What a report for an auditor is made of.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The records, and what was swept.
    pub inventory: Inventory<'a>,
    /// The first second of the time that is told of; it ends with the inventory.
    pub from: Stamp,
    /// What made it.
    pub tool: ToolFacts,
    /// Files that it is a function of, beside repositories.
    pub inputs: Vec<Input>,
    /// The names of each repository.
    pub names: Vec<Names>,
    /// Exceptions of the policy.
    pub exceptions: Vec<Excepted<'a>>,
    /// How many results of the policy fail, warn, are excepted; `None` without one.
    pub policy: Option<(usize, usize, usize)>,
    /// What it is held against.
    pub before: Option<Before>,
    /// When which record was first in an inventory that was kept, by id; `None` if none are kept.
    pub first_seen: Option<Vec<(String, Stamp)>>,
    /// Calls of verification in that time; `None` if no log was given.
    pub calls: Option<Vec<Call>>,
    /// The hash over the report before this one.
    pub previous: Option<String>,
    /// Who signs it, as a fingerprint of their key.
    pub signer: Option<String>,
}

/// What made a report.
#[derive(Clone, Debug, Default)]
pub struct ToolFacts {
    /// SHA-256 of the program.
    pub program: String,
    /// SHA-256 of all patterns.
    pub patterns: String,
    /// The command line.
    pub command: Vec<String>,
    /// The run of continuous integration it was made in, as that system names it.
    pub run: Option<String>,
    /// Where the time comes from.
    pub clock: &'static str,
}

/// A file that a report is a function of.
#[derive(Clone, Debug)]
pub struct Input {
    /// What for: `policy`, `declarations`, `people`, `observed use`, `audit log`.
    pub role: &'static str,
    /// The file.
    pub path: String,
    /// SHA-256 of it.
    pub sha256: String,
}

/// The names of a repository.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// As the user named it.
    pub repository: String,
    /// References, with their ids; sorted.
    pub references: Vec<(String, String)>,
    /// Remotes, with their addresses; sorted.
    pub remotes: Vec<(String, String)>,
    /// Whether objects may be missing that a remote promised.
    pub partial: bool,
    /// What could not be read of that.
    pub unread: Vec<String>,
}

/// An earlier inventory.
#[derive(Clone, Debug)]
pub struct Before {
    /// Where it comes from, in words.
    pub what: String,
    /// Of which time it is, if that is known.
    pub as_of: Option<Stamp>,
    /// Whether it had read everything.
    pub complete: bool,
    /// Its records.
    pub records: Vec<Record>,
}
