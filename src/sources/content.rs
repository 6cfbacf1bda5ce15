//! A whole content in memory, as a [`Chunk`](super::Chunk) of it would be.

use std::borrow::Cow;
use std::io::Read as _;

use super::ContentKind;
use super::kind::{Sniffed, sniff};
use super::utf16::Utf16Reader;

/// What kind a whole content is, and its text: UTF-16 and UTF-32 become UTF-8, all else stays as it is.
pub fn content(data: &[u8]) -> (Cow<'_, [u8]>, ContentKind) {
    let sniffed = sniff(data);
    if let Sniffed::Wide(order, width) = sniffed {
        let mut text = Vec::with_capacity(data.len());
        let done = Utf16Reader::new(data, order, width).read_to_end(&mut text);
        debug_assert!(done.is_ok(), "memory can be read");
        return (Cow::Owned(text), ContentKind::Utf16);
    }
    (Cow::Borrowed(data), sniffed.kind())
}
