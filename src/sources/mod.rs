//! Where bytes come from: a working tree, named files, standard input.
//!
//! A source hands [`Chunk`]s to one [`Visitor`] a worker, and tells of every input that it did not
//! read as a [`Skip`]. It knows nothing of what is looked for.

mod chunk;
mod globs;
mod head;
mod skip;
pub mod tree;

pub use chunk::{Chunk, ContentKind, Origin};
pub use globs::Globs;
pub use head::Heads;
pub use skip::{Skip, SkipReason};

/// One worker's end of a source. Each worker owns one; nothing is shared while scanning.
pub trait Visitor: Send {
    /// A piece of a content. Pieces of one content come in order, from one worker.
    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>);

    /// An input that was not read, or not to its end.
    fn skip(&mut self, skip: Skip);

    /// A content was read to its end: how many bytes it had.
    fn done(&mut self, origin: &Origin, bytes: u64);

    /// Whether to stop early (a closed pipe, Ctrl-C).
    fn stop(&self) -> bool {
        false
    }
}
