//! The inventory: one record for each credential, with everything that repositories and their
//! histories tell of its life.
//!
//! A [`Record`] wraps what lower floors told; no finding knows its own. Every field says where it
//! came from and how sure it is. Nothing here reads a repository or asks anybody: `scan` gathers what
//! is needed, so that all of this is a function of what was gathered and of the day that is asked
//! for.

pub mod record;

pub use record::{Record, Source, Stamp, Sureness, Told};
