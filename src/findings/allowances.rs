//! Findings that somebody accepted, each with a reason: `.straykey/ignore`.

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

impl Allowances {
    /// The allowances.
    pub fn entries(&self) -> &[Allowance] {
        &self.entries
    }
}
