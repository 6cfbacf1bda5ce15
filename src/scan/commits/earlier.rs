//! What was known before a commit: the baseline of its first parent.
//!
//! A baseline covers the places of when it was written. What a commit brings in is new to it if the
//! commit before knew the secret already: then it spreads. If it did not, this change or a later one
//! has put it there with its eyes open, and it is covered.

use crate::findings::Baseline;
use crate::sources::history::{Absence, FileIn, Id, LookupReader, file_in};

/// What a commit has as its baseline at `names`.
pub(super) fn baseline_of(
    reader: &mut LookupReader<'_>,
    commit: &Id,
    names: &[String],
) -> Result<Baseline, (Id, Absence)> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let none = Baseline::default();
    if names.is_empty() {
        return Ok(none);
    }
    Ok(match file_in(reader, commit, &names)? {
        // One that does not parse was no baseline then.
        FileIn::File(text) => Baseline::parse("", &String::from_utf8_lossy(&text)).unwrap_or(none),
        FileIn::Nothing | FileIn::Other(_) => none,
    })
}
