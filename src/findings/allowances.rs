//! Findings that somebody accepted, each with a reason: `.straykey/ignore`.

use super::Fingerprint;

/// A set of accepted fingerprints.
#[derive(Clone, Debug, Default)]
pub struct Allowances {
    entries: Vec<Allowance>,
}

/// One accepted finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The fingerprint, in full.
    pub fingerprint: String,
    /// Why.
    pub reason: String,
    /// Accepted up to and including this day (`YYYY-MM-DD`), if there is an end.
    pub until: Option<String>,
    /// Where it stands: file and line.
    pub source: (String, usize),
}

impl Allowance {
    /// Whether its end lies before the day `today` (`YYYY-MM-DD`).
    pub fn is_over(&self, today: &str) -> bool {
        self.until.as_deref().is_some_and(|until| until < today)
    }
}

impl Allowances {
    /// The allowances.
    pub fn entries(&self) -> &[Allowance] {
        &self.entries
    }

    /// The number of the entry that accepts a finding on the day `today` (`YYYY-MM-DD`).
    pub fn find(&self, fingerprint: &Fingerprint, today: &str) -> Option<usize> {
        let told = fingerprint.to_string();
        self.entries
            .iter()
            .position(|e| e.fingerprint == told && !e.is_over(today))
    }
}
