//! straykey finds machine credentials that have strayed into source code.
//!
//! Data flows one way, and each floor is one module:
//!
//! ```text
//! source  ->  chunk  ->  marks  ->  judged matches  ->  findings  ->  report
//! sources     sources    detect     detect              findings      reports
//! ```
//!
//! * [`base`] holds the types that all floors speak: `Secret`, `Span`, `Position`, limits.
//! * [`sources`] hands out bytes and tells of what it did not read.
//! * [`detect`] holds the patterns, the prefilter, marks and judgement.
//! * [`findings`] makes distinct secrets of matches, with fingerprints, masks and allowances.
//! * [`store`] keeps what earlier sweeps told, in one database.
//! * [`story`] tells what a git history did with each secret.
//! * [`inventory`] makes records of credentials: whose, how old, how far retired; and tells
//!   which ones files name that are kept elsewhere.
//! * [`verify`] asks providers whether credentials work, if somebody asks for that.
//! * [`reports`] writes them, one file a format.
//! * [`scan`] joins the floors.

pub mod base;
pub mod detect;
pub mod findings;
pub mod inventory;
pub mod reports;
pub mod scan;
pub mod sources;
pub mod store;
pub mod story;
pub mod verify;
