//! Asks providers whether credentials work, and only when somebody asks for that.
//!
//! What is asked, of whom, and what an answer means is declared beside the patterns
//! ([`Verifier`](crate::detect::patterns::Verifier)); this floor acts on it. A finding knows no
//! verdict: a [`Verified`] stands beside it.
//!
//! * A credential goes to the hosts of its own verifier, or to a server that the user named.
//! * No status has a meaning of its own; what no declaration names is [`Verdict::Unknown`].
//! * Before a call is made it is in the audit log: no log, no call.

mod address;
mod audit;
mod cluster;
mod declared;
mod endpoint;
mod engine;
mod http;
mod identity;
mod logins;
mod memory;
mod offline;
mod pace;
mod published;
mod reading;
mod request;
mod revoking;
mod servers;
mod sign;
mod twin;
mod verdict;
mod verdicts;

pub use address::is_internal;
pub use audit::Audit;
pub use declared::Verifiers;
pub use endpoint::{Endpoint, Endpoints, Target};
pub use engine::{Asked, VerifyOptions, VerifyProgress, dry_run, verify};
pub use http::{Http, HttpOptions, Transport, Trouble, user_agent};
pub use identity::Identity;
pub use memory::Memory;
pub use offline::{Offline, offline};
pub use reading::{Answer, Read, read, tell};
pub use request::{Request, Shown};
pub use revoking::{prove, revoke};
pub use servers::{Login, Protocol, Said, Tls};
pub use verdict::{Facts, Unchecked, Verdict, Verified};
pub use verdicts::Verdicts;

#[cfg(test)]
mod tests;
