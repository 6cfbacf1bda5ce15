//! Where bytes come from: a working tree, named files, standard input.
//!
//! A source hands [`Chunk`]s to one [`Visitor`] a worker, and tells of every input that it did not
//! read as a [`Skip`]. It knows nothing of what is looked for.
//!
//! What is read, and in which order of precedence:
//!
//! 1. what the user named, whatever an ignore rule says of it;
//! 2. what git tracks, whatever an ignore rule says of it;
//! 3. what no `.gitignore` and no `.git/info/exclude` of its repository leaves out.
//!
//! Absent on purpose: `.ignore` files, global excludes, any setting of git or of the repository.
//! Nothing of a repository is run or believed but its ignore rules and its index.

mod aligned;
mod chunk;
mod containers;
mod content;
mod folders;
pub mod git_config;
mod globs;
mod guard;
mod head;
pub mod history;
mod index;
mod kind;
mod mailmap;
mod names;
mod read;
mod repository;
mod rules;
mod skip;
mod stdin;
mod targets;
mod tree;
mod utf16;
mod worker;

#[cfg(test)]
mod tests;

pub use chunk::{Chunk, ContentKind, Origin};
pub use containers::Containers;
pub use content::content;
pub use globs::Globs;
pub use head::Heads;
pub use kind::is_lfs_pointer;
pub use mailmap::Mailmap;
pub use names::{Names, top_of};
pub use skip::{Skip, SkipReason};
pub use stdin::Stdin;
pub use tree::{TreeOptions, TreeSource};

/// The path that bytes name, as a list has it: as the system writes it; what it cannot write is
/// replaced.
pub fn path_of_bytes(bytes: &[u8]) -> std::path::PathBuf {
    history::path_of(bytes)
}

/// One worker's end of a source. Each worker owns one; nothing is shared while scanning.
///
/// If it panics, the source catches that, tells it as [`SkipReason::Failed`], and goes on with the
/// next content and the same visitor: what it keeps between contents must hold together even if a
/// call was broken off.
pub trait Visitor: Send {
    /// Whether a file is wanted at all, or an entry of an archive. Asked once for each, before it is
    /// opened.
    fn wants(&mut self, origin: &Origin) -> bool {
        let _ = origin;
        true
    }

    /// A piece of a content. Pieces of one content come in order, from one worker.
    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>);

    /// An input that was not read, or not to its end. It may come after pieces of the same input.
    fn skip(&mut self, skip: Skip);

    /// A content was read to its end: how many bytes it had where it lies.
    fn done(&mut self, origin: &Origin, bytes: u64);

    /// Something inside of a content was read to its end: an entry of an archive. How many bytes it
    /// had.
    fn inside(&mut self, origin: &Origin, bytes: u64) {
        let _ = (origin, bytes);
    }

    /// Whether to stop early (a closed pipe, Ctrl-C).
    fn stop(&self) -> bool {
        false
    }
}
