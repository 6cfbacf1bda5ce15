//! The ground floor: the few types that every other floor speaks.
//!
//! Nothing here knows of files, git, patterns or reports; it imports `std` only.

mod base64;
mod date;
mod secret;
mod stop;
mod text;

pub mod limits;

pub use base64::base64;
pub use date::{bare_offset, day_of, second_of, time_of, today};
pub use secret::Secret;
pub use stop::Stop;
pub use text::{
    escape_controls, is_unsafe_to_show, path_text, quote, quote_value, without_userinfo,
};

/// A half-open range of bytes in one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// A span; `start` must not be past `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end);
        Self { start, end }
    }

    /// Length in bytes.
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it holds no byte.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether the two share at least one byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `other` lies wholly inside.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The bytes of `text` in this span.
    pub fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start..self.end]
    }

    /// The span moved forward by `by` bytes.
    #[must_use]
    pub const fn shifted(self, by: usize) -> Self {
        Self {
            start: self.start + by,
            end: self.end + by,
        }
    }
}

/// A place in a text as people say it: both count from 1, columns in code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, 1-based.
    pub line: u64,
    /// Column, 1-based, in code points (bytes that do not continue a UTF-8 sequence).
    pub column: u64,
}
