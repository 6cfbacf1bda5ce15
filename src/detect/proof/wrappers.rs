//! What an example's text can be wrapped in, so that a decoder must see through.
//!
//! Here, and only here, a decoder is told to the proof: one line a way of writing.

/// One way to wrap a text.
pub(super) struct Wrapper {
    /// For people.
    pub(super) name: &'static str,
    /// Writes a text so.
    pub(super) wrap: fn(&[u8]) -> Vec<u8>,
}

/// All of them. None is decoded yet.
pub(super) const WRAPPERS: &[Wrapper] = &[];
