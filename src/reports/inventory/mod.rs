//! The inventory's formats, one file each. Everything that comes from a repository is escaped.

mod csv;
mod cyclonedx;
mod human;
mod incident;
mod json;
mod page;
mod sarif;
mod tree;

use std::io::{self, Write};

use super::ReportOptions;
use crate::findings::ScanResult;
use crate::inventory::record::{LifetimeClass, OwnerState, PrivilegeClass, RetirementState};
use crate::inventory::{ObservedTold, Record, Stamp};
use crate::story::RepositoryRead;

pub use incident::incident;
pub use json::{inventory_jsonl_schema, inventory_schema, read as read_inventory};

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Inventory<'a> {
    /// Records, in the order in which to act.
    pub records: &'a [Record],
    /// The time that was asked for.
    pub as_of: Stamp,
    /// Credentials that came after it.
    pub later: usize,
    /// What was swept: skips and notices count, findings do not.
    pub scan: &'a ScanResult,
    /// The repositories.
    pub repositories: &'a [RepositoryRead],
    /// What a policy found, if one was asked for: lines for a person.
    pub verdicts: &'a [String],
    /// What exports of providers say beside records, if any were given.
    pub observed: Option<&'a ObservedTold>,
}

/// The formats there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InventoryFormat {
    /// A table for people.
    Human,
    /// By owner and workload, for people.
    Tree,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// A table for spreadsheets.
    Csv,
    /// One page for a browser, which needs nothing else.
    Html,
    /// A bill of materials of cryptographic assets, `CycloneDX` 1.7.
    CycloneDx,
    /// SARIF 2.1.0: what is wrong, by rule, with the frameworks as taxonomies.
    Sarif,
}

impl InventoryFormat {
    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Tree => "tree",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::CycloneDx => "cyclonedx",
            Self::Sarif => "sarif",
        }
    }

    /// Writes an inventory.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn write(
        self,
        inventory: &Inventory<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match self {
            Self::Human => human::write(inventory, options, out),
            Self::Tree => tree::write(inventory, options, out),
            Self::Json => json::write(inventory, out),
            Self::Jsonl => json::write_lines(inventory, out),
            Self::Csv => csv::write(inventory, out),
            Self::Html => page::write(inventory, out),
            Self::CycloneDx => cyclonedx::write(inventory, out),
            Self::Sarif => sarif::write(inventory, out),
        }
    }
}

/// The numbers by which such an inventory is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Totals {
    /// All records.
    pub records: usize,
    /// Those in the last commit of a worktree.
    pub at_head: usize,
    /// Those with a declared owner.
    pub owner_declared: usize,
    /// Those with a candidate for an owner.
    pub owner_inferred: usize,
    /// Those whose owners are gone.
    pub orphaned: usize,
    /// Those of which nothing tells an owner.
    pub owner_unknown: usize,
    /// Those older than they may become.
    pub overdue: usize,
    /// Those that work until somebody revokes them.
    pub standing: usize,
    /// Those that several workloads or repositories share.
    pub reused: usize,
    /// Those that may administer.
    pub broad: usize,
    /// Those that are known to be retired.
    pub retired: usize,
    /// Those that came back.
    pub resurrected: usize,
    /// Those that files of the last commit name, or may.
    pub named: usize,
    /// Those that their providers have not seen for long, or never.
    pub unused: usize,
}

impl Totals {
    /// Counts.
    pub fn of(records: &[Record]) -> Self {
        let count = |of: &dyn Fn(&Record) -> bool| records.iter().filter(|r| of(r)).count();
        let owner = |state| count(&|r| r.owner.state == state);
        let state = |state| count(&|r| r.retirement.state == state);
        Self {
            records: records.len(),
            at_head: count(&Record::is_at_head),
            owner_declared: owner(OwnerState::Declared),
            owner_inferred: owner(OwnerState::Inferred),
            orphaned: owner(OwnerState::Orphaned),
            owner_unknown: owner(OwnerState::Unknown),
            overdue: count(&|r| r.has_issue("rotation-overdue")),
            standing: count(&|r| r.lifetime.value == LifetimeClass::Standing),
            reused: count(&|r| r.has_issue("reuse")),
            broad: count(&|r| r.privilege.class.value == PrivilegeClass::Admin),
            retired: state(RetirementState::Retired),
            resurrected: state(RetirementState::Resurrected),
            named: count(&|r| !r.consumers.is_empty()),
            unused: count(&|r| r.last_used.unused.is_some()),
        }
    }
}

/// The names of tiers.
pub(super) const TIERS: [&str; 5] = [
    "Production write access",
    "Continuous integration and delivery",
    "Services of partners and vendors",
    "All else",
    "Not known to work",
];
