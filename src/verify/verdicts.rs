//! What verification said of the findings of a report, beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Verified;
use crate::findings::{Finding, Fingerprint};

/// Verdicts by finding; none if nothing was asked.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    by: BTreeMap<(Fingerprint, &'static str), Verified>,
    calls: u64,
}

impl Verdicts {
    /// What was said of `findings`, in their order, in so many calls.
    pub fn new(findings: &[&Finding], verified: Vec<Verified>, calls: u64) -> Self {
        let by = findings
            .iter()
            .map(|f| (f.fingerprint, f.pattern.id))
            .zip(verified)
            .collect();
        Self {
            inner: Some(Arc::new(Inner { by, calls })),
        }
    }

    /// What was said of a finding; `None` if nobody asked.
    pub fn of(&self, finding: &Finding) -> Option<&Verified> {
        let key = (finding.fingerprint, finding.pattern.id);
        self.inner.as_ref()?.by.get(&key)
    }

    /// Calls that were made.
    pub fn calls(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.calls)
    }

    /// All that was said.
    pub fn all(&self) -> impl Iterator<Item = &Verified> {
        self.inner.iter().flat_map(|inner| inner.by.values())
    }
}
