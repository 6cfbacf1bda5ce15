use super::{Found, shared};
use crate::sources::Skip;

/// What all files of a tree say together.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// What they say, in order of place, each thing once.
    pub found: Found,
    /// Files of a kind that is known here, which were read to their end.
    pub files: u64,
    /// Inputs that were not read, and why.
    pub skips: Vec<Skip>,
}

impl Listing {
    /// Puts together what files say: in order, with what only all of them show.
    pub fn new(mut found: Found, files: u64, mut skips: Vec<Skip>) -> Self {
        let more = shared(&found);
        found.observations.extend(more);
        found.sort();
        skips.sort();
        skips.dedup();
        Self {
            found,
            files,
            skips,
        }
    }

    /// Whether something may have been missed.
    pub fn is_incomplete(&self) -> bool {
        !self.found.unread.is_empty() || self.skips.iter().any(|s| s.reason.is_incomplete())
    }
}
