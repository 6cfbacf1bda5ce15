//! Finds credentials in text: marks, then judgement.

pub mod patterns;

mod catalogue;

pub use catalogue::Catalogue;
