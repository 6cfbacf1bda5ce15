//! Everything that a git repository holds: its object stores, read at the speed of the pack.
//!
//! A pack is already a diff: most objects are stored as a delta against another. [`Stores`] opens
//! all packs and loose objects of a repository and of its alternates; [`Stores::sweep`] walks each
//! delta tree once, from its root, and hands every object to one [`ObjectVisitor`] a worker,
//! together with what the visitor kept of the object it is built upon.
//!
//! Nothing of a repository is run and nothing of its configuration is believed but three facts
//! of its format (hash, reference storage, partial clone). Whose repository it is does not matter:
//! only files are read. What cannot be read is a named [`Skip`], and objects read are
//! held against objects that exist.
//!
//! Packs are read with positioned reads, never mapped: a pack that shrinks while it is read is a
//! skip and no signal. Bounds on hostile packs are checked before anything is allocated.

mod commit;
mod delta;
mod discover;
mod file_in;
mod forest;
mod index;
mod inflate;
mod late;
mod listing;
mod lookup;
mod loose;
mod naming;
mod object_set;
mod objects;
mod open;
mod pack;
mod places;
mod range;
mod read;
mod refs;
mod reftable;
mod resolve;
mod revisions;
mod share;
mod sound;
mod staging;
mod stream;
mod sweep;
mod walk;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::{Skip, SkipReason};
use crate::base::Stop;

pub use commit::{Commit, Tag, Who};
pub use delta::{Segment, apply as apply_delta};
pub use discover::{Discovery, Located};
pub use file_in::{FileIn, file_in};
pub use listing::References;
pub use lookup::{Absence, Id, Lookup, LookupReader};
pub use object_set::ObjectSet;
pub use objects::{HashKind, Objects, hex};
pub use open::OpenOptions;
pub(super) use places::format as format_of;
pub use places::{Format, Places, PlacesOptions};
pub use range::{Failed, Range, RangeCommit, Touched, entry_at, only_in, range, touched};
pub use read::ObjectReader;
pub use refs::{Holder, HolderKind, Holders};
pub use revisions::{RevisionError, Revisions};
pub use staging::{Index, Staged};
pub use sweep::{Base, Object, ObjectVisitor, SweepOptions, SweepProgress};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// A file's content, or the target of a symbolic link.
    Blob,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[Self::Commit, Self::Tree, Self::Blob, Self::Tag];

    /// Git's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// All object stores of one repository, opened.
#[derive(Debug)]
pub struct Stores {
    /// Every object there is, once.
    objects: Objects,
    packs: Vec<pack::Pack>,
    loose: Vec<loose::Loose>,
    /// Where what went away is looked for.
    late: late::Late,
    /// What could not be opened, or is damaged; sorted.
    skips: Vec<Skip>,
    /// How they were opened.
    options: OpenOptions,
}

impl Stores {
    /// The objects that exist in any store, readable or not.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// What of the stores could not be read when they were opened.
    pub fn skips(&self) -> &[Skip] {
        &self.skips
    }

    /// Whether to stop early.
    pub fn stop(&self) -> &Stop {
        &self.options.stop
    }

    /// The biggest object that is at hand whole, in bytes.
    fn most(&self) -> u64 {
        self.options
            .most
            .unwrap_or(crate::base::limits::OBJECT_BYTES)
    }

    /// How many packs there are.
    pub fn packs(&self) -> usize {
        self.packs.len()
    }
}

/// A path of git's as the system writes it; what the system cannot write is replaced.
pub fn path_of(bytes: &[u8]) -> PathBuf {
    super::repository::native(bytes.to_vec())
        .unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned().into())
}

/// Why something of a store is no good: the path of the file, and words.
fn corrupt(path: impl Into<PathBuf>, why: impl Into<String>) -> Skip {
    Skip {
        path: path.into(),
        reason: SkipReason::Corrupt(why.into()),
    }
}

/// What the system said about a file.
fn unreadable(path: impl Into<PathBuf>, error: &std::io::Error) -> Skip {
    Skip {
        path: path.into(),
        reason: SkipReason::Unreadable(super::read::words(error)),
    }
}
