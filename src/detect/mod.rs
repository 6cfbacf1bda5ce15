//! Finds credentials in text: marks, then judgement.
//!
//! A mark is a span that a pattern's shape accepts, and depends on a bounded window only;
//! judgement makes of all marks of a text matches or rejections, each with its reason.

pub mod patterns;

mod catalogue;
mod entropy;
mod judged;

pub use catalogue::Catalogue;
pub use entropy::entropy;
pub use judged::{InlineAllow, Judged, Outcome, PartHit, Rejection};
