//! Text that lies in files which are not text: what a person sees of it, and a search would miss.
//!
//! A view is shown as one more step behind the file (`a.pdf!text`); the file's own bytes are searched
//! as before. Readers of hostile files: they take what they understand, pass over the rest, and what
//! they give is counted as what is unpacked is.

pub(super) mod keys;
pub(super) mod office;
pub(super) mod pdf;
pub(super) mod pyc;
pub(super) mod sqlite;
