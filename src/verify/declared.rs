//! The verifiers there are.

use super::cluster;
use crate::detect::patterns::{
    Basis, BodyKind, Call, Case, Facts, Meaning, Power, Privilege, Scalar, Sign, Verifier,
};
use crate::findings::Finding;

/// The embedded verifiers, checked and written by the build script.
#[allow(
    clippy::unreadable_literal,
    reason = "the build script writes numbers as providers do"
)]
static EMBEDDED: &[Verifier] = include!(concat!(env!("OUT_DIR"), "/verifiers.rs"));

/// What revokes, checked and written in the same way.
static REVOKERS: &[Verifier] = include!(concat!(env!("OUT_DIR"), "/revokers.rs"));

/// A set of verifiers.
#[derive(Clone, Debug)]
pub struct Verifiers {
    embedded: &'static [Verifier],
    own: Vec<&'static Verifier>,
    /// Whether they check: credentials of clusters are known by what stands beside them.
    checks: bool,
}

impl Default for Verifiers {
    fn default() -> Self {
        Self::embedded()
    }
}

impl Verifiers {
    /// All that come with straykey.
    pub fn embedded() -> Self {
        Self {
            embedded: EMBEDDED,
            own: Vec::new(),
            checks: true,
        }
    }

    /// What comes with straykey to revoke with: of these no call is a check.
    pub fn revoking() -> Self {
        Self {
            embedded: REVOKERS,
            own: Vec::new(),
            checks: false,
        }
    }

    /// Adds those of a user's own pattern file, which the user said is trusted.
    pub fn trust(&mut self, verifiers: Vec<Verifier>) {
        self.own.extend(verifiers.leak().iter());
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &'static Verifier> + '_ {
        self.embedded.iter().chain(self.own.iter().copied())
    }

    /// The one for the credentials of a pattern.
    pub fn of(&self, pattern: &str) -> Option<&'static Verifier> {
        self.all().find(|v| v.patterns.contains(&pattern))
    }

    /// The one for a finding: of its pattern, or of what stands beside it.
    pub fn of_finding(&self, finding: &Finding) -> Option<&'static Verifier> {
        let own = self.of(finding.pattern.id);
        own.or_else(|| cluster::verifier(finding).filter(|_| self.checks))
    }

    /// The ids of providers that have one, sorted; servers that do not speak HTTP among them.
    pub fn providers(&self) -> Vec<&'static str> {
        let mut all: Vec<&str> = self.all().map(|v| v.provider).collect();
        all.extend(super::Protocol::ALL.iter().map(|p| p.provider()));
        all.push(cluster::PROVIDER);
        all.sort_unstable();
        all.dedup();
        all
    }
}
