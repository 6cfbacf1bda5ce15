//! References as lines of JSON: a summary, then a line a thing.

use std::io::{self, Write};

use super::super::escaping::Escaping;
use super::wire::lines;
use crate::inventory::references::Listing;

/// Writes all lines.
///
/// # Errors
///
/// What `out` says.
pub fn jsonl(listing: &Listing, out: &mut dyn Write) -> io::Result<()> {
    for line in lines(listing) {
        serde_json::to_writer(Escaping(&mut *out), &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
