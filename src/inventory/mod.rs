//! The inventory: one record for each credential, with everything that repositories and their
//! histories tell of its life.
//!
//! A [`Record`] wraps what lower floors told; no finding knows its own. Every field says where it
//! came from and how sure it is. Nothing here opens a repository or asks anybody: `scan` says what
//! was found, and answers questions of single files ([`Ground`]), so that records are a function of
//! that, and of the day that is asked for.
//!
//! `build` puts records together; each of its questions is a module: whose a credential is
//! (`owner`), what took whose place (`slots`), where it is used (`environment`, `workload`), what it
//! says of itself (`facts`), how old it may become (`defaults`), how far it is retired
//! (`retirement`), what is wrong (`issues`), what comes first (`rank`).
//!
//! [`references`] tells what files name of credentials that are kept elsewhere, whether one of them is
//! known here or not; `consumers` ties these names to records.

mod annotations;
mod audit;
mod build;
mod consumers;
mod declared;
mod defaults;
mod diff;
mod environment;
mod facts;
mod ground;
mod issues;
mod keys;
mod observed;
mod owner;
mod past;
mod policy;
mod privilege;
mod rank;
pub mod record;
pub mod references;
mod requirements;
mod retirement;
mod slots;
mod unnamed;
mod workload;

pub use build::{Options, Records, records};
pub use declared::{Declaration, Declarations};
pub use diff::{Change, diff};
pub use ground::{Ground, Told as Found};
pub use issues::CLASSES as ISSUES;
pub use observed::{BYTES as OBSERVED_BYTES, Issued, Observed, ObservedTold};
pub use owner::{Codeowners, Flavour, Owners, People, Presence};
pub use policy::{ALWAYS, Excepted, Policy, Verdict};
pub use rank::rank as ranked;
pub use record::{Record, Source, Stamp, Sureness, Told};
pub use requirements::{
    Control, FRAMEWORKS, Framework, concerns, controls, cwe_title, leads_of, nhi_titles, of_kind,
    titles,
};
pub use retirement::{purged, recheck};
pub use unnamed::unnamed;
