//! Asks providers whether credentials work, and only when somebody asks for that.
//!
//! What is asked, of whom, and what an answer means is declared beside the patterns
//! ([`Verifier`](crate::detect::patterns::Verifier)); this floor acts on it. A finding knows no
//! verdict: a [`Verified`] stands beside it.
//!
//! * A credential goes to the hosts of its own verifier, and to a server that the user named.
//! * No status has a meaning of its own; what no declaration names is [`Verdict::Unknown`].
//! * Before a call is made it is in the audit log: no log, no call.

mod declared;
mod reading;
mod verdict;

pub use declared::Verifiers;
pub use reading::{Answer, Read, read};
pub use verdict::{Facts, Unchecked, Verdict, Verified};

#[cfg(test)]
mod tests;
