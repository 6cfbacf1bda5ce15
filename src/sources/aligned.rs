//! A buffer for reading files into.

use std::ops::{Deref, DerefMut};

/// Bytes that begin at a page. On some processors the system copies a file into memory that begins
/// elsewhere at half the speed, and with whole pages in a core and its context each read does.
pub(super) struct Aligned {
    bytes: Vec<u8>,
    skip: usize,
}

/// The bytes of a page.
pub(super) const PAGE: usize = 4096;

impl Aligned {
    pub(super) fn new(len: usize) -> Self {
        let bytes = vec![0; len + PAGE];
        let skip = bytes.as_ptr().addr().wrapping_neg() % PAGE;
        Self { bytes, skip }
    }
}

impl Deref for Aligned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.skip..self.bytes.len() - (PAGE - self.skip)]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [u8] {
        let end = self.bytes.len() - (PAGE - self.skip);
        &mut self.bytes[self.skip..end]
    }
}
