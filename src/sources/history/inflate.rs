//! Inflates what git deflated, to exactly the size that is claimed.

use libdeflater::{DecompressionError, Decompressor};

/// A worker's inflater.
pub(super) struct Inflater(Decompressor);

/// Deflate makes at most so many bytes of one (258 of two bits), so a bigger claim is a lie.
pub(super) const RATIO: u64 = 1032;

/// Bytes of room behind what is read and what is made. The inflater's fast loop runs only where it
/// cannot touch an end; most entries of a pack are so short that without room it would never run.
pub(super) const IN_ROOM: usize = 64;
const OUT_ROOM: usize = 512;

impl Inflater {
    pub(super) fn new() -> Self {
        Self(Decompressor::new())
    }

    /// Inflates a whole zlib stream into `out`; its checksum and length must hold. The stream has `stored`
    /// bytes; what stands behind them in `input` is not of it, and lets the inflater run fast up to its end.
    pub(super) fn exact(
        &mut self,
        (input, stored): (&[u8], usize),
        size: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        if size > stored as u64 * RATIO {
            return Err(format!(
                "it claims {size} bytes, more than its {stored} can hold"
            ));
        }
        let size = size as usize;
        // Stale bytes are overwritten or the text is thrown away: only growth needs filling.
        out.resize(size + OUT_ROOM, 0);
        let room = &input[..input.len().min(stored + IN_ROOM)];
        let made = self.0.zlib_decompress(room, out);
        out.truncate(size);
        match made {
            Ok(made) if made == size => Ok(()),
            Ok(made) if made < size => Err(format!("it has {made} bytes and claims {size}")),
            Ok(_) => Err(words(&DecompressionError::InsufficientSpace).to_owned()),
            Err(error) => Err(words(&error).to_owned()),
        }
    }

    /// Inflates a zlib stream whose length is not known, up to `limit` bytes.
    pub(super) fn unknown(
        &mut self,
        input: &[u8],
        limit: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let most = (input.len() as u64 * RATIO).min(limit) as usize;
        let mut size = (input.len() * 4).max(4096).min(most);
        loop {
            out.clear();
            out.resize(size, 0);
            match self.0.zlib_decompress(input, out) {
                Ok(made) => {
                    out.truncate(made);
                    return Ok(());
                }
                Err(DecompressionError::InsufficientSpace) if size < most => {
                    size = (size * 4).min(most);
                }
                Err(DecompressionError::InsufficientSpace) => {
                    return Err(format!("it has more than {most} bytes"));
                }
                Err(error) => return Err(words(&error).to_owned()),
            }
        }
    }
}

fn words(error: &DecompressionError) -> &'static str {
    match error {
        DecompressionError::BadData => "its compressed data is damaged",
        DecompressionError::InsufficientSpace => "it has more bytes than it claims",
    }
}
