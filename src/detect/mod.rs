//! Finds credentials in text: marks, then judgement.
//!
//! A mark is a span that a pattern's shape accepts, and depends on a bounded window only;
//! judgement makes of all marks of a text matches or rejections, each with its reason.

pub mod patterns;

mod assignment;
mod catalogue;
mod decode;
mod engine;
mod entropy;
mod generic;
mod inherit;
mod initials;
mod judge;
mod judged;
mod needles;
mod plain;
mod prefilter;
mod proof;

pub use catalogue::Catalogue;
pub use decode::{Decoded, Way, decoded_from};
pub use engine::{Detector, Engine, Scratch};
pub use entropy::entropy;
pub use generic::Weighed;
pub use inherit::Marks;
pub use judged::{InlineAllow, Judged, Outcome, PartHit, Rejection};
pub use needles::{Encoding, LEAST, MOST, NeedleHit, Needles, is_known};
pub use proof::{Fault, Proof, ProofOptions, Property, Prover};

#[cfg(test)]
mod tests;
